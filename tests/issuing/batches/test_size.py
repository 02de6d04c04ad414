"""The size of a grant: the same few rows and at most 2 kB for one serial and for a million."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from typing import Any

import pytest

MOST_BYTES = 2_000


def stored(value: Any) -> int:
    """Bytes of a value: a text its UTF-8, a number or a moment 8."""
    if value is None:
        return 0
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, dict | list):
        return len(json.dumps(value))
    assert isinstance(value, bool | int | float | date | datetime)
    return 8


def without_ids(value: Any) -> Any:
    """Return a value with one sign for each id in its text: on PostgreSQL ids grow from test to test."""
    if isinstance(value, dict | list):
        value = json.dumps(value)
    return re.sub(r"\b[0-9]{1,5}\b", "#", value) if isinstance(value, str) else value


def added(plant: Any, lot: Any, quantity: int, **more: Any) -> tuple[dict[str, int], int, int]:
    """Issue; return how many rows each table has more, and the bytes of all values in new or changed rows, twice.

    The second time without what ids take of it.
    """
    before = plant.tables()
    plant.issue(lot, quantity, **more)
    after = plant.tables()
    rows = {name: len(after[name]) - len(before[name]) for name in after if len(after[name]) != len(before[name])}
    new = [row for name in after for row in after[name] if row not in before[name]]
    values = [value for row in new for value in row]
    return rows, sum(map(stored, values)), sum(stored(without_ids(value)) for value in values)


ROWS = {"pools": 1, "ranges": 1, "batches": 1, "requests": 1, "outcomes": 1, "audit": 1}


@pytest.mark.parametrize("printer", [None, "p"])
def test_a_million_serials_take_the_room_of_one(plant: Any, printer: str | None) -> None:
    """One row in each of six tables (seven with a job); six more digits, twice, are all the difference."""
    product = plant.product("{lot:4}{rnd:10}", label_format="unit-100x50", name="Ibuprofen 400 mg, 20 tablets")
    plant.printer("p", media_width=100.0, media_height=50.0)
    more = {"line": "packaging line 3", "printer": printer}
    key = "6f1f0a52-1b7e-4d5e-9b64-0c7d3a0f5e1"
    one = added(plant, plant.lot(product, "L-01"), 1, key=f"{key}1", **more)
    million = added(plant, plant.lot(product, "L-02"), 1_000_000, key=f"{key}2", **more)
    assert one[0] == million[0] == ROWS | ({"print_jobs": 1} if printer else {})
    assert million[2] - one[2] == 2 * len("000000")
    assert million[1] <= MOST_BYTES


def test_the_longest_values_there_are_stay_below_the_bound(plant: Any) -> None:
    """A name of 200 letters, the longest key, lot number and line."""
    product = plant.product("{lot:14}{seq:6}", name="x" * 200)
    lot = plant.lot(product, "L" * 14, best_before=date(2028, 1, 1))
    rows, size, _ = added(plant, lot, 999_999, key="k" * 200, line="l" * 80)
    assert rows == ROWS
    assert size <= MOST_BYTES
