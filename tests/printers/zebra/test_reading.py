"""One look at a printer, from the values that the SGD guide names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.readings import Reading
from labelsvc.printers.zebra import reading

#: device.host_status of an idle printer: three lines without STX and ETX.
IDLE = "030,0,0,1245,000,0,0,0,000,0,0,0\r\n000,0,0,0,0,2,0,0,00000000,1,000\r\n1234,0"
VALUES = {
    "device.unique_id": "50J154301234",
    "odometer.total_label_count": "31084",
    "device.uptime": "00 days 01 hours 02 mins 03 secs",
    "zpl.system_status": "0,0,00000000,00000000,0,00000000,00000000",
}


def test_an_idle_printer() -> None:
    found = reading.of(VALUES, reading.host_status(IDLE))
    assert found == Reading("50J154301234", 31_084, 3_723.0, (), False)


@pytest.mark.parametrize(
    "status", [IDLE.replace(",000,0,0,0,000", ",002,0,0,0,000"), IDLE.replace("00000000", "00000003")]
)
def test_a_printer_with_labels_to_come_is_busy(status: str) -> None:
    assert reading.of(VALUES, reading.host_status(status)).busy is True


def test_half_a_format_keeps_it_busy() -> None:
    assert reading.of(VALUES, reading.host_status(IDLE.replace("000,0,0,0,000", "000,0,0,1,000"))).busy is True


def test_silence_of_host_status_is_a_fault_that_system_status_names() -> None:
    head = {**VALUES, "zpl.system_status": "0,1,00000000,00000004,0,00000000,00000000"}
    assert reading.of(head, None) == Reading("50J154301234", 31_084, 3_723.0, ("cover-open",), None)
    assert reading.of(VALUES, None).reasons == ("other-error",)


def test_what_it_has_not_it_does_not_say() -> None:
    assert reading.of(dict.fromkeys(VALUES, "?"), reading.host_status(IDLE)) == Reading(busy=False)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("3723", 3_723),
        ("01:02:03", 3_723),
        ("2:01:02:03", 176_523),
        ("02 days 01 hours 02 mins 03 secs", 176_523),
        ("1 hours 2 mins", 3_720),
        ("12 secs", 12),
    ],
)
def test_uptime_in_the_forms_that_firmwares_have(said: str, seconds: int) -> None:
    assert reading.uptime({"device.uptime": said}) == seconds


@pytest.mark.parametrize("said", ["", "?", "soon", "3 apples", "1:2:3:4:5", "-1", "1e3", "9" * 30])
def test_another_uptime_is_none(said: str) -> None:
    assert reading.uptime({"device.uptime": said}) is None


@pytest.mark.parametrize("said", ["50J\x00154", "50J\ud800154", "50J\n154", "50J\xe4154", "50J\u202e154"])
def test_who_it_is_is_said_in_characters_that_anybody_can_read(said: str) -> None:
    """It is kept, shown and sealed in the audit."""
    assert reading.of({**VALUES, "device.unique_id": said}, None).unique_id == "50J?154"


@given(st.dictionaries(st.sampled_from(reading.ASKED), st.text(max_size=60)), st.text(max_size=200))
def test_no_value_raises(values: dict[str, str], status: str) -> None:
    found = reading.of(values, reading.host_status(status))
    assert found.counter is None or found.counter >= 0
