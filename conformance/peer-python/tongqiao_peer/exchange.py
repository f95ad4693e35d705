"""Requests and answers (1), with the checks that hold for every answer."""

from __future__ import annotations

import email.utils
import json
import re
from typing import Any, Dict, Optional
from urllib.parse import urlencode

import requests

from . import hop
from .directory import Directory
from .record import Author, open_record
from .suite import Refused
from .values import local_ms, uuid7

UUID7 = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")


class Problem(Exception):
    """The platform said no (10.1)."""

    def __init__(self, content: Dict[str, Any]) -> None:
        super().__init__(f"{content['code']}: {content['title']}")
        self.content = content
        self.code: str = content["code"]


class Unknown(Exception):
    """Nobody knows whether it took effect (TQ-TRN-005, TQ-ERR-008)."""


class Exchange:
    """The way to one platform."""

    def __init__(self, platform: str) -> None:
        self.platform = platform.rstrip("/")
        self.author: Optional[Author] = None
        self.directory: Optional[Directory] = None
        self.epoch: Optional[str] = None
        self._offset_ms = 0
        self._session = requests.Session()
        self._session.trust_env = False

    def now_ms(self) -> int:
        """The platform's time, as far as its answers tell (TQ-TRN-039)."""
        return local_ms() + self._offset_ms

    def get(self, path: str, query: Optional[Dict[str, Any]] = None, signed: bool = True) -> Any:
        """A question whose answer is JSON."""
        return json.loads(self.send("GET", path, b"", query, signed).content)

    def post(self, path: str, content: Any, query: Optional[Dict[str, Any]] = None, signed: bool = True) -> Any:
        """A request with a JSON body."""
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        return json.loads(self.send("POST", path, body, query, signed).content)

    def send(
        self,
        method: str,
        path: str,
        body: bytes,
        query: Optional[Dict[str, Any]] = None,
        signed: bool = True,
        media_type: str = "application/json",
        headers: Optional[Dict[str, str]] = None,
    ) -> requests.Response:
        """Sends once, or once more with a new stamp when the clock was wrong (TQ-TRN-037, TQ-TRN-039)."""
        try:
            return self._once(method, path, body, query, signed, media_type, headers)
        except Problem as problem:
            if problem.code != "signature.stale":
                raise
            return self._once(method, path, body, query, signed, media_type, headers)

    def _once(
        self,
        method: str,
        path: str,
        body: bytes,
        query: Optional[Dict[str, Any]],
        signed: bool,
        media_type: str,
        headers: Optional[Dict[str, str]],
    ) -> requests.Response:
        text = urlencode(query or {})
        request_id = uuid7(self.now_ms())
        sent = {"tongqiao-request": request_id, "Accept-Language": "en", **(headers or {})}
        if body:
            sent["Content-Type"] = media_type
        if signed:
            assert self.author is not None, "nobody is enrolled yet"
            key = self.author.key
            sent.update(hop.headers(self.author.keyid, key, method, path, text, body, self.now_ms() // 1000))
        url = f"{self.platform}{path}" + (f"?{text}" if text else "")
        try:
            answer = self._session.request(
                method, url, data=body, headers=sent, timeout=70, allow_redirects=False  # TQ-TRN-004
            )
        except requests.RequestException as error:
            raise Unknown(str(error)) from error
        self._look_at(answer, request_id)
        if answer.status_code in (304,) or 200 <= answer.status_code < 300:
            return answer
        media = answer.headers.get("Content-Type", "")
        if not media.startswith("application/problem+json"):
            raise Unknown(f"status {answer.status_code} from something in between")  # TQ-TRN-027
        content = json.loads(answer.content)
        if content.get("status") != answer.status_code:
            raise Refused("a problem of another status than its answer (TQ-ERR-010)")
        raise Problem(content)

    def _look_at(self, answer: requests.Response, request_id: str) -> None:
        """TQ-TRN-028 and TQ-TRN-030 on every answer that is the platform's own."""
        if answer.headers.get("tongqiao-request") != request_id:
            raise Refused("the request's id does not come back (TQ-TRN-030)")
        date = email.utils.parsedate_to_datetime(answer.headers["Date"])
        distance = int(date.timestamp() * 1000) - local_ms()
        if abs(distance - self._offset_ms) > 2_000:
            self._offset_ms = distance
        epoch = answer.headers.get("tongqiao-epoch", "")
        if not UUID7.match(epoch):
            raise Refused("an answer without epoch (TQ-TRN-028)")
        self.epoch = epoch

    def refresh_directory(self) -> Directory:
        """Fetches and judges the directory (3.2)."""
        self.directory = Directory.read(self.get("/v1/directory", signed=False), self.directory)
        return self.directory

    def open(self, wire: Dict[str, Any], tag: str, at: Optional[str] = None) -> Any:
        """The content of a record that the platform signed; an unknown key is looked up once (TQ-KEY-014)."""
        assert self.directory is not None
        keyid = wire["signature"]["keyid"]
        if self.directory.entry(keyid) is None:
            self.refresh_directory()
        return json.loads(open_record(wire, tag, self.directory.platform_key(keyid, at)))
