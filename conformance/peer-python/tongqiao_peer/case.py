"""A case in one stream (5.1 to 5.5)."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional

from . import strictjson
from .party import Party
from .problem import UnknownOutcome
from .receipt import Receipt
from .record import SignedRecord, Unverified
from .value import new_id

TAG = "tongqiao-event-v1"


@dataclass
class Case:
    """Numbers the events of its stream from 1 without gaps (TQ-CAS-019)."""

    party: Party
    id: str = field(default_factory=new_id)
    sequence: int = 0
    revision: int = 0
    held: Optional[str] = None
    sent: list[tuple[str, SignedRecord]] = field(default_factory=list)

    def event(self, kind: str, data: dict[str, Any], number: Optional[str] = None) -> tuple[str, SignedRecord]:
        """The next event; after a refusal a replacement with a new id and the same sequence (TQ-CAS-023)."""
        envelope: dict[str, Any] = {
            "specversion": "1.0", "id": new_id(), "source": "urn:tongqiao:party:" + self.party.name,
            "type": f"cn.tongqiao.case.{kind}.v1", "subject": self.id, "time": self.party.now(),
            "datacontenttype": "application/json", "producer": self.party.producer, "incarnation": self.party.incarnation,
            "sequence": self.sequence + 1, "revision": self.revision, "dataclass": "personal", "clock": "free"}
        if number is not None:
            envelope["number"] = number  # TQ-CAS-001
        if self.held is not None:
            envelope["supersedes"] = self.held
        envelope["data"] = data
        signed = self.party.sign(TAG, envelope)
        self.party.store.put("event", envelope["id"], strictjson.write(signed.wire()))
        return envelope["id"], signed

    def push(self, *events: tuple[str, SignedRecord]) -> list[tuple[str, Optional[Receipt], dict[str, Any]]]:
        """Sends events and believes their receipts alone (TQ-CAS-031, TQ-CAS-033, TQ-RCP-024)."""
        answer = self.party.transport.post("/v1/case-events", {"events": [signed.wire() for _, signed in events]}).json()
        results = answer.get("results") if isinstance(answer, dict) else None
        if not isinstance(results, list) or len(results) != len(events):
            raise UnknownOutcome("client.bad_answer", "not one result for each event")
        found = []
        for (name, signed), result in zip(events, results):
            if result.get("id") not in (name, None):
                raise UnknownOutcome("client.bad_answer", "results in another order")
            receipt = self.party.receipt(result["receipt"], name, signed) if "receipt" in result else None
            if receipt is None and result.get("status") in ("settled", "duplicate"):
                raise Unverified("signature.answer_unsigned", "settled without a receipt")
            if receipt is not None:
                self._book(name, signed, receipt)
            found.append((result.get("status", ""), receipt, result))
        return found

    def _book(self, name: str, signed: SignedRecord, receipt: Receipt) -> None:
        self.party.store.put("receipt", f"{name}.{receipt.body['epoch']}", receipt.raw)  # after a restore there may be one of each epoch
        value = signed.value()
        sequence = value["sequence"]
        if sequence != self.sequence + 1:
            return  # heard before
        if receipt.kind == "refused":
            self.held = name
            return
        given_up = "abandons" in value and "case" not in receipt.body  # no such case yet: it is named nowhere (FINDINGS)
        if not given_up and receipt.body.get("case") != self.id:
            raise Unverified("signature.receipt_invalid", "of another case")
        self.sequence, self.revision, self.held = sequence, receipt.body.get("revision", self.revision), None
        self.sent.append((name, signed))
