"""Bills, refunds, fences and the day's statement (7)."""

from __future__ import annotations

import json
import time
from typing import Any, Dict, List

import requests

from .cases import open_own_receipt
from .exchange import Exchange, Problem
from .record import Record
from .suite import Refused, digest_of
from .values import amount_text, fen_of, time_text, uuid7

DAY_MS = 86_400_000


class Payments:
    """Orders about money of one party."""

    def __init__(self, exchange: Exchange, party: str) -> None:
        self.exchange = exchange
        self.party = party

    def bill(self, division: str, fen_each: int, quantity: int) -> "Bill":
        """Signs a bill of one line; nothing is sent yet (TQ-PAY-005)."""
        now = self.exchange.now_ms()
        bill = uuid7(now)
        total = amount_text(fen_each * quantity)
        line = {
            "code": "certificate",
            "name": "证书工本费",
            "quantity": quantity,
            "unit_price": amount_text(fen_each),
            "amount": total,  # TQ-PAY-001
        }
        content = {
            "bill": bill,
            "party": self.party,
            "division": division,
            "payer": {"name": "测试甲"},
            "amount": total,  # TQ-PAY-002
            "lines": [line],
            "late_fee": "0.00",
            "not_after": time_text(now + DAY_MS),
            "created": time_text(now),
        }
        return Bill(self, bill, self._sign("tongqiao-bill-v1", content), fen_each * quantity)

    def _sign(self, tag: str, content: Dict[str, Any]) -> Record:
        assert self.exchange.author is not None
        return self.exchange.author.sign(tag, content)

    def must_be_refused_for_good(self, path: str, record: Record, code: str) -> None:
        """A refused order: only with the platform's signed word on this very body (TQ-PAY-062, TQ-PAY-063)."""
        body = json.dumps(record.wire(), ensure_ascii=False, separators=(",", ":")).encode()
        try:
            self.exchange.send("POST", path, body)
        except Problem as problem:
            word = self.exchange.open(problem.content["refusal"], "tongqiao-refusal-v1")
            suite = word["body"].split(":")[0]
            expected = digest_of("sm" if suite == "sm3" else "international", body)
            if (problem.code, word["code"], word["party"], word["body"]) != (code, code, self.party, expected):
                raise Refused(f"the refusal is of something else: {problem.code}, {word}")
            return
        raise Refused(f"{path} was not refused with {code}")

    def statement(self, date: str) -> List[Dict[str, Any]]:
        """All lines of a day; pages that belong together (TQ-PAY-042)."""
        lines: List[Dict[str, Any]] = []
        first = None
        while True:
            wire = self.exchange.get(f"/v1/reconciliations/{date}", {"after": len(lines)})
            page = self.exchange.open(wire, "tongqiao-reconciliation-v1")
            first = first or page
            if (page["epoch"], page["lines_total"], page["after"]) != (first["epoch"], first["lines_total"], len(lines)):
                raise Refused("pages that do not belong together")
            lines.extend(page["lines"])
            if len(lines) >= page["lines_total"]:
                return lines


