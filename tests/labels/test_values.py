"""The values frozen with a batch are kept as JSON that never changes by itself."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.logistic_units import Content
from labelsvc.labels.values import Values

values = st.builds(Values)


def test_the_json_is_what_it_always_was() -> None:
    """Batches of years ago must still be read, so the text is pinned."""
    batch = Values(
        "09520123456788", "gtin", "Čaj", "L1", date(2026, 11, 22), date(2027, 11, 22), None, None, 5, "https://id.ex"
    )
    assert batch.to_json() == (
        '{"best_before":null,"digital_link":"https://id.ex","expiry":"2027-11-22","line":null,"lot_number":"L1",'
        '"product_code":"09520123456788","product_kind":"gtin","product_name":"Čaj",'
        '"production":"2026-11-22","quantity":5}'
    )


def test_the_json_of_a_logistic_unit_has_what_it_holds() -> None:
    """Pinned as well."""
    content = Content("09520123456788", 48, "L1", best_before=date(2027, 11, 22))
    day = date(2026, 11, 22)
    batch = Values("(00)", "sscc", "", "30952012", day, None, None, None, 2, "https://id.ex", content)
    assert batch.to_json() == (
        '{"best_before":null,"content":{"best_before":"2027-11-22","count":48,"expiry":null,"gtin":"09520123456788",'
        '"lot":"L1"},"digital_link":"https://id.ex","expiry":null,"line":null,"lot_number":"30952012",'
        '"product_code":"(00)","product_kind":"sscc","product_name":"","production":"2026-11-22","quantity":2}'
    )


@given(values)
def test_values_come_back_as_they_were(batch: Values) -> None:
    """from_json is the inverse of to_json."""
    assert Values.from_json(batch.to_json()) == batch
