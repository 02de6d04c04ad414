"""Lists that are read by cursor: rows in the order of their ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select

from labelsvc.domain.pages import Page

T = TypeVar("T")

#: A row whose columns are told by name.
AnyRow = Row[*tuple[Any, ...]]


def page(
    conn: Connection, query: Select[Any], by: ColumnElement[int], window: tuple[int, int], make: Callable[[AnyRow], T]
) -> Page[T]:
    """Return the rows of `query` whose id (`by`, first column) is above a cursor.

    Args:
        window: the cursor (0 for the first page) and how many rows at most.
    """
    after, limit = window
    rows = conn.execute(query.where(by > after).order_by(by).limit(limit + 1)).all()
    more = len(rows) > limit
    return Page(tuple(make(row) for row in rows[:limit]), rows[limit - 1][0] if more else None)
