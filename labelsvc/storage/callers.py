"""Printers in the books that dial in (weblink://SERIAL), instead of being dialled."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select

from labelsvc.domain.jobs import JOB_ENDED
from labelsvc.storage.tables import print_jobs, printer_leases, printer_revisions, printers

_DIALS_IN = printer_revisions.c.uri.startswith("weblink://", autoescape=True)


def expected(conn: Connection) -> dict[str, tuple[int, ...]]:
    """Return the URIs of printers that may dial in, with the ids of those that have them now.

    One of a job that has not ended is still expected, although its printer has another meanwhile.
    """
    now = printer_revisions.c.revision == printers.c.revision
    needed = print_jobs.alias()
    job = select(needed.c.id).where(
        needed.c.printer_id == printer_revisions.c.printer_id,
        needed.c.printer_revision == printer_revisions.c.revision,
        needed.c.state.not_in(JOB_ENDED),
    )
    found: dict[str, tuple[int, ...]] = {}
    for uri, printer_id, current in conn.execute(
        select(printer_revisions.c.uri, printers.c.id, now)
        .join_from(printer_revisions, printers, printers.c.id == printer_revisions.c.printer_id)
        .where(_DIALS_IN, or_(now, job.exists()))
        .order_by(printers.c.id)
    ):
        found[uri] = (*found.get(uri, ()), printer_id) if current else found.get(uri, ())
    return found


def among(conn: Connection, printer_ids: Iterable[int]) -> tuple[int, ...]:
    """Return those of some printers that dial in, or did."""
    ids = list(printer_ids)
    chosen = and_(printer_revisions.c.printer_id.in_(ids), _DIALS_IN)
    rows = conn.execute(select(printer_revisions.c.printer_id).distinct().where(chosen)) if ids else None
    return tuple(sorted(rows.scalars())) if rows is not None else ()


def uri_of(conn: Connection, printer_id: int, revision: int) -> str:
    """Return a printer's URI as it was at a revision that is known to exist."""
    chosen = (printer_revisions.c.printer_id == printer_id, printer_revisions.c.revision == revision)
    return str(conn.execute(select(printer_revisions.c.uri).where(*chosen)).scalar_one())


def lease_ends(conn: Connection, printer_id: int) -> datetime | None:
    """Return when a printer's lease ends or ended; None: it never had one."""
    chosen = printer_leases.c.printer_id == printer_id
    ends: datetime | None = conn.execute(select(printer_leases.c.expires_at).where(chosen)).scalar_one_or_none()
    return ends
