"""The key directory (3.1) and whom to believe (3.2)."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional

from .record import message_of, unbase64
from .suite import PublicKey, Refused
from .values import read_time


class Directory:
    """A directory that is believed."""

    def __init__(self, content: Dict[str, Any]) -> None:
        self.issued: str = content["issued"]
        self._keys: Dict[str, Dict[str, Any]] = {}
        for entry in content["keys"]:
            # TQ-KEY-003: an entry that cannot be read is skipped.
            if isinstance(entry, dict) and isinstance(entry.get("keyid"), str) and "public_key" in entry:
                self._keys[entry["keyid"]] = entry

    @staticmethod
    def read(wire: Dict[str, Any], before: Optional["Directory"]) -> "Directory":
        """The next directory after `before`; the first one pins the key that signed it (TQ-KEY-006 to TQ-KEY-009).

        This client has no other way than the first answer to be given a pinned key; a real one is given it by hand.
        """
        raw = unbase64(wire["record"])
        keyid = wire["signature"]["keyid"]
        new = Directory(json.loads(raw))
        judge = before or new
        key = judge.platform_key(keyid, new.issued)
        if not key.verify(message_of("tongqiao-directory-v1", keyid, raw), unbase64(wire["signature"]["value"])):
            raise Refused("the directory's signature does not hold")
        new.platform_key(keyid, new.issued)
        if before is not None and read_time(new.issued) < read_time(before.issued):
            raise Refused("an older directory")
        return new

    def parties(self) -> List[str]:
        """Whoever has a key."""
        return sorted({entry.get("party", "") for entry in self._keys.values()})

    def entry(self, keyid: str) -> Optional[Dict[str, Any]]:
        """The row of a key."""
        return self._keys.get(keyid)

    def platform_key(self, keyid: str, at: Optional[str] = None) -> PublicKey:
        """A key of the platform that is valid at that time, or when the directory was issued (TQ-KEY-004, TQ-KEY-013)."""
        entry = self._keys.get(keyid)
        if entry is None or entry.get("party") != "platform" or entry.get("use") != "event":
            raise Refused(f"{keyid} is no key of the platform")
        moment = read_time(at or self.issued)
        if "revoked" in entry:
            raise Refused(f"{keyid} is revoked")
        if "valid_from" in entry and moment < read_time(entry["valid_from"]):
            raise Refused(f"{keyid} is not valid yet")
        if "valid_until" in entry and moment >= read_time(entry["valid_until"]):
            raise Refused(f"{keyid} is not valid any more")
        return PublicKey(entry["suite"], unbase64(entry["public_key"]))
