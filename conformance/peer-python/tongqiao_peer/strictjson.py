"""JSON as 1.2 wants it read."""
from __future__ import annotations

import json
from typing import Any

DEPTH_MAX = 32  # JSON_DEPTH_MAX


class JsonFault(ValueError):
    """Bytes that a reader refuses; `code` is the word of 10.4 for it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise JsonFault("request.duplicate_member")  # TQ-TRN-012
        found[name] = value
    return {name: value for name, value in found.items() if value is not None}  # TQ-TRN-014


def _depth(text: str) -> int:
    deepest = depth = 0
    quoted = escaped = False
    for sign in text:
        if quoted:
            if escaped:
                escaped = False
            elif sign == "\\":
                escaped = True
            elif sign == '"':
                quoted = False
        elif sign == '"':
            quoted = True
        elif sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "]}":
            depth -= 1
    return deepest


def _no_constant(word: str) -> None:
    raise JsonFault("request.malformed_json")


def read(data: bytes) -> Any:
    """One JSON value; TQ-TRN-009 to -014."""
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise JsonFault("request.not_utf8") from None
    if _depth(text) > DEPTH_MAX:
        raise JsonFault("request.too_deep")
    try:
        return json.loads(text, object_pairs_hook=_members, parse_constant=_no_constant)
    except JsonFault:
        raise
    except (ValueError, RecursionError):
        raise JsonFault("request.malformed_json") from None


def write(value: Any) -> bytes:
    """Compact UTF-8; what is signed are these bytes and no others (TQ-SIG-017)."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
