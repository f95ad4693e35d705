"""What must be on disk before it is sent or acknowledged."""
from __future__ import annotations

import os
from pathlib import Path
from typing import Optional


class Store:
    """A directory of files that are written once (TQ-TRN-017, TQ-PAY-005, TQ-RCP-023, TQ-INB-015)."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def put(self, kind: str, name: str, data: bytes) -> None:
        folder = self.root / kind
        folder.mkdir(exist_ok=True, mode=0o700)
        path = folder / name
        if path.exists():
            if path.read_bytes() != data:
                raise ValueError("store.conflict: " + kind)  # TQ-TRN-036: never other bytes under one id
            return
        part = folder / (name + ".part")
        with open(part, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def get(self, kind: str, name: str) -> Optional[bytes]:
        path = self.root / kind / name
        return path.read_bytes() if path.exists() else None
