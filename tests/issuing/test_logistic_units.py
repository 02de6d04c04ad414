"""SSCCs: each is granted once, whatever series there are; a request is frozen as it was made."""

from __future__ import annotations

import random
from datetime import date
from itertools import pairwise
from typing import Any

import pytest

from labelsvc.domain.logistic_units import Content, LogisticRequest, NewSeries
from labelsvc.errors import Conflict, InvalidInput
from labelsvc.issuing import logistic_units, sscc_series

CONTENT = Content("09520123456788", 48, "L-1", date(2027, 1, 31))


def use(plant: Any, prefix: str, digit: int, first: int = 1) -> Any:
    return sscc_series.use_series(plant.db, plant.call(), NewSeries(prefix, digit, first))


def issue(plant: Any, quantity: int, digit: int | None = None, key: str | None = None, **more: Any) -> Any:
    request = LogisticRequest(quantity, digit, **more)
    return logistic_units.issue_units(plant.db, plant.issuer, plant.call(key), request)


def test_no_number_twice_over_prefixes_and_extension_digits(plant: Any) -> None:
    """Series come and go in any order; each counts on by one, and the check digit is right."""
    chance = random.Random(4711)
    given: list[str] = []
    for _ in range(12):
        prefix, digit = chance.choice(["952000", "0952012", "095202", "952013000000"]), chance.choice([0, 3])
        use(plant, prefix, digit, chance.choice([1, 1, 7]))
        given += plant.serials(issue(plant, chance.randint(1, 4), digit))
    assert len(set(given)) == len(given)
    for sscc in given:
        assert sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(sscc)) % 10 == 0
    by_series: dict[str, list[int]] = {}
    for sscc in given:
        start = next(f"{sscc[0]}{p}" for p in ("952000", "0952012", "095202", "952013000000") if sscc[1:].startswith(p))
        by_series.setdefault(start, []).append(int(sscc[len(start) : -1]))
    assert len(by_series) > 4
    for references in by_series.values():
        assert all(after > before for before, after in pairwise(references))


def test_the_least_extension_digit_is_taken_where_none_is_named(plant: Any) -> None:
    use(plant, "0952012", 7)
    use(plant, "952013", 2)
    assert issue(plant, 1).first_serial.startswith("2952013")
    assert issue(plant, 1, 7).first_serial.startswith("70952012")


def test_a_key_gives_the_same_units_for_ever(plant: Any) -> None:
    """Also after the series changed; with another content it is another request."""
    use(plant, "0952012", 0)
    made = issue(plant, 2, key="order", content=CONTENT)
    use(plant, "952013", 0)
    assert issue(plant, 2, key="order", content=CONTENT) == made
    with pytest.raises(Conflict) as refusal:
        issue(plant, 2, key="order")
    assert refusal.value.code == "idempotency_key_reused"


def test_references_used_elsewhere_are_never_granted(plant: Any) -> None:
    """Whenever that is told; a series does not go back."""
    use(plant, "0952012", 0)
    issue(plant, 3)
    assert use(plant, "0952012", 0, 1_001).next == 1_001
    assert use(plant, "0952012", 0, 5).next == 1_001
    assert issue(plant, 1).first_serial[8:17] == "000001001"
    with pytest.raises(InvalidInput) as refusal:
        use(plant, "952013000000", 0, 10_000)
    assert (refusal.value.code, refusal.value.pointer) == ("first_reference", "/first_reference")


def test_a_format_for_products_is_refused(plant: Any) -> None:
    """Before anything is taken."""
    use(plant, "0952012", 0)
    with pytest.raises(InvalidInput) as refusal:
        issue(plant, 1, label_format="carton-100x150")
    assert refusal.value.code == "format_product_kind"
    assert sscc_series.list_series(plant.db)[0].next == 1
