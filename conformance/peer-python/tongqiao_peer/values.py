"""Simple values (1.3), case numbers (5.8) and made-up identity numbers (4.6)."""

from __future__ import annotations

import secrets
import time
from datetime import datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))
MOD_11_2_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
MOD_11_2_CHARACTERS = "10X98765432"


def uuid7(now_ms: int) -> str:
    """An id: UUID version 7 (RFC 9562), lower case with hyphens."""
    raw = bytearray(now_ms.to_bytes(6, "big") + secrets.token_bytes(10))
    raw[6] = 0x70 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    text = raw.hex()
    return "-".join([text[:8], text[8:12], text[12:16], text[16:20], text[20:]])


def time_text(now_ms: int) -> str:
    """RFC 3339 in milliseconds with the offset of China."""
    moment = datetime.fromtimestamp(now_ms / 1000, CHINA)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now_ms % 1000:03d}+08:00"


def read_time(text: str) -> float:
    """Seconds since 1970."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def local_ms() -> int:
    """This machine's clock."""
    return time.time_ns() // 1_000_000


def amount_text(fen: int) -> str:
    """Yuan with two places; fen are whole numbers (TQ-TRN-020)."""
    return f"{fen // 100}.{fen % 100:02d}"


def fen_of(text: str) -> int:
    """Whole fen of an amount, without floating point (TQ-TRN-020)."""
    yuan, fen = text.split(".")
    if len(fen) != 2:
        raise ValueError(text)
    return int(yuan) * 100 + int(fen)


def case_number_check(digits: str) -> str:
    """The check digit of 5.8: ISO 7064 MOD 11,10."""
    p = 10
    for digit in digits:
        s = (p + int(digit)) % 10 or 10
        p = 2 * s % 11
    return str((11 - p) % 10)


def case_number(division: str, year: int, serial: int) -> str:
    """TQ-CAS-043: first six digits of the division, year, serial in ten digits, check digit."""
    digits = f"{division[:6]}{year:04d}{serial:010d}"
    return digits + case_number_check(digits)


def citizen_check(digits: str) -> str:
    """ISO 7064 MOD 11-2."""
    total = sum(weight * int(digit) for weight, digit in zip(MOD_11_2_WEIGHTS, digits))
    return MOD_11_2_CHARACTERS[total % 11]


def made_up_citizen() -> str:
    """A citizen number that nobody has, with a right check character (TQ-SEC-013)."""
    digits = f"340705{1960 + secrets.randbelow(40)}{1 + secrets.randbelow(12):02d}{1 + secrets.randbelow(28):02d}"
    digits += f"{secrets.randbelow(1000):03d}"
    return digits + citizen_check(digits)
