"""A small platform of our own that can lie. It is honest until a test changes what it answers."""
from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Optional

from tongqiao_peer import merkle
from tongqiao_peer.directory import Directory
from tongqiao_peer.key import PrivateKey, PublicKey
from tongqiao_peer.party import Party
from tongqiao_peer.record import SignedRecord, digest, message
from tongqiao_peer.store import Store
from tongqiao_peer.value import from_base64, new_id, to_base64

EPOCH = new_id()
TIME = "2026-11-01T08:00:00.000+08:00"
Reply = tuple[int, dict[str, str], bytes]


def entry(key: PrivateKey, party: str, use: str = "event", **more: Any) -> dict[str, Any]:
    return {"keyid": key.keyid, "party": party, "suite": key.suite.name, "public_key": to_base64(key.public), "use": use, **more}


class Fake:
    def __init__(self, suite: str) -> None:
        self.suite = suite
        self.key = PrivateKey.generate("platform/one", suite)
        self.stranger = PrivateKey.generate("platform/one", suite)
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answer: Callable[[str, str, bytes], Reply] = lambda method, path, body: self.json({})
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def _do(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                fake.asked.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                status, headers, data = fake.answer(self.command, self.path, body)
                if status == 0:
                    self.connection.close()
                    return
                self.send_response(status)
                for name, value in {"tongqiao-epoch": EPOCH, **headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = _do

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @staticmethod
    def json(value: Any, status: int = 200, media: str = "application/json", **headers: str) -> Reply:
        return status, {"content-type": media, **headers}, json.dumps(value).encode()

    @classmethod
    def problem(cls, code: str, status: int, retry: str, outcome: str, **more: Any) -> Reply:
        return cls.json({"type": "urn:tongqiao:problem:" + code, "title": "x", "status": status, "code": code, "number": 1, "retry": retry,
                         "outcome": outcome, **more}, status, "application/problem+json")

    def directory(self, *more: dict[str, Any], key: Optional[PrivateKey] = None, issued: str = TIME, own: Optional[dict[str, Any]] = None) -> dict[str, Any]:
        keys = [own if own is not None else entry(self.key, "platform"), *more]
        return SignedRecord.make("tongqiao-directory-v1", {"issued": issued, "keys": keys}, key or self.key).wire()

    def trusted(self) -> Directory:
        found = Directory([PublicKey.read(entry(self.key, "platform"))])
        found.accept(self.directory())
        return found

    def party(self, folder: Any, suite: Optional[str] = None) -> Party:
        party = Party.found("peer-test", suite or self.suite, self.url, self.trusted(), Store(folder))
        party.transport.wait = lambda seconds: None
        return party

    def body(self, signed: SignedRecord, record: str, position: int = 0, **more: Any) -> dict[str, Any]:
        return {"kind": "settled", "record": record, "digest": digest(self.key.suite, signed.record), "epoch": EPOCH, "position": position, "time": TIME, **more}

    def receipt(self, *bodies: dict[str, Any], index: int = 0, key: Optional[PrivateKey] = None) -> dict[str, Any]:
        """One receipt of a batch."""
        signer = key or self.key
        suite, raws = signer.suite, [json.dumps(body).encode() for body in bodies]
        root = merkle.root_of(suite, raws)

        def path(part: list[bytes], place: int) -> list[bytes]:
            if len(part) == 1:
                return []
            k = 1
            while k * 2 < len(part):
                k *= 2
            if place < k:
                return path(part[:k], place) + [merkle.root_of(suite, part[k:])]
            return path(part[k:], place - k) + [merkle.root_of(suite, part[:k])]

        signature = signer.sign(message("tongqiao-receipts-v1", signer.keyid, str(len(raws)).encode() + b"\n" + root))
        return {"receipt": to_base64(raws[index]), "batch": {"size": len(raws), "index": index, "path": [to_base64(s) for s in path(raws, index)]},
                "signature": {"keyid": signer.keyid, "value": to_base64(signature)}}


__all__ = ["EPOCH", "TIME", "Fake", "entry", "from_base64"]
