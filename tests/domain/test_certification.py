"""What five labels prove of a printer: whatever was not seen is not granted."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.certification import Findings, profile_of
from labelsvc.domain.profiles import Profile

#: A printer that does all it can: counts a label when it is out, echoes it then, keeps its count without power.
BEST = Findings(
    model="ZT411-203dpi",
    firmware="V92.21.39Z",
    unique_id="XXRAJ120000001",
    echoed_paused=False,
    echoed=(True, True, True, True),
    counted=(1, 1),
    counted_torn=0,
    counted_again=1,
    torn=True,
    printed_again=True,
    fourth_out=True,
    silent=False,
    count_before=31_087,
    count_after=31_087,
    uptime_before=90_000.0,
    uptime_after=31.0,
    fifth_out=False,
    scanned=True,
)


def found(**others: Any) -> Profile:
    return profile_of(replace(BEST, **others))


def test_a_printer_that_does_all_it_can_is_granted_all() -> None:
    assert profile_of(BEST) == Profile(
        model="ZT411-203dpi",
        firmware="V92.21.39Z",
        unique_id="XXRAJ120000001",
        echo="movement",
        counter="late",
        counter_survives=True,
        uptime=True,
        silent_on_fault=False,
        reprints_partial=True,
    )
    assert profile_of(BEST).evidence == "echoed"


@pytest.mark.parametrize(
    ("seen", "echo"),
    [
        ({"echoed_paused": True}, "image"),  # it answered before anything could move
        ({"echoed": (True, False, True, True)}, None),
        ({"echoed": (True, True, False, True)}, None),  # the label that was printed again was not echoed
        ({"echoed": (True, True, False, True), "printed_again": False}, "movement"),  # that label is lost
        ({"echoed": (True, True, True, False)}, None),
        ({"echoed": (True, True, True, False), "fourth_out": False}, "movement"),
        ({"scanned": False}, None),  # what came out is not what was sent
    ],
)
def test_an_echo_is_granted_where_each_label_had_its_own(seen, echo) -> None:
    assert found(**seen).echo == echo


@pytest.mark.parametrize(
    ("seen", "counter"),
    [
        ({"counted_torn": 1}, "early"),  # counted before it was out
        ({"counted_torn": None, "counted_again": 2}, "early"),  # could not be read then, but one too many says it
        ({"counted_torn": None, "counted_again": 1}, "late"),
        ({"counted": (1, 2)}, None),
        ({"counted": (0, 1)}, None),
        ({"counted": (None, None), "counted_again": None}, None),
        ({"torn": False}, None),  # the person was late: nothing was seen of the moment
        ({"counted_torn": 2}, None),  # more than it says a moment later
        ({"counted_torn": 2, "counted_again": 2}, None),  # two for the piece alone
        ({"counted_torn": -1}, None),  # it fell
        ({"counted_torn": 1, "counted_again": 0, "printed_again": False}, None),
        ({"counted_torn": 1, "counted_again": 1, "printed_again": False}, "early"),
        ({"counted_again": 3}, None),
        ({"counted_again": 0}, None),
        ({"counted_again": 0, "printed_again": False}, "late"),
        ({"scanned": False}, None),
    ],
)
def test_a_count_is_granted_where_it_was_one_a_label_and_its_moment_was_seen(seen, counter) -> None:
    assert found(**seen).counter == counter


@pytest.mark.parametrize(
    ("seen", "survives"),
    [
        ({"count_after": 31_086}, False),
        ({"count_after": None, "count_before": None, "counted": (None, None)}, False),
        ({"count_after": None, "count_before": None}, False),  # nobody could read it
        ({"count_after": None}, False),
        ({"fifth_out": True}, False),  # its buffer survived, so nothing can be said of the count
    ],
)
def test_a_count_survives_a_loss_of_power_where_it_was_the_same_afterwards(seen, survives) -> None:
    assert found(**seen).counter_survives is survives


@pytest.mark.parametrize(("before", "after"), [(None, 3.0), (90.0, None), (90.0, 90.0), (3.0, 90.0)])
def test_a_clock_that_did_not_begin_anew_tells_no_restart(before, after) -> None:
    assert found(uptime_before=before, uptime_after=after).uptime is False


_VALUES: dict[str, Any] = {
    "echoed": st.tuples(*[st.booleans()] * 4),
    "counted": st.tuples(*[st.none() | st.integers(0, 3)] * 2),
    **dict.fromkeys(("counted_torn", "counted_again", "count_before", "count_after"), st.none() | st.integers(0, 3)),
    **dict.fromkeys(("uptime_before", "uptime_after"), st.none() | st.floats(0, 10)),
    **dict.fromkeys(("echoed_paused", "torn", "printed_again", "fourth_out", "silent", "fifth_out"), st.booleans()),
}


def test_every_finding_is_tried() -> None:
    said = {"model", "firmware", "unique_id", "scanned"}
    assert {field.name for field in fields(Findings)} == {*_VALUES, *said}


@given(st.fixed_dictionaries(_VALUES))
def test_where_a_scan_did_not_fit_a_printer_confirms_nothing(seen) -> None:
    profile = found(**seen, scanned=False)
    assert (profile.confirms, profile.evidence, profile.counter_survives) == (False, "sent", False)


@given(st.fixed_dictionaries(_VALUES))
def test_what_survives_was_granted_first(seen) -> None:
    profile = found(**seen)
    assert not profile.counter_survives or profile.counter is not None
    assert profile.confirms == (profile.evidence != "sent")
