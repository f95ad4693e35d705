"""Simple values of 1.3: ids, times, amounts, bytes."""
from __future__ import annotations

import base64
import binascii
import re
import secrets
import time as clock
from datetime import datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)\Z", re.ASCII)
_AMOUNT = re.compile(r"(0|[1-9]\d{0,13})\.(\d\d)\Z", re.ASCII)
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")
_DIGEST = re.compile(r"(sha-256|sm3):[0-9a-f]{64}\Z")


def new_id() -> str:
    """A UUID of version 7 (RFC 9562), made by whoever starts a thing (TQ-TRN-017)."""
    number = (int(clock.time() * 1000) << 80) | secrets.randbits(80)
    number = number & ~(0xF << 76) | (7 << 76)
    number = number & ~(0x3 << 62) | (2 << 62)
    text = f"{number:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def is_id(text: object) -> bool:
    return isinstance(text, str) and bool(_ID.match(text))


def is_digest(text: object) -> bool:
    return isinstance(text, str) and bool(_DIGEST.match(text))


def read_time(text: str) -> datetime:
    """RFC 3339 with offset, cut to milliseconds (TQ-TRN-018)."""
    found = _TIME.match(text)
    if not found:
        raise ValueError("not a time: " + repr(text))
    offset = "+00:00" if found.group(3) == "Z" else found.group(3)
    moment = datetime.fromisoformat(found.group(1) + offset)
    fraction = ((found.group(2) or "") + "000")[:3]
    return moment + timedelta(milliseconds=int(fraction))


def write_time(moment: datetime) -> str:
    local = moment.astimezone(CHINA)
    return local.strftime("%Y-%m-%dT%H:%M:%S.") + f"{local.microsecond // 1000:03d}+08:00"


def is_platform_time(text: str) -> bool:
    """TQ-TRN-019: milliseconds and +08:00."""
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+08:00", text))


def read_amount(text: str) -> int:
    """Yuan as text to whole fen (TQ-TRN-020)."""
    found = _AMOUNT.match(text)
    if not found:
        raise ValueError("not an amount: " + repr(text))
    return int(found.group(1)) * 100 + int(found.group(2))


def write_amount(fen: int) -> str:
    if not 0 <= fen <= 9999999999999999:
        raise ValueError("out of range")
    return f"{fen // 100}.{fen % 100:02d}"


def to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str) -> bytes:
    """With padding, and nothing else between (RFC 4648 section 4)."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, AttributeError):
        raise ValueError("not base64") from None
    if to_base64(data) != text:
        raise ValueError("not canonical base64")
    return data
