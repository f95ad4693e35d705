#!/usr/bin/env python3
"""Checks what a platform once promised, with nothing of the platform's or the client library's code.

  verify_receipt.py receipt BUNDLE --keys KEYS [--checkpoint CHECKPOINT]
      that the platform signed the receipt, and that it stands in the log which the checkpoint describes
  verify_receipt.py consistency OLDER NEWER --keys KEYS [--proof PROOF] [--epoch STATEMENT]
      that the log of NEWER begins with all of the log of OLDER: nothing deleted, changed or put in between
  verify_receipt.py dispute DISPUTE --keys KEYS
      that the two signed words of a dispute really are the platform's

BUNDLE is what the client's prove() gives. OLDER and NEWER are bundles or answers of GET /v1/log/checkpoint, PROOF is the
answer of GET /v1/log/consistency, STATEMENT that of GET /v1/epoch, KEYS that of GET /v1/directory or a list of its rows,
obtained by a way that you trust. Exit code: 0 it holds, 1 it does not, 2 the input cannot be read.

Needs Python 3.9 and the package cryptography; for platforms that sign with SM2 also the package gmalg.
"""
import argparse
import base64
import hashlib
import json
import sys
from datetime import datetime

SM2_USER_ID = b"1234567812345678"


class Refuted(Exception):
    """What was claimed is not so."""


class KeyInDoubt(Refuted):
    """A key that proves nothing, whatever it signed."""


# --- hashes and signatures, by the suite of the key ---

def digest(suite, data):
    if suite == "international":
        return hashlib.sha256(data).digest()
    import gmalg
    sm3 = gmalg.SM3()
    sm3.update(data)
    return sm3.value()


def verify(key, message, signature):
    public = base64.b64decode(key["public_key"], validate=True)
    if key["suite"] == "international":
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
            return True
        except InvalidSignature:
            return False
    import gmalg
    return len(signature) == 64 and gmalg.SM2(uid=SM2_USER_ID, pk=public).verify(message, signature[:32], signature[32:])


def key_of(keys, keyid, at):
    for key in keys:
        if key["keyid"] != keyid:
            continue
        if key.get("party", "platform") != "platform" or key.get("use", "event") != "event":
            raise KeyInDoubt(f"{keyid} is no key by which the platform signs records")
        if key.get("revoked"):
            raise KeyInDoubt(f"{keyid} was revoked: {key['revoked']}")
        begins, ends = key.get("valid_from"), key.get("valid_until")
        if (begins and instant(at) < instant(begins)) or (ends and instant(at) >= instant(ends)):
            raise KeyInDoubt(f"{keyid} was not valid at {at}")
        return key
    raise KeyInDoubt(f"{keyid} is not among the platform's keys")


def instant(text):
    return datetime.fromisoformat(text)


def opened(keys, record, tag):
    """The content of a signed record: the tag, the key's id and the exact bytes are what is signed."""
    body, signature = base64.b64decode(record["record"], validate=True), record["signature"]
    content = json.loads(body)
    key = key_of(keys, signature["keyid"], content.get("time") or content.get("started"))
    message = f"{tag}\n{signature['keyid']}\n".encode() + body
    if not verify(key, message, base64.b64decode(signature["value"], validate=True)):
        raise Refuted(f"the platform's signature does not hold ({tag})")
    return content, key


# --- RFC 9162, section 2.1 ---

def leaf(suite, body):
    return digest(suite, b"\0" + body)


def node(suite, left, right):
    return digest(suite, b"\1" + left + right)


def root_by_inclusion(suite, body, index, size, path):
    """Section 2.1.3.2: the root to which the path leads; None when it is not a path of that place."""
    if not 0 <= index < size:
        return None
    fn, sn, reached = index, size - 1, leaf(suite, body)
    for step in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            reached = node(suite, step, reached)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            reached = node(suite, reached, step)
        fn, sn = fn >> 1, sn >> 1
    return reached if sn == 0 else None


