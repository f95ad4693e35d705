"""Every vector that an implementation must agree with (TQ-SIG-044), and those of check digits and late fees."""

from __future__ import annotations

import csv
import json
import unittest
from pathlib import Path
from typing import Any, Dict, Iterator, Tuple

from tongqiao_peer import hop
from tongqiao_peer.receipt import open_receipt, root_of
from tongqiao_peer.record import message_of, open_record, unbase64
from tongqiao_peer.suite import SUITES, PrivateKey, PublicKey, Refused, digest_of
from tongqiao_peer.values import case_number_check, citizen_check

VECTORS = Path(__file__).resolve().parents[2] / "vectors"


def vectors(kind: str) -> Iterator[Tuple[Dict[str, Any], PublicKey, Dict[str, Any]]]:
    """(file, public key, vector) of both suites."""
    for suite in SUITES:
        file = json.loads((VECTORS / "signatures" / f"{kind}-{suite}.json").read_text("utf-8"))
        key = PublicKey(file["suite"], unbase64(file["public_key"]))
        for vector in file["vectors"]:
            yield file, key, vector


def rows(name: str) -> Iterator[Dict[str, str]]:
    """The lines of a table; comments begin with #."""
    lines = [line for line in (VECTORS / name).read_text("utf-8").splitlines() if not line.startswith("#")]
    yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


class Signatures(unittest.TestCase):
    """Records, hops, receipts, and the usual mistakes."""

    def test_a_private_key_gives_the_public_key_of_the_vectors(self) -> None:
        for suite in SUITES:
            file = json.loads((VECTORS / "signatures" / f"records-{suite}.json").read_text("utf-8"))
            key = PrivateKey(suite, bytes.fromhex(file["private_key_hex"]))
            self.assertEqual(key.public.raw, unbase64(file["public_key"]))

    def test_every_record_verifies_and_has_its_digest(self) -> None:
        count = 0
        for _, key, vector in vectors("records"):
            wire = vector["signed_record"]
            raw = unbase64(wire["record"])
            self.assertEqual(message_of(vector["kind"], wire["signature"]["keyid"], raw), unbase64(vector["message"]))
            if vector["valid"]:
                self.assertEqual(open_record(wire, vector["kind"], key), raw)
            else:
                self.assertRaises(Refused, open_record, wire, vector["kind"], key)
            # The vectors' `digest` is that of the message; a record's own is made without tag and key id.
            self.assertEqual(digest_of(key.suite, unbase64(vector["message"])), vector["digest"])
            self.assertNotEqual(digest_of(key.suite, raw), vector["digest"])
            self.assertRaises(Refused, open_record, wire, "tongqiao-other-v1", key)
            count += 1
        self.assertGreater(count, 6)

    def test_every_hop_has_the_base_and_the_headers_of_the_vectors(self) -> None:
        count = 0
        for file, key, vector in vectors("hops"):
            request, sent = vector["request"], vector["headers"]
            body = unbase64(request["body"])
            self.assertEqual(hop.content_digest(key.suite, body), sent["content-digest"])
            parameters = sent["signature-input"][len("sig1=") :]
            base = hop.base_of(
                request["method"], request["path"], request["query"], sent["content-digest"], parameters
            ).encode()
            self.assertEqual(base, unbase64(vector["message"]))
            self.assertTrue(key.verify(base, unbase64(vector["signature"])))
            own = PrivateKey(key.suite, bytes.fromhex(file["private_key_hex"]))
            made = hop.headers(
                file["keyid"], own, request["method"], request["path"], request["query"], body, 1_790_000_000,
                nonce="EREREREREREREREREREREQ",
            )
            self.assertEqual(made["Signature-Input"], sent["signature-input"])
            self.assertEqual(made["Content-Digest"], sent["content-digest"])
            count += 1
        self.assertGreater(count, 4)

    def test_every_receipt_verifies_and_none_with_another_path(self) -> None:
        count = 0
        for _, key, vector in vectors("receipts"):
            wire = vector["receipt"]
            body = open_receipt(wire, key)
            self.assertEqual(json.loads(unbase64(wire["receipt"])), body)
            batch = wire["batch"]
            path = [unbase64(step) for step in batch["path"]]
            root = root_of(key.suite, unbase64(wire["receipt"]), batch["index"], batch["size"], path)
            self.assertEqual(root, unbase64(vector["root"]))
            longer = {**wire, "batch": {**batch, "path": batch["path"] + [vector["root"]]}}
            self.assertRaises(Refused, open_receipt, longer, key)
            beyond = {**wire, "batch": {**batch, "index": batch["size"]}}
            self.assertRaises(Refused, open_receipt, beyond, key)
            if batch["path"]:
                shorter = {**wire, "batch": {**batch, "path": batch["path"][:-1]}}
                self.assertRaises(Refused, open_receipt, shorter, key)
            count += 1
        self.assertGreater(count, 50)

    def test_no_mistake_verifies(self) -> None:
        count = 0
        for _, key, vector in vectors("mistakes"):
            self.assertFalse(vector["valid"])
            signature = unbase64(vector["signature"])
            self.assertFalse(key.verify(unbase64(vector["message"]), signature), vector["name"])
            count += 1
        self.assertGreater(count, 40)


class Numbers(unittest.TestCase):
    """Check characters, and what is late."""

    def test_check_digits_of_right_numbers(self) -> None:
        seen = {"case-number": 0, "citizen-number": 0}
        for row in rows("identifier-faults.tsv"):
            if row["faults"] != "-":
                continue
            if row["kind"] == "case-number":
                self.assertEqual(case_number_check(row["value"][:20]), row["value"][20])
                seen["case-number"] += 1
            if row["kind"] == "citizen-number":
                self.assertEqual(citizen_check(row["value"][:17]), row["value"][17])
                seen["citizen-number"] += 1
        self.assertTrue(all(seen.values()), seen)

    def test_the_examples_of_the_text(self) -> None:
        self.assertEqual(case_number_check("0794"), "5")
        record = '{"name":"铜陵市","sequence":1}'.encode()
        for suite, digest in (
            ("international", "sha-256:6854bbe7652927663e6b143c4168d1d4fd915148443718d9ade9ec9cb99b89a0"),
            ("sm", "sm3:ba64cb23a6bd28d7b8357386d371bc55e6c2ee1d0215f35757df987da86ea2f0"),
        ):
            self.assertEqual(digest_of(suite, record), digest)


if __name__ == "__main__":
    unittest.main()
