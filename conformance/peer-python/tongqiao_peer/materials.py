"""Files of materials: announced, sent in pieces, whole when the digest says so (15)."""

from __future__ import annotations

import json
from typing import Any, Dict

from .exchange import Exchange, Problem
from .cases import open_own_receipt
from .suite import Refused, digest_of
from .values import uuid7

PIECE = 4096


def upload(exchange: Exchange, party: str, content: bytes) -> Dict[str, Any]:
    """Sends a file in pieces, one of them twice and one too early; gives the complete view."""
    assert exchange.author is not None
    digest = digest_of(exchange.author.key.suite, content)
    material = uuid7(exchange.now_ms())
    announcement = {
        "material": material,
        "party": party,
        "digest": digest,
        "size": len(content),
        "media_type": "application/pdf",
        "name": "身份证.pdf",
        "dataclass": "personal",
    }
    view = exchange.post("/v1/materials", announcement)
    if exchange.post("/v1/materials", announcement) != view or view["state"] != "receiving":
        raise Refused("the same announcement is answered otherwise (TQ-MAT-001)")
    _must_not(exchange, material, PIECE, content[PIECE : 2 * PIECE], "material.offset_mismatch")  # TQ-MAT-007
    while view["offset"] < len(content):
        offset = view["offset"]
        view = _send(exchange, material, offset, content[offset : offset + PIECE])
        if offset == 0:
            if _send(exchange, material, 0, content[:PIECE])["offset"] != view["offset"]:
                raise Refused("a repeated piece moves the upload (TQ-MAT-008)")
            _must_not(exchange, material, 0, bytes(PIECE), "material.chunk_conflict")
    view = exchange.post(f"/v1/materials/{material}/completion", {})
    body = open_own_receipt(exchange, view["receipt"], material, digest, "material")
    if view["state"] != "complete" or body["kind"] != "settled":
        raise Refused("the material is not complete (TQ-MAT-012)")
    read = exchange.send("GET", f"/v1/materials/{material}/content", b"", {"offset": 100, "limit": 5000})
    if read.content != content[100:5100]:
        raise Refused("other bytes are read than were sent")
    return view


def _send(exchange: Exchange, material: str, offset: int, piece: bytes) -> Dict[str, Any]:
    path = f"/v1/materials/{material}/chunks"
    answer = exchange.send("POST", path, piece, {"offset": offset}, media_type="application/octet-stream")
    return json.loads(answer.content)


def _must_not(exchange: Exchange, material: str, offset: int, piece: bytes, code: str) -> None:
    try:
        _send(exchange, material, offset, piece)
    except Problem as problem:
        if problem.code != code:
            raise
        return
    raise Refused(f"a piece was taken that must be refused with {code}")
