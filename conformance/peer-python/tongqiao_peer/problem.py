"""Problems (10.1) and what is known after a failure (10.2)."""
from __future__ import annotations

from typing import Any, Mapping, Optional

RETRIES = ("never", "same_request", "after_delay", "after_change")
OUTCOMES = ("not_sent", "rejected", "unknown", "applied")


class Problem(Exception):
    """The platform's word that something is refused; `retry` and `outcome` are obeyed as they stand (TQ-ERR-004)."""

    def __init__(self, wire: Mapping[str, Any], status: int = 0, retry_after: Optional[float] = None) -> None:
        self.wire = dict(wire)
        self.code = str(wire.get("code", "internal.unknown_code"))  # TQ-ERR-005: the original text is kept
        self.status = int(wire.get("status", status))
        self.retry = wire.get("retry") if wire.get("retry") in RETRIES else "never"
        self.outcome = wire.get("outcome") if wire.get("outcome") in OUTCOMES else "unknown"
        self.retry_after = retry_after
        super().__init__(f"{self.code} ({self.status}, {self.retry}, {self.outcome}): {wire.get('detail', '')} "
                         + "; ".join(f"{fault.get('path')} {fault.get('code')}" for fault in self.faults))

    @property
    def faults(self) -> list[dict[str, Any]]:
        found = self.wire.get("faults", [])
        return found if isinstance(found, list) else []


class UnknownOutcome(Exception):
    """No answer, or the word of something in between (TQ-TRN-005, TQ-TRN-027, TQ-ERR-008)."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(code + ": " + why)
        self.code = code
