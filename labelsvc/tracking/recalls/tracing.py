"""Use cases: where the units of a recall went, and where they come from, some at a time however many they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from sqlalchemy import Connection

from labelsvc.domain.batches import Download
from labelsvc.domain.recalls import NoticeKind, cell, line
from labelsvc.domain.units.rules import RECEIVING, SELLING, SHIPPING
from labelsvc.storage import journeys, lineage, places, recall_notices, recall_sales, recalls, units
from labelsvc.storage.database import Database
from labelsvc.storage.journeys import Met, Told
from labelsvc.storage.recall_sales import Sold
from labelsvc.storage.unit_history import DEPTH
from labelsvc.tracking.recalls.scope import AT_ONCE

Direction = Literal["forward", "backward"]
#: Somebody who had units: a party or a place by URI, a customer by id.
Whom = tuple[NoticeKind, str | int]

_FORWARD = "unit,relation,customer,party,location,time,invoice,through,finding,event"
_BACKWARD = "unit,relation,lot,batch,label,line,job,printer,component,location,time,event"


class Sent(NamedTuple):
    """A unit that went to somebody.

    Attributes:
        relation: `shipped`, `received`, `returned`, `sold`.
        whom: who is to be told.
        through: EPC of what it was inside.
    """

    epc: str
    relation: str
    customer: str | None
    party: str | None
    told: Told
    invoice: str | None
    through: str | None
    finding: str | None
    whom: tuple[Whom, ...]


def trace(db: Database, recall_id: int, direction: Direction) -> Download:
    """Return where the units of a recall went (`forward`), or where they come from, as CSV.

    Raises:
        NotFound: there is no such recall.
    """
    with db.read() as conn:
        name = recalls.get(conn, recall_id).name
    body = _csv(db, recall_id) if direction == "forward" else _csv_backward(db, recall_id)
    return Download("text/csv; charset=utf-8", f"{name}-{direction}.csv", body)


def _csv(db: Database, recall_id: int) -> Iterator[bytes]:
    yield f"{_FORWARD}\r\n".encode()
    for ids in _chunks(db, recall_id):
        with db.read() as conn:
            rows = sent(conn, ids)
        texts: dict[int, tuple[str, str]] = {}
        yield "".join(_line(row, texts) for row in rows).encode()


def _line(row: Sent, texts: dict[int, tuple[str, str]]) -> str:
    said = row.told
    place = texts.get(said.id)
    if place is None:
        place = texts[said.id] = (f"{cell(said.location)},{_moment(said.time)}", cell(said.event_id))
    return (
        f"{cell(row.epc)},{row.relation},{cell(row.customer)},{cell(row.party)},{place[0]},{cell(row.invoice)},"
        f"{cell(row.through)},{row.finding or ''},{place[1]}\r\n"
    )


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _chunks(db: Database, recall_id: int) -> Iterator[list[int]]:
    after = 0
    while True:
        with db.read() as conn:
            ids = recalls.ids_after(conn, recall_id, after, AT_ONCE)
        if not ids:
            return
        yield ids
        after = ids[-1]


def sent(conn: Connection, ids: Sequence[int]) -> list[Sent]:
    """Return to whom units went, in the order of their ids and as it happened; illegal events count as well."""
    met = journeys.of_units(conn, ids)
    told = journeys.told(conn, list({one.event_id for its in met.values() for one in its}))
    relations = {event_id: relation for event_id, said in told.items() if (relation := _relation(said))}
    epcs = units.epcs_of(conn, [*ids, *{one.through for its in met.values() for one in its}])
    sales = recall_sales.of_units(conn, ids)
    found: list[Sent] = []
    for unit_id in ids:
        epc = epcs[unit_id]
        for one in met[unit_id]:
            relation = relations.get(one.event_id)
            if relation is not None:
                sale = sales.get((unit_id, one.event_id))
                through = None if one.through is None else epcs[one.through]
                found += _sent(epc, relation, told[one.event_id], (one, through, sale))
    return found


def _relation(said: Told) -> str | None:
    if said.step in SELLING or said.disposition == "retail_sold":
        return "sold"
    if said.disposition == "returned":
        return "returned"
    if said.step in SHIPPING:
        return "shipped"
    return "received" if said.step in RECEIVING else None


def _sent(epc: str, relation: str, said: Told, how: tuple[Met, str | None, Sold | None]) -> Iterator[Sent]:
    one, through, sale = how
    if relation == "shipped" and said.destinations:
        for uri, _ in said.destinations:
            yield Sent(epc, relation, None, uri, said, None, through, one.finding, (("party", uri),))
        return
    party, customer, invoice = said.party, None, None
    whom: list[Whom] = []
    if relation == "sold":
        party = next((uri for uri, _ in said.sources), party)
        if sale is not None:
            party, customer, invoice = sale.party or party, sale.customer, sale.invoice
            if sale.customer_id is not None:
                whom.append(("customer", sale.customer_id))
    if relation != "shipped":
        if party is not None:
            whom.append(("party", party))
        elif said.location is not None:
            whom.append(("location", said.location))
    yield Sent(epc, relation, customer, party, said, invoice, through, one.finding, tuple(whom))


def who_had(db: Database, recall_id: int) -> tuple[dict[Whom, int], int]:
    """Return how many units of a recall each of those had who are to be told, and how many rows the trace has.

    What is kept in memory is one number for each of those, not for each unit.
    """
    counted: dict[Whom, int] = {}
    rows = 0
    for ids in _chunks(db, recall_id):
        with db.read() as conn:
            found = sent(conn, ids)
        rows += len(found)
        its: set[Whom] = set()
        epc = ""
        for row in found:
            if row.epc != epc:
                its, epc = set(), row.epc
            for whom in row.whom:
                if whom not in its:
                    its.add(whom)
                    counted[whom] = counted.get(whom, 0) + 1
    return counted, rows


def ids_of(conn: Connection, some: Sequence[tuple[Whom, int]], at: datetime) -> list[tuple[recall_notices.Whom, int]]:
    """Return who they are by the ids of their rows; a party that nobody named before gets one."""
    parties = places.party_ids(conn, [str(key) for (kind, key), _ in some if kind == "party"], at)
    locations = places.location_ids(conn, [str(key) for (kind, key), _ in some if kind == "location"], at)
    known: Mapping[str, Mapping[str, int]] = {"party": parties, "location": locations}
    return [((kind, known[kind][str(key)] if kind in known else int(key)), count) for (kind, key), count in some]


# Backward


def _csv_backward(db: Database, recall_id: int) -> Iterator[bytes]:
    yield f"{_BACKWARD}\r\n".encode()
    for ids in _chunks(db, recall_id):
        with db.read() as conn:
            rows = [*_made(conn, ids), *_parts(conn, ids)]
        yield "".join(rows).encode()


def _made(conn: Connection, ids: Sequence[int]) -> Iterator[str]:
    """Write of each unit which number it carries, and where it was commissioned."""
    numbers = lineage.numbers_of(conn, ids)
    made = lineage.ranges_made(conn, sorted({one.range_id for one in numbers if one.range_id is not None}))
    begun = lineage.beginnings(conn, ids)
    told = journeys.told(conn, sorted(set(begun.values())))
    for one in numbers:
        if one.range_id is not None and one.ordinal is not None:
            its = made[one.range_id]
            jobs = [job for job in its.jobs if job[0] <= one.ordinal <= job[1]] or [(0, 0, 0, "")]
            for _, _, job, printer in jobs:
                label = str(one.ordinal - its.first + 1)
                where = (its.lot, _shown(its.batch), label, its.line, _shown(job), printer)
                yield line((one.epc, "numbered", *where, None, None, None, None))
        if (said := told.get(begun.get(one.unit_id, 0))) is not None:
            place = (said.location, _moment(said.time), said.event_id)
            yield line((one.epc, "commissioned", one.lot, None, None, None, None, None, None, *place))


def _shown(number: int | None) -> str | None:
    return str(number) if number else None


def _parts(conn: Connection, ids: Sequence[int]) -> Iterator[str]:
    """Write what units are made of, what that is made of, and so on, each pair once."""
    level, seen = list(ids), set(ids)
    for _ in range(DEPTH):
        found = lineage.parts_of(conn, level)
        if not found:
            return
        told = journeys.told(conn, sorted({one.event_id for one in found}))
        epcs = units.epcs_of(conn, {one.unit_id for one in found})
        for one in found:
            said = told[one.event_id]
            where = (one.part, said.location, _moment(said.time), said.event_id)
            yield line((epcs[one.unit_id], one.how, None, None, None, None, None, None, *where))
        level = sorted({one.part_id for one in found if one.part_id is not None} - seen)
        seen |= set(level)
        if not level:
            return
