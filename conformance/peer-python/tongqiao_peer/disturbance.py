"""What happens when things go wrong: faults, a restore, a change of keys, a key in doubt. Only for a sandbox of one's own."""
from __future__ import annotations

from typing import Any, Callable

from .case import Case
from .catalogue import application
from .identifier import synthetic_citizen
from .log import Log
from .money import Bill, Refund
from .problem import Problem, UnknownOutcome
from .record import Unverified
from .story import Story
from .strictjson import write
from . import cashier

# payment-faults.tsv, the faults of the sandbox: what is told while the fault lasts
TOLD = {"delay": "confirmed", "reorder": "confirmed", "skew": "confirmed", "duplicate": "unknown", "error_5xx": "unknown", "bad_gateway": "unknown",
        "defect": "unknown", "wrong_signature": "unknown", "drop_after_apply": "unknown"}


class Disturbance:
    """Goes on where a story ended."""

    def __init__(self, story: Story, everybody: list[Story]) -> None:
        self.everybody = everybody  # whoever sleeps through an announcement trusts no later directory (TQ-KEY-007)
        self.story, self.checks, self.party, self.open = story, story.checks, story.party, story.open
        self.line = [{"code": "x", "name": "试验", "quantity": 1, "unit_price": "8.00"}]

    def run(self) -> None:
        self.checks.label = self.story.suite
        for act in (self.faults, self.restore, self.keys, self.doubt):
            act()

    def sandbox(self, route: str, body: dict[str, Any]) -> Any:
        return self.open.post("/sandbox/" + route, body, signed=False).json()

    def told(self, act: Callable[[], str]) -> str:
        """Nothing but a receipt tells more than `unknown` (TQ-PAY-028, TQ-PAY-029)."""
        try:
            return act()
        except (Problem, UnknownOutcome, Unverified):
            return "unknown"

    def bill(self) -> Bill:
        return Bill.make(self.party, self.story.item["division"], "试验甲", self.line)

    def faults(self) -> None:
        wait, self.party.transport.wait = self.party.transport.wait, lambda seconds: None
        offset = self.party.transport.offset
        try:
            for fault, wanted in TOLD.items():
                for act in ("bill", "query", "void", "fence", "refund", "refund-query"):
                    self.fault(fault, act, wanted)
                self.party.transport.offset = offset
        finally:
            self.sandbox("faults", {})
            self.party.transport.wait = wait
        self.checks.step(f"{len(TOLD)} faults befell six orders and queries about money each: told as payment-faults.tsv says, all resolved")

    def fault(self, fault: str, act: str, wanted: str) -> None:
        bill = self.bill()
        if act in ("query", "void", "refund", "refund-query"):
            view = bill.offer()
            if act.startswith("refund"):
                cashier.pay(view["cashier_url"], "8.00")
        refund = Refund.make(bill, 300, "试验") if act.startswith("refund") else None
        if refund and act == "refund-query":
            refund.offer()
        acts: dict[str, Callable[[], str]] = {
            "bill": lambda: bill.prove(bill.offer()).outcome, "query": lambda: bill.prove(bill.ask()).outcome,
            "void": lambda: "confirmed" if bill.prove(bill.void_it("试验")).state == "void" else "?",
            "fence": lambda: "confirmed" if bill.prove(bill.fence_it()).outcome == "absent" else "?"}
        if refund:
            acts["refund"] = lambda: "confirmed" if refund.prove(refund.offer())[0] in ("pending", "done") else "?"
            acts["refund-query"] = lambda: "confirmed" if refund.prove(refund.ask())[0] in ("pending", "done") else "?"
        self.sandbox("faults", {"seed": 7, fault: 1.0, "delay_ms": 20, "skew_seconds": 900} if fault in ("delay", "skew") else {"seed": 7, fault: 1.0})
        told = self.told(acts[act])
        self.sandbox("faults", {})
        self.checks.must("TQ-PAY-028", told == wanted, f"{act} under {fault}: told {told}, the table says {wanted}")
        self.party.transport.offset = 0.0
        self.checks.must("TQ-PAY-030", self.told(acts[act]) == "confirmed", f"{act} after {fault}: not resolved by the same record or question")

    def restore(self) -> None:
        must, party = self.checks.must, self.party
        before = self.bill()
        kept_receipt = before.prove(before.offer()).receipts["receipt"]
        epoch = self.open.epoch
        paid = self.bill()
        cashier.pay(paid.offer()["cashier_url"], "8.00")
        booked = paid.prove(paid.ask())
        backup = self.sandbox("backup", {})["backup"]
        returned = Refund.make(paid, 200, "试验")
        returned.offer()
        must("TQ-PAY-064", paid.prove(paid.ask()).refunded == 200, "money given back after the backup")
        after, fenced = self.bill(), self.bill()
        wire = after.offer()["receipt"]
        lost = party.receipt(wire, after.id, after.signed, "bill")
        fenced.prove(fenced.fence_it())
        case = Case(party)
        data = application(self.story.item, "试验丙", synthetic_citizen(), None)
        event = case.event("applied", data, self.story.numbers.take(party.now()))
        gone = case.push(event)[0][1]
        self.sandbox("restore", {"backup": backup})

        self.open.get("/v1/time", signed=False)
        must("TQ-RCP-013", self.open.epoch != epoch, "a restore begins a new epoch")
        value, _, _ = self.story.directory.open(self.open.get("/v1/epoch", signed=False).json(), "tongqiao-epoch-v1")
        kept = {former["epoch"]: former["kept"] for former in value["previous"]}.get(epoch, 0)  # TQ-RCP-016
        must("TQ-RCP-017", value["epoch"] == self.open.epoch, "the signed epoch")
        must("TQ-RCP-015", kept_receipt.position < kept <= lost.position, f"kept {kept}")
        self.checks.refused("TQ-PAY-023", "bill.unknown", after.ask)
        self.checks.refused("TQ-PAY-023", "bill.unknown", fenced.ask)
        # TQ-RCP-018, TQ-RCP-019: the same bytes again; TQ-PAY-035: with the receipt beside them
        view = party.transport.send("POST", "/v1/bills", "", write({**after.signed.wire(), "receipt": wire})).json()
        anew = after.prove(view).receipts["receipt"]
        must("TQ-RCP-018", anew.body["epoch"] == value["epoch"] and anew.position >= kept, "registered anew")
        status, receipt, _ = case.push(event)[0]
        must("TQ-RCP-018", status == "settled" and receipt is not None and gone is not None and receipt.raw != gone.raw, "an event taken anew")
        must("TQ-PAY-034", fenced.prove(fenced.fence_it()).outcome == "absent", "fenced again")
        old = before.prove(before.offer()).receipts["receipt"]
        must("TQ-RCP-021", old.raw == kept_receipt.raw, "what was kept has its first receipt")
        now = paid.prove(paid.ask())
        must("TQ-PAY-064", now.received == booked.received, "what had come in before the backup")
        must("TQ-PAY-046", returned.prove(returned.offer())[0] in ("pending", "done") and paid.prove(paid.ask()).refunded == 200, "a refund heard of once more is paid once")
        party_log = Log(self.open, self.story.directory)
        party_log.advance()
        for proven in (anew, old):
            party_log.prove(proven)
        self.story.log = party_log
        self.checks.step(f"restored from a backup: new epoch, {kept} positions kept; what was lost offered again, fenced again, proven")

    def refresh(self) -> None:
        for story in self.everybody:
            story.party.refresh()

    def keys(self) -> None:
        must, directory = self.checks.must, self.story.directory
        bill = self.bill()
        view = bill.offer()
        old = bill.prove(view).receipts["receipt"].key
        former = {key.keyid for key in directory.keys.values() if key.party == "platform"}
        self.sandbox("platform-keys", {"step": "announce"})
        self.refresh()
        listed = {key.keyid for key in directory.keys.values() if key.party == "platform"}
        must("TQ-KEY-015", former < listed and directory.chain[-1].keyid in former, "announced before they sign")
        self.sandbox("platform-keys", {"step": "take-over"})
        self.refresh()
        must("TQ-KEY-015", directory.chain[-1].keyid in listed - former, "the next keys sign")
        self.sandbox("platform-keys", {"step": "revoke-former"})
        self.refresh()
        must("TQ-KEY-002", former <= set(directory.keys), "revoked keys stay listed")
        must("TQ-KEY-013", bill.prove(view).receipts["receipt"].key.keyid == old.keyid, "an older receipt still holds")
        fresh = self.bill()
        must("TQ-KEY-015", fresh.prove(fresh.offer()).receipts["receipt"].key.keyid in listed - former, "new receipts by the new key")
        self.checks.step(f"the platform changed its keys; the chain of directories has {len(directory.chain)} links, older receipts hold")

    def doubt(self) -> None:
        must, party = self.checks.must, self.party
        case = Case(party)
        event = case.event("applied", application(self.story.item, "试验丁", synthetic_citizen(), None), self.story.numbers.take(party.now()))
        self.sandbox("revoke", {"keyid": party.event.keyid, "reason": "试验"})
        status, receipt, result = case.push(event)[0]
        problem = result.get("problem", {})
        must("TQ-KEY-031", status == "refused" and receipt is None and problem.get("code") == "record.quarantined" and problem.get("outcome") == "unknown", "a record whose key was revoked")
        waiting = [entry for entry in self.open.get("/sandbox/quarantine", signed=False).json()["records"] if entry["record_id"] == event[0]]
        must("TQ-KEY-032", len(waiting) == 1, "kept for a human")
        self.sandbox("quarantine/release", {"record_id": event[0], "digest": waiting[0]["digest"]})
        status, receipt, _ = case.push(event)[0]
        must("TQ-KEY-033", status == "settled" and receipt is not None and receipt.kind == "settled", "judged after a human vouched for it")
        self.checks.step("a record of a revoked key was quarantined, vouched for, offered again and settled")
