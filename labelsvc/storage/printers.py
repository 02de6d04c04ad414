"""Printers in the books, and the leases that keep a printer to one sender."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from labelsvc.domain.actors import Call
from labelsvc.domain.jobs import Printer, PrinterSpec, PrinterState
from labelsvc.domain.pages import Page
from labelsvc.domain.profiles import NOTHING, Profile
from labelsvc.errors import NotFound
from labelsvc.storage import fleet
from labelsvc.storage.database import insert_new
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import printer_leases, printer_revisions, printers

_PRINTER = select(
    printers.c.id,
    printers.c.name,
    printers.c.station,
    printers.c.state,
    printers.c.state_reasons,
    printers.c.state_at,
    printers.c.created_at,
    printer_revisions.c.revision,
    printer_revisions.c.uri,
    printer_revisions.c.language,
    printer_revisions.c.dpmm,
    printer_revisions.c.media_width,
    printer_revisions.c.media_height,
    printer_revisions.c.window,
    printer_revisions.c.regulated,
    printer_revisions.c.profile,
).join_from(printers, printer_revisions, printer_revisions.c.printer_id == printers.c.id)
_CURRENT = printer_revisions.c.revision == printers.c.revision


def _printer(row: AnyRow) -> Printer:
    media = (row.media_width / 1000, row.media_height / 1000)
    spec = PrinterSpec(row.name, row.uri, row.language, row.dpmm, *media, window=row.window, regulated=row.regulated)
    spec = replace(spec, station=row.station)
    profile = Profile(**row.profile) if row.profile else NOTHING
    reasons = tuple(row.state_reasons)
    return Printer(row.id, spec, row.revision, row.state, reasons, row.state_at, row.created_at, profile)


def add(conn: Connection, call: Call, spec: PrinterSpec) -> int | None:
    """Insert a printer; return its id, or None where its name is taken."""
    values: dict[str, Any] = {
        "name": spec.name,
        "station": spec.station,
        "revision": 1,
        "state": "idle",
        "state_reasons": [],
        "state_at": call.at,
        "created_at": call.at,
    }
    row = insert_new(conn, printers, values)
    if row is None:
        return None
    _add_revision(conn, call, int(row[0]), 1, (spec, NOTHING))
    return int(row[0])


def revise(conn: Connection, call: Call, old: Printer, spec: PrinterSpec, profile: Profile) -> None:
    """Insert the next revision of a printer, which the caller has locked; jobs made before keep theirs."""
    _add_revision(conn, call, old.id, old.revision + 1, (spec, profile))
    changes = {"revision": old.revision + 1, "station": spec.station}
    conn.execute(update(printers).where(printers.c.id == old.id).values(**changes))


def set_profile(conn: Connection, call: Call, printer_id: int, profile: Profile) -> None:
    """Keep what a certification run found, as the printer's next revision."""
    name = conn.execute(select(printers.c.name).where(printers.c.id == printer_id)).scalar_one()
    old = get(conn, name, lock=True)
    revise(conn, call, old, old.spec, profile)


def _add_revision(
    conn: Connection, call: Call, printer_id: int, revision: int, said: tuple[PrinterSpec, Profile]
) -> None:
    spec, profile = said
    conn.execute(
        insert(printer_revisions).values(
            printer_id=printer_id,
            revision=revision,
            uri=spec.uri,
            language=spec.language,
            dpmm=spec.dpmm,
            media_width=round(spec.media_width * 1000),
            media_height=round(spec.media_height * 1000),
            window=spec.window,
            regulated=spec.regulated,
            profile=None if profile == NOTHING else asdict(profile),
            created_at=call.at,
        )
    )


def get(conn: Connection, name: str, *, lock: bool = False) -> Printer:
    """Return a printer as it is now.

    Args:
        lock: keep others from changing it until this transaction ends.

    Raises:
        NotFound: there is none.
    """
    if lock:
        conn.execute(select(printers.c.id).where(printers.c.name == name).with_for_update())
    row = conn.execute(_PRINTER.where(printers.c.name == name, _CURRENT)).one_or_none()
    if row is None:
        raise NotFound("printer_unknown", f"Expected the name of a printer, got {name[:80]!r}.")
    return _printer(row)


