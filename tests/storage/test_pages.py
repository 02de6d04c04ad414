"""Pages: whoever follows the cursor sees every row once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from labelsvc.storage import tables
from labelsvc.storage.pages import page

LOTS = select(tables.lots.c.id, tables.lots.c.number)


def walk(plant: Any, limit: int) -> list[list[str]]:
    """Follow the cursor to the end."""
    pages, after = [], 0
    while True:
        with plant.db.read() as conn:
            found = page(conn, LOTS, tables.lots.c.id, (after, limit), lambda row: row.number)
        pages.append(list(found.items))
        if found.next is None:
            return pages
        assert found.next > after
        after = found.next


def test_every_row_comes_once_and_in_order(plant: Any, subtests: pytest.Subtests) -> None:
    """A page that is exactly full is the last one where nothing follows."""
    cases = [(1, [1, 1, 1, 1, 1, 1]), (4, [4, 2]), (5, [5, 1]), (6, [6]), (7, [6]), (200, [6])]
    product = plant.product()
    numbers = [plant.lot(product).lot.number for _ in range(6)]
    for limit, sizes in cases:
        with subtests.test(limit=limit, sizes=sizes):
            pages = walk(plant, limit)
            assert [len(found) for found in pages] == sizes
            assert [number for found in pages for number in found] == numbers


def test_no_rows_are_one_empty_page(plant: Any) -> None:
    """Without a cursor."""
    assert walk(plant, 10) == [[]]


def test_rows_that_come_meanwhile_are_seen_at_the_end(plant: Any) -> None:
    """None is skipped, none comes twice."""
    product = plant.product()
    first = [plant.lot(product).lot.number for _ in range(3)]
    with plant.db.read() as conn:
        found = page(conn, LOTS, tables.lots.c.id, (0, 2), lambda row: row.number)
    late = plant.lot(product).lot.number
    with plant.db.read() as conn:
        rest = page(conn, LOTS, tables.lots.c.id, (found.next or 0, 10), lambda row: row.number)
    assert [*found.items, *rest.items] == [*first, late]
