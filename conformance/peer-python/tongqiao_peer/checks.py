"""What was looked at, and what differed from the text."""
from __future__ import annotations

from typing import Any, Callable, Mapping

from .problem import Problem, UnknownOutcome
from .value import is_id


class Stop(Exception):
    """The story cannot go on."""


class Checks:
    """One line a step; a difference names the sentence."""

    def __init__(self, say: Callable[[str], None] = print) -> None:
        self.say, self.label = say, ""
        self.held = 0
        self.sentences: set[str] = set()
        self.differences: list[str] = []

    def step(self, text: str) -> None:
        self.say(f"[{self.label}] {text}")

    def must(self, sentence: str, holds: bool, what: str) -> bool:
        self.sentences.add(sentence)
        if holds:
            self.held += 1
        else:
            self.differences.append(f"{sentence}: {what}")
            self.say(f"[{self.label}] DIFFERENCE {sentence}: {what}")
        return holds

    def need(self, sentence: str, holds: bool, what: str) -> None:
        if not self.must(sentence, holds, what):
            raise Stop(sentence)

    def refused(self, sentence: str, code: str, act: Callable[[], Any]) -> Problem:
        """The platform must refuse this, with this code."""
        try:
            act()
        except Problem as problem:
            self.must(sentence, problem.code == code, f"{code} was expected, {problem.code} came")
            self.must("TQ-ERR-010", 400 <= problem.status <= 599 and problem.wire.get("type") == "urn:tongqiao:problem:" + problem.code,
                      "status or type of " + problem.code)
            return problem
        except UnknownOutcome as unknown:
            self.must(sentence, False, f"{code} was expected, {unknown} came")
            return Problem({})
        self.must(sentence, False, f"{code} was expected, nothing was refused")
        return Problem({})

    def watch(self, route: str, status: int, headers: Mapping[str, str], request: str) -> None:
        """Every answer under /v1 (TQ-TRN-028, TQ-TRN-030)."""
        if route.startswith("/v1/"):
            self.must("TQ-TRN-028", "date" in headers and is_id(headers.get("tongqiao-epoch")) and "tongqiao-request" in headers, "headers of " + route)
            self.must("TQ-TRN-030", headers.get("tongqiao-request") == request, "the request's id is not repeated by " + route)
