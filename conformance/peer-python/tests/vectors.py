"""Reading the published vectors."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).resolve().parents[2] / "vectors"


def signatures(kind: str, suite: str) -> dict[str, Any]:
    return json.loads((VECTORS / "signatures" / f"{kind}-{suite}.json").read_text("utf-8"))


def table(name: str) -> list[dict[str, str]]:
    """Columns by name (README of the specification); lines of comment before the header are passed over."""
    lines = [line for line in (VECTORS / name).read_text("utf-8").splitlines() if line and not line.startswith("#")]
    header = lines[0].split("\t")
    return [dict(zip(header, line.split("\t"))) for line in lines[1:]]
