"""Clone signals: distances, scores, and what they find in a stream that is full of gaps."""

from __future__ import annotations

import pytest

from bench import clones
from labelsvc.domain.units.cloning import Sign, distance_km, score


@pytest.mark.parametrize(
    ("here", "there", "km"),
    [
        ((0.0, 0.0), (0.0, 90.0), 10_007.557),  # a quarter of a great circle of radius 6,371.0088 km
        ((90.0, 0.0), (-90.0, 0.0), 20_015.115),
        ((50.0, 8.0), (50.0, 8.0), 0.0),
        ((36.12, -86.67), (33.94, -118.40), 2_886.448),  # Nashville to Los Angeles, the formula's usual example
    ],
)
def test_a_distance_is_the_great_circles(here, there, km) -> None:
    assert distance_km(here, there) == pytest.approx(km, rel=1e-5)


def test_signs_add_up_as_independent_ones_do() -> None:
    """1 - (1 - 0.3) (1 - 0.35) = 0.545."""
    assert score([Sign("too_fast_once"), Sign("many_scans")]) == pytest.approx(0.545)
    assert score([]) == 0


def test_a_simulated_stream_gives_up_its_clones_and_few_others() -> None:
    """The figures of docs/cloning.md, of one seed, on a tenth of the units."""
    found = clones.run(seed=2, genuine=980, cloned=100)
    assert found.recall >= 0.7
    assert found.cried <= 5  # half a percent of the genuine ones
