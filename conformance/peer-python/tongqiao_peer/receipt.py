"""Receipts (6.1 to 6.3) and the transparency log (6.7)."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional

from .record import message_of, unbase64
from .suite import PublicKey, Refused, hash_of


def leaf(suite: str, body: bytes) -> bytes:
    """H(00 || body)."""
    return hash_of(suite, b"\0" + body)


def node(suite: str, left: bytes, right: bytes) -> bytes:
    """H(01 || left || right)."""
    return hash_of(suite, b"\1" + left + right)


def root_of(suite: str, body: bytes, index: int, size: int, path: List[bytes]) -> bytes:
    """The procedure of 6.3, word by word; a path that does not fit is refused (TQ-RCP-009)."""
    if index >= size:
        raise Refused("the place is not in the batch")
    rest = list(path)
    place, last, found = index, size - 1, leaf(suite, body)
    while last > 0:
        if place % 2 == 1 or place < last:
            if not rest:
                raise Refused("the path is too short")
            beside = rest.pop(0)
            found = node(suite, beside, found) if place % 2 == 1 else node(suite, found, beside)
        place, last = place // 2, last // 2
    if rest:
        raise Refused("something of the path is left")
    return found


def signed_message(keyid: str, size: int, root: bytes) -> bytes:
    """TQ-RCP-007."""
    return message_of("tongqiao-receipts-v1", keyid, str(size).encode() + b"\n" + root)


def open_receipt(wire: Dict[str, Any], key: PublicKey) -> Dict[str, Any]:
    """The body of a receipt that this key of the platform signed."""
    body = unbase64(wire["receipt"])
    batch = wire["batch"]
    root = root_of(key.suite, body, batch["index"], batch["size"], [unbase64(step) for step in batch["path"]])
    message = signed_message(wire["signature"]["keyid"], batch["size"], root)
    if not key.verify(message, unbase64(wire["signature"]["value"])):
        raise Refused("the signature of a receipt does not hold")
    return json.loads(body)


def must_be_about(body: Dict[str, Any], record: str, digest: str, of: Optional[str]) -> None:
    """TQ-RCP-005: the receipt of exactly this record."""
    for member, expected in (("record", record), ("digest", digest), ("of", of)):
        if body.get(member) != expected:
            raise Refused(f"a receipt's {member} is {body.get(member)!r} and not {expected!r}")


def log_root(suite: str, body: bytes, position: int, size: int, path: List[bytes]) -> bytes:
    """An inclusion proof of RFC 9162, 2.1.3.2."""
    if position >= size:
        raise Refused("the position is beyond the log")
    number, last, found = position, size - 1, leaf(suite, body)
    for beside in path:
        if last == 0:
            raise Refused("the proof is too long")
        if number % 2 == 1 or number == last:
            found = node(suite, beside, found)
            while number % 2 == 0 and number != 0:
                number, last = number // 2, last // 2
        else:
            found = node(suite, found, beside)
        number, last = number // 2, last // 2
    if last != 0:
        raise Refused("the proof is too short")
    return found
