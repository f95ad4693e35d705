"""The key directory (3.1) and trust in it (3.2)."""
from __future__ import annotations

from datetime import datetime
from typing import Any, Optional

from .key import PublicKey
from .record import SignedRecord, Unverified
from .strictjson import JsonFault
from .value import read_time

TAG = "tongqiao-directory-v1"


class Directory:
    """The directory in use, and the chain of those before it."""

    def __init__(self, pinned: list[PublicKey]) -> None:
        if not pinned:
            raise ValueError("client.configuration: no pinned key")  # TQ-KEY-005
        self.pinned = {key.keyid: key for key in pinned}
        self.keys: dict[str, PublicKey] = {}
        self.issued: Optional[datetime] = None
        self.chain: list[SignedRecord] = []  # TQ-KEY-012

    def accept(self, wire: Any) -> None:
        """Takes a new directory or refuses it and stays with the one in use (TQ-KEY-010)."""
        try:
            self._accept(SignedRecord.read(wire))
        except (Unverified, JsonFault, KeyError, TypeError, ValueError) as why:
            raise Unverified("directory.invalid", str(why)) from None

    def _accept(self, signed: SignedRecord) -> None:
        value = signed.value()
        issued = read_time(value["issued"])
        if self.issued is None:
            signer = self.pinned.get(signed.keyid)  # TQ-KEY-006
        else:
            if issued < self.issued:
                raise ValueError("issued before the one in use")  # TQ-KEY-009
            signer = self.platform_key(signed.keyid, issued)  # TQ-KEY-007
        if signer is None or not signed.holds(TAG, signer):
            raise ValueError("no trusted key signed it")
        keys: dict[str, PublicKey] = {}
        seen: set[str] = set()
        for entry in value["keys"]:
            try:
                key = PublicKey.read(entry)
            except (KeyError, TypeError, ValueError, AttributeError):
                continue  # TQ-KEY-003
            if key.keyid in seen:
                raise ValueError("a key id twice")
            seen.add(key.keyid)
            keys[key.keyid] = key
        own = keys.get(signed.keyid)
        if own is None or own.public != signer.public or own.party != "platform" or own.use != "event" or not own.valid_at(issued):
            raise ValueError("its own entry for the signing key does not hold")  # TQ-KEY-008
        if not self.chain or self.chain[-1].keyid != signed.keyid:
            self.chain.append(signed)
        self.keys, self.issued = keys, issued

    def platform_key(self, keyid: str, moment: datetime) -> Optional[PublicKey]:
        """TQ-KEY-004, TQ-KEY-011: only what the directory in use lists as valid then."""
        key = self.keys.get(keyid)
        if key is None or key.party != "platform" or key.use != "event" or not key.valid_at(moment):
            return None
        return key

    def open(self, wire: Any, tag: str) -> tuple[dict[str, Any], SignedRecord, PublicKey]:
        """What the platform signed for everybody, verified; judged by the directory's `issued` (TQ-KEY-013)."""
        signed = SignedRecord.read(wire)
        if self.issued is None:
            raise Unverified("directory.invalid", "no directory")
        key = self.platform_key(signed.keyid, self.issued)
        if key is None:
            raise Unverified("signature.unknown_key", "no key of the platform: " + str(signed.keyid))
        if not signed.holds(tag, key):
            raise Unverified("signature.mismatch", tag)
        return signed.value(), signed, key
