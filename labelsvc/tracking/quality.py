"""Use cases: what is tested of a product, and every value that was measured, for ever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.epcis.identifiers import canonical_epc
from labelsvc.domain.gs1 import parse_product_code
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.pages import Page
from labelsvc.domain.products import check_name
from labelsvc.domain.units.rules import SKEW
from labelsvc.domain.units.testing import NAME_AT_MOST, DefinedTest, NewTest, Override, Per, Record, evaluate
from labelsvc.errors import Conflict, InvalidInput, NotFound, at
from labelsvc.storage import audit, lots, overrides, products, unit_tests, units
from labelsvc.storage import requests as request_keys
from labelsvc.storage.database import Database
from labelsvc.storage.unit_tests import NewRecord, NewReport
from labelsvc.storage.units import Known
from labelsvc.tracking import assessing

UNITS_AT_MOST = 1_000
RESULTS_AT_MOST = 50
REASON_AT_MOST = 500
#: Values of one request: units times tests.
VALUES_AT_MOST = 10_000
#: Records and overrides of one unit that its story and its dossier show.
_OF_UNIT = 1_000


def define_test(db: Database, call: Call, product: str, new: NewTest) -> DefinedTest:
    """Give a product a test, or one it has another version; what was recorded keeps the version it was measured by.

    Raises:
        NotFound: there is no such product.
        Conflict: the test is just so already.
    """
    with at("/product"):
        code = parse_product_code(product).value

    def work(conn: Connection) -> DefinedTest:
        found = products.get(conn, code, lock=True)
        before = unit_tests.current(conn, found.id, new.name)
        test_id = unit_tests.define(conn, call, found.id, new)
        if test_id is None:
            raise Conflict("test_same", "Expected a test that differs from its current version, got the same.")
        made = unit_tests.defined(conn, test_id)
        was = _noted(before[0]) if before else None
        audit.record(conn, call, "product.test", f"product:{code}", before=was, after=_noted(made))
        return made

    return db.write(work)


def _noted(test: DefinedTest) -> Mapping[str, Any]:
    said = asdict(test.test)
    limits = {name: None if said[name] is None else f"{said[name]:f}" for name in ("lower", "upper")}
    return {"version": test.version, **said, **limits, "words": list(test.test.words)}


def list_tests(db: Database, product: str, after: int, limit: int) -> Page[DefinedTest]:
    """Return every version of every test of a product.

    Raises:
        NotFound: there is no such product.
    """
    with at("/product"):
        code = parse_product_code(product).value
    with db.read() as conn:
        return unit_tests.versions(conn, products.get(conn, code).id, after, limit)


@dataclass(frozen=True, slots=True)
class Measured:
    """A value: of a test, by its name."""

    test: str
    value: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured in one go, of units or of a lot as a whole; each unit has each value.

    Attributes:
        units: EPCs of units of one product; empty: `lot` is tested.
        at: when, in the offset of the clock on the wall there; None: now.
        tested_by: whoever measured, where that is not who records it.
    """

    results: tuple[Measured, ...]
    units: tuple[str, ...] = ()
    lot_id: int | None = None
    instrument: str | None = None
    tested_by: str | None = None
    at: datetime | None = None


def record_tests(db: Database, issuer: Issuer, call: Call, report: Report) -> tuple[Record, ...]:
    """Record what was measured, and say of the units what it shows.

    Raises:
        NotFound: there is no such lot, or no event ever named the unit.
        InvalidInput: no such test of the product, a value that is none, units of several products, ...
        Conflict: a unit is not commissioned; the key was used before.
    """
    _check_report(report)
    body = _body(report)
    left: list[int] = []

    def work(conn: Connection) -> tuple[Record, ...]:
        answered = request_keys.claim(conn, call, "test-records", body)
        if answered is not None:
            return unit_tests.of_report(conn, answered["report"])
        known = _units(conn, report.units)
        product_id = lots.get(conn, report.lot_id).product_id if report.lot_id is not None else known[0].product_id
        values = _values(conn, product_id or 0, report)
        subjects = [(report.lot_id, None)] if report.lot_id is not None else [(one.lot_id, one.id) for one in known]
        rows = [replace(value, lot_id=lot or 0, unit_id=unit) for lot, unit in subjects for value in values]
        report_id = unit_tests.add(conn, call, _new_report(report, call), rows)
        left[:] = _said(conn, issuer, call, report_id, (known, report.lot_id))
        after = {"report": report_id, "lot": report.lot_id, "units": len(known), "failed": _failed(rows)}
        audit.record(conn, call, "test.record", f"test:{report_id}", after=after)
        request_keys.settle(conn, call, "test-records", {"report": report_id})
        return unit_tests.of_report(conn, report_id)

    made = db.write(work)
    for sweep_id in left:
        while not assessing.sweep_some(db, issuer, call, sweep_id):
            pass
    return made


