"""What echoes and counts prove of the labels on their way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.delivery.proof import SETTLED, Signs, accounted, names, proven, struck, tears
from labelsvc.domain.profiles import Profile

BOTH = Profile(echo="movement", counter="late")
COUNT = Profile(counter="late")
EARLY = Profile(counter="early")
ECHO = Profile(echo="movement")
IMAGE = Profile(echo="image", counter="late")

PROFILES = st.sampled_from([BOTH, COUNT, EARLY, ECHO, IMAGE])
SIGNS = st.integers(0, 5).flatmap(
    lambda sent: st.builds(
        Signs, st.just(sent), st.integers(0, sent), st.none() | st.integers(0, 8), st.integers(0, 20)
    )
)


@pytest.mark.parametrize(
    ("profile", "signs", "out"),
    [
        (ECHO, Signs(2, 1, None, 0), 1),
        (BOTH, Signs(2, 2, 1, 0), 1),  # echoed, not counted: not yet
        (BOTH, Signs(2, 1, 2, 0), 1),  # counted, not echoed: one may be of somebody else
        (BOTH, Signs(2, 2, None, 0), 0),
        (COUNT, Signs(2, 0, 1, 1), 0),  # one of two, and which is not said
        (COUNT, Signs(2, 0, 2, 0), 0),  # it works on, perhaps at a label that is not ours
        (COUNT, Signs(2, 0, 2, 1), 2),
        (COUNT, Signs(2, 0, 3, 5), 0),
        (EARLY, Signs(2, 0, 2, SETTLED - 1), 0),  # the last one may be moving still
        (EARLY, Signs(2, 0, 2, SETTLED), 2),
        (IMAGE, Signs(2, 1, 2, 5), 0),
        (IMAGE, Signs(2, 2, 2, 5), 2),
    ],
)
def test_labels_are_proven_by_all_that_the_profile_grants_together(profile, signs, out) -> None:
    assert proven(profile, signs) == out


@given(PROFILES, SIGNS)
def test_no_more_is_proven_than_was_handed_over_or_counted_or_echoed(profile, signs) -> None:
    out = proven(profile, signs)
    assert 0 <= out <= signs.sent
    assert profile.counter is None or out <= (signs.counted or 0)
    assert profile.echo is None or out <= signs.echoed


@given(PROFILES, SIGNS, st.integers(0, 2))
def test_a_fault_meets_labels_that_were_handed_over_and_are_not_echoed_as_out(profile, signs, faults) -> None:
    met = struck(profile, signs, faults)
    assert set(met) <= set(range(signs.sent))
    if names(profile):
        assert met == range(signs.echoed, min(signs.echoed + 1, signs.sent))


def test_a_printer_that_neither_echoes_nor_says_its_count_may_have_torn_any() -> None:
    assert struck(COUNT, Signs(3, 0, None, 0), 0) == range(3)


@pytest.mark.parametrize(
    ("profile", "signs", "faults", "is_so"),
    [
        (COUNT, Signs(2, 0, 2, 1), 1, True),
        (COUNT, Signs(2, 0, 3, 1), 1, True),  # the torn piece was counted, and the label again
        (COUNT, Signs(2, 0, 4, 1), 1, False),
        (COUNT, Signs(2, 0, 1, 1), 1, False),  # the label that is printed again has still to come
        (Profile(counter="late", reprints_partial=False), Signs(2, 0, 1, 1), 1, True),
        (Profile(counter="late", reprints_partial=False), Signs(2, 0, 0, 1), 1, False),
        (COUNT, Signs(2, 0, 2, 0), 1, False),  # not idle
        (ECHO, Signs(2, 2, None, SETTLED - 1), 1, False),
        (ECHO, Signs(2, 2, None, SETTLED), 1, True),
    ],
)
def test_after_a_fault_all_is_accounted_for_when_the_count_says_so_at_rest(profile, signs, faults, is_so) -> None:
    assert accounted(profile, signs, faults) is is_so


@pytest.mark.parametrize(
    ("reasons", "torn"),
    [
        ((), False),
        (("paused",), False),
        (("moving-to-paused", "connecting-to-device"), False),
        (("media-empty-error",), True),
        (("paused", "cover-open"), True),
        (("other-error",), True),
    ],
)
def test_a_pause_stops_between_labels_and_all_else_may_tear_one(reasons, torn) -> None:
    assert tears(reasons) is torn
