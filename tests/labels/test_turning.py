"""What is laid out upright comes to its place on the label."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.labels.layout import Box, Rotation
from labelsvc.labels.turning import Frame, in_dots, in_mm, left_over

# A box 10 wide and 4 high at (1, 2); inside, a mark 3 wide and 1 high, 0.5 from the left and 0.25 from the top of the
# upright text. Turned clockwise by hand:
TURNED = [
    (0, Box(1.5, 2.25, 3, 1)),
    (90, Box(11 - 0.25 - 1, 2.5, 1, 3)),
    (180, Box(11 - 0.5 - 3, 6 - 0.25 - 1, 3, 1)),
    (270, Box(1.25, 6 - 0.5 - 3, 1, 3)),
]


@pytest.mark.parametrize(("rotation", "expected"), TURNED)
def test_a_mark_turns_clockwise_with_its_box(rotation: Rotation, expected: Box) -> None:
    """The top left corner of upright text comes to the top right at 90 degrees, and so on round."""
    assert Frame(Box(1, 2, 10, 4), rotation).placed(Box(0.5, 0.25, 3, 1)) == expected


@given(st.sampled_from([0, 90, 180, 270]), st.integers(0, 50), st.integers(0, 50))
def test_the_whole_frame_is_the_box(rotation: Rotation, width: int, height: int) -> None:
    """What fills the upright frame fills the box on the label."""
    box = Box(3, 7, width, height)
    frame = Frame(box, rotation)
    assert frame.placed(Box(0, 0, frame.width, frame.height)) == box


def test_only_whole_dots_inside_of_a_box_count() -> None:
    """At 8 dots per mm, 0.1 to 1.1 mm holds the dots 1 to 8 (0.125 to 1 mm)."""
    assert in_dots(Box(0.1, 0.1, 1, 1), 8) == Box(1, 1, 7, 7)
    assert in_dots(Box(0.125, 0, 0.05, 1), 8) == Box(1, 0, 0, 8)


def test_rounding_errors_lose_no_dot() -> None:
    """0.1 + 0.2 is not 0.3 in floats, but it is on a label."""
    assert in_dots(Box(0, 0, 0.1 + 0.2, 3 * 1.1), 10) == Box(0, 0, 3, 33)
    assert in_mm(Box(3, 6, 9, 12), 12) == Box(0.25, 0.5, 0.75, 1)


@pytest.mark.parametrize(
    ("align", "before"), [("left", 0), ("top", 0), ("center", 2.5), ("middle", 2.5), ("right", 5), ("bottom", 5)]
)
def test_spare_room_goes_where_the_alignment_says(align: str, before: float) -> None:
    """Left and top leave none before, right and bottom all, the rest half."""
    assert left_over(align, 5) == before
