"""Products: names that can be printed on one line, shelf lives that a date can be reckoned with."""

from __future__ import annotations

import pytest

from labelsvc.domain.products import check_name, check_shelf_life
from labelsvc.errors import InvalidInput


@pytest.mark.parametrize("name", ["A", "Ibuprofen 400 mg", "Käse, 12 % Fett", "牛乳", "x" * 200, "^XZ ~JA"])
def test_a_name_is_any_printable_text(name: str) -> None:
    """What a printer could take for a command is data here; the renderers see to that."""
    assert check_name(name) == name


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "name_empty"),
        ("   ", "name_empty"),
        ("x" * 201, "name_too_long"),
        ("two\nlines", "name_control_character"),
        ("bell\x07", "name_control_character"),
        ("\x02", "name_control_character"),
        ("RS\x1e", "name_control_character"),
        ("right\u202eleft", "name_control_character"),
        ("lone \ud800", "name_control_character"),
        ("no-break\u2028line", "name_control_character"),
    ],
)
def test_a_name_that_is_not_one_line_of_text_is_refused(name: str, code: str) -> None:
    """Control characters, line separators, bidi overrides and halves of characters."""
    with pytest.raises(InvalidInput) as refusal:
        check_name(name)
    assert refusal.value.code == code
    assert refusal.value.message.startswith("Expected ")
    assert refusal.value.message.isprintable()


def test_the_sentence_names_the_character() -> None:
    """By its code point, for it cannot be shown."""
    with pytest.raises(InvalidInput, match=r"^Expected printable characters, got U\+000A\.$"):
        check_name("a\nb")


@pytest.mark.parametrize("days", [None, 1, 365, 36_525])
def test_a_shelf_life_is_one_day_to_a_hundred_years(days: int | None) -> None:
    """Or there is none."""
    assert check_shelf_life(days) == days


@pytest.mark.parametrize("days", [0, -1, 36_526, 10**30])
def test_another_shelf_life_is_refused(days: int) -> None:
    """With what was expected."""
    with pytest.raises(InvalidInput, match=rf"^Expected 1 to 36525 days, got {days}\.$"):
        check_shelf_life(days)
