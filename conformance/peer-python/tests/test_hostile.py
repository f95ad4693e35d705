"""Answers that must not be believed."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator

import pytest

from fake import EPOCH, Fake, entry
from tongqiao_peer import merkle, strictjson
from tongqiao_peer.case import Case
from tongqiao_peer.catalogue import Catalogue
from tongqiao_peer.directory import Directory
from tongqiao_peer.inbox import Inbox
from tongqiao_peer.key import PrivateKey, PublicKey
from tongqiao_peer.log import Log
from tongqiao_peer.money import Bill, Refund
from tongqiao_peer.party import Party
from tongqiao_peer.problem import Problem, UnknownOutcome
from tongqiao_peer.receipt import Receipt
from tongqiao_peer.record import SignedRecord, Unverified, digest
from tongqiao_peer.transport import ATTEMPTS, Transport
from tongqiao_peer.value import from_base64, new_id, read_amount, read_time, to_base64

LINES = [{"code": "a", "name": "工本费", "quantity": 2, "unit_price": "5.00"}]
LATER = "2026-11-02T08:00:00.000+08:00"


@pytest.fixture(params=("international", "sm"))
def fake(request: pytest.FixtureRequest) -> Iterator[Fake]:
    found = Fake(request.param)
    yield found
    found.stop()


@pytest.fixture
def party(fake: Fake, tmp_path: Path) -> Party:
    return fake.party(tmp_path)


def refused(code: str, act: Any) -> None:
    with pytest.raises(Unverified) as caught:
        act()
    assert caught.value.code == code, caught.value


# Receipts of events

def push(fake: Fake, party: Party, change: Any, status: str = "settled") -> Any:
    """One event, and the receipt that `change` makes of the honest body."""
    case = Case(party)
    name, signed = case.event("withdrawn", {"reason": "x"})
    honest = fake.body(signed, name, case=case.id, revision=1)
    wire = change(honest, signed)
    result = {"id": name, "status": status, **({"receipt": wire} if wire is not None else {})}
    fake.answer = lambda method, path, body: fake.json({"epoch": EPOCH, "results": [result]})
    return case, case.push((name, signed))


def test_the_fake_is_honest(fake: Fake, party: Party) -> None:
    case, ((status, receipt, _),) = push(fake, party, lambda body, _: fake.receipt({"x": 1}, body, {"y": 2}, index=1))
    assert status == "settled" and isinstance(receipt, Receipt) and (case.sequence, case.revision) == (1, 1)


def flip(wire: dict[str, Any]) -> dict[str, Any]:
    value = bytearray(from_base64(wire["signature"]["value"]))
    value[40] ^= 1
    return {**wire, "signature": {**wire["signature"], "value": to_base64(bytes(value))}}


LIES = {
    "wrong signature": lambda f, b, s: flip(f.receipt(b)),
    "a stranger's key under the platform's id": lambda f, b, s: f.receipt(b, key=f.stranger),
    "another record's digest": lambda f, b, s: f.receipt({**b, "digest": digest(f.key.suite, s.record + b" ")}),
    "another record's id (a replayed answer)": lambda f, b, s: f.receipt({**b, "record": new_id()}),
    "the receipt of money": lambda f, b, s: f.receipt({**b, "of": "bill"}),
    "another case": lambda f, b, s: f.receipt({**b, "case": new_id()}),
    "custody is not terminal": lambda f, b, s: f.receipt({**b, "kind": "custody"}),
    "position below zero": lambda f, b, s: f.receipt({**b, "position": -1}),
    "not base64": lambda f, b, s: {**f.receipt(b), "receipt": "%%"},
    "path too long": lambda f, b, s: (lambda w: {**w, "batch": {**w["batch"], "path": w["batch"]["path"] + [to_base64(bytes(32))]}})(f.receipt(b, {})),
    "path too short": lambda f, b, s: (lambda w: {**w, "batch": {**w["batch"], "path": []}})(f.receipt(b, {})),
    "index beyond size": lambda f, b, s: (lambda w: {**w, "batch": {**w["batch"], "index": 1}})(f.receipt(b)),
    "another size": lambda f, b, s: (lambda w: {**w, "batch": {**w["batch"], "size": 3}})(f.receipt(b, {})),
    "an unknown key": lambda f, b, s: (lambda w: {**w, "signature": {**w["signature"], "keyid": "platform/none"}})(f.receipt(b)),
    "another body in its place": lambda f, b, s: {**f.receipt(b), "receipt": to_base64(json.dumps({**b, "revision": 9}).encode())},
    "two members of one name": lambda f, b, s: {**f.receipt(b), "receipt": to_base64(json.dumps(b).encode()[:-1] + b',"kind":"settled"}')},
}


@pytest.mark.parametrize("lie", LIES)
def test_receipts_that_lie(fake: Fake, party: Party, lie: str) -> None:
    """TQ-RCP-005, TQ-RCP-006, TQ-RCP-008, TQ-RCP-009."""
    refused("signature.receipt_invalid", lambda: push(fake, party, lambda body, signed: LIES[lie](fake, body, signed)))


def test_settled_without_a_receipt(fake: Fake, party: Party) -> None:
    """TQ-CAS-031, TQ-RCP-024."""
    refused("signature.answer_unsigned", lambda: push(fake, party, lambda body, signed: None))


def test_the_receipt_counts_and_not_the_status(fake: Fake, party: Party) -> None:
    case, ((_, receipt, _),) = push(fake, party, lambda body, _: fake.receipt({**body, "kind": "refused", "problem": {"code": "x"}}))
    assert receipt.kind == "refused" and case.sequence == 0 and case.held is not None


def test_refused_without_a_receipt_uses_no_place(fake: Fake, party: Party) -> None:
    case, _ = push(fake, party, lambda body, _: None, "refused")
    assert case.sequence == 0 and case.held is None  # TQ-CAS-033


def test_a_key_that_was_not_valid_then(fake: Fake, tmp_path: Path) -> None:
    """TQ-KEY-013: judged at the body's time."""
    party = fake.party(tmp_path)
    party.directory.accept(fake.directory(own=entry(fake.key, "platform", valid_from="2026-11-01T12:00:00.000+08:00"), issued=LATER))
    refused("signature.receipt_invalid", lambda: push(fake, party, lambda body, _: fake.receipt(body)))


