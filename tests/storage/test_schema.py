"""The schema: migrations make exactly the tables that the program is written for, once, and nothing else passes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from labelsvc.errors import Unavailable
from labelsvc.storage import schema
from labelsvc.storage.database import Database
from labelsvc.storage.tables import metadata


def described(conn: Connection) -> dict[str, dict[str, Any]]:
    """Return all that the engine knows of each table."""
    inspector = inspect(conn)
    unordered: dict[str, Callable[[str], Any]] = {
        "foreign keys": inspector.get_foreign_keys,
        "unique": inspector.get_unique_constraints,
        "checks": inspector.get_check_constraints,
        "indexes": inspector.get_indexes,
    }
    return {
        table: {
            # A later migration's columns stand last, wherever the program names them; nothing asks for them by place.
            "columns": sorted(map(repr, inspector.get_columns(table))),
            "key": repr(inspector.get_pk_constraint(table)),
            **{kind: sorted(map(repr, ask(table))) for kind, ask in unordered.items()},
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def test_the_migrations_make_the_tables_of_the_program(database: Database, blank_url: str) -> None:
    """Column by column, key by key, as making the tables directly does; `alembic check` agrees."""
    with database.read() as conn:
        assert compare_metadata(MigrationContext.configure(conn), metadata) == []
        migrated = described(conn)
    with Database.open(blank_url) as blank:
        blank.alter(metadata.create_all)
        with blank.read() as conn:
            assert migrated == described(conn)


def test_an_upgrade_says_from_where_to_where(blank_url: str) -> None:
    """The second one finds it done."""
    with Database.open(blank_url) as blank:
        assert schema.upgrade(blank) == (None, schema.expected())
        assert schema.upgrade(blank) == (schema.expected(), schema.expected())
        assert schema.current(blank) == schema.expected()
        schema.check(blank)


def test_an_empty_database_is_refused_with_the_command_that_helps(blank_url: str) -> None:
    """Also one whose file is not there yet."""
    with Database.open(blank_url) as blank:
        with pytest.raises(Unavailable) as raised:
            schema.check(blank)
        assert raised.value.code == "schema_old"
        assert raised.value.message == f"Expected schema {schema.expected()}, got none. Run: labelsvc db upgrade"


def test_the_schema_of_a_newer_program_is_refused(blank_url: str) -> None:
    """Neither used nor upgraded: nobody knows what it means."""
    with Database.open(blank_url) as blank:
        schema.upgrade(blank)
        blank.write(lambda conn: conn.execute(text("UPDATE alembic_version SET version_num = '9999'")))
        for refuses in (schema.check, schema.upgrade):
            with pytest.raises(Unavailable, match=f"Expected schema {schema.expected()} or older, got 9999") as raised:
                refuses(blank)
            assert raised.value.code == "schema_new"
        assert schema.current(blank) == "9999"


def test_a_migration_that_fails_leaves_nothing(blank_url: str) -> None:
    """A table is in its way: none of the others is made, and no version is noted."""
    last = metadata.sorted_tables[-1].name
    with Database.open(blank_url) as blank:
        blank.alter(lambda conn: conn.execute(text(f"CREATE TABLE {last} (id INTEGER)")))
        with pytest.raises(Exception, match=last):
            schema.upgrade(blank)
        assert schema.current(blank) is None
        with blank.read() as conn:
            assert inspect(conn).get_table_names() == [last]


OLD_ROWS = """
INSERT INTO products (id, code, kind, name, label_format, scheme_id, created_at)
    VALUES (7, '09520123456788', 'gtin', 'Oil', 'unit-100x50', 3, '2026-11-20 08:30:00');
INSERT INTO schemes (id, product_id, pattern, key_version, created_at)
    VALUES (3, 7, 'A{seq:5}', 1, '2026-11-20 08:30:00');
INSERT INTO lots (id, product_id, number, revision, created_at) VALUES (5, 7, 'L-1', 1, '2026-11-20 08:30:00');
INSERT INTO pools (id, scheme_id, scope, next, capacity) VALUES (2, 3, '', 10, 99999);
"""


def test_rows_of_before_are_as_they_were(blank_url: str) -> None:
    """A database of 0002 with products, whose table SQLite makes anew, and lots and schemes that refer to them."""
    rows = text("SELECT p.code, p.kind, p.name, s.pattern, l.number FROM products p, schemes s, lots l"
                " WHERE s.product_id = p.id AND l.product_id = p.id AND p.scheme_id = s.id")  # fmt: skip
    with Database.open(blank_url) as blank:
        blank.alter(lambda conn: _climb(conn, "0002"))
        for statement in OLD_ROWS.split(";")[:-1]:
            blank.write(lambda conn, statement=statement: conn.execute(text(statement.replace(":5}", "\\:5}"))))  # type: ignore[misc]
        with blank.read() as conn:
            before = [tuple(row) for row in conn.execute(rows)]
        schema.upgrade(blank)
        with blank.read() as conn:
            assert [tuple(row) for row in conn.execute(rows)] == before
            assert before == [("09520123456788", "gtin", "Oil", "A{seq:5}", "L-1")]
        for kind in ("sscc", "item"):
            blank.write(lambda conn, kind=kind: conn.execute(text(f"UPDATE products SET kind = '{kind}'")))  # type: ignore[misc]
        with pytest.raises(Exception, match=r"(?i)constraint"):
            blank.write(lambda conn: conn.execute(text("UPDATE products SET kind = 'gln'")))
        with pytest.raises(Exception, match=r"(?i)foreign key"):
            blank.write(lambda conn: conn.execute(text("UPDATE lots SET product_id = 8")))


def _climb(conn: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    config.attributes["connection"] = conn
    command.upgrade(config, revision)


UPGRADING = """
import sys
from labelsvc.storage import schema
from labelsvc.storage.database import Database

with Database.open(sys.argv[1]) as database:
    print("ready", flush=True)
    sys.stdin.readline()
    print(schema.upgrade(database)[0], flush=True)
"""


def test_processes_that_upgrade_at_once_upgrade_once(blank_url: str, start: Callable[..., Popen[str]]) -> None:
    """One does; the other waits and finds it done."""
    processes = [start(UPGRADING, blank_url) for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert sorted(process.communicate(timeout=60)[0] for process in processes) == sorted(
        ["None\n", f"{schema.expected()}\n"]
    )


def test_revisions_are_numbered_in_one_line() -> None:
    """0001, 0002, ...: a file is named by its revision, and there are no branches."""
    revisions = list(ScriptDirectory(str(schema.MIGRATIONS)).walk_revisions())[::-1]
    assert [revision.revision for revision in revisions] == [f"{n:04}" for n in range(1, len(revisions) + 1)]
    for revision in revisions:
        assert Path(revision.path).name.startswith(f"{revision.revision}_")


def test_no_constraint_waits_for_the_commit() -> None:
    """On SQLite many works share a COMMIT: what failed only there would fail for strangers."""
    for table in metadata.tables.values():
        assert not any(constraint.deferrable for constraint in table.constraints)
