"""Leases of case numbers (5.8)."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import strictjson
from .identifier import case_number
from .party import Party
from .value import new_id, read_time


@dataclass
class Lease:
    division: str
    year: int
    next: int
    last: int
    expires: datetime

    def take(self, now: str) -> str:
        """TQ-CAS-043, TQ-CAS-044."""
        if self.next > self.last or read_time(now) >= self.expires:
            raise ValueError("lease.exhausted")
        serial, self.next = self.next, self.next + 1
        return case_number(self.division, self.year, serial)


def request(party: Party, division: str, count: int) -> dict[str, Any]:
    """Stored before it is sent (TQ-TRN-017)."""
    body = {"request": new_id(), "division": division, "count": count, "producer": party.producer, "incarnation": party.incarnation}
    party.store.put("lease", body["request"], strictjson.write(body))
    return body


def read(answer: dict[str, Any]) -> Lease:
    return Lease(answer["division"], int(answer["year"]), int(answer["first"]), int(answer["last"]), read_time(answer["expires"]))