def test_results_of_another_number(fake: Fake, party: Party) -> None:
    case = Case(party)
    event = case.event("withdrawn", {"reason": "x"})
    fake.answer = lambda method, path, body: fake.json({"epoch": EPOCH, "results": []})
    with pytest.raises(UnknownOutcome):
        case.push(event)


# The directory

def test_directories_that_lie(fake: Fake) -> None:
    pin = PublicKey.read(entry(fake.key, "platform"))
    other = PrivateKey.generate("platform/two", fake.suite)
    lies = {
        "TQ-KEY-006": fake.directory(key=fake.stranger),
        "unpinned": fake.directory(entry(other, "platform"), key=other),
        "TQ-KEY-008 revoked": fake.directory(own=entry(fake.key, "platform", revoked={"at": "2026-10-01T00:00:00Z", "reason": "x"})),
        "TQ-KEY-008 missing": fake.directory(own=entry(other, "platform")),
        "TQ-KEY-004 use": fake.directory(own=entry(fake.key, "platform", "hop")),
        "TQ-KEY-004 party": fake.directory(own=entry(fake.key, "somebody")),
        "TQ-SIG-018": SignedRecord.make("tongqiao-epoch-v1", SignedRecord.read(fake.directory()).value(), fake.key).wire(),
        "no shape": {"record": "AA"},
    }
    for name, wire in lies.items():
        fresh = Directory([pin])
        refused("directory.invalid", lambda: fresh.accept(wire))
        assert not fresh.keys, name


