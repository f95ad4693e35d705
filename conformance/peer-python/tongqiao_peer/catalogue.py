"""The catalogue (4.2, 4.3) and what an application must hold by it."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Optional

from .directory import Directory
from .identifier import synthetic_citizen, synthetic_credit
from .record import Unverified
from .transport import Answer, Transport

TAG = "tongqiao-catalogue-v1"


@dataclass
class Catalogue:
    """One verified edition; the former one stays when a new one does not verify (TQ-ITM-006)."""

    edition: str
    items: dict[tuple[str, int], dict[str, Any]]

    @classmethod
    def read(cls, answer: Answer, directory: Directory) -> "Catalogue":
        try:
            value, signed, key = directory.open(answer.json(), TAG)
            edition = signed.digest(key.suite)
            if answer.headers.get("etag") != f'"{edition}"':
                raise Unverified("catalogue.signature_invalid", "the ETag is another digest")  # TQ-ITM-005
        except Unverified as why:
            raise Unverified("catalogue.signature_invalid", str(why)) from None
        return cls(edition, {(item["code"], item["version"]): item for item in value["items"]})

    def changes(self, transport: Transport, directory: Directory) -> None:
        """TQ-ITM-008 to -010."""
        query = "since=" + self.edition.replace(":", "%3A")
        value, _, _ = directory.open(transport.get("/v1/catalogue/changes", query, signed=False).json(), TAG)
        if value["since"] != self.edition:
            raise Unverified("catalogue.signature_invalid", "changes since another edition")
        for item in value["removed"]:
            self.items.pop((item["code"], item["version"]), None)
        for item in value["changed"]:
            self.items[(item["code"], item["version"])] = item
        self.edition = value["snapshot"]

    def choose(self, day: str) -> dict[str, Any]:
        """The first that a person may apply for at the window, that costs something and asks for materials."""
        for item in sorted(self.items.values(), key=lambda i: (i["code"], i["version"])):
            if (item["state"] == "in-force" and "division" in item and "1" in item["targets"]["codes"] and "1" in item["channels"]["codes"]
                    and item["fees"] and item["conditions"] and any(m["required"] for m in item["materials"])
                    and item.get("effective_from", day) <= day <= item.get("effective_until", day)):
                return item
        raise ValueError("item.unknown")


def value_of(field: dict[str, Any]) -> Any:
    """A value of the field's kind (4.5)."""
    if field.get("choices"):
        return field["choices"][0]["zh"]
    return {"integer": 1, "number": "1.5", "amount": "10.00", "date": date.today().isoformat(), "phone": "0562-2000000",
            "division": "340702000000", "citizen-number": synthetic_citizen(), "credit-code": synthetic_credit(),
            "boolean": True}.get(field["kind"], "试验")


def application(item: dict[str, Any], name: str, number: str, digest: Optional[str]) -> dict[str, Any]:
    """The data of `applied` (5.2): what the guide asks for and nothing else (TQ-SEC-011)."""
    materials = []
    for material in item["materials"]:
        if material["required"]:
            entry = {"guide": material["key"], "name": material["name"]["zh"]}
            if digest and not materials:
                entry["digest"] = digest
            materials.append(entry)
    return {"item": {"code": item["code"], "version": item["version"]}, "division": item["division"],
            "applicant": {"kind": "person", "name": name,
                          "identity": {"kind": {"set": "id_type", "generation": "ga2000.156", "code": "111"}, "number": number}},
            "form": {field["key"]: value_of(field) for field in item["form"] if field["required"]},
            "materials": materials, "channel": {"set": "handle_form", "generation": "gb39046-2020", "code": "1"}}
