"""Stations in the books: who they are, what they claimed, and what their journals said."""

from __future__ import annotations

import zlib
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, insert, join, or_, select, update

from labelsvc.domain.pages import Page
from labelsvc.errors import NotFound
from labelsvc.storage.database import insert_new
from labelsvc.storage.jobs import head_of
from labelsvc.storage.tables import print_jobs, printer_leases, printers, station_claims, station_reports, stations

Span = tuple[int, int]
ClaimKind = Literal["job", "ahead"]
ClaimState = Literal["open", "ended", "released", "forked"]

#: Boots of a station that are remembered.
_BOOTS = 50


@dataclass(frozen=True, slots=True)
class Station:
    """A station as it was last heard of.

    Attributes:
        instance: its journal directory; None: it was released, and the next one that comes is taken.
        boot: the process that works there; `boots`: those before.
        doubled: two processes worked at once; a person has to release it.
        clock_offset: seconds that its clock was before ours.
    """

    name: str
    instance: str | None
    boot: str | None
    boots: tuple[str, ...]
    seen_at: datetime
    clock_offset: int
    doubled: bool = False


@dataclass(frozen=True, slots=True)
class NewClaim:
    """What a claim is made of; `spans` are numbers of labels in their batch."""

    station: str
    kind: ClaimKind
    printer_id: int
    printer_revision: int
    batch_id: int
    job_id: int | None
    token: int
    spans: tuple[Span, ...]
    resumed: bool
    seed: str
    expires_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ClaimRow(NewClaim):
    """Labels of one range that a station has.

    Attributes:
        job_id: the job they are of; of a range handed ahead the one printed last.
        token: of the delivery under way.
        acknowledged: lines of its journal that we have; `chain`: the digest behind them.
    """

    id: int
    acknowledged: int
    chain: str
    state: ClaimState
    ended_at: datetime | None

    @property
    def count(self) -> int:
        """How many labels."""
        return sum(last - first + 1 for first, last in self.spans)


def get(conn: Connection, name: str, *, lock: bool = False) -> Station | None:
    """Return a station; None: it never came."""
    query = select(stations).where(stations.c.name == name)
    row = conn.execute(query.with_for_update() if lock else query).one_or_none()
    return Station(**{**row._mapping, "boots": tuple(row.boots)}) if row else None


def listing(conn: Connection, after: int, limit: int) -> Page[Station]:
    """Return stations by name.

    Args:
        after: how many to leave out.
    """
    rows = conn.execute(select(stations).order_by(stations.c.name).offset(after).limit(limit + 1)).all()
    found = tuple(Station(**{**row._mapping, "boots": tuple(row.boots)}) for row in rows[:limit])
    return Page(found, after + limit if len(rows) > limit else None)


def save(conn: Connection, station: Station) -> None:
    """Write down how a station is."""
    values = {**asdict(station), "boots": list(station.boots[-_BOOTS:])}
    if not insert_new(conn, stations, values):
        conn.execute(update(stations).where(stations.c.name == station.name).values(**values))


def waiting_printers(conn: Connection, station: str) -> tuple[int, ...]:
    """Return the ids of a station's printers that have a job to be claimed."""
    rows = conn.execute(
        select(printers.c.id)
        .select_from(
            join(printers, print_jobs, print_jobs.c.id == head_of(printers.c.id)).outerjoin(
                printer_leases, printer_leases.c.printer_id == printers.c.id
            )
        )
        .where(
            printers.c.station == station,
            printer_leases.c.claim_id.is_(None),
            or_(print_jobs.c.state == "pending", print_jobs.c.state == "processing"),
        )
        .order_by(printers.c.id)
    )
    return tuple(rows.scalars())


def _claim(row: Any) -> ClaimRow:
    return ClaimRow(**{**row._mapping, "spans": tuple((first, last) for first, last in row.spans)})


def add_claim(conn: Connection, new: NewClaim) -> int:
    """Insert a claim; return its id."""
    values = {**asdict(new), "spans": [list(span) for span in new.spans]}
    key = conn.execute(
        insert(station_claims).values(**values, acknowledged=0, chain=new.seed, state="open")
    ).inserted_primary_key
    assert key is not None  # one row was inserted
    return int(key[0])