def test_a_directory_in_use_stays(fake: Fake) -> None:
    found, other = fake.trusted(), PrivateKey.generate("platform/two", fake.suite)
    refused("directory.invalid", lambda: found.accept(fake.directory(entry(other, "platform"), key=other, issued=LATER)))  # TQ-KEY-007
    refused("directory.invalid", lambda: found.accept(fake.directory(issued="2026-10-31T08:00:00.000+08:00")))  # TQ-KEY-009
    assert set(found.keys) == {fake.key.keyid}
    found.accept(fake.directory(entry(other, "platform"), issued=LATER))  # TQ-KEY-016: announced
    gone = entry(fake.key, "platform", revoked={"at": "2026-11-03T00:00:00Z", "reason": "changed"})
    found.accept(fake.directory(gone, key=other, own=entry(other, "platform"), issued="2026-11-04T08:00:00.000+08:00"))
    assert [signed.keyid for signed in found.chain] == ["platform/one", "platform/two"]  # TQ-KEY-012
    stale = fake.directory(issued="2026-11-05T08:00:00.000+08:00")
    refused("directory.invalid", lambda: found.accept(stale))  # TQ-KEY-011: the pinned key is over


def test_entries_that_cannot_be_read_are_skipped(fake: Fake) -> None:
    found = Directory([PublicKey.read(entry(fake.key, "platform"))])
    found.accept(fake.directory({"keyid": "x", "suite": "future"}, {"keyid": 7}, {**entry(fake.stranger, "p"), "keyid": "p/bad", "public_key": "AAAA"}))  # TQ-KEY-003
    assert set(found.keys) == {fake.key.keyid}


# What is for everybody

def test_catalogues_that_lie(fake: Fake) -> None:
    directory, transport = fake.trusted(), Transport(fake.url)
    signed = SignedRecord.make("tongqiao-catalogue-v1", {"items": []}, fake.key)
    right = f'"{signed.digest(fake.key.suite)}"'
    forged = SignedRecord.make("tongqiao-catalogue-v1", {"items": []}, fake.stranger)
    for wire, etag, good in ((signed, right, True), (signed, '"sha-256:00"', False), (forged, f'"{forged.digest(fake.key.suite)}"', False)):
        fake.answer = lambda method, path, body: fake.json(wire.wire(), etag=etag)
        act = lambda: Catalogue.read(transport.get("/v1/catalogue", signed=False), directory)  # noqa: E731
        assert act().items == {} if good else refused("catalogue.signature_invalid", act) is None  # TQ-ITM-005, TQ-ITM-006


def checkpoint(fake: Fake, bodies: list[bytes], key: Any = None) -> dict[str, Any]:
    value = {"epoch": EPOCH, "size": len(bodies), "root": to_base64(merkle.root_of(fake.key.suite, bodies)), "time": LATER, "suite": fake.suite}
    return SignedRecord.make("tongqiao-checkpoint-v1", value, key or fake.key).wire()


def test_logs_that_lie(fake: Fake) -> None:
    suite, log = fake.key.suite, Log(Transport(fake.url), fake.trusted())
    bodies = [bytes([n]) for n in range(4)]
    leaves = [merkle.leaf(suite, body) for body in bodies]
    now: dict[str, Any] = {}

    def answer(method: str, path: str, body: bytes) -> Any:
        return fake.json(now["checkpoint"] if "checkpoint" in path else {"path": [to_base64(step) for step in now["path"]]})

    fake.answer = answer
    now["checkpoint"] = checkpoint(fake, bodies[:2], fake.stranger)
    refused("signature.mismatch", log.advance)  # TQ-RCP-030
    now["checkpoint"] = checkpoint(fake, bodies[:2])
    log.advance()
    now.update(checkpoint=checkpoint(fake, bodies), path=[merkle.node(suite, leaves[2], leaves[3])])
    assert log.advance().size == 4  # TQ-RCP-031
    raw = bodies[1]
    now["path"] = [leaves[0], merkle.node(suite, leaves[2], leaves[3])]
    log.prove(Receipt(raw, {"position": 1}, PublicKey.read(entry(fake.key, "platform"))))
    refused("log.not_included", lambda: log.prove(Receipt(b"x", {"position": 1}, PublicKey.read(entry(fake.key, "platform")))))  # TQ-RCP-034
    refused("log.not_included", lambda: log.prove(Receipt(raw, {"position": 9}, PublicKey.read(entry(fake.key, "platform")))))
    now["checkpoint"] = checkpoint(fake, bodies[:3])
    refused("log.rolled_back", log.advance)  # TQ-RCP-033
    now["checkpoint"] = checkpoint(fake, bodies[:3] + [b"z"])
    refused("log.forked", log.advance)  # TQ-RCP-032
    assert len(log.evidence) == 4  # TQ-RCP-035


