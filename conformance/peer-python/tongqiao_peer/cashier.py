"""A person at the sandbox's cashier: opens the page of 7.4 and sends its form. Nothing of the protocol."""
from __future__ import annotations

import http.client
from html.parser import HTMLParser
from typing import Optional
from urllib.parse import urlencode, urljoin, urlsplit


class _Form(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.action: Optional[str] = None
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Optional[str]]]) -> None:
        given = dict(attrs)
        if tag == "form" and self.action is None:
            self.action = given.get("action")
        if tag == "input" and given.get("name"):
            self.fields[given["name"] or ""] = given.get("value") or ""


def _exchange(method: str, url: str, body: str = "") -> tuple[int, str]:
    parts = urlsplit(url)
    link = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    headers = {"Origin": f"{parts.scheme}://{parts.netloc}"}
    if body:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        link.request(method, parts.path + ("?" + parts.query if parts.query else ""), body=body or None, headers=headers)
        answer = link.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")
    finally:
        link.close()


def pay(url: str, total: str) -> None:
    """Pays what the page shows, and only if that is what the payer expects."""
    if urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ValueError("this is only for a sandbox on this machine")
    status, page = _exchange("GET", url)
    form = _Form()
    form.feed(page)
    if status != 200 or form.action is None:
        raise ValueError(f"no form at the cashier ({status})")
    if form.fields.get("total", total) != total:
        raise ValueError("the page shows another sum")
    status, _ = _exchange("POST", urljoin(url, form.action), urlencode(form.fields))
    if status not in (200, 302, 303):
        raise ValueError(f"the cashier answered {status}")
