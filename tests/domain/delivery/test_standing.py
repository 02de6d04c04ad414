"""Where a delivery stands: what there is room for, what goes back, which echo is which label's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.delivery.proof import Signs
from labelsvc.domain.delivery.standing import Delivery, Terms, echo_of, looked, with_back, with_more
from labelsvc.domain.profiles import Profile
from labelsvc.domain.readings import Reading

NAMES = Profile(echo="movement", counter="late")
COUNTS = Profile(counter="late")


def delivery(profile: Profile = NAMES, window: int = 2, **more: object) -> Delivery:
    return replace(Delivery(Terms(profile, window), ((1, 9),)), **more)


def labels(intervals: tuple[tuple[int, int], ...]) -> list[int]:
    return [label for first, last in intervals for label in range(first, last + 1)]


@given(window=st.integers(1, 5), on_way=st.integers(0, 5), left=st.integers(0, 8))
def test_there_are_never_more_on_the_way_than_the_window_and_none_gets_lost(window, on_way, left) -> None:
    way = tuple(range(1, min(on_way, window) + 1))
    todo = ((len(way) + 1, len(way) + left),) if left else ()
    found = with_more(delivery(window=window, way=way, todo=todo))
    assert len(found.way) == min(window, len(way) + left)
    assert [*found.way, *labels(found.todo)] == [*way, *labels(todo)]


def test_over_a_gap_the_next_interval_waits_until_the_way_is_free() -> None:
    assert with_more(delivery(window=5, way=(1,), todo=((3, 4),))).way == (1,)
    assert with_more(delivery(window=5, todo=((3, 4), (8, 9)))).way == (3, 4)


def test_a_printer_that_only_counts_gets_its_labels_a_window_at_a_time() -> None:
    assert with_more(delivery(COUNTS, window=3, way=(1,), todo=((2, 9),))).way == (1,)
    assert with_more(delivery(COUNTS, window=3, todo=((2, 9),))).way == (2, 3, 4)


@pytest.mark.parametrize("stands", [{"fault": ("media-empty-error",)}, {"torn": (1,)}])
def test_nothing_new_goes_while_a_fault_lasts_or_a_torn_label_is_not_accounted_for(stands) -> None:
    assert with_more(delivery(**stands)).way == ()


@given(st.integers(1, 5), st.integers(0, 5), st.integers(0, 3))
def test_labels_put_back_stand_before_all_others_in_their_order(count, gap, rest) -> None:
    way = tuple(range(1, count + 1))
    todo = ((count + 1 + gap, count + gap + rest),) if rest else ()
    assert labels(with_back(way, todo)) == [*way, *labels(todo)]


def test_echoes_are_taken_in_the_order_the_labels_went() -> None:
    stands = delivery(way=(4, 5), sent=2)
    assert echo_of(stands, 4) == 1
    assert echo_of(stands, 5) is None
    assert echo_of(replace(stands, echoed=1), 5) == 2
    assert echo_of(replace(stands, echoed=1), 4) is None
    assert echo_of(stands, None) is None


def test_a_label_that_a_fault_tore_is_echoed_again_where_the_printer_prints_it_again() -> None:
    stands = delivery(way=(4, 5), sent=2, echoed=1, torn=(4,))
    assert echo_of(stands, 4) == 1


def test_a_label_that_a_fault_tore_is_passed_over_where_the_printer_does_not_print_it_again() -> None:
    lost = delivery(replace(NAMES, reprints_partial=False), way=(4, 5), sent=2, torn=(4,))
    assert echo_of(lost, 5) == 2
    assert echo_of(replace(lost, terms=Terms(NAMES, 2)), 5) is None


def test_a_look_counts_from_where_the_delivery_began() -> None:
    seen, signs = looked(delivery(way=(4, 5), sent=2, zero=100), Reading(counter=101, busy=True))
    assert (signs, seen.looks, seen.idle) == (Signs(2, 0, 1, 0), 1, 0)


def test_the_label_a_fault_met_is_torn_once_the_fault_has_ended() -> None:
    stands = delivery(way=(4, 5), sent=2, echoed=1, zero=100)
    met, _ = looked(stands, Reading(counter=101, reasons=("cover-open",), busy=True))
    assert (met.struck, met.torn) == ((5,), ())
    over, _ = looked(met, Reading(counter=101, busy=True))
    assert (over.struck, over.torn, over.faults) == ((), (5,), 1)


def test_a_pause_tears_nothing() -> None:
    met, _ = looked(delivery(way=(4,), sent=1, zero=0), Reading(counter=0, reasons=("paused",)))
    assert (met.fault, met.struck) == (("paused",), ())


def test_a_silent_printer_has_a_fault() -> None:
    met, signs = looked(delivery(way=(4,), sent=1, zero=0), None)
    assert (met.fault, met.struck, signs.counted) == (("other-error",), (4,), None)
