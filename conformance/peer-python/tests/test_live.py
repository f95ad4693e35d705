"""Against a running platform: TONGQIAO_PLATFORM=http://127.0.0.1:PORT pytest tests/test_live.py. Skipped without one."""
from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tongqiao_peer import cashier, lease
from tongqiao_peer.__main__ import first_use
from tongqiao_peer.checks import Checks
from tongqiao_peer.key import PrivateKey
from tongqiao_peer.life import Life
from tongqiao_peer.money import Bill, check_refusal
from tongqiao_peer.party import Party
from tongqiao_peer.problem import Problem
from tongqiao_peer.story import Story
from tongqiao_peer.strictjson import write
from vectors import VECTORS, table

URL = os.environ.get("TONGQIAO_PLATFORM", "")
pytestmark = pytest.mark.skipif(not URL, reason="TONGQIAO_PLATFORM is not set")
ROWS = [dict(zip(("from", "event", "when", "to", "actors", "required"), line.split("\t")))
        for line in (VECTORS.parent / "spec" / "case-life.tsv").read_text("utf-8").splitlines()[1:]]
WAY = {"none": (), "applied": ("applied",), "pre-reviewed": ("applied", "pre-reviewed"), "correcting": ("applied", "correction-requested"),
       "accepted": ("applied", "accepted"), "suspended": ("applied", "accepted", "special-begun:suspension"),
       "decided": ("applied", "accepted", "decided"), "delivered": ("applied", "accepted", "decided", "delivered"),
       "rejected": ("applied", "rejected"), "withdrawn": ("applied", "withdrawn")}
KINDS = sorted({row["event"] for row in ROWS})
NEEDS = {"complaint-answered": "complained", "evaluation-followed-up": "evaluated"}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    found = Story(URL, "international", first_use(URL), tmp_path_factory.mktemp("store"), Checks(lambda line: None))
    found.directory_and_log()
    found.catalogue()
    found.party = found.enrol("department", handles=(found.item["code"],))
    return found


def fresh(story: Story, state: str) -> Life:
    """A case in this state."""
    numbers = lease.read(story.party.transport.post("/v1/case-number-leases", lease.request(story.party, story.item["division"], 2)).json())
    life = Life(story.party, story.item, numbers, story.checks, story.days)
    for step in WAY[state]:
        kind, _, procedure = step.partition(":")
        life.settle(kind, procedure=procedure or "extension")
    return life


@pytest.mark.parametrize("line", table("deadlines.tsv"), ids=lambda line: f"{line['begun']}+{line['days']}{line['unit'][0]}")
def test_deadlines_by_the_platforms_calendar(story: Story, line: dict[str, Any]) -> None:
    """The calendar stands in no vector: it comes, signed, from the platform (9.3)."""
    stops = [] if line["suspensions"] == "-" else [tuple(date.fromisoformat(day) for day in stop.split("/")) for stop in line["suspensions"].replace(",", " ").replace("..", "/").split()]
    found = story.days.due(date.fromisoformat(line["begun"]), int(line["days"]) + int(line["extension_days"]), stops, line["unit"])
    assert found.isoformat() == line["due"], line


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['from']}-{row['event']}-{row['when']}")
def test_every_row_of_case_life(story: Story, row: dict[str, str]) -> None:
    """TQ-CAS-013, TQ-CAS-014: what the table allows happens, and what it gives to others is refused."""
    life = fresh(story, row["from"])
    procedure = row["when"].partition("=")[2] or "extension"
    if row["event"] == "special-ended" and procedure == "extension":
        life.settle("special-begun")
    if row["event"] == "evaluation-followed-up" and row["from"] == "withdrawn":
        life = fresh(story, "accepted")
        life.settle("evaluated")
        life.settle("withdrawn")
    elif row["event"] in NEEDS:
        life.settle(NEEDS[row["event"]])
    if row["event"] == "supervision-answered":
        order = story.open.post("/sandbox/case-events", {"case": life.case.id, "kind": "supervision-ordered", "data": life.data("supervision-ordered")}, signed=False).json()
        life.case.revision += 1
        found = life.offer("supervision-answered", {**life.data("supervision-answered"), "order": order["id"]})
    else:
        found = life.offer(row["event"], procedure=procedure)
    if row["event"] == "supervision-ordered":
        assert found == ("refused", "case.actor_not_allowed")
    else:
        assert found == ("settled", "")
        assert life.state() == row["to"]


@pytest.mark.parametrize("state", WAY)
def test_every_pair_without_a_row(story: Story, state: str) -> None:
    """TQ-CAS-013: no row, `case.transition_impossible`."""
    life = fresh(story, state)
    for kind in KINDS:
        for procedure in ("extension", "suspension") if kind.startswith("special") else ("extension",):
            allowed = [row for row in ROWS if row["from"] == state and row["event"] == kind and row["when"] in ("-", "procedure=" + procedure)]
            if not allowed:
                found = life.offer(kind, procedure=procedure)
                # faults of step 15 are told together with those of step 18 (5.6), so the code may be `request.invalid`
                assert found[0] == "refused" and "case.transition_impossible" in life.codes, (state, kind, procedure, life.codes)
                life.give_up()


@pytest.mark.parametrize("event,hop", (("international", "sm"), ("sm", "international")))
def test_records_in_one_suite_and_requests_in_the_other(story: Story, event: str, hop: str) -> None:
    """TQ-SIG-004, TQ-SIG-005, TQ-SIG-007: whose key decides which suite."""
    name = f"peer-mixed-{event[:3]}-{os.urandom(4).hex()}"
    party = Party.found(name, event, URL, story.directory, story.store)
    party.hop = party.transport.key = PrivateKey.generate(name + "/hop-1", hop)
    story.open.post("/v1/enrolments", party.enrolment(story.code(name, "department", (story.item["code"],)), "department", "试验"), signed=False)
    party.refresh()
    numbers = lease.read(party.transport.post("/v1/case-number-leases", lease.request(party, story.item["division"], 2)).json())
    life = Life(party, story.item, numbers, story.checks, story.days)
    found = life.case.push(life.case.event("applied", life.data("applied"), numbers.take(party.now())))[0][1]
    assert found is not None and found.kind == "settled" and found.key.suite.name == hop
    assert found.body["digest"].startswith(party.suite.digest_name + ":")
    bill = Bill.make(party, story.item["division"], "甲", [{"code": "a", "name": "b", "quantity": 1, "unit_price": "3.00"}])
    view = bill.offer()
    assert bill.prove(view).receipts["receipt"].key.suite.name == hop
    cashier.pay(view["cashier_url"], "3.00")
    assert bill.prove(bill.ask()).receipts["paid_receipt"].key.suite.name == event
    body = write(party.sign("tongqiao-bill-v1", {**bill.signed.value(), "amount": "9.00"}).wire())
    with pytest.raises(Problem) as caught:
        party.transport.exchange("POST", "/v1/bills", body=body)
    check_refusal(party, caught.value, body)
