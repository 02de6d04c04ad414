"""The table of applications against the reference rows and against itself."""

from __future__ import annotations

from labelsvc.labels.applications import APPLICATIONS, application


def test_limits_are_in_order() -> None:
    """Smallest, target and largest module of a row do not contradict each other, and are all there or none is."""
    for row in APPLICATIONS:
        limits = (row.x_min, row.x_target, row.x_max)
        if row.name == "own":
            assert (limits, row.mark) == ((None, None, None), "-")
        else:
            assert None not in limits
            assert row.mark in ("quoted", "unverified")
            assert list(limits) == sorted(value for value in limits if value is not None)


def test_healthcare_datamatrix_needs_three_dots_at_8_dots_per_mm() -> None:
    """Two dots are 0.250 mm, under the minimum of 0.254 mm; three are 0.375 mm, within the limits."""
    row = application("healthcare", "gs1-datamatrix")
    assert row is not None
    assert row.x_min is not None
    assert row.x_max is not None
    assert 2 / 8 < row.x_min <= 3 / 8 <= row.x_max


def test_a_linear_symbol_of_gs1_has_a_least_height() -> None:
    """12.7 mm in healthcare, 31.75 mm in general distribution, nothing for matrix symbols."""
    heights = {(row.name, row.symbology): row.bar_height for row in APPLICATIONS if row.bar_height}
    assert heights == {("healthcare", "gs1-128"): 12.7, ("general-distribution", "gs1-128"): 31.75}


def test_an_application_without_the_symbology_has_no_row() -> None:
    """Code 128 is no symbology of the retail point of sale."""
    assert application("retail", "code-128") is None


def test_every_row_is_named_once() -> None:
    """Application and symbology name a row."""
    assert len({(row.name, row.symbology) for row in APPLICATIONS}) == len(APPLICATIONS)
