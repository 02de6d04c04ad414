"""Outcomes: intervals painted over each other say of every number what was said of it last."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.outcomes import OUTCOMES, Interval, having, paint, totals, within

#: Small enough that rows overlap in every way there is.
NUMBERS = 20
SAID = [
    Interval(0, 0, "planned"),
    Interval(0, 0, "sent", "sent"),
    Interval(0, 0, "sent", "counted"),
    Interval(0, 0, "returned", None, "wet"),
]
SPANS = [(first, last) for first in range(NUMBERS) for last in range(first, NUMBERS)]
INTERVALS = st.builds(
    lambda said, span: replace(said, first=span[0], last=span[1]), st.sampled_from(SAID), st.sampled_from(SPANS)
)
ROWS = st.lists(INTERVALS, max_size=10)


def number_by_number(rows: list[Interval]) -> list[Interval | None]:
    """What holds of each number, found the slow way: one cell a number."""
    cells: list[Interval | None] = [None] * NUMBERS
    for row in rows:
        for number in range(row.first, row.last + 1):
            cells[number] = replace(row, first=number, last=number)
    return cells


def cells_of(painted: tuple[Interval, ...]) -> list[Interval | None]:
    cells: list[Interval | None] = [None] * NUMBERS
    for interval in painted:
        for number in range(interval.first, interval.last + 1):
            assert cells[number] is None, "intervals that overlap"
            cells[number] = replace(interval, first=number, last=number)
    return cells


@given(ROWS)
def test_each_number_has_what_was_said_of_it_last(rows: list[Interval]) -> None:
    """Compared with an array that is overwritten cell by cell."""
    assert cells_of(paint(rows)) == number_by_number(rows)


@given(ROWS)
def test_what_is_painted_is_in_order_and_as_few_intervals_as_can_be(rows: list[Interval]) -> None:
    """Ascending, disjoint, and no two neighbours that say the same."""
    painted = paint(rows)
    for before, after in pairwise(painted):
        assert before.last < after.first
        touching = before.last + 1 == after.first
        assert not (touching and replace(before, first=0, last=0) == replace(after, first=0, last=0))


@given(ROWS)
def test_painting_what_was_painted_changes_nothing(rows: list[Interval]) -> None:
    """Disjoint rows stay as they are, in whatever order they come."""
    painted = paint(rows)
    assert paint(painted) == paint(reversed(painted)) == painted


@given(ROWS, INTERVALS)
def test_only_the_last_row_can_change_what_it_covers(rows: list[Interval], late: Interval) -> None:
    """An earlier row says nothing any more where a later one does; elsewhere it still holds."""
    painted = paint([*rows, late])
    (seen,) = within(painted, late.first, late.last)
    assert replace(seen, first=late.first, last=late.last) == late
    around = [(0, late.first - 1), (late.last + 1, NUMBERS - 1)]
    for first, last in around:
        assert within(painted, first, last) == within(paint(rows), first, last)


def test_the_order_of_rows_decides() -> None:
    """The same two rows, the other way round, say something else."""
    all_of_them, one = Interval(0, 9, "planned"), Interval(4, 4, "sent", "sent")
    assert paint([all_of_them, one]) == (
        Interval(0, 3, "planned"),
        Interval(4, 4, "sent", "sent"),
        Interval(5, 9, "planned"),
    )
    assert paint([one, all_of_them]) == (all_of_them,)


def test_neighbours_with_other_evidence_or_reason_stay_apart() -> None:
    """What is known of them differs."""
    rows = [Interval(0, 1, "confirmed", "idle"), Interval(2, 3, "confirmed", "scanned")]
    assert paint(rows) == tuple(rows)
    rows = [Interval(0, 1, "returned", reason="end of lot"), Interval(2, 3, "returned", reason="wrong film")]
    assert paint(rows) == tuple(rows)
    assert paint([Interval(2, 3, "held"), Interval(0, 1, "held")]) == (Interval(0, 3, "held"),)


def test_nothing_known_is_no_interval() -> None:
    """And numbers that no row covers stay a gap."""
    assert paint([]) == ()
    assert paint([Interval(5, 6, "held"), Interval(0, 1, "held")]) == (Interval(0, 1, "held"), Interval(5, 6, "held"))


def test_ten_thousand_single_numbers_are_painted_in_a_moment() -> None:
    """Ordinals at the very end of a pool; twice as many rows take about twice as long, not four times."""
    top = 2**63 - 1
    rows = [Interval(top - 19_999, top, "held")]
    rows += [Interval(top - 2 * n, top - 2 * n, "returned") for n in range(10_000)]
    painted = paint(rows)
    assert len(painted) == 20_000
    assert totals(painted) == {"held": 10_000, "returned": 10_000}


@given(ROWS)
def test_totals_add_up_to_the_numbers_covered(rows: list[Interval]) -> None:
    """Counted number by number; outcomes that do not occur are left out, the others stand in the order of OUTCOMES."""
    cells = [cell for cell in number_by_number(rows) if cell is not None]
    counted = totals(paint(rows))
    assert sum(counted.values()) == len(cells)
    assert counted == {
        outcome: count for outcome in OUTCOMES if (count := sum(cell.outcome == outcome for cell in cells))
    }
    assert list(counted) == [outcome for outcome in OUTCOMES if outcome in counted]


@given(ROWS, st.integers(-2, NUMBERS + 2), st.integers(-2, NUMBERS + 2))
def test_within_is_a_window_on_the_numbers(rows: list[Interval], first: int, last: int) -> None:
    """Both ends included; nothing where they are the wrong way round."""
    cells = number_by_number(rows)
    inside = [cell if first <= number <= last else None for number, cell in enumerate(cells)]
    assert cells_of(within(paint(rows), first, last)) == inside


@given(ROWS, st.sets(st.sampled_from(OUTCOMES)))
def test_having_keeps_the_outcomes_asked_for(rows: list[Interval], chosen: set[str]) -> None:
    """And nothing else."""
    painted = paint(rows)
    kept = having(painted, chosen)  # type: ignore[arg-type]  # drawn from OUTCOMES
    assert kept == tuple(interval for interval in painted if interval.outcome in chosen)


@pytest.mark.parametrize(("first", "last", "count"), [(0, 0, 1), (5, 9, 5), (0, 2**63 - 1, 2**63)])
def test_count_includes_both_ends(first: int, last: int, count: int) -> None:
    """Fence posts."""
    assert Interval(first, last, "held").count == count
