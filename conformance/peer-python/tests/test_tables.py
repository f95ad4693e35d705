"""Identifier, late-fee and deadline vectors."""
from __future__ import annotations

from datetime import date

import pytest

from tongqiao_peer import identifier, latefee
from tongqiao_peer.value import read_amount
from vectors import table

FAULT = {"citizen_id": identifier.citizen_fault, "uscc": identifier.credit_fault}
FAULTS = {"citizen-number": identifier.citizen_fault, "credit-code": identifier.credit_fault, "case-number": identifier.case_fault}


@pytest.mark.parametrize("line", [line for line in table("identifiers.tsv") if line["kind"] in FAULT])
def test_identifiers(line: dict[str, str]) -> None:
    assert (FAULT[line["kind"]](line["value"]) or "valid") == line["expected"]


@pytest.mark.parametrize("line", [line for line in table("identifier-faults.tsv") if line["kind"] in FAULTS])
def test_identifier_faults(line: dict[str, str]) -> None:
    """This client looks at form, date and check character; codes of areas and years it leaves to the platform."""
    wanted = {fault.split("@")[0] for fault in line["faults"].split(",")} - {"-", "identifier.value"}
    found = FAULTS[line["kind"]](line["value"])
    assert found in wanted if wanted else not found


@pytest.mark.parametrize("line", table("licence-identifiers.tsv"))
def test_licences(line: dict[str, str]) -> None:
    assert identifier.licence_check(line["identifier"]) == line["check_computed"]


@pytest.mark.parametrize("line", table("late-fees.tsv"))
def test_late_fees(line: dict[str, str]) -> None:
    due, on = date.fromisoformat(line["due"]), date.fromisoformat(line["on"])
    assert latefee.days_late(due, on) == int(line["days"])
    found = latefee.late_fee(read_amount(line["principal"]), int(line["rate"]), due, int(line["cap_percent"]), line["rounding"], on)
    assert found == read_amount(line["late_fee"])


def test_case_check_of_the_text() -> None:
    assert identifier.case_check("0794") == "5"


def test_synthetic_ones_hold() -> None:
    for _ in range(200):
        assert not identifier.citizen_fault(identifier.synthetic_citizen())
        assert not identifier.credit_fault(identifier.synthetic_credit())
        assert not identifier.case_fault(identifier.case_number("340702000000", 2026, 17))
