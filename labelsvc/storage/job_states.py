"""How many print jobs there are in each state."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from labelsvc.storage.tables import print_jobs


def counted(conn: Connection) -> dict[str, int]:
    """Return state of print jobs -> how many, for the states that occur."""
    rows = conn.execute(select(print_jobs.c.state, func.count()).group_by(print_jobs.c.state))
    return {state: int(count) for state, count in rows}
