"""The daily statement of money (7.7)."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .party import Party
from .record import Unverified
from .value import read_time

TAG = "tongqiao-reconciliation-v1"
LEDGERS = {"platform": 0, "bank": 1}


@dataclass(frozen=True)
class Statement:
    date: str
    closed: bool
    lines: list[dict[str, Any]]

    def ordered(self) -> bool:
        """TQ-PAY-039."""
        keys = [(LEDGERS.get(line["ledger"], 2), read_time(line["at"]), line["id"]) for line in self.lines]
        return keys == sorted(keys)

    def compare(self, books: set[tuple[str, str, str, str]]) -> tuple[set[tuple[str, str, str, str]], list[str]]:
        """Own books as (movement, id, bill, amount): what matches, and the name of every other movement (TQ-PAY-043, -044, -051)."""
        matched: set[tuple[str, str, str, str]] = set()
        named: list[str] = []
        sides = {name: [(line["movement"], line["id"], line["bill"], line["amount"]) for line in self.lines
                        if line["ledger"] == name and line.get("booking") != "refund-owed"] for name in LEDGERS}
        owed = [(line["movement"], line["id"], line["bill"], line["amount"]) for line in self.lines if line.get("booking") == "refund-owed"]
        for movement in books | set(sides["platform"]) | set(sides["bank"]):
            if movement in owed and movement not in books:
                named.append(f"owed back: {movement[1]}")
            elif movement in books and all(sum(m[:2] == movement[:2] for m in side) == 1 and movement in side for side in sides.values()):
                matched.add(movement)
            else:
                named.append(f"differs: {movement[0]} {movement[1]}")
        return matched, named


def fetch(party: Party, date: str) -> Statement:
    """All pages, of one epoch and one total (TQ-PAY-042)."""
    lines: list[dict[str, Any]] = []
    first: dict[str, Any] = {}
    while True:
        value, _, _ = party.directory.open(party.transport.get("/v1/reconciliations/" + date, f"after={len(lines)}").json(), TAG)
        first = first or value
        if value["party"] != party.name or value["date"] != date or value["after"] != len(lines):
            raise Unverified("signature.mismatch", "the page of something else")
        if (value["epoch"], value["lines_total"]) != (first["epoch"], first["lines_total"]):
            raise Unverified("epoch.changed", "pages that do not belong together")
        lines += value["lines"]
        if len(lines) >= value["lines_total"] or not value["lines"]:
            return Statement(date, value["closed"], lines)