def is_consistent(suite, first, first_root, second, second_root, path):
    """Section 2.1.4.2; a log also continues the empty one and itself, with an empty path."""
    if first > second:
        return False
    if first == 0:
        return not path and first_root == digest(suite, b"")
    if first == second:
        return not path and first_root == second_root
    if not path:
        return False
    if first & (first - 1) == 0:
        path = [first_root] + path
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for step in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(suite, step, fr), node(suite, step, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(suite, sr, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_root and sr == second_root


def hashes(path):
    return [base64.b64decode(step, validate=True) for step in path]


# --- receipts, checkpoints and what is said of them ---

def signed_receipt(keys, receipt):
    """The body of a receipt whose batch the platform signed; with its exact bytes."""
    body, batch, signature = base64.b64decode(receipt["receipt"], validate=True), receipt["batch"], receipt["signature"]
    content = json.loads(body)
    key = key_of(keys, signature["keyid"], content["time"])
    root = root_by_inclusion(key["suite"], body, batch["index"], batch["size"], hashes(batch["path"]))
    message = f"tongqiao-receipts-v1\n{signature['keyid']}\n{batch['size']}\n".encode() + (root or b"")
    if root is None or not verify(key, message, base64.b64decode(signature["value"], validate=True)):
        raise Refuted("the platform did not sign this receipt")
    return content, body


def signed_checkpoint(keys, document):
    content, key = opened(keys, document.get("checkpoint", document), "tongqiao-checkpoint-v1")
    if content["suite"] != key["suite"]:
        raise Refuted("the checkpoint names another suite than its key's")
    return content, base64.b64decode(content["root"], validate=True)


def check_receipt(keys, bundle, checkpoint):
    try:
        (content, body), vouched = signed_receipt(keys, bundle["receipt"]), "receipt and log"
    except KeyInDoubt as reason:
        # The log, under a key that is believed, still vouches for the exact bytes.
        body = base64.b64decode(bundle["receipt"]["receipt"], validate=True)
        content, vouched = json.loads(body), f"log only: {reason}"
    state, root = signed_checkpoint(keys, checkpoint or bundle)
    proof = bundle["inclusion"]
    if proof["position"] != content["position"] or proof["size"] != state["size"]:
        raise Refuted("the path is of another receipt or of another checkpoint")
    if root_by_inclusion(state["suite"], body, proof["position"], proof["size"], hashes(proof["path"])) != root:
        raise Refuted("the receipt does not stand in the log: it was deleted or changed")
    return {"kind": content["kind"], "record": content["record"], "digest": content["digest"], "time": content["time"],
            "position": content["position"], "log_size": state["size"], "log_time": state["time"], "vouched_by": vouched}


def check_consistency(keys, older, newer, proof, statement):
    (before, old_root), (after, new_root) = signed_checkpoint(keys, older), signed_checkpoint(keys, newer)
    if before["suite"] != after["suite"]:
        raise Refuted("the log has changed its hash")
    if before["epoch"] != after["epoch"]:
        if statement is None:
            raise Refuted("another epoch runs: give --epoch, the platform's statement of what it has kept")
        said, _ = opened(keys, statement, "tongqiao-epoch-v1")
        kept = [part["kept"] for part in said["previous"] if part["epoch"] == before["epoch"]] or [0]
        if said["epoch"] != after["epoch"]:
            raise Refuted("the statement is not of the epoch that runs")
        if before["size"] > kept[0]:
            return {"restored": True, "lost": before["size"] - kept[0], "kept": kept[0], "size": after["size"]}
    elif before["size"] > after["size"] and instant(before["time"]) <= instant(after["time"]):
        raise Refuted("the log has become shorter without a new epoch: receipts were deleted")
    proof = proof or {"from": before["size"], "to": after["size"], "path": []}
    if (proof["from"], proof["to"]) != (before["size"], after["size"]):
        raise Refuted("the proof is of other sizes than the checkpoints")
    if not is_consistent(after["suite"], before["size"], old_root, after["size"], new_root, hashes(proof["path"])):
        raise Refuted("the log does not continue what it was: receipts were deleted, changed or put in between")
    return {"from": before["size"], "to": after["size"]}


def check_dispute(keys, dispute):
    shown, _ = signed_checkpoint(keys, dispute["shown"])
    if dispute.get("receipt"):
        content, _ = signed_receipt(keys, dispute["receipt"])
        return {"code": dispute["code"], "receipt_position": content["position"], "log_size": shown["size"]}
    held, _ = signed_checkpoint(keys, dispute["held"])
    return {"code": dispute["code"], "held": held, "shown": shown}


# --- the command line ---

def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def read_keys(path):
    document = read(path)
    if isinstance(document, dict) and "record" in document:
        document = json.loads(base64.b64decode(document["record"], validate=True))
    return document["keys"] if isinstance(document, dict) else document


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, files, options in [("receipt", ["bundle"], ["checkpoint"]), ("dispute", ["dispute"], []),
                                 ("consistency", ["older", "newer"], ["proof", "epoch"])]:
        command = commands.add_parser(name)
        for file in files:
            command.add_argument(file, type=read)
        command.add_argument("--keys", type=read_keys, required=True)
        for option in options:
            command.add_argument(f"--{option}", type=read)
    try:
        asked = parser.parse_args()
        if asked.command == "receipt":
            found = check_receipt(asked.keys, asked.bundle, asked.checkpoint)
        elif asked.command == "dispute":
            found = check_dispute(asked.keys, asked.dispute)
        else:
            found = check_consistency(asked.keys, asked.older, asked.newer, asked.proof, asked.epoch)
    except Refuted as reason:
        print(f"does not hold: {reason}")
        return 1
    except (KeyError, TypeError, ValueError, AttributeError, OSError) as reason:
        print(f"cannot be read: {reason!r}", file=sys.stderr)
        return 2
    print("holds: " + json.dumps(found, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
