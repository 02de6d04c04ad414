"""Alembic's way in: runs the revisions on a connection that Database.alter gives, in its transaction."""  # noqa: INP001 - it runs this file by its path

from __future__ import annotations

import os
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from labelsvc.storage.database import Database
from labelsvc.storage.tables import metadata
from labelsvc.storage.types import BigKey, Instant, Json


def render(kind: str, item: Any, autogenerate: AutogenContext) -> str | Literal[False]:
    """Write our column types by their names into a new revision."""
    name = "BigKey" if item is BigKey else "Json" if item is Json else "Instant()" if isinstance(item, Instant) else ""
    if kind != "type" or not name:
        return False
    autogenerate.imports.add(f"from labelsvc.storage.types import {name.removesuffix('()')}")
    return name


def run(conn: Connection) -> None:
    """Run what alembic was asked for."""
    context.configure(
        connection=conn,
        target_metadata=metadata,
        render_as_batch=True,  # SQLite alters a table by making it anew
        render_item=render,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if "connection" in context.config.attributes:
    run(context.config.attributes["connection"])
else:  # alembic's own command, by whoever writes a revision
    with Database.open(os.environ["LABELSVC_DATABASE_URL"]) as opened:
        opened.alter(run)
