"""The transparency log (6.7)."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from . import merkle
from .directory import Directory
from .record import SignedRecord, Unverified
from .receipt import Receipt
from .suite import Suite, suite_named
from .transport import Transport
from .value import from_base64


@dataclass(frozen=True)
class Checkpoint:
    epoch: str
    size: int
    root: bytes
    suite: Suite
    signed: SignedRecord


class Log:
    """Keeps the newest checkpoint and has each later one proven to continue it."""

    def __init__(self, transport: Transport, directory: Directory) -> None:
        self.transport, self.directory = transport, directory
        self.kept: Optional[Checkpoint] = None
        self.evidence: list[SignedRecord] = []  # TQ-RCP-035

    def advance(self) -> Checkpoint:
        wire = self.transport.get("/v1/log/checkpoint", signed=False).json()
        value, signed, _ = self.directory.open(wire, "tongqiao-checkpoint-v1")  # TQ-RCP-030
        new = Checkpoint(value["epoch"], value["size"], from_base64(value["root"]), suite_named(value["suite"]), signed)
        old = self.kept
        if old is not None and old.epoch == new.epoch:
            if new.suite is not old.suite:
                self._dispute(old, new, "log.forked")  # TQ-RCP-027
            if new.size < old.size:
                self._dispute(old, new, "log.rolled_back")  # TQ-RCP-033
            path: list[bytes] = []
            if 0 < old.size < new.size:
                proof = self.transport.get("/v1/log/consistency", f"from={old.size}&to={new.size}", signed=False).json()
                path = [from_base64(step) for step in proof["path"]]
            if not merkle.consistent(new.suite, old.size, new.size, old.root, new.root, path):
                self._dispute(old, new, "log.forked")  # TQ-RCP-031, TQ-RCP-032
        self.kept = new
        return new

    def _dispute(self, old: Checkpoint, new: Checkpoint, code: str) -> None:
        self.evidence += [old.signed, new.signed]
        raise Unverified(code, "both checkpoints are kept")

    def prove(self, receipt: Receipt) -> None:
        """TQ-RCP-034: the receipt's exact body is the leaf at its position."""
        at = self.kept
        if at is None or receipt.position >= at.size:
            at = self.advance()
        if receipt.position >= at.size:
            raise Unverified("log.not_included", "position beyond the log")
        proof = self.transport.get("/v1/log/inclusion", f"position={receipt.position}&size={at.size}", signed=False).json()
        try:
            root = merkle.root_by_path(at.suite, receipt.raw, receipt.position, at.size, [from_base64(s) for s in proof["path"]])
        except (KeyError, TypeError, ValueError) as why:
            raise Unverified("log.not_included", str(why)) from None
        if root != at.root:
            raise Unverified("log.not_included", "another root")
