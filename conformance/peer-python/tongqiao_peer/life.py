"""A case on its side roads: correction, suspension, complaint, withdrawal (5.2, 5.3)."""
from __future__ import annotations

from datetime import date
from typing import Any, Optional

from .case import Case
from .catalogue import application
from .checks import Checks, Stop
from .identifier import synthetic_citizen
from .lease import Lease
from .party import Party
from .workdays import WorkingDays

LINE_TEXT = "请补正"


class Life:
    """Makes data of every kind that a department may sign, and moves one case."""

    def __init__(self, party: Party, item: dict[str, Any], numbers: Lease, checks: Checks, days: WorkingDays) -> None:
        self.party, self.item, self.numbers, self.checks, self.days = party, item, numbers, checks, days
        self.case = Case(party)
        self.codes: set[str] = set()  # of all faults of the last refusal

    def line(self) -> dict[str, str]:
        return {"cites": "condition", "id": self.item["conditions"][0]["key"], "text": LINE_TEXT}

    def data(self, kind: str, procedure: str = "extension") -> dict[str, Any]:
        """What 5.2 wants of this kind, with what has happened so far."""
        now, handler = self.party.now(), "试验乙"
        due = self.days.due(date.fromisoformat(now[:10]), self.item["promised_days"]).isoformat() + "T23:59:59.000+08:00"
        none = "018f9f3a-7c00-7000-8000-000000000000"
        return {
            "applied": lambda: application(self.item, "试验戊", synthetic_citizen(), None),
            "pre-reviewed": lambda: {"result": "材料齐全", "handler": handler},
            "correction-requested": lambda: {"lines": [self.line()], "handler": handler},
            "corrected": lambda: {"lines": [self.line()]},
            "accepted": lambda: {"accepted_on": now, "handler": handler, "promise": {"working_days": self.item["promised_days"], "due": due}},
            "rejected": lambda: {"reason": "不属于本机关职权范围", "legal_basis": "试验", "remedy": "试验", "handler": handler},
            "step-recorded": lambda: {"step": "审查", "started": now, "ended": now, "handler": handler},
            "special-begun": lambda: {"procedure": procedure, "begun": now, "reason": "试验"},
            "special-ended": lambda: {"procedure": procedure, "ended": now, "result": "试验"},
            "decided": lambda: {"result": "granted", "decided_on": now, "handler": handler},
            "delivered": lambda: {"method": "window", "delivered_on": now},
            "evaluated": lambda: {"score": 5, "channel": "window"},
            "withdrawn": lambda: {"reason": "不办了"},
            "complained": lambda: {"grounds": "other", "text": "试验", "channel": "window"},
            "complaint-answered": lambda: {"complaint": self.last("complained", none), "finding": "unfounded", "answer": "试验", "handler": handler},
            "evaluation-followed-up": lambda: {"evaluation": self.last("evaluated", none), "finding": "founded", "measures": "试验", "handler": handler},
            "supervision-answered": lambda: {"order": none, "answer": "试验", "handler": handler},
            "supervision-ordered": lambda: {"grounds": "other", "content": "试验", "working_days": 3},
        }[kind]()

    def last(self, kind: str, otherwise: str) -> str:
        found = [name for name, signed in self.case.sent if signed.value()["type"] == f"cn.tongqiao.case.{kind}.v1"]
        return found[-1] if found else otherwise

    def offer(self, kind: str, data: Optional[dict[str, Any]] = None, procedure: str = "extension") -> tuple[str, str]:
        """Sends it; tells `settled` or `refused` by the receipt, and the refusal's code."""
        number = self.numbers.take(self.party.now()) if kind == "applied" else None
        status, receipt, result = self.case.push(self.case.event(kind, self.data(kind, procedure) if data is None else data, number))[0]
        if receipt is None:
            return status, result.get("problem", {}).get("code", "")
        problem = receipt.body.get("problem", {})
        self.codes = {fault["code"] for fault in problem.get("faults", [])} | {problem.get("code", "")}
        return receipt.kind, problem.get("code", "")

    def settle(self, kind: str, data: Optional[dict[str, Any]] = None, procedure: str = "extension") -> None:
        found = self.offer(kind, data, procedure)
        if not self.checks.must("TQ-CAS-034", found[0] == "settled", f"{kind}: {found}"):
            raise Stop(kind)

    def refuse(self, sentence: str, code: str, kind: str, data: Optional[dict[str, Any]] = None, procedure: str = "extension") -> None:
        """Must be refused with a receipt; the place is then given up (TQ-CAS-023, TQ-CAS-025)."""
        found = self.offer(kind, data, procedure)
        self.checks.must(sentence, found == ("refused", code), f"{kind}: {code} was expected, {found} came")
        self.give_up()

    def give_up(self) -> None:
        if self.case.held is None:
            return
        name, signed = self.case.event("abandoned", {"by": "试验乙", "reason": "试验"})
        value = signed.value()
        value["abandons"] = value.pop("supersedes")
        revision = self.case.revision
        status, receipt, _ = self.case.push((name, self.party.sign("tongqiao-event-v1", value)))[0]
        self.checks.must("TQ-CAS-025", receipt is not None and receipt.kind == "settled" and self.case.revision == revision, "abandoned without effect")

    def state(self) -> str:
        return self.party.transport.get("/v1/cases/" + self.case.id).json()["state"]

    def side_roads(self) -> None:
        must, refuse, settle = self.checks.must, self.refuse, self.settle
        settle("applied")
        refuse("TQ-CAS-011", "case.correction_uncited", "correction-requested", {"lines": [{**self.line(), "id": "no-such"}], "handler": "乙"})
        settle("correction-requested")
        refuse("TQ-CAS-013", "case.transition_impossible", "accepted")
        refuse("TQ-CAS-012", "case.correction_uncited", "corrected", {"lines": [{**self.line(), "cites": "material", "id": self.item["materials"][0]["key"]}]})
        settle("corrected")
        must("TQ-CAS-015", self.state() == "applied", "corrected leads back to applied")
        refuse("TQ-CAS-016", "case.transition_impossible", "correction-requested")
        refuse("TQ-CAS-015", "request.missing_field", "accepted", {"handler": "乙"})
        settle("accepted")
        refuse("TQ-CAS-017", "case.transition_impossible", "special-ended")
        settle("special-begun", procedure="extension")
        settle("special-ended", procedure="extension")
        settle("special-begun", procedure="suspension")
        must("TQ-CAS-013", self.state() == "suspended", "suspended")
        refuse("TQ-CAS-013", "case.transition_impossible", "decided")
        settle("special-ended", procedure="suspension")
        refuse("TQ-CAS-052", "case.nothing_to_answer", "complaint-answered")
        settle("complained")
        settle("complaint-answered")
        refuse("TQ-CAS-052", "case.nothing_to_answer", "complaint-answered")
        settle("evaluated")
        settle("evaluation-followed-up")
        refuse("TQ-CAS-014", "case.actor_not_allowed", "supervision-ordered")
        status = self.offer("withdrawn")
        must("TQ-CAS-013", status[0] == "settled" and self.state() == "withdrawn", f"withdrawn: {status}")
        refuse("TQ-CAS-013", "case.transition_impossible", "applied")
        self.checks.step("a second case corrected, extended, suspended, complained about, answered and withdrawn; eleven wrong turns refused")