def _failed(rows: Sequence[NewRecord]) -> int:
    return sum(row.result == "failed" for row in rows)


def _said(
    conn: Connection, issuer: Issuer, call: Call, report_id: int, of: tuple[Sequence[Known], int | None]
) -> list[int]:
    """Say of units, or of all of a lot, what a report shows; return what is left to be said."""
    known, lot_id = of
    if lot_id is None:
        assessing.assess(conn, issuer, call, known, assessing.report_cause(conn, issuer, report_id))
        return []
    sweep_id = assessing.begin_sweep(conn, issuer, call, lot_id, report=report_id)
    return [] if sweep_id is None else [sweep_id]


def _check_report(report: Report) -> None:
    if (report.lot_id is None) == (not report.units):
        raise InvalidInput("test_subject", "Expected units or a lot, got both or neither.", pointer="/units")
    for name, most in (("units", UNITS_AT_MOST), ("results", RESULTS_AT_MOST)):
        if len(getattr(report, name)) > most:
            raise InvalidInput("test_many", f"Expected at most {most} {name}, got more.", pointer=f"/{name}")
    if len(report.units) * len(report.results) > VALUES_AT_MOST:
        raise InvalidInput("test_many", f"Expected at most {VALUES_AT_MOST} values, got more.", pointer="/units")
    if not report.results:
        raise InvalidInput("test_results", "Expected at least one result, got none.", pointer="/results")
    for name in ("instrument", "tested_by"):
        if getattr(report, name) is not None:
            with at(f"/{name}"):
                check_name(getattr(report, name), NAME_AT_MOST)


def _body(report: Report) -> Mapping[str, Any]:
    moment = None if report.at is None else report.at.isoformat()
    return {**asdict(report), "units": list(report.units), "results": _pairs(report), "at": moment}


def _pairs(report: Report) -> list[list[str]]:
    return [[one.test, one.value] for one in report.results]


def _new_report(report: Report, call: Call) -> NewReport:
    moment = report.at or call.at
    if moment > call.at + SKEW:
        raise InvalidInput("test_future", "Expected a time that has come, got a later one.", pointer="/at")
    return NewReport(report.instrument, report.tested_by, moment.astimezone(UTC), offset_of(moment))


def offset_of(moment: datetime) -> str:
    """Return the offset of a moment as EPCIS writes it."""
    text = moment.strftime("%z")
    return f"{text[:3]}:{text[3:5]}"


def _units(conn: Connection, texts: Sequence[str]) -> list[Known]:
    """Return units that are tested, held; of one product of ours."""
    known = known_units(conn, texts)
    for one in known:
        if one.lot_id is None:
            message = f"Expected a unit of a lot of ours, got {one.epc}."
            raise InvalidInput("test_unit_foreign", message, pointer="/units")
        if one.kept.state == "unknown":
            message = f"Expected a unit that is commissioned, got {one.epc}."
            raise Conflict("test_unit_not_commissioned", message, pointer="/units")
    if len({one.product_id for one in known}) > 1:
        raise InvalidInput("test_products", "Expected units of one product, got several.", pointer="/units")
    return known


def known_units(conn: Connection, texts: Sequence[str]) -> list[Known]:
    """Return the units of EPCs, held until the transaction ends.

    Raises:
        InvalidInput: one is no EPC, or is named twice.
        NotFound: no event ever named one.
    """
    epcs: dict[str, str] = {}
    for place, text in enumerate(texts):
        with at(f"/units/{place}"):
            epc = canonical_epc(text)
        if epc in epcs:
            raise InvalidInput("unit_twice", "Expected each unit once, got one twice.", pointer=f"/units/{place}")
        epcs[epc] = f"/units/{place}"
    known = units.find(conn, list(epcs), hold=True) if epcs else []
    found = {one.epc for one in known}
    for epc, pointer in epcs.items():
        if epc not in found:
            message = "Expected a unit that some event names, got one that none does."
            raise NotFound("unit_unknown", message, pointer=pointer)
    return known