class Bill:
    """A bill and what became of it."""

    def __init__(self, payments: Payments, bill: str, record: Record, fen: int) -> None:
        self.payments = payments
        self.exchange = payments.exchange
        self.id = bill
        self.record = record
        self.fen = fen

    def register(self) -> Dict[str, Any]:
        """Offers the bill twice: the same record gives the same view (TQ-PAY-008)."""
        view = self.exchange.post("/v1/bills", self.record.wire())
        again = self.exchange.post("/v1/bills", self.record.wire())
        if again["pay_code"] != view["pay_code"] or again["receipt"] != view["receipt"]:
            raise Refused("the same bill is answered otherwise (TQ-PAY-008, TQ-PAY-014)")
        body = open_own_receipt(self.exchange, view["receipt"], self.id, self.record.digest, "bill")
        if body["kind"] != "settled" or view["state"] != "open" or view["outcome"] != "confirmed":
            raise Refused("the bill is not open")
        if len(view["pay_code"]) != 20 or not view["pay_code"].isalnum():
            raise Refused("the pay code has not 20 characters")
        return view

    def pay(self, view: Dict[str, Any]) -> None:
        """A person presses the button of the sandbox's cashier."""
        answer = requests.post(view["cashier_url"], timeout=30, allow_redirects=False)
        if answer.status_code >= 400:
            raise Refused(f"the cashier answers {answer.status_code}")

    def must_be_paid(self) -> Dict[str, Any]:
        """Believes only what receipts prove (TQ-PAY-025, TQ-PAY-064)."""
        view = self.exchange.get(f"/v1/bills/{self.id}")
        paid = open_own_receipt(self.exchange, view["paid_receipt"], self.id, self.record.digest, "payment")
        if paid["payment"] != view["paid"] or fen_of(view["paid"]["amount"]) != self.fen or view["state"] != "paid":
            raise Refused("the payment is not what its receipt says")
        self.must_be_booked(view)
        return view

    def must_be_booked(self, view: Dict[str, Any]) -> None:
        """The three sums, by the newest receipt of money."""
        money = open_own_receipt(self.exchange, view["money_receipt"], self.id, self.record.digest, "money")
        sums = {name: view[name] for name in ("received", "refunded", "refund_owed")}
        if money["money"] != sums:
            raise Refused(f"the sums {sums} are not those of the receipt")

    def void(self) -> Record:
        """An order to void it."""
        content = {
            "bill": self.id,
            "party": self.payments.party,
            "reason": "开错",
            "created": time_text(self.exchange.now_ms()),
        }
        return self.payments._sign("tongqiao-void-v1", content)

    def fence(self) -> Dict[str, Any]:
        """Has the id refused for ever, unless the bill is registered."""
        content = {"bill": self.id, "party": self.payments.party, "time": time_text(self.exchange.now_ms())}
        record = self.payments._sign("tongqiao-fence-v1", content)
        view = self.exchange.post(f"/v1/bills/{self.id}/fence", record.wire())
        if view["outcome"] == "absent":
            body = open_own_receipt(self.exchange, view["fence_receipt"], self.id, record.digest, "fence")
            if body["kind"] != "settled":
                raise Refused("a fence without effect")
        elif "fence_receipt" in view:
            raise Refused("a fence's receipt for a registered bill (TQ-PAY-027)")
        return view

    def refund(self, fen: int) -> Dict[str, Any]:
        """Gives a part back, and waits until the bank has ended it; its end is proven by a receipt."""
        now = self.exchange.now_ms()
        refund = uuid7(now)
        content = {
            "refund": refund,
            "bill": self.id,
            "party": self.payments.party,
            "amount": amount_text(fen),
            "reason": "多缴",
            "not_after": time_text(now + DAY_MS),
            "created": time_text(now),
        }
        record = self.payments._sign("tongqiao-refund-v1", content)
        view = self.exchange.post(f"/v1/bills/{self.id}/refunds", record.wire())
        open_own_receipt(self.exchange, view["receipt"], refund, record.digest, "refund")
        for _ in range(100):
            view = self.exchange.get(f"/v1/refunds/{refund}")
            if view["state"] != "pending":
                break
            time.sleep(0.1)
        ended = open_own_receipt(self.exchange, view["ended_receipt"], refund, record.digest, "payout")
        payout = ended["payout"]
        if (payout["state"], payout["amount"], payout["at"]) != (view["state"], view["amount"], view["ended"]):
            raise Refused("the end of the refund is not what its receipt says")
        if view["state"] != "done" or fen_of(view["amount"]) != fen:
            raise Refused(f"the refund is {view['state']}")
        return view

    def e_receipts(self) -> List[Dict[str, Any]]:
        """The e-receipts, each signed; the first one is of the payment (7.8)."""
        answer = self.exchange.get(f"/v1/bills/{self.id}/e-receipts")
        return [self.exchange.open(wire, "tongqiao-e-receipt-v1") for wire in answer["receipts"]]

