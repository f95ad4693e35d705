"""Cases: numbers, events, receipts and what the platform says of them (5, 6)."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional

from . import receipt as receipts
from .exchange import Exchange, Problem
from .items import form_of, generation_of
from .record import Record, open_record, unbase64
from .suite import PublicKey, Refused
from .values import case_number, made_up_citizen, time_text, uuid7

TAG = "tongqiao-event-v1"
CITIZEN = {"set": "id_type", "generation": "ga2000.156", "code": "111"}
AT_THE_WINDOW = {"set": "handle_form", "generation": "gb39046-2020", "code": "1"}
HANDLER = "测试经办"


class Installation:
    """One running installation: a producer in one incarnation, with the numbers that it has leased (5.8)."""

    def __init__(self, exchange: Exchange, party: str) -> None:
        self.exchange = exchange
        self.party = party
        now = exchange.now_ms()
        self.producer, self.incarnation = uuid7(now), uuid7(now)
        self._lease: Optional[Dict[str, Any]] = None
        self._taken = 0

    def take_number(self, division: str) -> str:
        """The next number of a lease; the same request gives the same lease (TQ-CAS-039)."""
        if self._lease is None:
            wish = {
                "request": uuid7(self.exchange.now_ms()),
                "division": division,
                "count": 20,
                "producer": self.producer,
                "incarnation": self.incarnation,
            }
            self._lease = self.exchange.post("/v1/case-number-leases", wish)
            if self.exchange.post("/v1/case-number-leases", wish) != self._lease:
                raise Refused("the same request for numbers is answered otherwise (TQ-CAS-039)")
            try:
                self.exchange.post("/v1/case-number-leases", {**wish, "count": 21})
                raise Refused("another request under the same id was taken (TQ-CAS-040)")
            except Problem as problem:
                if problem.code != "lease.request_conflict":
                    raise
        serial = self._lease["first"] + self._taken
        if serial > self._lease["last"]:
            raise Refused("the lease is used up")
        self._taken += 1
        return case_number(self._lease["division"], self._lease["year"], serial)


class Case:
    """One case, written by one installation."""

    def __init__(self, installation: Installation, item: Dict[str, Any], division: str) -> None:
        self.installation = installation
        self.exchange = installation.exchange
        self.item = item
        self.division = division
        self.id = uuid7(self.exchange.now_ms())
        self.number = installation.take_number(division)
        self.sequence = 0
        self.revision = 0
        self.state = "none"

    def event_instead(self, kind: str, data: Dict[str, Any], supersedes: Record) -> Record:
        """An event in the place of one that was refused (TQ-CAS-023)."""
        return self.event(kind, data, {"supersedes": supersedes.id})

    def event(self, kind: str, data: Dict[str, Any], more: Optional[Dict[str, Any]] = None) -> Record:
        """The next event of the stream, signed (5.1)."""
        content = {
            "specversion": "1.0",
            "id": uuid7(self.exchange.now_ms()),
            "source": f"urn:tongqiao:party:{self.installation.party}",
            "type": f"cn.tongqiao.case.{kind}.v1",
            "subject": self.id,
            "time": time_text(self.exchange.now_ms()),
            "datacontenttype": "application/json",
            "producer": self.installation.producer,
            "incarnation": self.installation.incarnation,
            "sequence": self.sequence + 1,
            "revision": self.revision,
            "dataclass": "personal",
            "clock": "free",  # TQ-CAS-006
            "data": data,
            **(more or {}),
        }
        if kind == "applied":
            content["number"] = self.number
        assert self.exchange.author is not None
        record = self.exchange.author.sign(TAG, content)
        record.id = content["id"]
        return record

    def application(self) -> Dict[str, Any]:
        """A complete application by a person who does not exist."""
        required = [material for material in self.item["materials"] if material["required"]]
        return {
            "item": {
                "code": self.item["code"],
                "version": self.item["version"],
                "generation": generation_of(self.item["code"]),
            },
            "division": self.division,
            "applicant": {
                "kind": "person",
                "name": "测试甲",
                "identity": {"kind": CITIZEN, "number": made_up_citizen()},
            },
            "form": form_of(self.item),
            "materials": [{"guide": one["key"], "name": one["name"]["zh"]} for one in required],
            "channel": AT_THE_WINDOW,
        }

    def push(self, kind: str, data: Dict[str, Any], state: str) -> Dict[str, Any]:
        """Signs and sends an event, and believes only its receipt (TQ-CAS-031); gives the receipt's body."""
        record = self.event(kind, data)
        result = send(self.exchange, [record])[0]
        if result["status"] != "settled":
            raise Refused(f"{kind}: {result['status']} {result.get('problem')}")
        body = open_own_receipt(self.exchange, result["receipt"], record.id, record.digest, None)
        if body["kind"] != "settled" or body["case"] != self.id or body["revision"] != self.revision + 1:
            raise Refused(f"the receipt of {kind} says something else")
        again = send(self.exchange, [record])[0]
        if again["status"] != "duplicate" or again["receipt"] != result["receipt"]:
            raise Refused("a repetition is not answered with the first receipt (TQ-RCP-003)")
        asked = self.exchange.get(f"/v1/case-events/{record.id}/receipt")
        if asked != result["receipt"]:
            raise Refused("the receipt that is asked for is another one (TQ-RCP-003)")
        self.sequence += 1
        self.revision += 1
        self.state = state
        return {"body": body, "record": record, "receipt": result["receipt"]}

    def must_stand(self) -> None:
        """The platform's view of the case, and its records byte for byte (5.9, 5.10)."""
        view = self.exchange.get(f"/v1/cases/{self.id}")
        if (view["state"], view["revision"], view["number"]) != (self.state, self.revision, self.number):
            raise Refused(f"the case stands otherwise: {view['state']} at revision {view['revision']}")
        name = view["applicant"]["name"]
        if name != "测**":
            raise Refused(f"the applicant's name is shown as {name} (TQ-CAS-051, TQ-SEC-009)")
        answer = self.exchange.get(f"/v1/cases/{self.id}/events")
        revisions = [event["revision"] for event in answer["events"]]
        if revisions != list(range(1, self.revision + 1)):
            raise Refused("the records of the case are not in the order of their revisions")
        assert self.exchange.directory is not None
        for event in answer["events"]:
            entry = self.exchange.directory.entry(event["signed"]["signature"]["keyid"])
            if entry is None:
                entry = self.exchange.refresh_directory().entry(event["signed"]["signature"]["keyid"])
            assert entry is not None and entry["party"] == event["party"]
            key = PublicKey(entry["suite"], unbase64(entry["public_key"]))
            open_record(event["signed"], TAG, key)  # TQ-CAS-058


