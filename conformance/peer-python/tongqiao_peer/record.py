"""Signed records (2.3) and their digests (2.5)."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import strictjson
from .key import PrivateKey, PublicKey
from .suite import Suite
from .value import from_base64, to_base64

MESSAGE_BYTES_MAX = 262144


class Unverified(ValueError):
    """Something that must not be believed; `code` is the word of 10.4."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(code + ": " + why)
        self.code = code


def message(tag: str, keyid: str, record: bytes) -> bytes:
    """TQ-SIG-014, TQ-SIG-015: tag LF keyid LF record, and nothing behind it."""
    return tag.encode("ascii") + b"\n" + keyid.encode("ascii") + b"\n" + record


def digest(suite: Suite, data: bytes) -> str:
    """TQ-SIG-043: over the record's bytes alone."""
    return suite.digest_name + ":" + suite.hash(data).hex()


@dataclass(frozen=True)
class SignedRecord:
    """The exact bytes that an author signed, and the signature (TQ-SIG-016)."""

    record: bytes
    keyid: str
    signature: bytes

    @classmethod
    def make(cls, tag: str, value: dict[str, Any], key: PrivateKey) -> "SignedRecord":
        record = strictjson.write(value)
        if len(record) > MESSAGE_BYTES_MAX:
            raise ValueError("record.too_large")  # TQ-SIG-019
        return cls(record, key.keyid, key.sign(message(tag, key.keyid, record)))

    @classmethod
    def read(cls, wire: Any) -> "SignedRecord":
        try:
            return cls(from_base64(wire["record"]), wire["signature"]["keyid"], from_base64(wire["signature"]["value"]))
        except (KeyError, TypeError, ValueError):
            raise Unverified("signature.answer_unsigned", "not shaped as a signed record") from None

    def wire(self) -> dict[str, Any]:
        return {"record": to_base64(self.record), "signature": {"keyid": self.keyid, "value": to_base64(self.signature)}}

    def digest(self, suite: Suite) -> str:
        return digest(suite, self.record)

    def holds(self, tag: str, key: PublicKey) -> bool:
        """TQ-SIG-017, TQ-SIG-018: the bytes as they came, under the tag that is expected here."""
        return key.keyid == self.keyid and key.verify(message(tag, self.keyid, self.record), self.signature)

    def value(self) -> dict[str, Any]:
        found = strictjson.read(self.record)
        if not isinstance(found, dict):
            raise Unverified("record.malformed", "a record is an object")
        return found
