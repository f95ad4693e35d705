"""The catalogue (4.2): signed, addressed by its digest."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Dict, List

from .exchange import Exchange
from .record import unbase64
from .suite import Refused, digest_of
from .values import CHINA

SAMPLES = {"phone": "13800000000", "boolean": True, "integer": 1, "number": 1, "amount": "1.00", "division": "340705"}


class Catalogue:
    """An edition that was verified."""

    def __init__(self, exchange: Exchange) -> None:
        answer = exchange.send("GET", "/v1/catalogue", b"", signed=False)
        wire = json.loads(answer.content)
        self.content = exchange.open(wire, "tongqiao-catalogue-v1")
        assert exchange.directory is not None
        suite = exchange.directory.platform_key(wire["signature"]["keyid"]).suite
        self.digest = digest_of(suite, unbase64(wire["record"]))
        if answer.headers.get("ETag") != f'"{self.digest}"':
            raise Refused("the edition is not the one that its ETag names (TQ-ITM-005)")
        again = exchange.send("GET", "/v1/catalogue", b"", signed=False, headers={"If-None-Match": f'"{self.digest}"'})
        if again.status_code != 304 or again.content:
            raise Refused("a known edition is sent again (TQ-TRN-042)")

    def in_force(self, today: str) -> List[Dict[str, Any]]:
        """Items that hold on a day (4.4), ordered as the edition has them."""
        found = []
        for item in self.content["items"]:
            begun = item.get("effective_from", "0000") <= today
            ended = item.get("effective_until", "9999") < today
            if item["state"] == "in-force" and begun and not ended and "division" in item:
                found.append(item)
        return found


def generation_of(code: str) -> str:
    """The generation that has as many places (4.1)."""
    return {10: "2016-base", 12: "2018-base", 14: "2018-handling", 24: "2016-implementation"}.get(
        len(code), "2018-implementation" if len(code) == 31 else "2018-handling-item"
    )


def form_of(item: Dict[str, Any]) -> Dict[str, Any]:
    """Values for every required field (4.5)."""
    today = datetime.now(CHINA).strftime("%Y-%m-%d")
    form: Dict[str, Any] = {}
    for field in item["form"]:
        if field["required"]:
            if field.get("choices"):
                form[field["key"]] = field["choices"][0]["zh"]
            else:
                form[field["key"]] = today if field["kind"] == "date" else SAMPLES.get(field["kind"], "填写")
    return form


def has_only_simple_fields(item: Dict[str, Any]) -> bool:
    """Whether this client can fill the form in."""
    return all(field["kind"] not in ("citizen-number", "credit-code") for field in item["form"] if field["required"])
