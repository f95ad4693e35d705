"""The inbox (chapter 16)."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .party import Party
from .record import SignedRecord, Unverified
from .value import is_id

ENTRY, ACKNOWLEDGEMENT = "tongqiao-inbox-entry-v1", "tongqiao-inbox-acknowledgement-v1"


@dataclass
class Inbox:
    party: Party
    done: set[str] = field(default_factory=set)  # TQ-INB-010

    def open(self, wire: Any) -> dict[str, Any]:
        """TQ-INB-004; on disk before anybody acknowledges it (TQ-INB-015)."""
        value, signed, _ = self.party.directory.open(wire, ENTRY)
        if value.get("addressee") != self.party.name or value.get("source") != "urn:tongqiao:platform" or not is_id(value.get("id")):
            raise Unverified("signature.mismatch", "an entry for somebody else")
        if value["id"] not in self.done:
            self.party.store.put("inbox", value["id"], signed.record)
        return value

    def read(self, wait: int = 0) -> list[dict[str, Any]]:
        page = self.party.transport.get("/v1/inbox", f"wait={wait}&after=0&limit=100").json()
        entries = [self.open(wire) for wire in page["entries"]]
        if [e["position"] for e in entries] != sorted(e["position"] for e in entries) or page["next"] != (entries[-1]["position"] if entries else 0):
            raise Unverified("client.bad_answer", "positions out of order")
        return entries

    def acknowledgement(self, ids: list[str]) -> SignedRecord:
        """TQ-INB-011: signed by the addressee with a key for records."""
        return self.party.sign(ACKNOWLEDGEMENT, {"party": self.party.name, "entries": ids, "time": self.party.now()})

    def acknowledge(self, signed: SignedRecord) -> dict[str, Any]:
        answer = self.party.transport.post("/v1/inbox/acknowledgements", signed.wire()).json()
        self.done.update(answer["acknowledged"])
        return answer
