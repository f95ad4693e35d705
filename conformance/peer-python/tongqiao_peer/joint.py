"""Joint handling (5.12) over two departments, and so routing (5.11): one case leads, two are its partners."""
from __future__ import annotations

from datetime import date
from typing import Any

from .case import TAG, Case
from .catalogue import application
from .checks import Checks
from .identifier import synthetic_citizen
from .inbox import Inbox
from .lease import Lease
from .life import Life
from .party import Party
from .record import SignedRecord
from .workdays import WorkingDays


class Joint:
    """`party` takes everything in and leads; `other` handles `item2`, and with it the first partner."""

    def __init__(self, party: Party, other: Party, item: dict[str, Any], item2: dict[str, Any], numbers: Lease, checks: Checks, days: WorkingDays) -> None:
        self.party, self.other, self.checks, self.days, self.citizen = party, other, checks, days, synthetic_citizen()
        self.lead, self.own, self.stranger = (Life(party, item, numbers, checks, days) for _ in range(3))
        self.partner = Life(party, item2, numbers, checks, days)
        self.box, self.other_box = Inbox(party), Inbox(other)

    def ask(self, case: Case) -> dict[str, Any]:
        return self.party.transport.get(f"/v1/cases/{case.id}/joint").json()

    def applied(self, life: Life, joint: dict[str, Any], citizen: str = "") -> dict[str, Any]:
        return {**application(life.item, "试验己", citizen or self.citizen, None), "joint": joint}

    def heard(self, box: Inbox) -> list[tuple[str, str, str]]:
        """Kind, subject and case of what waits; acknowledged, so that each is heard once."""
        entries = box.read()
        if entries:
            box.acknowledge(box.acknowledgement([entry["id"] for entry in entries]))
        return [(entry["type"].split(".")[3], entry["subject"], entry["data"].get("case", "")) for entry in entries]

    def play(self) -> None:
        must, lead, partner, own = self.checks.must, self.lead, self.partner, self.own
        self.heard(self.box)
        to_lead = {"lead": lead.case.id}
        both = {"partners": [partner.case.id, own.case.id], "closes": "after-partners"}
        partner.settle("applied", self.applied(partner, to_lead))  # TQ-CAS-069: in whatever order they come
        found = self.ask(partner.case)["cases"]
        must("5.12", [(c["role"], c["state"]) for c in found] == [("lead", "none"), ("partner", "applied")],
             f"the leading case first, with the state none while it is not here; came {[(c['role'], c['state']) for c in found]}")
        lead.refuse("TQ-CAS-067", "case.joint_mismatch", "applied", self.applied(lead, both, synthetic_citizen()))
        lead.settle("applied", self.applied(lead, both))
        self.stranger.refuse("TQ-CAS-068", "case.joint_mismatch", "applied", self.applied(self.stranger, to_lead))
        own.settle("applied", self.applied(own, to_lead))
        self.checks.step("a leading case and two partners opened in any order; strangers to the procedure refused")

        theirs = self.take_over()
        lead.settle("accepted")
        wire = self.party.transport.get(f"/v1/cases/{lead.case.id}/deadlines").json()
        duties = {(d["duty"], d["basis"]): d for d in self.party.directory.open(wire, "tongqiao-deadlines-v1")[0]["duties"]}
        due = self.days.due(date.fromisoformat(self.party.now()[:10]), 45).isoformat()
        must("TQ-DDL-025", ("decide", "promised") not in duties and duties[("decide", "statutory")].get("due") == due, "45 working days, and no promised limit")

        self.heard(self.box)
        theirs.settle("accepted")
        entries = self.heard(self.box)
        must("TQ-CAS-075", ("joint-changed", lead.case.id, partner.case.id) in entries, f"a partner was accepted by another party; heard {[e[0] for e in entries]}")
        must("TQ-INB-001", ("case-changed", partner.case.id, partner.case.id) in entries, "who opened the case hears that another's event moved it")
        own.settle("accepted")
        must("TQ-CAS-075", ("joint-changed", lead.case.id, own.case.id) not in self.heard(self.box), "a partner was accepted by the party that handles the leading case too: it hears nothing of its own event")

        def end(first: str, second: str) -> dict[str, Any]:
            return {**lead.data("decided"), "partners": [{"case": partner.case.id, "outcome": first}, {"case": own.case.id, "outcome": second}]}

        lead.refuse("TQ-CAS-070", "case.joint_open", "decided", end("granted", "withdrawn"))
        theirs.refuse("TQ-CAS-072", "case.joint_mismatch", "decided", {**theirs.data("decided"), "partners": [{"case": lead.case.id, "outcome": "granted"}]})
        theirs.refuse("TQ-CAS-008", "request.missing_field", "decided", {**theirs.data("decided"), "result": "refused"})
        theirs.settle("decided", {**theirs.data("decided"), "result": "refused", "explanation": "试验"})
        own.settle("withdrawn")
        lead.refuse("TQ-CAS-071", "case.joint_mismatch", "decided", end("granted", "withdrawn"))
        lead.refuse("TQ-CAS-017", "case.transition_impossible", "special-ended")
        self.heard(self.other_box)
        lead.settle("decided", end("refused", "withdrawn"))
        must("TQ-CAS-075", ("joint-changed", partner.case.id, lead.case.id) in self.heard(self.other_box), "the leading case was decided; its partner's department was not told")
        view = self.ask(partner.case)
        rows = [(c["case"], c["role"], c["state"]) for c in view["cases"]]
        must("TQ-CAS-071", view["lead"] == lead.case.id and view["closes"] == "after-partners" and rows[0] == (lead.case.id, "lead", "decided")
             and set(rows[1:]) == {(partner.case.id, "partner", "decided"), (own.case.id, "partner", "withdrawn")} and view == self.ask(lead.case), "how the procedure stands")
        self.checks.step("the leading case waited for its partners, states their outcomes, and both departments heard of each other")

    def take_over(self) -> Life:
        """5.11: the department in charge continues the case in a stream of its own."""
        must, case = self.checks.must, self.partner.case
        view = self.party.transport.get("/v1/cases/" + case.id).json()
        if "responsible" not in view:  # somebody of an earlier run has equal right: it waits, and the operator names one (TQ-CAS-062)
            self.party.transport.post("/sandbox/dispatch", {"case": case.id, "party": self.other.name}, signed=False)
            view = self.party.transport.get("/v1/cases/" + case.id).json()
        must("TQ-CAS-060", view["party"] == self.party.name and view["responsible"] == self.other.name, "who handles it")
        must("TQ-CAS-063", ("case-dispatched", case.id, case.id) in self.heard(self.other_box), "an entry that it was dispatched")
        found = self.partner.offer("accepted")
        must("TQ-CAS-064", found[0] == "refused" and bool(self.partner.codes & {"case.actor_not_allowed", "case.access_denied"}), f"only who handles it decides: {found}")
        self.partner.give_up()
        records = self.other.transport.get(f"/v1/cases/{case.id}/events", "after=0").json()
        author = self.other.directory.keys[self.party.event.keyid]
        must("TQ-CAS-058", len(records["events"]) == 1 and all(SignedRecord.read(entry["signed"]).holds(TAG, author) for entry in records["events"]), "the author's signature")
        theirs = Life(self.other, self.partner.item, self.partner.numbers, self.checks, self.days)
        theirs.case = Case(self.other, case.id)
        theirs.case.revision = records["revision"]  # TQ-CAS-065
        self.checks.step("a case was dispatched to the department in charge, which verified its records and continues it in a stream of its own")
        return theirs
