"""Materials (chapter 15)."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import strictjson
from .party import Party
from .receipt import Receipt
from .record import digest
from .value import from_base64, new_id


@dataclass
class Material:
    party: Party
    content: bytes
    announcement: dict[str, Any]

    @classmethod
    def of(cls, party: Party, name: str, media: str, content: bytes) -> "Material":
        value = {"material": new_id(), "party": party.name, "digest": digest(party.suite, content), "size": len(content),
                 "media_type": media, "name": name, "dataclass": "personal"}
        party.store.put("material", value["material"], strictjson.write(value))
        return cls(party, content, value)

    @property
    def path(self) -> str:
        return "/v1/materials/" + self.announcement["material"]

    @property
    def digest(self) -> str:
        return self.announcement["digest"]

    def announce(self) -> dict[str, Any]:
        return self.party.transport.post("/v1/materials", self.announcement).json()

    def piece(self, offset: int, data: bytes) -> dict[str, Any]:
        return self.party.transport.send("POST", self.path + "/chunks", f"offset={offset}", data, media="application/octet-stream").json()

    def send_all(self, view: dict[str, Any], piece: int) -> dict[str, Any]:
        """Goes on where the platform stands (TQ-MAT-009)."""
        while view["offset"] < len(self.content):
            view = self.piece(view["offset"], self.content[view["offset"]:view["offset"] + piece])
        return view

    def complete(self) -> dict[str, Any]:
        return self.party.transport.post(self.path + "/completion", {}).json()

    def possess(self, salt: str) -> dict[str, Any]:
        """15.4: the digest of the line, LF, the 32 bytes of the salt, and the content."""
        line = b"tongqiao-possession-v1\n" + from_base64(salt) + self.content
        return self.party.transport.post(self.path + "/possession", {"proof": digest(self.party.suite, line)}).json()

    def claim_falsely(self) -> dict[str, Any]:
        return self.party.transport.post(self.path + "/possession", {"proof": digest(self.party.suite, b"something else")}).json()

    def read(self, piece: int) -> bytes:
        found = b""
        while len(found) < len(self.content):
            part = self.party.transport.get(self.path + "/content", f"offset={len(found)}&limit={piece}").body
            if not part:
                break
            found += part
        return found

    def receipt(self, view: dict[str, Any]) -> Receipt:
        """TQ-MAT-012. What `digest` of this receipt is, the text does not say: that of the content, we guess (FINDINGS)."""
        return self.party.receipt(view.get("receipt"), self.announcement["material"], None, "material", self.digest)


