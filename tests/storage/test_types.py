"""Column types mean the same on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Table, insert, select
from sqlalchemy.exc import StatementError

from labelsvc.storage.database import Database, insert_new


def test_an_instant_comes_back_as_the_same_moment_in_utc(book: Database, notes: Table) -> None:
    """Whatever the offset it went in with."""
    moment = datetime(2026, 3, 29, 2, 30, 0, 123456, timezone(timedelta(hours=-3, minutes=-30)))
    book.write(lambda conn: insert_new(conn, notes, {"text": "a", "at": moment}))
    with book.read() as conn:
        found = conn.execute(select(notes.c.at)).scalar_one()
    assert found == datetime(2026, 3, 29, 6, 0, 0, 123456, UTC)
    assert found.utcoffset() == timedelta(0)


def test_a_datetime_without_an_offset_is_refused(book: Database, notes: Table) -> None:
    """It names no moment."""
    with pytest.raises(StatementError, match="Expected a datetime with its offset"):
        book.write(lambda conn: insert_new(conn, notes, {"text": "a", "at": datetime(2026, 1, 1)}))  # noqa: DTZ001


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moments=st.lists(
        st.datetimes(timezones=st.timezones(), min_value=datetime(1900, 1, 2), max_value=datetime(9000, 1, 1)),  # noqa: DTZ001
        min_size=2,
        max_size=8,
        unique=True,
    )
)
def test_the_database_sorts_instants_as_time_goes(book: Database, notes: Table, moments: list[datetime]) -> None:
    """Also where it keeps them as text."""

    def work(conn: Connection) -> list[datetime]:
        conn.execute(notes.delete())
        conn.execute(insert(notes), [{"text": str(number), "at": at} for number, at in enumerate(moments)])
        return list(conn.execute(select(notes.c.at).order_by(notes.c.at)).scalars())

    assert book.write(work) == sorted(moment.astimezone(UTC) for moment in moments)


def test_json_values_come_back_and_none_is_null(book: Database, notes: Table) -> None:
    """Objects, lists, text, numbers beyond 32 bits; None is SQL NULL, not the JSON word."""
    value = {"serials": ["a", "ß", "日"], "count": 2**53, "more": {"none": None, "yes": True}}
    book.write(lambda conn: conn.execute(insert(notes), [{"text": "a", "data": value}, {"text": "b", "data": None}]))
    with book.read() as conn:
        assert conn.execute(select(notes.c.data).where(notes.c.text == "a")).scalar_one() == value
        assert conn.execute(select(notes.c.text).where(notes.c.data.is_(None))).scalars().all() == ["b"]


def test_a_key_counts_beyond_32_bits(book: Database, notes: Table) -> None:
    """SQLite and PostgreSQL both number rows with 64 bits."""

    def work(conn: Connection) -> tuple[int, ...] | None:
        conn.execute(insert(notes).values(id=2**40, text="far"))
        if book.dialect == "postgresql":
            conn.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('notes', 'id'), {2**40})")
        return insert_new(conn, notes, {"text": "further"})

    assert book.write(work) == (2**40 + 1,)
