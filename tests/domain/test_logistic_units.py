"""What the label of a logistic unit may say of what is in it."""

from __future__ import annotations

from datetime import date

import pytest

from labelsvc.domain.logistic_units import Content
from labelsvc.errors import InvalidInput

TODAY = date(2026, 11, 20)
FULL = Content("9520123456788", 48, "L-1", date(2027, 1, 31), date(2027, 2, 28))


def test_a_content_is_kept_with_its_gtin_as_14_digits() -> None:
    found = Content.checked(FULL, TODAY)
    assert found == Content("09520123456788", 48, "L-1", date(2027, 1, 31), date(2027, 2, 28))
    assert Content.of(found.said()) == found


def test_a_unit_need_not_say_what_is_in_it() -> None:
    assert Content.checked(Content(), TODAY) == Content()


@pytest.mark.parametrize(
    ("said", "code", "pointer"),
    [
        (Content("9520123456788"), "content_incomplete", "/count"),
        (Content(count=48), "content_incomplete", "/gtin"),
        (Content(lot="L-1"), "content_incomplete", "/gtin"),
        (Content(expiry=date(2027, 1, 1)), "content_incomplete", "/gtin"),
        (Content("9520123456789", 48), "gtin_check_digit", "/gtin"),
        (Content("9520123456788", 0), "content_count", "/count"),
        (Content("9520123456788", 100_000_000), "content_count", "/count"),
        (Content("9520123456788", 48, "L 1"), "lot_number_characters", "/lot"),
        (Content("9520123456788", 48, expiry=date(2076, 1, 1)), "content_date", "/expiry"),
        (Content("9520123456788", 48, best_before=date(1976, 1, 1)), "content_date", "/best_before"),
    ],
)
def test_what_a_label_cannot_say_is_refused(said: Content, code: str, pointer: str) -> None:
    """AIs (02) and (37) ask for each other, and the others for them; a year has two digits."""
    with pytest.raises(InvalidInput) as refusal:
        Content.checked(said, TODAY)
    assert (refusal.value.code, refusal.value.pointer) == (code, pointer)