def send(exchange: Exchange, records: List[Record]) -> List[Dict[str, Any]]:
    """One result for each event, in the order sent (5.5)."""
    answer = exchange.post("/v1/case-events", {"events": [record.wire() for record in records]})
    if answer["epoch"] != exchange.epoch or len(answer["results"]) != len(records):
        raise Refused("another epoch or number of results than in the header and the request")
    return answer["results"]


def open_own_receipt(
    exchange: Exchange, wire: Dict[str, Any], record: str, digest: str, of: Optional[str]
) -> Dict[str, Any]:
    """A receipt of one's own record, checked in full (6.1 to 6.3); its key is judged at its time (TQ-RCP-008)."""
    assert exchange.directory is not None and exchange.author is not None
    body = json.loads(unbase64(wire["receipt"]))
    keyid = wire["signature"]["keyid"]
    if exchange.directory.entry(keyid) is None:
        exchange.refresh_directory()
    key = exchange.directory.platform_key(keyid, body["time"])
    if key.suite != exchange.author.key.suite:
        raise Refused("the receipt is signed in another suite than the caller's (TQ-SIG-004)")
    body = receipts.open_receipt(wire, key)
    receipts.must_be_about(body, record, digest, of)
    return body


def must_be_in_the_log(exchange: Exchange, wire: Dict[str, Any], position: int) -> int:
    """An inclusion proof against a signed checkpoint (6.7); gives the size of the log."""
    checkpoint = exchange.open(exchange.get("/v1/log/checkpoint", signed=False), "tongqiao-checkpoint-v1")
    size, suite = checkpoint["size"], checkpoint["suite"]
    proof = exchange.get("/v1/log/inclusion", {"position": position, "size": size}, signed=False)
    path = [unbase64(step) for step in proof["path"]]
    root = receipts.log_root(suite, unbase64(wire["receipt"]), position, size, path)
    if root != unbase64(checkpoint["root"]):
        raise Refused("the receipt is not in the log (TQ-RCP-026)")
    return size


def must_be_refused(result: Dict[str, Any], code: str) -> None:
    """A refusal with this code."""
    if result["status"] != "refused" or result["problem"]["code"] != code:
        raise Refused(f"expected {code}, got {result['status']} {result.get('problem', {}).get('code')}")
