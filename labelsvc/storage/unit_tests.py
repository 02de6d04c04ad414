"""Tests in the books: what is measured of a product, and every value that was measured; nothing is ever changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, Select, insert, select

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.pages import Page
from labelsvc.domain.units.testing import DefinedTest, NewTest, Record, Result
from labelsvc.errors import NotFound
from labelsvc.storage.database import insert_new, members
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import products, test_definitions, test_records, test_reports, units

_LATER = test_definitions.alias()
_CURRENT = (
    ~select(_LATER.c.id)
    .where(
        _LATER.c.product_id == test_definitions.c.product_id,
        _LATER.c.name == test_definitions.c.name,
        _LATER.c.version > test_definitions.c.version,
    )
    .exists()
)
_TEST = select(test_definitions, products.c.code.label("product"), _CURRENT.label("current")).join_from(
    test_definitions, products, products.c.id == test_definitions.c.product_id
)


def define(conn: Connection, call: Call, product_id: int, new: NewTest) -> int | None:
    """Write the next version of a test; return its id, or None where the current one says the same."""
    its = (test_definitions.c.product_id == product_id, test_definitions.c.name == new.name)
    before = conn.execute(_TEST.where(*its).order_by(test_definitions.c.version.desc()).limit(1)).one_or_none()
    if before is not None and _defined(before).test == new:
        return None
    row = insert_new(
        conn,
        test_definitions,
        {
            "product_id": product_id,
            "name": new.name,
            "version": 1 if before is None else before.version + 1,
            "per": new.per,
            "required": new.required,
            "uom": new.uom,
            "lower": None if new.lower is None else f"{new.lower:f}",
            "upper": None if new.upper is None else f"{new.upper:f}",
            "words": list(new.words),
            "actor_kind": call.actor.kind,
            "actor_id": call.actor.id,
            "created_at": call.at,
        },
    )
    assert row is not None  # the product's row is held, so nobody else gives it a version
    return int(row[0])


def defined(conn: Connection, test_id: int) -> DefinedTest:
    """Return a version of a test that is known to exist."""
    return _defined(conn.execute(_TEST.where(test_definitions.c.id == test_id)).one())


def current(conn: Connection, product_id: int, name: str | None = None) -> tuple[DefinedTest, ...]:
    """Return a product's tests in their current versions, all or the one of a name."""
    query = _TEST.where(test_definitions.c.product_id == product_id, _CURRENT).order_by(test_definitions.c.id)
    query = query if name is None else query.where(test_definitions.c.name == name)
    return tuple(_defined(row) for row in conn.execute(query))


def versions(conn: Connection, product_id: int, after: int, limit: int) -> Page[DefinedTest]:
    """Return every version of every test of a product in the order they were made."""
    query = _TEST.where(test_definitions.c.product_id == product_id)
    return page(conn, query, test_definitions.c.id, (after, limit), _defined)


def _defined(row: AnyRow) -> DefinedTest:
    return DefinedTest(row.id, row.product, row.version, _test(row), bool(row.current), row.created_at)


def _test(row: AnyRow) -> NewTest:
    lower, upper = (None if text is None else Decimal(text) for text in (row.lower, row.upper))
    return NewTest(row.name, row.per, bool(row.required), row.uom, lower, upper, tuple(row.words))


@dataclass(frozen=True, slots=True)
class NewReport:
    """What is recorded in one go."""

    instrument: str | None
    tested_by: str | None
    at: datetime
    offset: str


@dataclass(frozen=True, slots=True)
class NewRecord:
    """One value of it."""

    test_id: int
    lot_id: int
    unit_id: int | None
    value: str | None
    result: Result
    corrects: int | None = None
    reason: str | None = None


def add(conn: Connection, call: Call, report: NewReport, records: Sequence[NewRecord]) -> int:
    """Write what was measured; return the report's id."""
    key = conn.execute(
        insert(test_reports).values(
            instrument=report.instrument,
            tested_by=report.tested_by,
            at=report.at,
            time_offset=report.offset,
            recorded_at=call.at,
            actor_kind=call.actor.kind,
            actor_id=call.actor.id,
        )
    ).inserted_primary_key
    assert key is not None  # one row was inserted
    names = NewRecord.__slots__
    rows = [{"report_id": key[0], **{name: getattr(one, name) for name in names}} for one in records]
    conn.execute(insert(test_records), rows)
    return int(key[0])


_CORRECTING = test_records.alias()
_RECORD = (
    select(
        test_records,
        test_reports.c.instrument,
        test_reports.c.tested_by,
        test_reports.c.at,
        test_reports.c.time_offset,
        test_reports.c.recorded_at,
        test_reports.c.actor_kind,
        test_reports.c.actor_id,
        test_definitions.c.version,
        test_definitions.c.name,
        test_definitions.c.per,
        test_definitions.c.required,
        test_definitions.c.uom,
        test_definitions.c.lower,
        test_definitions.c.upper,
        test_definitions.c.words,
        test_definitions.c.created_at,
        _CURRENT.label("current"),
        products.c.code.label("product"),
        units.c.epc,
        _CORRECTING.c.id.label("corrected_by"),
    )
    .join(test_reports, test_reports.c.id == test_records.c.report_id)
    .join(test_definitions, test_definitions.c.id == test_records.c.test_id)
    .join(products, products.c.id == test_definitions.c.product_id)
    .outerjoin(units, units.c.id == test_records.c.unit_id)
    .outerjoin(_CORRECTING, _CORRECTING.c.corrects == test_records.c.id)
)


