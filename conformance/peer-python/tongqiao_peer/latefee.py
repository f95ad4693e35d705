"""Late fees (7.9), in whole fen (TQ-PAY-055)."""
from __future__ import annotations

from datetime import date


def days_late(due: date, on: date) -> int:
    """From the day after `due` to the day, both counted."""
    return max(0, (on - due).days)


def late_fee(amount: int, rate: int, due: date, cap_percent: int, rounding: str, on: date) -> int:
    scaled = amount * rate * days_late(due, on)
    fee = (scaled + 5000) // 10000 if rounding == "half-up" else scaled // 10000
    return min(fee, amount * cap_percent // 100)
