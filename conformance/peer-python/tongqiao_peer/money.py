"""Bills, fences and refunds (chapter 7): orders, and views that only receipts prove."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Optional

from . import strictjson
from .latefee import late_fee
from .party import Party
from .problem import Problem
from .receipt import Receipt
from .record import SignedRecord, Unverified, digest
from .value import CHINA, new_id, read_amount, read_time, write_amount, write_time

BILL, VOID, FENCE = "tongqiao-bill-v1", "tongqiao-void-v1", "tongqiao-fence-v1"
REFUND, REFUSAL = "tongqiao-refund-v1", "tongqiao-refusal-v1"


def _not(why: str) -> Unverified:
    return Unverified("signature.receipt_invalid", why)


@dataclass(frozen=True)
class ProvenBill:
    """What the receipts of a view prove, and nothing else (TQ-PAY-025)."""

    state: str
    outcome: str
    received: int
    refunded: int
    refund_owed: int
    payment: Optional[dict[str, Any]]
    receipts: dict[str, Receipt]


@dataclass
class Bill:
    """A bill of one's own, stored before it is sent (TQ-PAY-005)."""

    party: Party
    id: str
    amount: int
    signed: SignedRecord
    rule: Optional[dict[str, Any]] = None
    fence: Optional[SignedRecord] = None
    void: Optional[SignedRecord] = None
    money_position: int = -1
    epoch: Optional[str] = None

    @classmethod
    def make(cls, party: Party, division: str, payer: str, lines: list[dict[str, Any]], case: Optional[str] = None,
             rule: Optional[dict[str, Any]] = None) -> "Bill":
        """TQ-PAY-001, TQ-PAY-002, TQ-PAY-004."""
        made, whole, total = new_id(), [], 0
        for line in lines:
            part = read_amount(line["unit_price"]) * line["quantity"]
            total += part
            whole.append({**line, "amount": write_amount(part)})
        if not 0 < total <= 100000000000:
            raise ValueError("bill.amount_mismatch")
        now = party.now()
        value = {"bill": made, "party": party.name, **({"case": case} if case else {}), "division": division,
                 "payer": {"name": payer}, "amount": write_amount(total), "lines": whole, "late_fee": "0.00",
                 **({"late_fee_rule": rule} if rule else {}), "not_after": write_time(read_time(now) + timedelta(days=1)), "created": now}
        signed = party.sign(BILL, value)
        party.store.put("bill", made, strictjson.write(signed.wire()))
        return cls(party, made, total, signed, rule)

    def offer(self) -> dict[str, Any]:
        """The very same record whenever it is sent (TQ-PAY-030)."""
        return order(self.party, "/v1/bills", self.signed)

    def ask(self) -> dict[str, Any]:
        return self.party.transport.get("/v1/bills/" + self.id).json()

    def fence_it(self) -> dict[str, Any]:
        """Only the author fences (TQ-PAY-032)."""
        if self.fence is None:
            self.fence = self.party.sign(FENCE, {"bill": self.id, "party": self.party.name, "time": self.party.now()})
            self.party.store.put("fence", self.id, strictjson.write(self.fence.wire()))
        return order(self.party, f"/v1/bills/{self.id}/fence", self.fence)

    def void_it(self, reason: str) -> dict[str, Any]:
        if self.void is None:
            self.void = self.party.sign(VOID, {"bill": self.id, "party": self.party.name, "reason": reason, "created": self.party.now()})
            self.party.store.put("void", self.id, strictjson.write(self.void.wire()))
        return order(self.party, f"/v1/bills/{self.id}/void", self.void)

    def late_fee_on(self, day: date) -> int:
        """Own reckoning (7.9); without a rule there is none."""
        if self.rule is None:
            return 0
        return late_fee(self.amount, self.rule["rate"], date.fromisoformat(self.rule["due"]), self.rule["cap_percent"], self.rule["rounding"], day)

    def _check_payment(self, payment: dict[str, Any]) -> None:
        """TQ-PAY-055, TQ-PAY-057: by the day in China on which the money came."""
        fee = self.late_fee_on(read_time(payment["at"]).astimezone(CHINA).date())
        if read_amount(payment["amount"]) != self.amount + fee or read_amount(payment.get("late_fee", "0.00")) != fee:
            raise _not("another sum was paid, or another late fee")

    def prove(self, view: dict[str, Any]) -> ProvenBill:
        """7.5; a view that says more than its receipts is refused."""
        if view.get("bill") != self.id:
            raise _not("the view of another bill")
        heard: dict[str, Receipt] = {}
        for member, of, signed in (("receipt", "bill", self.signed), ("paid_receipt", "payment", self.signed),
                                   ("money_receipt", "money", self.signed), ("fence_receipt", "fence", self.fence), ("void_receipt", "void", self.void)):
            if member in view:
                if signed is None:
                    raise _not(member + " of a record that was not made here")
                heard[member] = self.party.receipt(view[member], self.id, signed, of)
        for member in ("paid_receipt", "money_receipt", "fence_receipt", "void_receipt"):
            if member in heard and heard[member].kind != "settled":
                raise _not(member + " is no settled one")
        registered = "receipt" in heard and heard["receipt"].kind == "settled"
        absent = "fence_receipt" in heard or ("receipt" in heard and heard["receipt"].kind == "refused")
        if registered == absent:
            raise _not("registered and absent at once, or neither")  # TQ-PAY-027, TQ-PAY-029
        payment = heard["paid_receipt"].body["payment"] if "paid_receipt" in heard else None
        if payment and "void_receipt" in heard:
            raise _not("paid and void at once")  # TQ-PAY-020
        state = "fenced" if absent else "paid" if payment else "void" if "void_receipt" in heard else "open"
        money = {"received": "0.00", "refunded": "0.00", "refund_owed": "0.00"}  # TQ-PAY-064
        if view.get("epoch") != self.epoch and self.epoch is not None and self.party.verified_epoch(view.get("epoch")):
            self.money_position = -1  # restored: what was booked last may be lost
        if "money_receipt" in heard:
            if heard["money_receipt"].position < self.money_position:
                raise _not("an older money receipt than one heard before")
            self.money_position = heard["money_receipt"].position
            self.epoch = view.get("epoch")
            money = {name: heard["money_receipt"].body["money"][name] for name in money}
        if any(view.get(name) != amount for name, amount in money.items()):
            raise _not("amounts that no receipt proves")
        if view.get("paid") != payment or view.get("state") != state or view.get("outcome") != ("absent" if absent else "confirmed"):
            raise _not("a state that no receipt proves")
        if payment:
            self._check_payment(payment)
        if "late_fee" in view and read_amount(view["late_fee"]["amount"]) != self.late_fee_on(date.fromisoformat(view["late_fee"]["on"])):
            raise _not("another late fee than by own reckoning")  # TQ-PAY-057
        return ProvenBill(state, view["outcome"], *(read_amount(money[name]) for name in ("received", "refunded", "refund_owed")),
                          payment, heard)


