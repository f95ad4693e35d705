"""Keys: one's own, which sign, and those of the directory, which verify (3.1)."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Optional

from .suite import Suite, suite_named
from .value import from_base64, read_time, to_base64


@dataclass(frozen=True)
class PrivateKey:
    """A key of one's own; its secret never leaves this object (TQ-SEC-001)."""

    keyid: str
    suite: Suite
    secret: bytes

    def __repr__(self) -> str:  # TQ-SEC-004
        return f"PrivateKey({self.keyid})"

    @classmethod
    def generate(cls, keyid: str, suite: str) -> "PrivateKey":
        chosen = suite_named(suite)
        return cls(keyid, chosen, chosen.new_secret())

    @property
    def public(self) -> bytes:
        return self.suite.public_of(self.secret)

    def sign(self, message: bytes) -> bytes:
        return self.suite.sign(self.secret, message)

    def enrolment(self, code: str, party: str, use: str) -> dict[str, str]:
        """An entry of `keys` with its proof (TQ-KEY-019)."""
        text = "\n".join(("tongqiao-enrolment-v1", self.keyid, code, party)).encode("utf-8")
        return {"keyid": self.keyid, "suite": self.suite.name, "public_key": to_base64(self.public), "use": use,
                "proof": to_base64(self.sign(text))}


@dataclass(frozen=True)
class PublicKey:
    """An entry of the directory."""

    keyid: str
    party: str
    suite: Suite
    public: bytes
    use: str
    valid_from: Optional[datetime] = None
    valid_until: Optional[datetime] = None
    revoked: Optional[datetime] = None

    @classmethod
    def read(cls, entry: dict[str, Any]) -> "PublicKey":
        suite = suite_named(entry["suite"])
        public = from_base64(entry["public_key"])
        if not suite.is_point(public):
            raise ValueError("no point of the curve")  # TQ-SIG-013
        for name in ("keyid", "party", "use"):
            if not isinstance(entry[name], str):
                raise ValueError(name)
        moments = {name: read_time(entry[name]) if name in entry else None for name in ("valid_from", "valid_until")}
        revoked = read_time(entry["revoked"]["at"]) if "revoked" in entry else None
        return cls(entry["keyid"], entry["party"], suite, public, entry["use"], moments["valid_from"],
                   moments["valid_until"], revoked)

    def valid_at(self, moment: datetime) -> bool:
        """The first moment belongs to the validity, the last does not (3.1)."""
        if self.valid_from is not None and moment < self.valid_from:
            return False
        if self.valid_until is not None and moment >= self.valid_until:
            return False
        return self.revoked is None or moment < self.revoked

    def verify(self, message: bytes, signature: bytes) -> bool:
        return self.suite.verify(self.public, message, signature)
