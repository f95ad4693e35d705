"""Signed records (2.3)."""

from __future__ import annotations

import base64
import json
from typing import Any, Dict

from .suite import PrivateKey, PublicKey, Refused, digest_of


def unbase64(text: str) -> bytes:
    """Bytes as they travel (1.3)."""
    return base64.b64decode(text, validate=True)


def to_base64(raw: bytes) -> str:
    """Bytes as they travel (1.3)."""
    return base64.b64encode(raw).decode("ascii")


def message_of(tag: str, keyid: str, record: bytes) -> bytes:
    """What is signed: tag LF keyid LF record, and nothing after it (TQ-SIG-014, TQ-SIG-015)."""
    return tag.encode() + b"\n" + keyid.encode() + b"\n" + record


class Author:
    """Whoever signs records: a party's key and its name."""

    def __init__(self, keyid: str, key: PrivateKey) -> None:
        self.keyid = keyid
        self.key = key

    def sign(self, tag: str, content: Dict[str, Any]) -> "Record":
        """Signs the bytes of a JSON object; they are kept as they are (TQ-TRN-036)."""
        raw = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        value = self.key.sign(message_of(tag, self.keyid, raw))
        return Record(raw, self.keyid, value, digest_of(self.key.suite, raw))


class Record:
    """A record with its signature, and its digest under the signer's suite (TQ-SIG-007)."""

    def __init__(self, raw: bytes, keyid: str, value: bytes, digest: str) -> None:
        self.raw = raw
        self.keyid = keyid
        self.value = value
        self.digest = digest
        # Of an event: the id inside.
        self.id = ""

    def wire(self) -> Dict[str, Any]:
        """As it travels."""
        return {"record": to_base64(self.raw), "signature": {"keyid": self.keyid, "value": to_base64(self.value)}}


def open_record(wire: Dict[str, Any], tag: str, key: PublicKey) -> bytes:
    """The bytes of a record that this key signed under this tag (TQ-SIG-017, TQ-SIG-018)."""
    raw = unbase64(wire["record"])
    keyid = wire["signature"]["keyid"]
    if not key.verify(message_of(tag, keyid, raw), unbase64(wire["signature"]["value"])):
        raise Refused(f"the signature of {keyid} under {tag} does not hold")
    return raw
