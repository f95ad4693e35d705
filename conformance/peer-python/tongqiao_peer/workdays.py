"""Counting working days (9.2) by the platform's calendar (9.3)."""
from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Sequence

DAY = timedelta(days=1)


class WorkingDays:
    """A calendar that was verified before."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.years = {year["year"] for year in value["years"]}
        self.off = {date.fromisoformat(day) for year in value["years"] for day in year["days_off"]}
        self.worked = {date.fromisoformat(day) for year in value["years"] for day in year["days_worked"]}

    def works(self, day: date) -> bool:
        """TQ-DDL-007, TQ-DDL-011."""
        return day in self.worked or (day.weekday() < 5 and day not in self.off)

    def due(self, begun: date, days: int, suspensions: Sequence[tuple[date, date]] = (), unit: str = "working") -> date:
        """The last day of a limit; TQ-DDL-006, TQ-DDL-008, TQ-DDL-009."""
        def stopped(day: date) -> bool:
            return any(first < day <= last for first, last in suspensions)  # the day it begins counts for the limit

        day, left = begun, days
        while left:
            day += DAY
            if not stopped(day) and (unit == "calendar" or self.works(day)):
                left -= 1
        while not self.works(day):
            day += DAY
        return day

    def provisional(self, begun: date, due: date) -> bool:
        """TQ-DDL-010."""
        return any(year not in self.years for year in range(begun.year, due.year + 1))