def by_id(conn: Connection, printer_id: int) -> Printer:
    """Return a printer that is known to exist as it is now."""
    return _printer(conn.execute(_PRINTER.where(printers.c.id == printer_id, _CURRENT)).one())


def at_revision(conn: Connection, printer_id: int, revision: int) -> Printer:
    """Return a printer as it was at a revision that is known to exist."""
    return _printer(
        conn.execute(_PRINTER.where(printers.c.id == printer_id, printer_revisions.c.revision == revision)).one()
    )


def listing(conn: Connection, after: int, limit: int) -> Page[Printer]:
    """Return printers in the order they came."""
    return page(conn, _PRINTER.where(_CURRENT), printers.c.id, (after, limit), _printer)


def set_state(conn: Connection, printer_id: int, state: PrinterState, reasons: tuple[str, ...], at: datetime) -> None:
    """Say how a printer is; `state_at` says since when."""
    fleet.change_state(conn, printer_id, state, reasons, at)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to send to one printer.

    Attributes:
        token: rises with every owner. Every commit of a sender renews its lease by its token first, so one that was
            overtaken cannot commit a window, whatever its clock says.
    """

    printer_id: int
    owner: str
    token: int


def acquire_lease(conn: Connection, printer_id: int, owner: str, now: datetime, seconds: float) -> Lease | None:
    """Take the printer's lease where it is free or has run out; None: another has it, or a station does."""
    ends = now + timedelta(seconds=seconds)
    if insert_new(conn, printer_leases, {"printer_id": printer_id, "owner": owner, "token": 1, "expires_at": ends}):
        return Lease(printer_id, owner, 1)
    # A lease that ends far later than any could was made by a clock that has since jumped back.
    too_late = now + timedelta(seconds=2 * seconds)
    token = conn.execute(
        update(printer_leases)
        .where(
            printer_leases.c.printer_id == printer_id,
            printer_leases.c.claim_id.is_(None),
            or_(printer_leases.c.expires_at <= now, printer_leases.c.expires_at > too_late),
        )
        .values(owner=owner, token=printer_leases.c.token + 1, expires_at=ends)
        .returning(printer_leases.c.token)
    ).scalar_one_or_none()
    return None if token is None else Lease(printer_id, owner, int(token))


def renew_lease(conn: Connection, lease: Lease, now: datetime, seconds: float) -> bool:
    """Keep the lease; False: it went to another, and this sender must stop."""
    return bool(
        conn.execute(
            update(printer_leases)
            .where(printer_leases.c.printer_id == lease.printer_id, printer_leases.c.token == lease.token)
            .values(expires_at=now + timedelta(seconds=seconds))
        ).rowcount
    )


#: A lease's token rises by this when all senders of before are to be told from those to come.
_FENCED = 1_000_000


def fence(conn: Connection, now: datetime) -> dict[int, int]:
    """Take every printer's lease from whoever has it, or had it in books that are gone; return printer -> token.

    Tokens that were given out and are forgotten are not given again. What a station claimed stays claimed.
    """
    for printer_id in conn.execute(select(printers.c.id)).scalars().all():
        new = {"printer_id": printer_id, "owner": "restored", "token": 0, "expires_at": now}
        insert_new(conn, printer_leases, new)
    conn.execute(update(printer_leases).values(token=printer_leases.c.token + _FENCED, expires_at=now))
    return {row.printer_id: row.token for row in conn.execute(select(printer_leases))}


def held_leases(conn: Connection, leases: list[Lease]) -> set[Lease]:
    """Return those leases that did not go to others; none of them can before this transaction ends."""
    rows = conn.execute(_LEASES, {"ids": [lease.printer_id for lease in leases]})
    tokens = {row.printer_id: row.token for row in rows}
    return {lease for lease in leases if tokens.get(lease.printer_id) == lease.token}


_LEASES = (
    select(printer_leases.c.printer_id, printer_leases.c.token)
    .where(printer_leases.c.printer_id.in_(bindparam("ids", expanding=True)))
    .order_by(printer_leases.c.printer_id)
    .with_for_update()
)


def release_lease(conn: Connection, lease: Lease, now: datetime) -> None:
    """Give the lease back, so that the next sender need not wait until it runs out."""
    conn.execute(
        update(printer_leases)
        .where(printer_leases.c.printer_id == lease.printer_id, printer_leases.c.token == lease.token)
        .values(expires_at=now)
    )
