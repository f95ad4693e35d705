"""One department's day at a platform, in one suite; every step checks what the text says the platform must do."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Callable, List

import requests

from . import inbox, materials
from .cases import HANDLER, Case, Installation, must_be_in_the_log, must_be_refused, send
from .enrolment import enrol
from .exchange import Exchange, Problem
from .items import Catalogue, has_only_simple_fields
from .payments import Payments
from .suite import SUITES, Refused
from .values import CHINA, time_text


class Day:
    """What the steps share."""

    def __init__(self, platform: str, suite: str) -> None:
        self.exchange = Exchange(platform)
        self.suite = suite
        self.party = f"peer-{suite[:5]}-{secrets.token_hex(3)}"

    def play(self, say: Callable[[str], None]) -> None:
        """All steps in their order; the first difference from the text ends it."""
        for step in STEPS:
            step(self)
            say(f"{self.suite}: {step.__doc__}")

    def clock_and_keys(self) -> None:
        """time, epoch and key directory"""
        self.exchange.get("/v1/time", signed=False)
        self.exchange.refresh_directory()
        epoch = self.exchange.open(self.exchange.get("/v1/epoch", signed=False), "tongqiao-epoch-v1")
        if epoch["epoch"] != self.exchange.epoch:
            raise Refused("the signed epoch is not the header's")

    def join(self) -> None:
        """enrolment with a proof, and the same answer again"""
        answer = requests.post(f"{self.exchange.platform}/sandbox/enrolment-codes", json={}, timeout=30)
        enrol(self.exchange, self.party, answer.json()["code"], self.suite)
        directory = self.exchange.refresh_directory()
        assert self.exchange.author is not None
        entry = directory.entry(self.exchange.author.keyid)
        if entry is None or entry["suite"] != self.suite or entry["party"] != self.party:
            raise Refused("the new key is not in the directory (TQ-KEY-001)")

    def catalogue(self) -> None:
        """catalogue by its digest, and an item in force"""
        self.edition = Catalogue(self.exchange)
        today = datetime.fromtimestamp(self.exchange.now_ms() / 1000, CHINA).strftime("%Y-%m-%d")
        items = [item for item in self.edition.in_force(today) if has_only_simple_fields(item)]
        if not items:
            raise Refused("no item can be applied for")
        self.item = items[0]

    def case(self) -> None:
        """a case from application to delivery, each receipt verified, repeated and asked for again"""
        self.installation = Installation(self.exchange, self.party)
        case = Case(self.installation, self.item, self.item["division"])
        opened = case.push("applied", case.application(), "applied")
        now = self.exchange.now_ms()
        promise = {"working_days": self.item["promised_days"], "due": time_text(now + 30 * 86_400_000)}
        case.push("accepted", {"accepted_on": time_text(now), "handler": HANDLER, "promise": promise}, "accepted")
        decided = {"result": "granted", "decided_on": time_text(now), "handler": HANDLER}
        case.push("decided", decided, "decided")
        case.push("delivered", {"method": "window", "delivered_on": time_text(now)}, "delivered")
        case.push("evaluated", {"score": 1, "channel": "window"}, "delivered")
        case.must_stand()
        self.finished = case
        self.opened = opened

    def log(self) -> None:
        """inclusion of a receipt in the log of a signed checkpoint"""
        must_be_in_the_log(self.exchange, self.opened["receipt"], self.opened["body"]["position"])

    def refusals(self) -> None:
        """what must be refused: a wrong signature, a gap, an impossible step and its replacement"""
        case = Case(self.installation, self.item, self.item["division"])
        record = case.event("applied", case.application())
        honest = record.value
        record.value = bytes(64)
        must_be_refused(send(self.exchange, [record])[0], "record.signature_mismatch")
        record.value = honest
        case.sequence = 1
        early = case.event("withdrawn", {"reason": "申请人改变主意"})
        results = send(self.exchange, [early, record])
        if results[0]["status"] != "deferred" or results[0]["missing"] != {"sequence": 1}:
            raise Refused("an event behind a gap is not deferred (5.6, step 7)")
        if results[1]["status"] != "settled":
            raise Refused(f"the application was not settled: {results[1].get('problem')}")
        case.revision = 1
        wrong = case.event("delivered", {"method": "window", "delivered_on": time_text(self.exchange.now_ms())})
        result = send(self.exchange, [wrong])[0]
        must_be_refused(result, "case.transition_impossible")
        if "receipt" not in result:
            raise Refused("a refusal that holds the stream has no receipt (5.6)")
        must_be_refused(send(self.exchange, [early])[0], "event.sequence_reused")
        again = case.event_instead("withdrawn", {"reason": "申请人改变主意"}, supersedes=wrong)
        if send(self.exchange, [again])[0]["status"] != "settled":
            raise Refused("the replacement was not settled (TQ-CAS-023)")

    def strangers(self) -> None:
        """what nobody may learn: another's case, an unknown receipt, a path that is not there"""
        for path, code in (
            ("/v1/cases/018f9f3a-7c00-7000-8000-000000000000", "case.unknown"),
            ("/v1/case-events/018f9f3a-7c00-7000-8000-000000000000/receipt", "receipt.unknown"),
            ("/v1/nothing", "request.unknown_route"),
        ):
            try:
                self.exchange.get(path)
                raise Refused(f"{path} was answered")
            except Problem as problem:
                if problem.code != code:
                    raise

    def money(self) -> None:
        """a bill registered, paid, proven, partly refunded; another one voided"""
        payments = Payments(self.exchange, self.party)
        bill = payments.bill(self.item["division"], 500, 2)
        bill.pay(bill.register())
        bill.must_be_paid()
        payments.must_be_refused_for_good(f"/v1/bills/{bill.id}/void", bill.void(), "bill.already_paid")
        bill.refund(300)
        view = bill.must_be_paid()
        if view["refunded"] != "3.00":
            raise Refused("the refund is not booked")
        if [receipt["total"] for receipt in bill.e_receipts()] != ["10.00", "3.00"]:
            raise Refused("the e-receipts are not one of the payment and a red one (7.8)")
        other = payments.bill(self.item["division"], 100, 1)
        other.register()
        order = other.void()
        voided = self.exchange.post(f"/v1/bills/{other.id}/void", order.wire())
        if voided["state"] != "void":
            raise Refused("the bill is not void")
        self.payments, self.bill = payments, bill

    def fences(self) -> None:
        """a bill of unknown fate: absent by a fence, and then refused for ever"""
        lost = self.payments.bill(self.item["division"], 100, 1)
        try:
            self.exchange.get(f"/v1/bills/{lost.id}")
            raise Refused("a bill that was never sent is known")
        except Problem as problem:
            if problem.code != "bill.unknown":
                raise
        if lost.fence()["outcome"] != "absent":
            raise Refused("the fence did not make the bill absent")
        self.payments.must_be_refused_for_good("/v1/bills", lost.record, "bill.fenced")
        if self.bill.fence()["outcome"] != "confirmed":
            raise Refused("a registered bill was fenced (TQ-PAY-027)")

    def reconciliation(self) -> None:
        """the day's money in both ledgers, to the fen"""
        today = datetime.fromtimestamp(self.exchange.now_ms() / 1000, CHINA).strftime("%Y-%m-%d")
        lines = self.payments.statement(today)
        for ledger in ("platform", "bank"):
            own = [line for line in lines if line["ledger"] == ledger]
            found = sorted((line["movement"], line["bill"], line["amount"]) for line in own)
            if found != [("payment", self.bill.id, "10.00"), ("refund", self.bill.id, "3.00")]:
                raise Refused(f"the ledger of the {ledger} has {found}")

    def files(self) -> None:
        """a material in pieces, one repeated, one too early, read back in part"""
        materials.upload(self.exchange, self.party, secrets.token_bytes(30_000))

    def inbox(self) -> None:
        """the inbox: the payment's entry is there, is acknowledged, and does not come again"""
        entries = inbox.read(self.exchange, self.party)
        kinds = [entry["type"] for entry in entries]
        if "cn.tongqiao.inbox.bill-paid.v1" not in kinds:
            raise Refused(f"no entry tells of the payment: {kinds}")
        inbox.acknowledge(self.exchange, self.party, entries)


STEPS: List[Callable[[Day], None]] = [
    Day.clock_and_keys,
    Day.join,
    Day.catalogue,
    Day.case,
    Day.log,
    Day.refusals,
    Day.strangers,
    Day.money,
    Day.fences,
    Day.reconciliation,
    Day.files,
    Day.inbox,
]

__all__ = ["Day", "SUITES"]