@dataclass
class Refund:
    party: Party
    id: str
    bill: str
    amount: int
    signed: SignedRecord

    @classmethod
    def make(cls, bill: Bill, amount: int, reason: str) -> "Refund":
        now = bill.party.now()
        value = {"refund": new_id(), "bill": bill.id, "party": bill.party.name, "amount": write_amount(amount), "reason": reason,
                 "not_after": write_time(read_time(now) + timedelta(days=1)), "created": now}
        signed = bill.party.sign(REFUND, value)
        bill.party.store.put("refund", value["refund"], strictjson.write(signed.wire()))
        return cls(bill.party, value["refund"], bill.id, amount, signed)

    def offer(self) -> dict[str, Any]:
        return order(self.party, f"/v1/bills/{self.bill}/refunds", self.signed)

    def ask(self) -> dict[str, Any]:
        return self.party.transport.get("/v1/refunds/" + self.id).json()

    def prove(self, view: dict[str, Any]) -> tuple[str, dict[str, Receipt]]:
        if view.get("refund") != self.id or view.get("bill") != self.bill or view.get("amount") != write_amount(self.amount):
            raise _not("the view of another refund")
        heard = {"receipt": self.party.receipt(view.get("receipt"), self.id, self.signed, "refund")}
        state = "refused" if heard["receipt"].kind == "refused" else "pending"
        if "ended_receipt" in view:
            heard["ended_receipt"] = self.party.receipt(view["ended_receipt"], self.id, self.signed, "payout")
            payout = heard["ended_receipt"].body["payout"]
            if heard["ended_receipt"].kind != "settled" or read_amount(payout["amount"]) != self.amount or payout["at"] != view.get("ended"):
                raise _not("its end is another")
            state = payout["state"]
        if view.get("state") != state or view.get("outcome") != ("absent" if state == "refused" else "confirmed"):
            raise _not("a state that no receipt proves")
        return state, heard


def order(party: Party, path: str, signed: SignedRecord) -> dict[str, Any]:
    """Sends an order; a refusal is one for good only by the platform's signed word (TQ-PAY-062, TQ-PAY-063)."""
    body = strictjson.write(signed.wire())
    try:
        return party.transport.send("POST", path, "", body).json()
    except Problem as problem:
        if 400 <= problem.status < 500:
            check_refusal(party, problem, body)
        raise


def check_refusal(party: Party, problem: Problem, body: bytes) -> dict[str, Any]:
    """The text does not say by which hash `body` is digested; it is that of the key that signed the request (FINDINGS)."""
    value, _, _ = party.directory.open(problem.wire.get("refusal"), REFUSAL)
    if value.get("body") != digest(party.hop.suite, body) or value.get("code") != problem.code or value.get("party") != party.name:
        raise Unverified("signature.mismatch", "the refusal is of something else")
    return value
