"""What a person may make of a number: the table, written down a second time by hand."""

from __future__ import annotations

import pytest

from labelsvc.domain.moves import DECLARED, MOVES, OPEN, SCANNABLE, Declaration, check_declaration, check_move
from labelsvc.domain.outcomes import OUTCOMES, Interval
from labelsvc.errors import Conflict, InvalidInput

#: From each outcome (row) to what a person may make of it.
ALLOWED = {
    "held": {"spoiled", "sampled", "returned", "invalidated"},
    "planned": set(),
    "sent": {"spoiled", "sampled", "invalidated"},
    "in_doubt": set(),
    "absent": {"spoiled", "returned", "invalidated"},
    "confirmed": {"spoiled", "sampled", "invalidated"},
    "spoiled": set(),
    "sampled": {"invalidated"},
    "returned": set(),
    "invalidated": set(),
}


def test_the_table_of_moves_is_this_one_and_no_other() -> None:
    assert set(ALLOWED) == set(OUTCOMES)
    for outcome, wanted in ALLOWED.items():
        for becomes in MOVES:
            if becomes in wanted:
                check_move([Interval(1, 1, outcome)], becomes, "/serials/0")
            else:
                with pytest.raises(Conflict) as refused:
                    check_move([Interval(1, 1, outcome)], becomes, "/serials/0")
                assert (refused.value.code, refused.value.pointer) == ("move_not_allowed", "/serials/0")


def test_a_refused_move_says_what_was_expected() -> None:
    with pytest.raises(Conflict) as refused:
        check_move([Interval(1, 5, "held"), Interval(6, 6, "in_doubt")], "returned", "/serials/5")
    expected = "Expected a number that is absent, held, to be returned, got one that is in_doubt."
    assert refused.value.message == expected


def test_what_scrapped_returned_or_invalid_numbers_were_they_stay() -> None:
    """OPEN-SCS: LabelScrapped and SNInvalid are final, and what was given back is never issued again."""
    for final in ("spoiled", "returned", "invalidated"):
        assert not any(final in sources for sources in MOVES.values())
        assert not any(final in sources for sources in DECLARED.values())
        assert final not in SCANNABLE


@pytest.mark.parametrize(
    ("of", "outcome", "may_be"),
    [
        ("held", "confirmed", True),
        ("held", "absent", True),
        ("held", "returned", True),
        ("held", "spoiled", True),
        ("sent", "confirmed", True),
        ("sent", "absent", True),
        ("sent", "spoiled", True),
        ("absent", "returned", True),
        ("absent", "spoiled", True),
        ("sent", "returned", False),
        ("absent", "confirmed", False),
        ("planned", "confirmed", False),
        ("in_doubt", "confirmed", False),
        ("confirmed", "spoiled", False),
        ("held", "sampled", False),
    ],
)
def test_only_what_nothing_better_is_known_of_is_declared(of, outcome, may_be) -> None:
    declaration = Declaration(of, outcome, "I saw them.")
    if may_be:
        check_declaration(declaration)
        return
    with pytest.raises(InvalidInput) as refused:
        check_declaration(declaration)
    assert (refused.value.code, refused.value.pointer) == ("declaration", "/as")
    assert f"got {of} as {outcome}" in refused.value.message


def test_every_outcome_that_keeps_a_lot_open_can_be_settled() -> None:
    """Planned and in doubt by their job; the others by a move or a declaration."""
    by_hand = {of for sources in (*MOVES.values(), *DECLARED.values()) for of in sources}
    assert set(OPEN) - by_hand == {"planned", "in_doubt"}