def test_entries_that_lie(fake: Fake, party: Party) -> None:
    box = Inbox(party)
    good = {"specversion": "1.0", "source": "urn:tongqiao:platform", "id": new_id(), "type": "cn.tongqiao.inbox.something-new.v1", "subject": "-",
            "addressee": party.name, "position": 1, "data": {}}
    make = lambda value, key=fake.key, tag="tongqiao-inbox-entry-v1": SignedRecord.make(tag, value, key).wire()  # noqa: E731
    assert box.open(make(good))["id"] == good["id"]  # TQ-INB-003: an unknown kind is kept
    for wire in (make(good, fake.stranger), make({**good, "addressee": "other"}), make(good, party.event), make(good, tag="tongqiao-epoch-v1")):
        with pytest.raises(Unverified):
            box.open(wire)  # TQ-INB-004


# Money

def view_of(fake: Fake, bill: Bill, **more: Any) -> dict[str, Any]:
    return {"bill": bill.id, "state": "open", "outcome": "confirmed", "epoch": EPOCH, "received": "0.00", "refunded": "0.00", "refund_owed": "0.00",
            "receipt": fake.receipt(fake.body(bill.signed, bill.id, of="bill")), **more}


def test_views_that_lie(fake: Fake, party: Party) -> None:
    """TQ-PAY-025."""
    bill = Bill.make(party, "340700000000", "甲", LINES)
    payment = {"amount": "10.00", "at": LATER, "channel": "sandbox", "transaction": "T1"}
    money = {"received": "10.00", "refunded": "0.00", "refund_owed": "0.00"}
    paid = lambda **change: fake.receipt(fake.body(bill.signed, bill.id, 3, of="payment", payment={**payment, **change}))  # noqa: E731
    booked = lambda position, **change: fake.receipt(fake.body(bill.signed, bill.id, position, of="money", money={**money, **change}))  # noqa: E731
    honest = view_of(fake, bill, state="paid", paid=payment, **money, paid_receipt=paid(), money_receipt=booked(4))
    assert bill.prove(view_of(fake, bill)).state == "open" and bill.prove(honest).received == 1000
    fence = party.sign("tongqiao-fence-v1", {"bill": bill.id})
    lies = {
        "paid without a receipt": view_of(fake, bill, state="paid", paid=payment),
        "amounts without a receipt": view_of(fake, bill, received="10.00"),
        "no receipt at all": {k: v for k, v in view_of(fake, bill).items() if k != "receipt"},
        "another transaction": {**honest, "paid": {**payment, "transaction": "T2"}},
        "another sum": {**honest, "paid": {**payment, "amount": "1.00"}, "paid_receipt": paid(amount="1.00")},
        "the bill's receipt for the payment's": {**honest, "paid_receipt": honest["receipt"]},
        "an older word about money": {**honest, "money_receipt": booked(2)},
        "refunded that was not": {**honest, "refunded": "10.00"},
        "absent, says only the view": {**view_of(fake, bill), "outcome": "absent", "state": "fenced"},
        "a fence that was not made here": view_of(fake, bill, fence_receipt=fake.receipt(fake.body(fence, bill.id, of="fence"))),
        "void, says only the view": view_of(fake, bill, state="void"),
        "a late fee without a rule": view_of(fake, bill, late_fee={"amount": "1.00", "on": "2026-11-02"}),
        "a late fee paid without a rule": {**honest, "paid": {**payment, "late_fee": "1.00"}, "paid_receipt": paid(late_fee="1.00")},
        "another bill": {**honest, "bill": new_id()},
        "a stranger's word": {**honest, "paid_receipt": fake.receipt(fake.body(bill.signed, bill.id, 3, of="payment", payment=payment), key=fake.stranger)},
    }
    for name, view in lies.items():
        try:
            bill.prove(view)
        except Unverified as why:
            assert why.code == "signature.receipt_invalid", name
        else:
            pytest.fail(name)


