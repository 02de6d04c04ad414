"""The audit in the books: entries as they were written, with JSON that means the same on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import select

from labelsvc.domain.actors import Actor, Call
from labelsvc.errors import InvalidInput
from labelsvc.storage import audit, tables
from labelsvc.storage.database import Database

NOW = datetime(2026, 11, 20, 8, 30, 0, 123_456, tzinfo=UTC)


def record(database: Database, call: Call, **more: Any) -> None:
    database.write(lambda conn: audit.record(conn, call, "lot.open", "lot:5", **more))


def entries(database: Database) -> list[Any]:
    with database.read() as conn:
        return list(conn.execute(select(tables.audit).order_by(tables.audit.c.id)))


def test_an_entry_says_who_and_when_and_what(database: Database, subtests: pytest.Subtests) -> None:
    """Whatever the kind of actor; the moment is kept to the microsecond, in UTC."""
    cases = ["key", "user", "station", "shell"]
    for kind in cases:
        with subtests.test(kind=kind):
            there = NOW.astimezone(timezone(timedelta(hours=5, minutes=45)))
            record(database, Call(Actor(kind, "anna"), there), reason="why not")
            entry = entries(database)[-1]
            assert (entry.actor_kind, entry.actor_id, entry.at, entry.at.tzinfo) == (kind, "anna", NOW, UTC)
            assert (entry.action, entry.subject, entry.reason) == ("lot.open", "lot:5", "why not")
            assert (entry.before, entry.after) == (None, None)


def test_changes_are_json_values(database: Database, subtests: pytest.Subtests) -> None:
    """Nothing is not the same as an empty object."""
    cases = [
        {},
        {"a": None},
        {"n": 2**63 - 1, "list": [1, "ä😀", {"b": False}]},
        {"text": '"\\\n\t</script>'},
        {"": ""},
    ]
    for change in cases:
        with subtests.test(change=change):
            record(database, Call(Actor("shell", "root"), NOW), before=change, after=change)
            entry = entries(database)[-1]
            assert entry.before == entry.after == change


def test_text_that_no_database_can_hold_is_refused_with_the_change(database: Database) -> None:
    """Half a character in a reason: the transaction is none."""
    with pytest.raises(InvalidInput) as refusal:
        record(database, Call(Actor("key", "line 3"), NOW), reason="\ud800")
    with pytest.raises(InvalidInput):  # as JSON, where an escape could hide it, and no seal could be made of it
        record(database, Call(Actor("key", "line 3"), NOW), after={"who": ["\ud800"]})
    assert refusal.value.code == "text_not_storable"
    assert entries(database) == []