def _values(conn: Connection, product_id: int, report: Report) -> list[NewRecord]:
    tests = {one.test.name: one for one in unit_tests.current(conn, product_id)}
    per: Per = "unit" if report.lot_id is None else "lot"
    rows: dict[str, NewRecord] = {}
    for place, measured in enumerate(report.results):
        test = tests.get(measured.test)
        if test is None or test.test.per != per or measured.test in rows:
            listed = ", ".join(sorted(name for name, one in tests.items() if one.test.per == per)) or "none"
            message = f"Expected each test of a {per} once, of these: {listed[:300]}; got {measured.test[:80]!r}."
            raise InvalidInput("test_unknown", message, pointer=f"/results/{place}/test")
        with at(f"/results/{place}/value"):
            result = evaluate(test.test, measured.value)
        rows[measured.test] = NewRecord(test.id, 0, None, measured.value, result)
    return list(rows.values())


@dataclass(frozen=True, slots=True)
class Correction:
    """What is right instead of a record that is wrong.

    Attributes:
        value: None: it should never have been made.
    """

    value: str | None
    reason: str
    instrument: str | None = None
    tested_by: str | None = None


def correct_record(db: Database, issuer: Issuer, call: Call, record_id: int, right: Correction) -> Record:
    """Say that a record is wrong, and what is right; both stay. What it shows of the units holds from now on.

    Raises:
        NotFound: there is no such record.
        InvalidInput: no reason, or a value that is none.
        Conflict: it was corrected before; the key was used before.
    """
    with at("/reason"):
        check_name(right.reason, REASON_AT_MOST)
    route, body = f"test-records/{record_id}/correct", asdict(right)
    left: list[int] = []

    def work(conn: Connection) -> Record:
        answered = request_keys.claim(conn, call, route, body)
        if answered is not None:
            return unit_tests.of_report(conn, answered["report"])[0]
        old, unit_id = unit_tests.get(conn, record_id)
        known = known_units(conn, [old.epc] if old.epc else [])
        if unit_id is None:
            lots.get(conn, old.lot_id, lock=True)
        wrong, _ = unit_tests.get(conn, record_id)  # again, now that nobody else corrects it
        if wrong.corrected_by is not None:
            message = f"Expected a record that nobody corrected, got one that {wrong.corrected_by} corrects."
            raise Conflict("test_record_corrected", message)
        with at("/value"):
            result = "withdrawn" if right.value is None else evaluate(old.test.test, right.value)
        row = NewRecord(old.test.id, old.lot_id, unit_id, right.value, result, old.id, right.reason)
        report = NewReport(right.instrument, right.tested_by, old.at, old.offset)
        report_id = unit_tests.add(conn, call, report, [row])
        left[:] = _said(conn, issuer, call, report_id, (known, None if unit_id else old.lot_id))
        before = {"record": old.id, "value": old.value, "result": old.result}
        after = {"report": report_id, "value": right.value, "result": result}
        audit.record(conn, call, "test.correct", f"test:{old.id}", before=before, after=after, reason=right.reason)
        request_keys.settle(conn, call, route, {"report": report_id})
        return unit_tests.of_report(conn, report_id)[0]

    made = db.write(work)
    for sweep_id in left:
        while not assessing.sweep_some(db, issuer, call, sweep_id):
            pass
    return made


def list_records(db: Database, unit: str | None, lot_id: int | None, window: tuple[int, int]) -> Page[Record]:
    """Return records in the order they were made: of a unit (and of its lot as a whole), of a lot, or all.

    Raises:
        NotFound: no event ever named the unit; there is no such lot.
    """
    with at("/unit"):
        epc = None if unit is None else canonical_epc(unit)
    with db.read() as conn:
        chosen = None
        if epc is not None:
            found = units.find(conn, [epc])
            if not found:
                raise NotFound("unit_unknown", "Expected a unit that some event names, got one that none does.")
            chosen = (found[0].id, found[0].lot_id)
        if lot_id is not None:
            lots.get(conn, lot_id)
        return unit_tests.listing(conn, chosen, lot_id, window)


@dataclass(frozen=True, slots=True)
class OfUnit:
    """What quality knows of a unit: its records and those of its lot as a whole, and the overrides that are for it."""

    records: tuple[Record, ...]
    overrides: tuple[Override, ...]


def of_unit(conn: Connection, unit_id: int) -> OfUnit:
    """Return what quality knows of a unit, the latest thousand of each, in their order."""
    lot_id = units.peek(conn, unit_id).lot_id
    return OfUnit(
        unit_tests.of_unit(conn, unit_id, lot_id, _OF_UNIT), overrides.of_unit(conn, unit_id, lot_id, _OF_UNIT)
    )
