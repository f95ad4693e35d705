"""What the platform has for a party (16)."""

from __future__ import annotations

from typing import Any, Dict, List

from .exchange import Exchange
from .suite import Refused
from .values import time_text

TAG = "tongqiao-inbox-entry-v1"


def read(exchange: Exchange, party: str) -> List[Dict[str, Any]]:
    """Every entry that waits, verified (TQ-INB-004)."""
    entries: List[Dict[str, Any]] = []
    after = 0
    while True:
        page = exchange.get("/v1/inbox", {"wait": 0, "after": after})
        if not page["entries"]:
            return entries
        for wire in page["entries"]:
            entry = exchange.open(wire, TAG)
            if entry["addressee"] != party or entry["position"] <= after:
                raise Refused("an entry of another party, or out of order")
            after = entry["position"]
            entries.append(entry)


def acknowledge(exchange: Exchange, party: str, entries: List[Dict[str, Any]]) -> None:
    """Says that they are safe here; they do not come again, and the same word is answered alike (TQ-INB-014)."""
    assert exchange.author is not None
    ids = [entry["id"] for entry in entries]
    word = exchange.author.sign(
        "tongqiao-inbox-acknowledgement-v1",
        {"party": party, "entries": ids, "time": time_text(exchange.now_ms())},
    )
    answer = exchange.post("/v1/inbox/acknowledgements", word.wire())
    if sorted(answer["acknowledged"]) != sorted(ids) or answer["unknown"]:
        raise Refused("not every entry was acknowledged")
    if exchange.post("/v1/inbox/acknowledgements", word.wire()) != answer:
        raise Refused("the same acknowledgement is answered otherwise (TQ-INB-014)")
    if any(entry["id"] in ids for entry in read(exchange, party)):
        raise Refused("an acknowledged entry comes again (TQ-INB-008)")
