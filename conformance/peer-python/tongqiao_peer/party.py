"""A party of one's own: its keys, its installation, its way to the platform."""
from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Optional

from . import receipt as receipts
from .directory import Directory
from .key import PrivateKey
from .receipt import Receipt
from .record import SignedRecord, Unverified
from .store import Store
from .suite import Suite
from .transport import Transport
from .value import new_id, write_time


@dataclass
class Party:
    """Who speaks: `event` signs records, `hop` signs requests (3.1)."""

    name: str
    event: PrivateKey
    hop: PrivateKey
    transport: Transport
    directory: Directory
    store: Store
    producer: str = field(default_factory=new_id)
    incarnation: str = field(default_factory=new_id)

    @classmethod
    def found(cls, name: str, suite: str, url: str, directory: Directory, store: Store) -> "Party":
        """Key ids begin with the party's name (TQ-KEY-017, TQ-KEY-018)."""
        event = PrivateKey.generate(f"{name[:50]}/event-1", suite)
        hop = PrivateKey.generate(f"{name[:50]}/hop-1", suite)
        return cls(name, event, hop, Transport(url, hop), directory, store)

    @property
    def suite(self) -> Suite:
        return self.event.suite

    def now(self) -> str:
        return write_time(datetime.fromtimestamp(self.transport.now(), timezone.utc))

    def enrolment(self, code: str, kind: str, title: str) -> dict[str, Any]:
        return {"code": code, "party": self.name, "kind": kind, "name": title,
                "keys": [self.event.enrolment(code, self.name, "event"), self.hop.enrolment(code, self.name, "hop")]}

    def sign(self, tag: str, value: dict[str, Any]) -> SignedRecord:
        return SignedRecord.make(tag, value, self.event)

    def refresh(self) -> None:
        """Fetches the directory and takes it, or stays with the one in use (TQ-KEY-010)."""
        self.directory.accept(self.transport.get("/v1/directory", signed=False).json())

    def verified_epoch(self, epoch: Any) -> bool:
        """TQ-RCP-017: the platform's signed word on its epoch, before anybody acts on a new one."""
        value, _, _ = self.directory.open(self.transport.get("/v1/epoch", signed=False).json(), "tongqiao-epoch-v1")
        return value.get("epoch") == epoch

    def receipt(self, wire: Any, record: str, signed: Optional[SignedRecord], of: Optional[str] = None,
                known_digest: Optional[str] = None) -> Receipt:
        """TQ-KEY-014: an unknown key is looked for in a new directory, once."""
        def check() -> Receipt:
            return receipts.verify(wire, self.directory, record, signed.record if signed else None, self.suite, of, known_digest)
        keyid = wire.get("signature", {}).get("keyid") if isinstance(wire, dict) else None
        if isinstance(keyid, str) and keyid not in self.directory.keys:
            try:
                self.refresh()
            except Unverified:
                pass
        return check()
