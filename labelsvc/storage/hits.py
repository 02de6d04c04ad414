"""Hits of the resolver in the books: counts only, of nobody in particular."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from labelsvc.storage.tables import products, resolver_hits, resolver_numbers


@dataclass(frozen=True, slots=True)
class Counted:
    """How often a product was asked for in one hour, with one outcome."""

    product_id: int
    hour: datetime
    outcome: str
    count: int


@dataclass(frozen=True, slots=True)
class Asked:
    """How often a number was asked for.

    Attributes:
        visitors: how many different ones asked, each counted once a day and process.
    """

    count: int
    first_at: datetime
    last_at: datetime
    visitors: int


def add(conn: Connection, counts: Sequence[Counted]) -> None:
    """Add to the counts by the hour."""
    insert = (sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert)(resolver_hits)
    query = insert.on_conflict_do_update(
        index_elements=list(resolver_hits.primary_key),
        set_={"count": resolver_hits.c.count + insert.excluded.count},
    )
    rows = [
        {"product_id": one.product_id, "hour": one.hour, "outcome": one.outcome, "count": one.count}
        for one in sorted(counts, key=lambda one: (one.product_id, one.hour, one.outcome))  # one order: no deadlock
    ]
    conn.execute(query, rows)


def add_numbers(conn: Connection, numbers: Sequence[tuple[tuple[int, int], Asked]]) -> None:
    """Add to the counts of numbers (range id, ordinal)."""
    insert = (sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert)(resolver_numbers)
    query = insert.on_conflict_do_update(
        index_elements=list(resolver_numbers.primary_key),
        set_={
            "count": resolver_numbers.c.count + insert.excluded.count,
            "last_at": insert.excluded.last_at,
            "visitors": resolver_numbers.c.visitors + insert.excluded.visitors,
        },
    )
    rows = [
        {
            "range_id": number[0],
            "ordinal": number[1],
            "count": asked.count,
            "first_at": asked.first_at,
            "last_at": asked.last_at,
            "visitors": asked.visitors,
        }
        for number, asked in sorted(numbers, key=lambda row: row[0])
    ]
    conn.execute(query, rows)


def total(conn: Connection, of: Counted) -> tuple[str, int]:
    """Return the product's code, and how often there was such a hit in that hour, what was just added included."""
    row = conn.execute(
        select(products.c.code, resolver_hits.c.count)
        .join_from(resolver_hits, products, products.c.id == resolver_hits.c.product_id)
        .where(
            resolver_hits.c.product_id == of.product_id,
            resolver_hits.c.hour == of.hour,
            resolver_hits.c.outcome == of.outcome,
        )
    ).one()
    return row[0], row[1]  # a row has a method called count


def totals(conn: Connection, outcome: str, hour: datetime) -> tuple[int, ...]:
    """Return the counts of an outcome in an hour, of each product that has any."""
    query = select(resolver_hits.c.count).where(resolver_hits.c.hour == hour, resolver_hits.c.outcome == outcome)
    return tuple(conn.execute(query).scalars())


def of_number(conn: Connection, range_id: int, ordinal: int) -> Asked | None:
    """Return how often a number was asked for; None: never."""
    numbers = resolver_numbers.c
    row = conn.execute(
        select(numbers.count, numbers.first_at, numbers.last_at, numbers.visitors).where(
            numbers.range_id == range_id, numbers.ordinal == ordinal
        )
    ).one_or_none()
    return None if row is None else Asked(*row)


def prune(conn: Connection, before: datetime) -> None:
    """Forget the counts of hours before a moment."""
    conn.execute(delete(resolver_hits).where(resolver_hits.c.hour < before))