def of_report(conn: Connection, report_id: int) -> tuple[Record, ...]:
    """Return what was recorded in one go."""
    rows = conn.execute(_RECORD.where(test_records.c.report_id == report_id).order_by(test_records.c.id))
    return tuple(_record(row) for row in rows)


def get(conn: Connection, record_id: int) -> tuple[Record, int | None]:
    """Return a record, and the id of its unit.

    Raises:
        NotFound: there is none.
    """
    row = conn.execute(_RECORD.where(test_records.c.id == record_id)).one_or_none()
    if row is None:
        raise NotFound("test_record_unknown", f"Expected the id of a test record, got {record_id}.")
    return _record(row), row.unit_id


def of_unit(conn: Connection, unit_id: int, lot_id: int | None, limit: int) -> tuple[Record, ...]:
    """Return what was measured of a unit and of its lot as a whole; the latest `limit` of it, in its order."""
    query = _unit_and_lot(_RECORD, unit_id, lot_id).order_by(test_records.c.id.desc()).limit(limit)
    return tuple(_record(row) for row in reversed(conn.execute(query).all()))


def listing(
    conn: Connection, unit: tuple[int, int | None] | None, lot_id: int | None, window: tuple[int, int]
) -> Page[Record]:
    """Return records in the order they were made: of a unit (and its lot as a whole), of all of a lot, or of all."""
    query = _RECORD if unit is None else _unit_and_lot(_RECORD, *unit)
    query = query if lot_id is None else query.where(test_records.c.lot_id == lot_id)
    return page(conn, query, test_records.c.id, window, _record)


def _unit_and_lot(query: Select[AnyRow], unit_id: int, lot_id: int | None) -> Select[AnyRow]:
    whole = (test_records.c.lot_id == lot_id) & test_records.c.unit_id.is_(None)
    return query.where((test_records.c.unit_id == unit_id) | whole)


def _record(row: AnyRow) -> Record:
    test = DefinedTest(row.test_id, row.product, row.version, _test(row), bool(row.current), row.created_at)
    return Record(
        id=row.id,
        report=row.report_id,
        test=test,
        lot_id=row.lot_id,
        epc=row.epc,
        value=row.value,
        result=row.result,
        instrument=row.instrument,
        tested_by=row.tested_by,
        at=row.at,
        offset=row.time_offset,
        recorded_at=row.recorded_at,
        corrects=row.corrects,
        corrected_by=row.corrected_by,
        reason=row.reason,
        actor=Actor(row.actor_kind, row.actor_id),
    )


_LATEST = (
    select(
        test_definitions.c.name,
        test_records.c.lot_id,
        test_records.c.unit_id,
        test_records.c.result,
        test_records.c.report_id,
        test_reports.c.recorded_at,
    )
    .join_from(test_records, test_definitions, test_definitions.c.id == test_records.c.test_id)
    .join(test_reports, test_reports.c.id == test_records.c.report_id)
    .outerjoin(_CORRECTING, _CORRECTING.c.corrects == test_records.c.id)
    .where(_CORRECTING.c.id.is_(None), test_records.c.result != "withdrawn")
    .order_by(test_reports.c.at, test_records.c.id)
)


@dataclass(frozen=True, slots=True)
class Latest:
    """What a test showed last, of those records that nobody corrected."""

    result: Result
    report_id: int
    recorded_at: datetime


def latest_of_units(conn: Connection, ids: Sequence[int]) -> Mapping[int, Mapping[str, Result]]:
    """Return what each test that is made of units showed last of some."""
    found: dict[int, dict[str, Result]] = {unit_id: {} for unit_id in ids}
    if ids:
        for row in conn.execute(_LATEST.where(test_records.c.unit_id.in_(members(conn, ids)))):
            found[row.unit_id][row.name] = row.result
    return found


def latest_of_lots(conn: Connection, ids: Iterable[int]) -> Mapping[int, Mapping[str, Latest]]:
    """Return what each test that is made of lots as a whole showed last of some."""
    wanted = sorted(set(ids))
    found: dict[int, dict[str, Latest]] = {lot_id: {} for lot_id in wanted}
    if wanted:
        whole = test_records.c.unit_id.is_(None)
        for row in conn.execute(_LATEST.where(whole, test_records.c.lot_id.in_(members(conn, wanted)))):
            found[row.lot_id][row.name] = Latest(row.result, row.report_id, row.recorded_at)
    return found
