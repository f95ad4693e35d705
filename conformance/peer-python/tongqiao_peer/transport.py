"""Requests and answers (chapter 1), signed where the route wants it (2.4)."""
from __future__ import annotations

import email.utils
import http.client
import random
import socket
import ssl
import time as clock
from dataclasses import dataclass
from typing import Any, Callable, Mapping, Optional
from urllib.parse import urlsplit

from . import hop, strictjson
from .key import PrivateKey
from .problem import Problem, UnknownOutcome
from .value import new_id

ASK_CALLER = {"bill.unknown", "refund.unknown", "receipt.unknown"}  # TQ-PAY-028: an answer for the caller, not a reason to repeat
ATTEMPTS = 5


@dataclass(frozen=True)
class Answer:
    """An answer of 2xx or 304."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        try:
            return strictjson.read(self.body)
        except strictjson.JsonFault as fault:
            raise UnknownOutcome("client.bad_answer", fault.code) from None


class Transport:
    """One base address. Redirects are not followed (TQ-TRN-004)."""

    def __init__(self, url: str, key: Optional[PrivateKey] = None, timeout: float = 30.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError("client.configuration: a base address is http(s)://host[:port]")
        if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError("client.configuration: plain http only on a loopback address")  # TQ-TRN-002
        self.parts, self.key, self.timeout = parts, key, timeout
        self.offset = 0.0  # TQ-TRN-039: how far the platform's clock is ahead of ours
        self.epoch = ""
        self.watch: Callable[[str, int, Mapping[str, str], str], None] = lambda route, status, headers, request: None
        self.wait: Callable[[float], None] = clock.sleep

    def now(self) -> float:
        return clock.time() + self.offset

    def _once(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        if self.parts.scheme == "https":
            link: http.client.HTTPConnection = http.client.HTTPSConnection(
                self.parts.hostname or "", self.parts.port, timeout=self.timeout, context=ssl.create_default_context())
        else:
            link = http.client.HTTPConnection(self.parts.hostname or "", self.parts.port, timeout=self.timeout)
        try:
            link.request(method, target, body=body or None, headers=dict(headers))
            answer = link.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        except (TimeoutError, socket.timeout):
            raise UnknownOutcome("client.timeout", target) from None
        except (OSError, http.client.HTTPException) as error:
            raise UnknownOutcome("client.connection_lost", f"{target}: {error!r}") from None
        finally:
            link.close()

    def exchange(self, method: str, path: str, query: str = "", body: bytes = b"", media: str = "application/json",
                 signed: bool = True, more: Optional[Mapping[str, str]] = None, key: Optional[PrivateKey] = None) -> Answer:
        """One sending, signed anew (TQ-TRN-037)."""
        request = new_id()
        headers = {"Accept-Language": "en", "tongqiao-request": request, **(more or {})}
        if body:
            headers["Content-Type"] = media  # TQ-TRN-007
        chosen = key or self.key
        if signed:
            if chosen is None:
                raise ValueError("client.configuration: no key")
            headers.update(hop.sign(chosen, method, path, query, body, int(self.now())))
        answer = self._once(method, path + ("?" + query if query else ""), body, headers)
        self.watch(path, answer.status, answer.headers, request)
        self.epoch = answer.headers.get("tongqiao-epoch", self.epoch)
        if 200 <= answer.status < 300 or answer.status == 304:
            return answer
        raise self._refusal(answer)

    def _refusal(self, answer: Answer) -> Exception:
        """TQ-TRN-026, TQ-TRN-027."""
        media = answer.headers.get("content-type", "").split(";")[0].strip().lower()
        if media != "application/problem+json":
            return UnknownOutcome("client.bad_answer", f"status {answer.status} without a problem")
        try:
            wire = strictjson.read(answer.body)
        except strictjson.JsonFault as fault:
            return UnknownOutcome("client.bad_answer", fault.code)
        if not isinstance(wire, dict) or not isinstance(wire.get("code"), str):
            return UnknownOutcome("client.bad_answer", "no code")
        return Problem(wire, answer.status, self._retry_after(answer))

    def _retry_after(self, answer: Answer) -> Optional[float]:
        text = answer.headers.get("retry-after")
        if text is None:
            return None
        if text.isdigit():
            return float(text)
        try:
            return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - self.now())
        except (TypeError, ValueError):
            return None

    def send(self, method: str, path: str, query: str = "", body: bytes = b"", **how: Any) -> Answer:
        """Repeats what may be repeated: the same bytes, in a request signed anew (TQ-TRN-036, TQ-ERR-004 to -008)."""
        for attempt in range(ATTEMPTS):
            last = attempt == ATTEMPTS - 1
            pause = min(8.0, 0.2 * 2 ** attempt) * (0.5 + random.random())  # TQ-ERR-007
            try:
                return self.exchange(method, path, query, body, **how)
            except UnknownOutcome:
                if last:
                    raise
            except Problem as problem:
                if problem.retry not in ("same_request", "after_delay") or problem.code in ASK_CALLER or last:
                    raise
                if problem.code == "signature.stale":
                    self._set_clock()
                pause = max(pause, problem.retry_after or 0.0)  # TQ-TRN-033
            self.wait(pause)
        raise AssertionError("not reached")

    def _set_clock(self) -> None:
        """TQ-TRN-039, by the header of an open route; it never makes an event `attested` (TQ-TRN-040)."""
        before = clock.time()
        date = self.exchange("GET", "/v1/time", signed=False).headers.get("date")
        if date:
            self.offset = email.utils.parsedate_to_datetime(date).timestamp() - before

    def get(self, path: str, query: str = "", **how: Any) -> Answer:
        return self.send("GET", path, query, **how)

    def post(self, path: str, value: Any, query: str = "", **how: Any) -> Answer:
        return self.send("POST", path, query, strictjson.write(value), **how)