def test_a_bill_is_absent_by_a_fence_only(fake: Fake, party: Party) -> None:
    """TQ-PAY-028, TQ-PAY-029: `bill.unknown` proves nothing."""
    bill = Bill.make(party, "340700000000", "甲", LINES)
    fake.answer = lambda method, path, body: fake.problem("bill.unknown", 404, "same_request", "unknown")
    with pytest.raises(Problem) as caught:
        bill.ask()
    assert caught.value.outcome == "unknown" and len(fake.asked) == 1


def test_refusals_that_lie(fake: Fake, party: Party) -> None:
    """TQ-PAY-063."""
    bill = Bill.make(party, "340700000000", "甲", LINES)
    body = strictjson.write(bill.signed.wire())
    honest = {"party": party.name, "body": digest(party.suite, body), "code": "bill.fenced", "epoch": EPOCH, "time": LATER}

    def offer(value: Any, key: PrivateKey = fake.key, tag: str = "tongqiao-refusal-v1") -> None:
        wire = SignedRecord.make(tag, value, key).wire() if value is not None else None
        fake.answer = lambda method, path, sent: fake.problem("bill.fenced", 409, "never", "rejected", **({"refusal": wire} if wire else {}))
        bill.offer()

    with pytest.raises(Problem):
        offer(honest)
    for value in (None, {**honest, "code": "bill.too_late"}, {**honest, "body": digest(party.suite, body + b" ")}, {**honest, "party": "other"}):
        with pytest.raises(Unverified):
            offer(value)
    with pytest.raises(Unverified):
        offer(honest, fake.stranger)
    with pytest.raises(Unverified):
        offer(honest, tag="tongqiao-receipts-v1")


def test_refunds_that_lie(fake: Fake, party: Party) -> None:
    bill = Bill.make(party, "340700000000", "甲", LINES)
    refund = Refund.make(bill, 300, "x")
    view = {"refund": refund.id, "bill": bill.id, "state": "pending", "outcome": "confirmed", "amount": "3.00", "epoch": EPOCH,
            "receipt": fake.receipt(fake.body(refund.signed, refund.id, of="refund"))}
    payout = {"state": "done", "amount": "3.00", "at": LATER}
    end = lambda **change: fake.receipt(fake.body(refund.signed, refund.id, of="payout", payout={**payout, **change}))  # noqa: E731
    done = {**view, "state": "done", "ended": LATER, "ended_receipt": end()}
    assert refund.prove(view)[0] == "pending" and refund.prove(done)[0] == "done"
    for lie in ({**view, "state": "done"}, {**done, "ended_receipt": end(state="failed")}, {**done, "ended_receipt": end(amount="1.00")},
                {**done, "ended": "2026-11-03T08:00:00.000+08:00"}, {**view, "amount": "1.00"}, {**view, "outcome": "absent"}, {**view, "receipt": view["receipt"] | {"receipt": "AA=="}}):
        refused("signature.receipt_invalid", lambda: refund.prove(lie))


# Transport

