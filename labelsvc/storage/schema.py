"""The schema's version: what the database has, what this program expects, and the way from one to the other."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from labelsvc.errors import Unavailable
from labelsvc.storage.database import Database

MIGRATIONS = Path(__file__).with_name("migrations")


def expected() -> str:
    """Return the revision that this program is written for."""
    head = _scripts().get_current_head()
    assert head is not None  # there is a first one
    return head


def current(database: Database) -> str | None:
    """Return the revision that the database has; None: it is empty, or not even there.

    Raises:
        Unavailable: the database cannot be asked.
    """
    try:
        with database.read() as conn:
            return _revision(conn)
    except Unavailable as error:
        if error.code == "database_missing":
            return None
        raise


def check(database: Database) -> None:
    """Refuse a database that this program was not written for.

    Raises:
        Unavailable: its schema is older (schema_old, and the command that helps) or newer (schema_new).
    """
    found = current(database)
    _refuse_newer(found)
    if found != expected():
        raise Unavailable(
            "schema_old", f"Expected schema {expected()}, got {found or 'none'}. Run: labelsvc db upgrade"
        )


def upgrade(database: Database) -> tuple[str | None, str]:
    """Bring the database to the expected revision in one transaction; return the revision before and after.

    Of several processes that do so at once one upgrades, and the others find it done.

    Raises:
        Unavailable: the schema is of a newer labelsvc (schema_new), or the database does not serve.
    """

    def climb(conn: Connection) -> tuple[str | None, str]:
        before = _revision(conn)
        _refuse_newer(before)
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = conn
        command.upgrade(config, "head")
        return before, expected()

    return database.alter(climb)


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS))


def _revision(conn: Connection) -> str | None:
    return MigrationContext.configure(conn).get_current_revision()


def _refuse_newer(found: str | None) -> None:
    if found is None:
        return
    try:
        _scripts().get_revision(found)
    except CommandError:
        raise Unavailable(
            "schema_new", f"Expected schema {expected()} or older, got {found}. Install the labelsvc that made it."
        ) from None
