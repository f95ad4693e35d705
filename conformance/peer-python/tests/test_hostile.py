"""A platform that lies: every lie is noticed before anything is built on it."""

from __future__ import annotations

import email.utils
import json
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Callable, Dict

from tongqiao_peer.cases import Case, Installation
from tongqiao_peer.directory import Directory
from tongqiao_peer.exchange import Exchange, Unknown
from tongqiao_peer.receipt import leaf, signed_message
from tongqiao_peer.record import Author, to_base64, unbase64
from tongqiao_peer.suite import SUITES, PrivateKey, Refused, digest_of
from tongqiao_peer.values import local_ms, time_text, uuid7

EPOCH = uuid7(1_790_000_000_000)


class Liar:
    """A platform with a key of its own; a test says how it lies."""

    def __init__(self, suite: str) -> None:
        self.suite = suite
        self.signer = Author("platform/1", PrivateKey(suite))
        self.issued = local_ms()
        self.author_key = PrivateKey(suite)
        self.headers: Dict[str, str] = {}
        self.status = 200
        self.media_type = "application/json"
        self.receipt: Callable[[Dict[str, Any]], Dict[str, Any]] = lambda receipt: receipt
        self.body: Callable[[Dict[str, Any]], Dict[str, Any]] = lambda body: body
        self.echo = True
        self.server = HTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server.server_port}"

    def stop(self) -> None:
        """No more lies."""
        self.server.shutdown()
        self.server.server_close()

    def directory(self, issued_ms: int, more: Dict[str, Any]) -> Dict[str, Any]:
        """A signed directory with the platform's key."""
        entry = {
            "keyid": self.signer.keyid,
            "party": "platform",
            "suite": self.suite,
            "public_key": to_base64(self.signer.key.public.raw),
            "use": "event",
            **more,
        }
        content = {"issued": time_text(issued_ms), "keys": ["unreadable", entry]}
        return self.signer.sign("tongqiao-directory-v1", content).wire()

    def answer(self, method: str, path: str, body: bytes) -> Any:
        """An honest answer, unless the test has changed how receipts are made."""
        if path == "/v1/directory":
            return self.directory(self.issued, {})
        if path == "/v1/case-number-leases":
            return {"lease": EPOCH, "division": "340705", "year": 2026, "first": 1, "last": 20, "expires": time_text(0)}
        if path == "/v1/case-events":
            return {"epoch": EPOCH, "results": [self.result(event) for event in json.loads(body)["events"]]}
        raise AssertionError(path)

    def result(self, wire: Dict[str, Any]) -> Dict[str, Any]:
        """The result for one event."""
        raw = unbase64(wire["record"])
        event = json.loads(raw)
        content = self.body(
            {
                "kind": "settled",
                "record": event["id"],
                "digest": digest_of(self.suite, raw),
                "case": event["subject"],
                "revision": 1,
                "epoch": EPOCH,
                "position": 0,
                "time": time_text(self.issued),
            }
        )
        body = json.dumps(content).encode()
        message = signed_message(self.signer.keyid, 1, leaf(self.suite, body))
        receipt = {
            "receipt": to_base64(body),
            "batch": {"size": 1, "index": 0, "path": []},
            "signature": {"keyid": self.signer.keyid, "value": to_base64(self.signer.key.sign(message))},
        }
        return {"id": event["id"], "status": "settled", "receipt": self.receipt(receipt)}

    def _handler(self) -> type:
        liar = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""

            def do_GET(self) -> None:
                self._do("GET")

            def do_POST(self) -> None:
                self._do("POST")

            def _do(self, method: str) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                path = self.path.split("?")[0]
                content = json.dumps(liar.answer(method, path, body)).encode()
                self.send_response_only(liar.status)
                sent = {
                    "Content-Type": liar.media_type,
                    "Content-Length": str(len(content)),
                    "Date": email.utils.formatdate(usegmt=True),
                    "tongqiao-epoch": EPOCH,
                    "tongqiao-request": self.headers["tongqiao-request"] if liar.echo else EPOCH,
                    **liar.headers,
                }
                for name, value in sent.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: Any) -> None:
                """Nothing is logged."""

        return Handler


class Lies(unittest.TestCase):
    """Each lie by itself, in both suites."""

    def each(self, lie: Callable[[Liar], None], expected: type = Refused) -> None:
        """Pushes an event at a platform that lies so, and must notice."""
        for suite in SUITES:
            liar = Liar(suite)
            try:
                exchange = Exchange(liar.url)
                exchange.author = Author("peer/1", liar.author_key)
                exchange.refresh_directory()
                installation = Installation(exchange, "peer")
                installation._lease = {"division": "340705", "year": 2026, "first": 1, "last": 20}
                case = Case(installation, {"code": "1" * 31, "version": 1, "materials": [], "form": []}, "340705000000")
                lie(liar)
                with self.assertRaises(expected):
                    case.push("applied", case.application(), "applied")
            finally:
                liar.stop()

    def test_a_receipt_of_another_record(self) -> None:
        self.each(lambda liar: setattr(liar, "body", lambda body: {**body, "record": uuid7(1)}))

    def test_a_receipt_of_other_bytes(self) -> None:
        self.each(lambda liar: setattr(liar, "body", lambda body: {**body, "digest": digest_of(liar.suite, b"other")}))

    def test_a_receipt_about_money_for_an_event(self) -> None:
        self.each(lambda liar: setattr(liar, "body", lambda body: {**body, "of": "bill"}))

    def test_a_refusal_called_settled(self) -> None:
        self.each(lambda liar: setattr(liar, "body", lambda body: {**body, "kind": "refused"}))

    def test_a_custody_receipt_called_settled(self) -> None:
        self.each(lambda liar: setattr(liar, "body", lambda body: {**body, "kind": "custody"}))

    def test_a_signature_by_nobody(self) -> None:
        def forge(receipt: Dict[str, Any]) -> Dict[str, Any]:
            return {**receipt, "signature": {**receipt["signature"], "value": to_base64(bytes(64))}}

        self.each(lambda liar: setattr(liar, "receipt", forge))

    def test_a_path_that_does_not_fit(self) -> None:
        def forge(receipt: Dict[str, Any]) -> Dict[str, Any]:
            return {**receipt, "batch": {"size": 1, "index": 0, "path": [to_base64(bytes(32))]}}

        self.each(lambda liar: setattr(liar, "receipt", forge))

    def test_an_answer_to_another_request(self) -> None:
        self.each(lambda liar: setattr(liar, "echo", False))

    def test_an_error_page_of_something_in_between_is_no_answer(self) -> None:
        def lie(liar: Liar) -> None:
            liar.status, liar.media_type = 502, "text/html"

        self.each(lie, Unknown)

    def test_an_older_directory_or_one_with_a_revoked_key(self) -> None:
        for suite in SUITES:
            liar = Liar(suite)
            try:
                first = Directory.read(liar.directory(liar.issued, {}), None)
                self.assertRaises(Refused, Directory.read, liar.directory(liar.issued - 1_000, {}), first)
                revoked = {"revoked": {"at": time_text(liar.issued), "reason": "lost"}}
                self.assertRaises(Refused, Directory.read, liar.directory(liar.issued + 1_000, revoked), first)
                stranger = Liar(suite)
                self.assertRaises(Refused, Directory.read, stranger.directory(liar.issued + 1_000, {}), first)
                stranger.stop()
            finally:
                liar.stop()


if __name__ == "__main__":
    unittest.main()