def quiet(fake: Fake) -> Transport:
    found = Transport(fake.url)
    found.wait = lambda seconds: None
    return found


def test_redirects_are_not_followed(fake: Fake) -> None:
    fake.answer = lambda method, path, body: (307, {"location": fake.url + "/elsewhere"}, b"")
    with pytest.raises(UnknownOutcome):
        quiet(fake).exchange("GET", "/v1/time", signed=False)  # TQ-TRN-004, TQ-TRN-027
    assert [path for _, path, _, _ in fake.asked] == ["/v1/time"]


def test_same_bytes_signed_anew(fake: Fake, party: Party) -> None:
    """TQ-TRN-036, TQ-TRN-037, TQ-ERR-008."""
    replies = iter([(502, {"content-type": "text/html"}, b"<h1>"), (0, {}, b""), fake.problem("internal.defect", 500, "same_request", "unknown"), fake.json({})])
    fake.answer = lambda method, path, body: next(replies)
    party.transport.post("/v1/bills", {"a": "é"})
    assert len({body for _, _, _, body in fake.asked}) == 1
    assert len({headers["signature-input"] for _, _, headers, _ in fake.asked}) == 4


@pytest.mark.parametrize("retry,times", (("never", 1), ("after_change", 1), ("same_request", ATTEMPTS), ("after_delay", ATTEMPTS), ("word-of-tomorrow", 1)))
def test_retry_is_obeyed_also_of_an_unknown_code(fake: Fake, retry: str, times: int) -> None:
    fake.answer = lambda method, path, body: fake.problem("future.code", 499, retry, "rejected")
    with pytest.raises(Problem) as caught:
        quiet(fake).get("/v1/x", signed=False)
    assert len(fake.asked) == times and caught.value.code == "future.code"  # TQ-ERR-004, TQ-ERR-005


def test_retry_after_is_waited_for(fake: Fake) -> None:
    replies = iter([(*fake.problem("request.rate_limited", 429, "after_delay", "rejected")[:1], {"content-type": "application/problem+json", "retry-after": "7"},
                     fake.problem("request.rate_limited", 429, "after_delay", "rejected")[2]), fake.json({})])
    fake.answer = lambda method, path, body: next(replies)
    waited: list[float] = []
    transport = quiet(fake)
    transport.wait = waited.append
    transport.get("/v1/x", signed=False)
    assert waited and waited[0] >= 7  # TQ-TRN-033


def test_json_that_is_none(fake: Fake) -> None:
    for body, code in ((b'{"a":1,"a":2}', "request.duplicate_member"), (b"\xff", "request.not_utf8"), (b"{", "request.malformed_json"),
                       (b"[" * 33 + b"]" * 33, "request.too_deep"), (b'{"a":NaN}', "request.malformed_json")):
        with pytest.raises(strictjson.JsonFault) as caught:
            strictjson.read(body)
        assert caught.value.code == code
    assert strictjson.read(b"\xef\xbb\xbf" + b"[" * 32 + b"]" * 32) and strictjson.read(b'{"a":null,"b":"[["}') == {"b": "[["}


def test_values() -> None:
    for text in ("1", "1.0", "01.00", "-1.00", "1.000", "１.00", "100000000000000.00"):
        with pytest.raises(ValueError):
            read_amount(text)
    assert read_amount("99999999999999.99") == 9999999999999999
    for text in ("2026-01-01T00:00:00", "2026-01-01t00:00:00Z", "2026-01-01T00:00:60Z", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00.1234567890Z"):
        with pytest.raises(ValueError):
            read_time(text)
    assert read_time("2026-01-01T00:00:00.1239Z").microsecond == 123000  # TQ-TRN-018


def test_other_bytes_under_one_id(party: Party) -> None:
    party.store.put("bill", "x", b"1")
    party.store.put("bill", "x", b"1")
    with pytest.raises(ValueError):
        party.store.put("bill", "x", b"2")
