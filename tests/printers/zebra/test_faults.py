"""~HQES and zpl.system_status, with the bits of the guide's tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.printers.zebra.faults import of_hqes, of_system_status

#: The guide's table of errors, by bit.
ERRORS = {
    0x1: "media-empty-error",
    0x2: "marker-supply-empty-error",
    0x4: "cover-open",
    0x8: "other-error",  # cutter fault
    0x10: "other-error",  # print head over temperature
    0x20: "other-error",  # motor over temperature
    0x40: "other-error",  # bad print head element
    0x80: "other-error",  # print head detection
    0x100: "other-error",  # bad firmware configuration
    0x200: "other-error",  # print head thermistor open
    0x1000: "media-jam",
    0x10000: "paused",
}


def hqes(errors: int, warnings: int = 0) -> bytes:
    """An answer as the guide shows it."""
    lines = ["", "  PRINTER STATUS", f"   ERRORS:         {bool(errors):d} 00000000 {errors:08X}"]
    lines += [f"   WARNINGS:       {bool(warnings):d} 00000000 {warnings:08X}", ""]
    return b"\x02" + "\r\n".join(lines).encode() + b"\x03"


@pytest.mark.parametrize(("bit", "reason"), ERRORS.items())
def test_each_condition_has_its_word(bit: int, reason: str) -> None:
    assert of_hqes(hqes(bit)) == ((reason,), ())
    assert of_system_status(f"0,1,00000000,{bit:08X},0,00000000,00000000") == (reason,)


def test_conditions_add_up() -> None:
    found = of_hqes(hqes(0x1 | 0x4 | 0x10, 0x2))
    assert found == (("media-empty-error", "cover-open", "other-error"), ("x-head-clean",))


def test_a_printer_that_is_well_says_so() -> None:
    assert of_hqes(hqes(0)) == ((), ())
    assert of_system_status("0,0,00000000,00000000,0,00000000,00000000") == ()


def test_a_pause_is_said_beside_the_errors() -> None:
    assert of_system_status("1,1,00000000,00000001,0,00000000,00000000") == ("media-empty-error", "paused")


def test_an_error_that_nobody_knows_is_one() -> None:
    assert of_system_status("0,1,00000001,00000000,0,00000000,00000000") == ("other-error",)


@pytest.mark.parametrize("answer", [b"", b"ERRORS: 0 00000000 00000000", hqes(0)[:-30], b"\x02ERRORS: 1 0 5\x03"])
def test_what_is_cut_off_is_no_answer(answer: bytes) -> None:
    assert of_hqes(answer) is None


@pytest.mark.parametrize("value", ["", "?", "0,0", "0,0,00000000,0000000G,0,00000000,00000000"])
def test_another_value_says_nothing(value: str) -> None:
    assert of_system_status(value) is None


@given(st.binary(max_size=2_000), st.text(max_size=100))
def test_no_answer_raises(answer: bytes, value: str) -> None:
    assert of_hqes(answer) is None or b"ERRORS" in answer
    assert of_system_status(value) is None or "," in value
