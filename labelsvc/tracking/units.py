"""Use case: what a unit is, how it stands, and all that ever happened to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from labelsvc.domain.epcis.identifiers import canonical_epc
from labelsvc.domain.gs1 import check_serial, parse_product_code
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.units import intents
from labelsvc.domain.units.standing import Standing, within
from labelsvc.domain.units.testing import Override
from labelsvc.errors import NotFound, at
from labelsvc.storage import lot_tracking, overrides, unit_history, units
from labelsvc.storage.database import Database
from labelsvc.storage.unit_history import DEPTH, Happened
from labelsvc.storage.units import Known
from labelsvc.tracking.whose import epc_of

#: Events of a unit, and of each thing that it was inside, in one story.
EVENTS_AT_MOST = 1_000
OVERRIDES_AT_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as it is now.

    Attributes:
        id: in the books.
        standing: with all that it is inside: a pallet that was shipped has shipped its cases.
        own: by its own events alone.
        inside: the EPCs of what it is inside, the innermost first.
    """

    id: int
    epc: str
    product_id: int | None
    lot_id: int | None
    range_id: int | None
    standing: Standing
    own: Standing
    inside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """A unit with all that happened to it, in its order, and whoever let it pass without its tests, or was asked to."""

    unit: Unit
    events: tuple[Happened, ...]
    overrides: tuple[Override, ...] = ()


def unit(db: Database, epc: str) -> Unit:
    """Return a unit by its EPC, a URN or a Digital Link.

    Raises:
        InvalidInput: it is no EPC, and why.
        NotFound: no event ever named it.
    """
    with at("/epc"):
        wanted = canonical_epc(epc)
    with db.read() as conn:
        return found(conn, wanted)


def story(db: Database, epc: str) -> Story:
    """Return a unit with all that happened to it; raises as `unit`."""
    with at("/epc"):
        wanted = canonical_epc(epc)
    with db.read() as conn:
        return _story(conn, wanted)


def story_of_serial(db: Database, issuer: Issuer, code: str, serial: str) -> Story:
    """Return the story of a serial of a product.

    Raises:
        InvalidInput: the code or the serial breaks a rule of GS1.
        NotFound: no event ever named it.
    """
    with at("/product"):
        product_code = parse_product_code(code).value
    with at("/serial"):
        check_serial(serial)
    with db.read() as conn:
        return _story(conn, epc_of(issuer, product_code, serial))


def warnings_of(db: Database, its: Unit, day: date) -> tuple[intents.Warning, ...]:
    """Return what somebody should know who has a unit in their hand."""
    whose = (its.product_id, its.range_id)
    with db.read() as conn:
        terms = lot_tracking.terms_of(conn, [whose])[whose]
    return tuple(intents.warnings(its.standing, terms, day))


def _story(conn: Connection, epc: str) -> Story:
    return story_of(conn, found(conn, epc))


def story_of(conn: Connection, its: Unit) -> Story:
    """Return the story of a unit that was found."""
    asked = overrides.of_unit(conn, its.id, its.lot_id, OVERRIDES_AT_MOST)
    return Story(its, unit_history.of_unit(conn, its.id, EVENTS_AT_MOST), asked)


def found(conn: Connection, epc: str) -> Unit:
    """Return a unit by its canonical EPC.

    Raises:
        NotFound: no event ever named it.
    """
    row = units.one(conn, epc)
    if row is None:
        raise NotFound("unit_unknown", "Expected a unit that some event names, got one that none does.")
    return _with_all_around(conn, *row)


def of_row(conn: Connection, known: Known) -> Unit:
    """Return a unit with all that it is inside."""
    return _with_all_around(conn, known, units.standing_of(conn, [known.kept])[0])


def _with_all_around(conn: Connection, known: Known, own: Standing) -> Unit:
    around: list[Standing] = []
    inside: list[str] = []
    parent = known.kept.parent_id
    while parent is not None and len(around) < DEPTH:
        outer = units.peek(conn, parent)
        around.append(units.standing_of(conn, [outer.kept])[0])
        inside.append(outer.epc)
        parent = outer.kept.parent_id
    standing = own
    if around:
        outermost = around.pop()
        while around:
            outermost = within(around.pop(), outermost)
        standing = within(own, outermost)
    return Unit(known.id, known.epc, known.product_id, known.lot_id, known.range_id, standing, own, tuple(inside))
