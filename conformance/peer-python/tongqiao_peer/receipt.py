"""Receipts (6.1 to 6.3)."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from . import merkle, strictjson
from .directory import Directory
from .key import PublicKey
from .record import Unverified, digest, message
from .value import from_base64, is_id, read_time

TAG = "tongqiao-receipts-v1"


@dataclass(frozen=True)
class Receipt:
    """A receipt that was verified; its exact body is kept as evidence (TQ-RCP-003)."""

    raw: bytes
    body: dict[str, Any]
    key: PublicKey

    @property
    def kind(self) -> str:
        return self.body["kind"]

    @property
    def position(self) -> int:
        return self.body["position"]


def _open(wire: Any, directory: Directory) -> Receipt:
    raw = from_base64(wire["receipt"])
    body = strictjson.read(raw)
    moment = read_time(body["time"])
    if not is_id(body["record"]) or not is_id(body["epoch"]) or body["kind"] not in ("settled", "refused"):
        raise ValueError("not a body of a terminal receipt")
    if isinstance(body["position"], bool) or not isinstance(body["position"], int) or body["position"] < 0:
        raise ValueError("position")
    key = directory.platform_key(wire["signature"]["keyid"], moment)  # TQ-RCP-008
    if key is None:
        raise ValueError("no key of the platform that was valid then")
    batch = wire["batch"]
    size = batch["size"]
    root = merkle.root_by_path(key.suite, raw, batch["index"], size, [from_base64(step) for step in batch["path"]])
    signed = message(TAG, key.keyid, str(size).encode("ascii") + b"\n" + root)  # TQ-RCP-007
    if not key.verify(signed, from_base64(wire["signature"]["value"])):
        raise ValueError("the signature does not hold")
    return Receipt(raw, body, key)


def verify(wire: Any, directory: Directory, record: str, sent: Optional[bytes], author: Any, of: Optional[str] = None,
           known_digest: Optional[str] = None) -> Receipt:
    """A receipt for this very record (TQ-RCP-005), or `signature.receipt_invalid` (TQ-RCP-006).

    `sent` are the bytes of the record, `author` the suite of the key that signed it (TQ-SIG-007).
    """
    try:
        found = _open(wire, directory)
        wanted = known_digest if sent is None else digest(author, sent)
        if found.body["record"] != record or found.body["digest"] != wanted or found.body.get("of") != of:
            raise ValueError("it speaks of something else")
    except (KeyError, TypeError, ValueError, AttributeError) as why:
        raise Unverified("signature.receipt_invalid", str(why)) from None
    return found