def get_claim(conn: Connection, claim_id: int, station: str | None = None, *, lock: bool = False) -> ClaimRow:
    """Return a claim.

    Args:
        station: whose it has to be; None: anybody's.

    Raises:
        NotFound: there is none.
    """
    query = select(station_claims).where(station_claims.c.id == claim_id)
    row = conn.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None or station not in (None, row.station):
        raise NotFound("claim_unknown", f"Expected the id of a claim of this station, got {claim_id}.")
    return _claim(row)


def open_claims(conn: Connection, station: str) -> tuple[ClaimRow, ...]:
    """Return what a station has, the oldest first."""
    chosen = (station_claims.c.station == station, station_claims.c.state == "open")
    return tuple(map(_claim, conn.execute(select(station_claims).where(*chosen).order_by(station_claims.c.id))))


def has(conn: Connection, batch_id: int, label: int) -> bool:
    """Whether some station has a label of a batch, and may have printed it without having told so."""
    chosen = (station_claims.c.batch_id == batch_id, station_claims.c.state == "open")
    rows = conn.execute(select(station_claims.c.spans).where(*chosen)).scalars()
    return any(first <= label <= last for spans in rows for first, last in spans)


def count_open(conn: Connection, station: str) -> int:
    """Return how many claims a station has."""
    chosen = (station_claims.c.station == station, station_claims.c.state == "open")
    return int(conn.execute(select(func.count()).select_from(station_claims).where(*chosen)).scalar_one())


def change_claim(conn: Connection, claim_id: int, **changes: Any) -> None:
    """Change columns of a claim."""
    conn.execute(update(station_claims).where(station_claims.c.id == claim_id).values(**changes))


def keep_lease(conn: Connection, printer_id: int, claim_id: int | None, at: datetime) -> None:
    """Let a printer's lease last until its claim ends, or (None) end it now."""
    conn.execute(
        update(printer_leases).where(printer_leases.c.printer_id == printer_id).values(claim_id=claim_id, expires_at=at)
    )


def next_token(conn: Connection, claim: ClaimRow, at: datetime) -> int:
    """Give a claim's next delivery a token that none on its printer had, and return it."""
    token = 1
    if not insert_new(
        conn, printer_leases, {"printer_id": claim.printer_id, "owner": claim.station, "token": 1, "expires_at": at}
    ):
        token = conn.execute(
            update(printer_leases)
            .where(printer_leases.c.printer_id == claim.printer_id)
            .values(token=printer_leases.c.token + 1)
            .returning(printer_leases.c.token)
        ).scalar_one()
    change_claim(conn, claim.id, token=token)
    return int(token)


@dataclass(frozen=True, slots=True)
class Report:
    """Lines of a journal, as they were sent.

    Attributes:
        before: the chain's digest before the first of them.
    """

    first: int
    before: str
    lines: tuple[str, ...]
    accepted: bool = True

    @property
    def last(self) -> int:
        """The number of the last line."""
        return self.first + len(self.lines) - 1


def add_report(conn: Connection, claim_id: int, report: Report, at: datetime) -> None:
    """Keep what was sent."""
    packed = zlib.compress("\n".join(report.lines).encode())
    values = {"first": report.first, "last": report.last, "before": report.before, "accepted": report.accepted}
    conn.execute(insert(station_reports).values(claim_id=claim_id, lines=packed, at=at, **values))


def reports_from(conn: Connection, claim_id: int, number: int) -> tuple[Report, ...]:
    """Return what was accepted of a journal from the report that has line `number` on, in its order."""
    rows = conn.execute(
        select(station_reports)
        .where(
            station_reports.c.claim_id == claim_id,
            station_reports.c.accepted,
            station_reports.c.last >= number,
        )
        .order_by(station_reports.c.first)
    )
    return tuple(Report(row.first, row.before, tuple(zlib.decompress(row.lines).decode().split("\n"))) for row in rows)


def refused_reports(conn: Connection, claim_id: int) -> int:
    """Return how many reports of a claim were kept as evidence only."""
    chosen = (station_reports.c.claim_id == claim_id, station_reports.c.accepted.is_(False))
    return int(conn.execute(select(func.count()).select_from(station_reports).where(*chosen)).scalar_one())
