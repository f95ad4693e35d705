"""The whole story in one suite: from a key to money given back."""
from __future__ import annotations

import random
import secrets
import time as clock
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Optional

from . import cashier, hop, lease as leases, reconciliation
from .case import Case
from .catalogue import Catalogue, application
from .checks import Checks, Stop
from .directory import Directory
from .identifier import case_fault, synthetic_citizen
from .inbox import Inbox
from .joint import Joint
from .key import PublicKey
from .life import Life
from .log import Log
from .material import Material
from .money import Bill, Refund, check_refusal
from .party import Party
from .problem import Problem, UnknownOutcome
from .receipt import Receipt
from .record import SignedRecord, Unverified, digest
from .store import Store
from .strictjson import write
from .transport import Transport
from .value import CHINA, is_id, is_platform_time, read_amount, read_time, write_amount, write_time
from .workdays import WorkingDays

BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Story:
    def __init__(self, url: str, suite: str, pins: list[PublicKey], folder: Path, checks: Checks) -> None:
        self.url, self.suite, self.pins, self.checks = url, suite, pins, checks
        self.open = Transport(url)
        self.open.watch = checks.watch
        self.store = Store(folder / suite)

    def run(self) -> None:
        self.checks.label = self.suite
        self.directory_and_log()
        self.catalogue()
        self.party = self.enrol("department", check=True, handles=(self.item["code"],))
        self.hostile_requests()
        self.lease()
        material = self.material()
        self.case(material)
        Life(self.party, self.item, self.numbers, self.checks, self.days).side_roads()
        bill = self.bill()
        self.inbox(bill)
        self.refund(bill)
        self.fence()
        self.statement(bill)
        self.void_and_late_fee()
        self.joint()
        self.log.advance()
        self.checks.step(f"log: {self.log.kept.size if self.log.kept else 0} leaves, every checkpoint continued the one before")

    # 3.1, 6.5, 6.7

    def directory_and_log(self) -> None:
        must = self.checks.must
        time = self.open.get("/v1/time", signed=False).json()["time"]
        must("TQ-TRN-019", is_platform_time(time), "form of the time")
        wire = self.open.get("/v1/directory", signed=False).json()
        self.directory = Directory(self.pins)
        self.directory.accept(wire)
        own = [key for key in self.directory.keys.values() if key.party == "platform"]
        must("TQ-KEY-001", {key.suite.name for key in own} == {"international", "sm"}, "the platform's keys in both suites")
        self.checks.step(f"directory verified: {len(self.directory.keys)} keys, signed by a pinned one")
        epoch, _, _ = self.directory.open(self.open.get("/v1/epoch", signed=False).json(), "tongqiao-epoch-v1")
        must("TQ-RCP-017", epoch["epoch"] == self.open.epoch, "the signed epoch is that of the headers")
        self.log = Log(self.open, self.directory)
        at = self.log.advance()
        must("TQ-RCP-030", at.epoch == epoch["epoch"], "the checkpoint's epoch")
        calendar, _, _ = self.directory.open(self.open.get("/v1/working-calendar", signed=False).json(), "tongqiao-working-calendar-v1")
        years = [year["year"] for year in calendar["years"]]
        lists = [year[name] for year in calendar["years"] for name in ("days_off", "days_worked")]
        must("TQ-DDL-012", years == sorted(set(years)) and all(days == sorted(set(days)) for days in lists), "order of the calendar")
        must("TQ-DDL-014", all(date.fromisoformat(day).weekday() >= 5 and day not in year["days_off"]
                               for year in calendar["years"] for day in year["days_worked"]), "days worked")
        self.days = WorkingDays(calendar)
        self.checks.step(f"epoch, checkpoint of {at.size} leaves and calendar of {len(years)} years verified")
        self.checks.refused("TQ-TRN-024", "request.unknown_route", lambda: self.open.exchange("GET", "/v1/no-such", signed=False))
        self.checks.refused("TQ-TRN-025", "request.method_not_allowed", lambda: self.open.exchange("POST", "/v1/time", body=b"{}", signed=False))
        self.checks.refused("TQ-RCP-029", "request.out_of_range",
                            lambda: self.open.exchange("GET", "/v1/log/inclusion", f"position={at.size + 1000000}&size={at.size + 1000001}", signed=False))

    # 3.3

    def code(self, party: str, kind: str, handles: tuple[str, ...] = ()) -> str:
        body = {"party": party, "kind": kind, "divisions": ["340700000000"], "handles": list(handles)}
        return self.open.post("/sandbox/enrolment-codes", body, signed=False).json()["code"]

    def enrol(self, kind: str, check: bool = False, handles: tuple[str, ...] = ()) -> Party:
        name = f"peer-{'sm' if self.suite == 'sm' else 'int'}-{secrets.token_hex(4)}"
        party = Party.found(name, self.suite, self.url, self.directory, self.store)
        party.transport.watch = self.checks.watch
        code = self.code(name, kind, handles)
        body = party.enrolment(code, kind, "独立客户端试验单位")
        send = lambda value: self.open.post("/v1/enrolments", value, signed=False).json()  # noqa: E731
        if check:
            wrong = party.enrolment(self.code(name, kind), kind, "x")
            wrong["keys"][0]["proof"] = wrong["keys"][1]["proof"]
            self.checks.refused("TQ-KEY-027", "enrolment.proof_invalid", lambda: send(wrong))
            self.checks.refused("TQ-KEY-023", "scope.not_allowed", lambda: send(party.enrolment(self.code(name, kind), "hub", "x")))
            self.checks.refused("TQ-KEY-022", "enrolment.code_invalid", lambda: send(party.enrolment("0000-NO-SUCH", kind, "x")))
        answer = send(body)
        self.checks.need("TQ-KEY-021", answer["party"] == name and {k["keyid"] for k in answer["keys"]} == {party.event.keyid, party.hop.keyid}, "who was enrolled")
        if check:
            self.checks.must("TQ-KEY-021", send(body) == answer, "the same bytes get the first answer again")
            self.checks.refused("TQ-KEY-022", "enrolment.code_invalid", lambda: send({**body, "name": "another"}))
        party.refresh()
        listed = [self.directory.keys.get(key.keyid) for key in (party.event, party.hop)]
        self.checks.need("TQ-KEY-001", [(k.public, k.use, k.party) if k else None for k in listed]
                         == [(party.event.public, "event", name), (party.hop.public, "hop", name)], "own keys in the directory")
        self.checks.step(f"enrolled as {name}, {kind}, scopes {answer['scopes']['divisions']}")
        return party

    # 2.4

    def hostile_requests(self) -> None:
        """The table of TQ-SIG-039, as far as a caller can reach it."""
        transport, key, path = self.party.transport, self.party.hop, "/v1/inbox"
        now = int(transport.now())

        def raw(headers: dict[str, str], query: str = "wait=0") -> None:
            answer = transport._once("GET", path + "?" + query, b"", {"Accept-Language": "en", **headers})
            if not 200 <= answer.status < 300:
                raise transport._refusal(answer)

        good = hop.sign(key, "GET", path, "wait=0", b"", now)
        raw(good)
        refused = self.checks.refused
        refused("TQ-SIG-039", "signature.replayed", lambda: raw(good))
        refused("TQ-SIG-039", "signature.missing", lambda: raw({}))
        refused("TQ-SIG-039", "signature.malformed", lambda: raw({**good, "signature-input": good["signature-input"].replace("@query", "@path")}))
        refused("TQ-SIG-039", "signature.malformed", lambda: raw({"signature": good["signature"]}))
        refused("TQ-SIG-039", "signature.unknown_key", lambda: raw({**good, "signature-input": good["signature-input"].replace("hop-1", "hop-9")}))
        refused("TQ-SIG-039", "signature.stale", lambda: raw(hop.sign(key, "GET", path, "wait=0", b"", now - 400)))
        refused("TQ-SIG-039", "signature.digest_mismatch", lambda: raw(hop.sign(key, "GET", path, "wait=0", b"x", now)))
        refused("TQ-SIG-039", "signature.mismatch", lambda: raw(hop.sign(key, "GET", path, "wait=0", b"", now), "wait=00"))
        once = hop.sign(key, "GET", path, "wait=0", b"", now)
        refused("TQ-SIG-041", "signature.mismatch", lambda: raw(once, "wait=00"))
        raw(once)
        other = hop.sign(key, "GET", path, "wait=0", b"", now)
        both = {**other, "content-digest": "md5=:AAAA:, " + other["content-digest"]}
        refused("TQ-SIG-026", "signature.mismatch", lambda: raw(both))
        self.checks.step("ten wrongly signed requests refused, each with the code of its row")

    # 4.2, 4.3

    def catalogue(self) -> None:
        answer = self.open.get("/v1/catalogue", signed=False)
        self.items = Catalogue.read(answer, self.directory)
        tag = {"If-None-Match": f'"{self.items.edition}"'}
        again = self.open.get("/v1/catalogue", signed=False, more=tag)
        self.checks.must("TQ-TRN-042", again.status == 304 and not again.body, "304 without a body")
        self.items.changes(self.open, self.directory)
        unknown = self.items.edition.split(":")[0] + "%3A" + "0" * 64
        self.checks.refused("TQ-ITM-011", "catalogue.unknown_base", lambda: self.open.exchange("GET", "/v1/catalogue/changes", "since=" + unknown, signed=False))
        today = datetime.fromtimestamp(self.open.now(), CHINA).date().isoformat()
        self.item = self.items.choose(today)
        guide = self.open.get("/v1/guides/" + self.item["code"], signed=False).json()
        self.checks.must("TQ-PUB-001", guide["item"] == self.item and guide["edition"] == self.items.edition, "guide and edition are the same")
        self.checks.refused("TQ-PUB-002", "item.unknown", lambda: self.open.exchange("GET", "/v1/guides/11340700TQ0900012U3000109899999", signed=False))
        self.checks.step(f"catalogue of {len(self.items.items)} items verified, changes empty; item {self.item['code']} v{self.item['version']}")

    # 5.8

    def lease(self) -> None:
        transport, division = self.party.transport, self.item["division"]
        body = leases.request(self.party, division, 15)
        answer = transport.post("/v1/case-number-leases", body).json()
        self.checks.must("TQ-CAS-039", transport.post("/v1/case-number-leases", body).json() == answer, "the same lease again")
        self.checks.refused("TQ-CAS-040", "lease.request_conflict", lambda: transport.post("/v1/case-number-leases", {**body, "count": 6}))
        other = transport.post("/v1/case-number-leases", leases.request(self.party, division, 15)).json()
        self.checks.must("TQ-CAS-041", other["year"] != answer["year"] or other["first"] > answer["last"] or other["last"] < answer["first"], "two leases overlap")
        self.checks.must("TQ-CAS-039", answer["division"] == division[:6] and answer["last"] - answer["first"] == 14, "what was leased")
        self.checks.refused("TQ-KEY-028", "scope.division",
                            lambda: transport.post("/v1/case-number-leases", leases.request(self.party, "110100000000", 1)))
        self.numbers = leases.read(answer)
        self.checks.step(f"leased 15 numbers from serial {self.numbers.next} of {self.numbers.year}")

    # 15

    def material(self) -> Material:
        party, must, refused = self.party, self.checks.must, self.checks.refused
        content = secrets.token_bytes(5000)
        material = Material.of(party, "证件扫描.bin", "application/octet-stream", content)
        view = material.announce()
        must("TQ-MAT-001", view["state"] == "receiving" and view["offset"] == 0 and material.announce() == view, "announced twice alike")
        refused("TQ-MAT-002", "material.id_conflict", lambda: party.transport.post("/v1/materials", {**material.announcement, "size": 9}))
        view = material.piece(0, content[:2048])
        must("TQ-MAT-006", view["offset"] == 2048, "offset after the first piece")
        refused("TQ-MAT-007", "material.offset_mismatch", lambda: material.piece(4096, content[4096:]))
        refused("TQ-MAT-007", "material.offset_mismatch", lambda: material.piece(2048, content[2048:2100]))
        must("TQ-MAT-008", material.piece(0, content[:2048])["offset"] == 2048, "a repetition is taken for one")
        refused("TQ-MAT-008", "material.chunk_conflict", lambda: material.piece(0, bytes(2048)))
        refused("TQ-MAT-010", "material.incomplete", material.complete)
        view = material.send_all(material.party.transport.get(material.path).json(), 2048)
        view = material.complete()
        must("TQ-MAT-012", view["state"] == "complete", "complete")
        receipt = material.receipt(view)
        self.believe(receipt)
        must("TQ-MAT-015", material.read(4096) == content, "read back byte for byte")
        self.checks.step("material of 5000 bytes sent in pieces, completed, receipt verified, read back")

        second = self.enrol("department")
        claim = Material.of(second, "copy.bin", "application/octet-stream", content)
        view = claim.announce()
        must("TQ-MAT-005", view["state"] == "receiving" and "salt" in view, "somebody who may not read it has to prove it")
        refused("TQ-MAT-005", "material.unknown", lambda: second.transport.get(material.path))
        lie = Material.of(second, "lie.bin", "application/octet-stream", content)
        before = lie.announce()
        must("TQ-MAT-013", lie.claim_falsely()["state"] == "receiving" and before["offset"] == 0, "a wrong proof changes nothing")
        after = self.soft(lambda: lie.possess(before["salt"]))
        must("TQ-MAT-014", not isinstance(after, dict) or after.get("state") == "receiving", "one proof for each upload")
        view = claim.possess(view["salt"])
        must("TQ-MAT-012", view["state"] == "complete", "a right proof completes")
        claim.receipt(view)
        must("TQ-MAT-015", claim.read(4096) == content, "who proved it may read it")
        self.checks.step("another party proved possession of the same bytes and read them; a false proof got nothing")
        self.second = second
        return material

    # 5

    def believe(self, receipt: Receipt) -> None:
        """Suite, epoch and place in the log."""
        self.checks.must("TQ-SIG-004", receipt.key.suite.name == self.suite, "the receipt's suite is the caller's")
        self.checks.must("TQ-TRN-019", is_platform_time(receipt.body["time"]), "form of a receipt's time")
        self.log.prove(receipt)

    def soft(self, act: Any) -> Any:
        try:
            return act()
        except Problem as problem:
            return problem

    def settle(self, case: Case, kind: str, data: dict[str, Any], number: Optional[str] = None) -> Receipt:
        revision = case.revision
        status, receipt, result = case.push(case.event(kind, data, number))[0]
        if receipt is None or receipt.kind != "settled":
            self.checks.must("TQ-CAS-034", False, f"{kind} was not settled: {status} {result.get('problem')}")
            raise Stop(kind)
        self.checks.must("TQ-CAS-034", status == "settled" and receipt.body["revision"] == revision + 1, f"step 19: revision after {kind}")
        self.believe(receipt)
        self.checks.step(f"event {kind} settled at revision {case.revision}, position {receipt.position}; receipt and inclusion verified")
        return receipt

    def faulty(self, case: Case, data: dict[str, Any], number: str) -> tuple[tuple[str, SignedRecord], Optional[Receipt], set[str]]:
        """An application that must be refused, its receipt, and the codes of its faults."""
        sent = case.event("applied", data, number)
        status, receipt, _ = case.push(sent)[0]
        self.checks.need("TQ-RCP-001", status == "refused" and receipt is not None and receipt.kind == "refused", "a refusal with a receipt")
        if receipt is None:
            return sent, None, set()
        self.believe(receipt)
        problem = receipt.body["problem"]
        self.checks.must("TQ-TRN-032", any(ord(sign) > 0x3000 for sign in problem["title"]), "Chinese in receipts")
        return sent, receipt, {fault["code"] for fault in problem.get("faults", [])} | {problem["code"]}

    def case(self, material: Material) -> None:
        party, must = self.party, self.checks.must
        case = self.opened = Case(party)
        self.name, number = "试验甲", self.numbers.take(party.now())
        citizen = synthetic_citizen()
        must("TQ-CAS-043", not case_fault(number), "own number")
        password = "".join(secrets.choice(BASE32) for _ in range(12))
        verifier = digest(party.suite, b"tongqiao query password v1\n" + bytes.fromhex(case.id.replace("-", "")) + password.encode())
        data = application(self.item, self.name, citizen, material.digest)
        data["query"] = verifier

        mistaken = {**data["applicant"], "identity": {**data["applicant"]["identity"], "number": citizen[:17] + ("0" if citizen[17] != "0" else "1")}}
        sent, receipt, codes = self.faulty(case, {**data, "materials": [], "applicant": mistaken}, number)
        must("TQ-ITM-023", "identifier.check" in codes, "a wrong check character")
        must("TQ-ERR-001", {"identifier.check", "case.material_missing"} <= codes,
             f"5.6 step 15 wants faults of content and catalogue together; a wrong number and no materials gave only {sorted(codes)}")
        held = case.push(sent)[0]
        must("TQ-RCP-003", held[0] == "duplicate" and held[1] is not None and receipt is not None and held[1].raw == receipt.raw, "the same receipt again")
        _, blank, codes = self.faulty(case, {**data, "materials": [], "form": {}}, number)
        must("TQ-ITM-017", "case.material_missing" in codes, "materials that are missing")
        must("TQ-ITM-019", "item.form_field_missing" in codes, "fields that are missing")
        must("TQ-ERR-002", blank is not None and blank.body["problem"]["code"] == "request.invalid", "the code of several kinds of faults")
        self.checks.step("two faulty applications refused in one place of the stream, receipts verified; the stream is held")

        bad = case.event("applied", data, number)
        broken = SignedRecord(bad[1].record + b" ", bad[1].keyid, bad[1].signature)
        first = case.push((bad[0], broken))[0]
        must("TQ-SIG-022", first[0] == "refused" and first[1] is None and first[2]["problem"]["code"] == "record.signature_mismatch", "a record with another byte")
        hopped = SignedRecord.make("tongqiao-event-v1", bad[1].value(), party.hop)
        first = case.push((bad[0], hopped))[0]
        must("TQ-SIG-021", first[1] is None and first[2].get("problem", {}).get("code") == "record.wrong_use", "a record signed with a hop key")

        self.settle(case, "applied", data, number)
        again = party.transport.post("/v1/case-events", {"events": [case.sent[0][1].wire()]}).json()["results"][0]
        must("TQ-CAS-034", again["status"] == "duplicate", "step 4: the same record again is a duplicate")
        ahead = case.event("pre-reviewed", {"result": "x", "handler": "试验乙"})
        later = {**ahead[1].value(), "sequence": 9}
        deferred = case.push((ahead[0], party.sign("tongqiao-event-v1", later)))[0]
        must("TQ-CAS-034", deferred[0] == "deferred" and "sequence" in deferred[2].get("missing", {}), "step 7: a sequence beyond the next")
        self.checks.refused("TQ-CAS-027", "request.empty_batch", lambda: party.transport.post("/v1/case-events", {"events": []}))

        now = party.now()
        promised = self.item["promised_days"]
        due = self.days.due(date.fromisoformat(now[:10]), promised)
        accepted = {"accepted_on": now, "handler": "试验乙", "promise": {"working_days": promised, "due": f"{due.isoformat()}T23:59:59.000+08:00"}}
        self.settle(case, "accepted", accepted)
        self.deadlines(case, now[:10], due)
        status, receipt, result = case.push(case.event("delivered", {"method": "window", "delivered_on": party.now()}))[0]
        must("TQ-CAS-013", receipt is not None and receipt.kind == "refused" and receipt.body["problem"]["code"] == "case.transition_impossible", "delivered before it is decided")
        gone = case.event("abandoned", {"by": "试验乙", "reason": "试验"})
        value = gone[1].value()
        value["abandons"] = value.pop("supersedes")
        must("TQ-CAS-025", case.push((gone[0], party.sign("tongqiao-event-v1", value)))[0][0] == "settled" and case.revision == 2, "abandoned without effect")
        started = party.now()
        self.settle(case, "step-recorded", {"step": "审查", "started": started, "ended": started, "handler": "试验乙"})
        self.settle(case, "decided", {"result": "granted", "decided_on": party.now(), "handler": "试验乙"})
        self.settle(case, "delivered", {"method": "window", "delivered_on": party.now()})
        self.settle(case, "evaluated", {"score": 1, "channel": "window"})

        view = party.transport.get("/v1/cases/" + case.id).json()
        must("TQ-CAS-050", view["state"] == "delivered" and view["revision"] == case.revision and view["number"] == number and view["responsible"] == party.name, "how the case stands")
        must("TQ-SEC-009", self.name not in write(view).decode() and citizen not in write(view).decode() and "试**" in write(view).decode(), "the masked name")
        must("TQ-MAT-016", material.digest in write(view).decode(), "materials cited in the case's view")
        must("TQ-CAS-050", party.transport.get("/v1/cases/" + number).json()["case"] == case.id, "asked by number")
        self.checks.refused("TQ-SEC-012", "case.unknown", lambda: self.second.transport.get(f"/v1/cases/{case.id}/events"))
        records = party.transport.get(f"/v1/cases/{case.id}/events", "after=0").json()
        mine = {signed.record: signed for name, signed in case.sent if signed.value()["type"] != "cn.tongqiao.case.abandoned.v1"}
        got = [SignedRecord.read(entry["signed"]) for entry in records["events"]]
        key = self.directory.keys[party.event.keyid]
        must("TQ-CAS-057", [signed.record for signed in got] == list(mine) and all(mine.get(s.record) == s for s in got), "the bytes as they were sent")
        must("TQ-CAS-058", all(signed.holds("tongqiao-event-v1", key) for signed in got), "every author's signature")
        for name, signed in case.sent:
            receipt = party.receipt(party.transport.get(f"/v1/case-events/{name}/receipt").json(), name, signed)
            must("TQ-RCP-003", self.store.get("receipt", f"{name}.{receipt.body['epoch']}") == receipt.raw, "the same receipt when asked for")
        self.checks.refused("TQ-RCP-010", "receipt.unknown", lambda: self.second.transport.get(f"/v1/case-events/{case.sent[0][0]}/receipt"))
        self.checks.step(f"case {number} is delivered; {len(case.sent)} records read back byte for byte, receipts asked for again")

        told = self.open.post("/v1/progress-queries", {"number": number, "password": "-".join(password[n:n + 4] for n in (0, 4, 8)).lower()}, signed=False)
        must("TQ-PUB-012", "no-store" in told.headers.get("cache-control", ""), "no-store")
        must("TQ-PUB-007", told.json()["state"] == "delivered" and self.name not in told.body.decode() and "试验乙" not in told.body.decode(), "progress without names")
        wrong_one = "".join(BASE32[(BASE32.index(c) + 1) % 32] for c in password)
        self.checks.refused("TQ-PUB-008", "progress.mismatch", lambda: self.open.exchange("POST", "/v1/progress-queries", body=write({"number": number, "password": wrong_one}), signed=False))
        self.checks.step("progress read by query password; a wrong one refused")

    def deadlines(self, case: Case, begun: str, due: date) -> None:
        """TQ-DDL-017: the platform's statement against one's own reckoning."""
        wire = self.party.transport.get(f"/v1/cases/{case.id}/deadlines").json()
        value, _, _ = self.directory.open(wire, "tongqiao-deadlines-v1")
        duties = {(duty["duty"], duty["basis"]): duty for duty in value["duties"]}
        start = date.fromisoformat(begun)
        statutory = self.item["statutory_days"] or 20
        wanted = {("decide", "promised"): due, ("decide", "statutory"): self.days.due(start, statutory)}
        self.checks.must("TQ-DDL-017", value["case"] == case.id and value["revision"] == case.revision, "deadlines of this case at this revision")
        for key, day in wanted.items():
            found = duties.get(key, {})
            self.checks.must("TQ-DDL-017", found.get("due") == day.isoformat() and found.get("begun") == begun, f"{key}: {found.get('due')}, own reckoning {day}")
            self.checks.must("TQ-DDL-010", found.get("provisional") == self.days.provisional(start, day), f"{key}: provisional")
        self.checks.must("TQ-DDL-004", duties.get(("answer", "statutory"), {}).get("standing") == "kept", "the answer was given in time")
        self.checks.step(f"deadlines verified: promised {due}, statutory {wanted[('decide', 'statutory')]}, the same as by own reckoning")

    # 7

    def bill(self) -> Bill:
        party, must = self.party, self.checks.must
        fee = self.item["fees"][0]
        bill = Bill.make(party, self.item["division"], self.name, [{"code": fee["code"], "name": fee["name"]["zh"], "quantity": 1, "unit_price": fee["unit_price"]}], self.opened.id)
        view = bill.offer()
        proven = bill.prove(view)
        must("TQ-PAY-015", proven.state == "open", "a new bill is open")
        self.believe(proven.receipts["receipt"])
        code = view["pay_code"]
        must("TQ-PAY-014", len(code) == 20 and bill.offer()["pay_code"] == code, "the same pay code again")
        self.conflict(bill)
        self.checks.refused("TQ-PAY-021", "bill.not_paid", lambda: Refund.make(bill, 1, "太早").offer())
        self.checks.refused("TQ-PAY-024", "bill.wrong_party", lambda: self.second.transport.get("/v1/bills/" + bill.id))
        cashier.pay(view["cashier_url"], write_amount(bill.amount))
        self.checks.step(f"bill of {write_amount(bill.amount)} registered, receipt verified; a person paid at the sandbox's cashier")
        for _ in range(20):
            proven = bill.prove(bill.ask())
            if proven.state == "paid":
                break
            clock.sleep(0.25)
        self.checks.need("TQ-PAY-015", proven.state == "paid" and proven.received == bill.amount and proven.payment is not None, "paid, by a receipt")
        for name in ("paid_receipt", "money_receipt"):
            must("TQ-SIG-005", proven.receipts[name].key.suite.name == self.suite, "suite of the receipt of a payment")
            self.log.prove(proven.receipts[name])
        self.payment: dict[str, Any] = proven.payment or {}
        view = bill.fence_it()
        must("TQ-PAY-027", "fence_receipt" not in view and bill.prove(view).state == "paid", "no fence of a registered bill")
        slips = party.transport.get(f"/v1/bills/{bill.id}/e-receipts").json()["receipts"]
        slip, _, _ = self.directory.open(slips[0], "tongqiao-e-receipt-v1")
        must("TQ-PAY-050", slip["total"] == self.payment["amount"] and slip["transaction"] == self.payment["transaction"] and slip["bill"] == bill.id, "e-receipt and payment")
        self.checks.step(f"bill paid: payment and money proven by receipts of the log, received {write_amount(proven.received)}; e-receipt agrees")
        return bill

    def conflict(self, bill: Bill) -> None:
        """TQ-PAY-009: other bytes under the bill's id; and TQ-PAY-003, with the signed word of both refusals."""
        value = bill.signed.value()
        other = self.party.sign("tongqiao-bill-v1", {**value, "payer": {"name": "别人"}})
        self.refusal("TQ-PAY-009", "bill.id_conflict", "/v1/bills", other)
        wrong = self.party.sign("tongqiao-bill-v1", {**value, "bill": Bill.make(self.party, value["division"], "x", [{**value["lines"][0]}]).id, "amount": "1.00"})
        self.refusal("TQ-PAY-003", "bill.amount_mismatch", "/v1/bills", wrong)
        self.refusal("TQ-PAY-007", "request.contradiction", f"/v1/bills/{self.opened.id}/fence", self.party.sign("tongqiao-fence-v1", {"bill": bill.id, "party": self.party.name, "time": self.party.now()}))

    def refusal(self, sentence: str, code: str, path: str, signed: SignedRecord) -> None:
        body = write(signed.wire())
        problem = self.checks.refused(sentence, code, lambda: self.party.transport.exchange("POST", path, body=body))
        try:
            check_refusal(self.party, problem, body)
            self.checks.must("TQ-PAY-062", True, "")
        except Unverified as why:
            self.checks.must("TQ-PAY-062", False, str(why))

    def inbox(self, bill: Bill) -> None:
        box, must = Inbox(self.party), self.checks.must
        entries = box.read(wait=5)
        paid = [e for e in entries if e["type"] == "cn.tongqiao.inbox.bill-paid.v1" and e["subject"] == bill.id]
        must("TQ-INB-001", len(paid) == 1 and paid[0]["data"]["transaction"] == self.payment["transaction"], "an entry that the bill is paid")
        must("TQ-INB-008", [e["id"] for e in box.read()] == [e["id"] for e in entries], "repeated until acknowledged")
        ids = [entry["id"] for entry in entries]
        signed = box.acknowledgement(ids + [bill.id])
        answer = box.acknowledge(signed)
        must("TQ-INB-014", sorted(answer["acknowledged"]) == sorted(ids) and answer["unknown"] == [bill.id], "what was acknowledged and what is no entry")
        must("TQ-INB-014", box.acknowledge(signed) == answer, "the same acknowledgement again")
        must("TQ-INB-008", not [e for e in box.read() if e["id"] in ids], "nothing is repeated afterwards")
        self.checks.refused("TQ-INB-007", "scope.author_not_carried", lambda: self.party.transport.get("/v1/inbox", "addressee=" + self.second.name))
        self.box = box
        self.checks.step(f"inbox: {len(entries)} entries verified, stored and acknowledged ({', '.join(sorted({e['type'].split('.')[3] for e in entries}))})")

    def refund(self, bill: Bill) -> None:
        must = self.checks.must
        self.refused_for_good = Refund.make(bill, bill.amount + 1, "过多")
        self.checks.refused("TQ-PAY-018", "bill.refund_exceeds_paid", self.refused_for_good.offer)
        state, heard = self.refused_for_good.prove(self.refused_for_good.ask())
        must("TQ-RCP-001", state == "refused", "a refused refund has a receipt")
        refund = self.returned = Refund.make(bill, bill.amount // 2, "多收")
        state, heard = refund.prove(refund.offer())
        self.believe(heard["receipt"])
        for _ in range(20):
            state, heard = refund.prove(refund.ask())
            if state != "pending":
                break
            clock.sleep(0.25)
        self.checks.need("TQ-PAY-015", state == "done", f"the refund is {state}")
        self.log.prove(heard["ended_receipt"])
        must("TQ-PAY-008", refund.prove(refund.offer())[0] == "done", "the same refund again")
        proven = bill.prove(bill.ask())
        must("TQ-PAY-064", proven.refunded == refund.amount and proven.received == bill.amount and proven.refund_owed == 0, "the newest money receipt")
        self.log.prove(proven.receipts["money_receipt"])
        slips = [self.directory.open(slip, "tongqiao-e-receipt-v1")[0] for slip in self.party.transport.get(f"/v1/bills/{bill.id}/e-receipts").json()["receipts"]]
        must("TQ-PAY-048", len(slips) == 2 and slips[1]["total"] == write_amount(refund.amount) and slips[1]["reverses"] == {"of": slips[0]["e_receipt"], "refund": refund.id}, "the red e-receipt")
        ended = [e for e in self.box.read(wait=5) if e["type"] == "cn.tongqiao.inbox.refund-ended.v1"]
        must("TQ-INB-001", len(ended) == 1 and ended[0]["data"]["refund"] == refund.id, "an entry that the refund ended")
        self.box.acknowledge(self.box.acknowledgement([e["id"] for e in ended]))
        self.checks.step(f"refund of {write_amount(refund.amount)} done, its end proven; one beyond what was paid refused for ever")

    def fence(self) -> None:
        bill = Bill.make(self.party, self.item["division"], self.name, [{"code": "x", "name": "未知", "quantity": 1, "unit_price": "5.00"}])
        self.checks.refused("TQ-PAY-023", "bill.unknown", bill.ask)
        proven = bill.prove(bill.fence_it())
        self.checks.must("TQ-RCP-002", proven.state == "fenced" and proven.outcome == "absent", "the fence has a receipt")
        self.log.prove(proven.receipts["fence_receipt"])
        self.refusal("TQ-PAY-022", "bill.fenced", "/v1/bills", bill.signed)
        self.checks.must("TQ-PAY-029", bill.prove(bill.ask()).state == "fenced", "fenced when asked")
        late = self.party.sign("tongqiao-bill-v1", {**bill.signed.value(), "bill": Bill.make(self.party, self.item["division"], "x", [{"code": "x", "name": "未知", "quantity": 1, "unit_price": "5.00"}]).id,
                                                    "not_after": write_time(read_time("2026-01-01T00:00:00Z"))})
        self.refusal("TQ-PAY-012", "bill.too_late", "/v1/bills", late)
        name = late.value()["bill"]
        view = self.party.transport.get("/v1/bills/" + name).json()
        receipt = self.party.receipt(view["receipt"], name, late, "bill")
        self.checks.must("TQ-PAY-012", view["state"] == "fenced" and receipt.kind == "refused", "a bill too late fences its id")
        self.checks.step("an unknown bill fenced, proven absent, refused ever after; one that came too late refused with a receipt")

    def void_and_late_fee(self) -> None:
        must, line = self.checks.must, {"code": "x", "name": "试验", "quantity": 3, "unit_price": "33.33"}
        bill = Bill.make(self.party, self.item["division"], self.name, [line])
        bill.offer()
        proven = bill.prove(bill.void_it("开错"))
        must("TQ-RCP-002", proven.state == "void", "the void has a receipt")
        self.log.prove(proven.receipts["void_receipt"])
        must("TQ-PAY-008", bill.prove(bill.offer()).state == "void", "the same bill again stays void")
        must("TQ-PAY-026", bill.prove(bill.void_it("开错")).state == "void", "void again")
        wrong = self.party.sign("tongqiao-bill-v1", {**bill.signed.value(), "bill": Bill.make(self.party, self.item["division"], "x", [line]).id, "late_fee": "1.00",
                                                     "late_fee_rule": {"rate": 5, "due": "2026-01-01", "cap_percent": 100, "rounding": "down"}})
        self.refusal("TQ-PAY-054", "request.contradiction", "/v1/bills", wrong)
        today = date.fromisoformat(self.party.now()[:10])
        rule = {"rate": 7, "due": (today - timedelta(days=11)).isoformat(), "cap_percent": 100, "rounding": "half-up"}
        late = Bill.make(self.party, self.item["division"], self.name, [line], rule=rule)
        view = late.offer()
        late.prove(view)
        fee = late.late_fee_on(today)
        must("TQ-PAY-055", view.get("late_fee") == {"amount": write_amount(fee), "on": today.isoformat()}, f"late fee of today {view.get('late_fee')}, own {write_amount(fee)}")
        cashier.pay(view["cashier_url"], write_amount(late.amount + fee))
        proven = late.prove(late.ask())
        must("TQ-PAY-056", proven.state == "paid" and proven.payment is not None and proven.payment.get("late_fee") == write_amount(fee), "the late fee in the receipt's payment")
        self.checks.step(f"a bill voided, by receipt; another due {rule['due']} and paid today with a late fee of {write_amount(fee)}, the same as by own reckoning")

    def joint(self) -> None:
        """A second item of another agency in the same division, handled by a department of its own."""
        mine = self.item
        item2 = random.choice([item for item in self.items.items.values() if item["state"] == "in-force" and item.get("division") == mine["division"]
                               and item["agency"] != mine["agency"] and "1" in item["targets"]["codes"] and "effective_until" not in item])
        other = self.enrol("department", handles=(item2["code"],))
        Joint(self.party, other, self.item, item2, self.numbers, self.checks, self.days).play()

    def statement(self, bill: Bill) -> None:
        must, today = self.checks.must, self.party.now()[:10]
        page = reconciliation.fetch(self.party, today)
        must("TQ-PAY-041", not page.closed, "the day is not over")
        must("TQ-PAY-039", page.ordered(), "order of the lines")
        books = {("payment", self.payment["transaction"], bill.id, write_amount(bill.amount)),
                 ("refund", self.returned.id, bill.id, write_amount(self.returned.amount))}
        matched, named = page.compare(books)
        must("TQ-PAY-043", matched == books and not named, f"matched {len(matched)}, named {named}")
        self.checks.refused("TQ-PAY-040", "request.out_of_range", lambda: self.party.transport.get("/v1/reconciliations/2099-01-01"))
        self.checks.step(f"statement of {today} verified: {len(page.lines)} lines, {len(matched)} movements matched, none named")
