"""Use case: what is where, now and at any time in the past; what to pick first; a count of a shelf."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.epcis.identifiers import canonical
from labelsvc.domain.gs1 import parse_product_code
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.products import check_name
from labelsvc.domain.scans import parse
from labelsvc.domain.units.standing import HOLD, ON_HAND, RECALLED, Standing, within
from labelsvc.errors import InvalidInput, NotFound, TooLarge, at
from labelsvc.storage import audit, findings, inventory, places, products, units
from labelsvc.storage import requests as request_keys
from labelsvc.storage.database import Database
from labelsvc.storage.inventory import Counted, OnHand, Place, Sought
from labelsvc.tracking import capturing, reading
from labelsvc.tracking.own_events import EPCS_AT_MOST, Why, object_event
from labelsvc.tracking.whose import GS1

#: Lines of an answer; scans of a count, where a scan of a pallet stands for all that is on it; units of a location that
#: can be counted, and of a pick list.
LINES_AT_MOST = 10_000
SCANS_AT_MOST = 2_000
UNITS_AT_MOST = 100_000
PICK_AT_MOST = 1_000
_LOGISTIC = f"{GS1}/00/"
_PAGE = 1_000
_PAGES = 100


@dataclass(frozen=True, slots=True)
class Filter:
    """Which part of the inventory; each None means all.

    Attributes:
        product: GTIN or item code; location: GLN or URI; states: only units in these.
        at: as it was then, by all that is known today.
    """

    product: str | None = None
    category: str | None = None
    lot_id: int | None = None
    location: str | None = None
    states: tuple[str, ...] = ()
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """Units that stand alike.

    Attributes:
        product: code; of what others made the GTIN.
        sellable: nothing that the books know keeps them from being sold where they are.
    """

    product: str
    product_name: str | None
    category: str | None
    lot: str | None
    expiry: date | None
    state: str
    location: str | None
    on_hold: bool
    recalled: bool
    expired: bool
    sellable: bool
    count: int


def stock(db: Database, asked: Filter, now: datetime) -> tuple[Line, ...]:
    """Return what is where, with all that it is inside.

    Raises:
        NotFound: no such product.
        InvalidInput: a code or a location that is none.
        TooLarge: more than 10,000 lines.
    """
    with db.read() as conn:
        sought = _sought(conn, asked)
        wanted = _location(asked.location)
        groups = inventory.groups(conn, sought, asked.at)
        around = inventory.around(conn, {group.parent_id for group in groups}, asked.at)
        where = places.location_uris(conn, _location_ids(groups, around.values()))
        named = inventory.names(conn, [group.product_id for group in groups])
    day = (asked.at or now).date()
    lines: dict[Line, int] = {}
    for group in groups:
        standing = _with_all_around(_standing(group, where), group.parent_id, around, where)
        if (asked.states and standing.state not in asked.states) or (wanted and standing.location != wanted):
            continue
        code, name, category = named.get(group.product_id or 0) or ((group.trade_item or "")[-14:], None, None)
        line = Line(
            code,
            name,
            category,
            group.lot,
            group.expiry,
            standing.state,
            standing.location,
            standing.on_hold,
            standing.recalled,
            standing.expired(day),
            _is_sellable(standing, day),
            0,
        )
        lines[line] = lines.get(line, 0) + group.count
    if len(lines) > LINES_AT_MOST:
        raise TooLarge("inventory_large", f"Expected at most {LINES_AT_MOST} lines, got {len(lines)}: ask for less.")
    return tuple(replace(line, count=count) for line, count in sorted(lines.items(), key=_order))


def _order(item: tuple[Line, int]) -> tuple[object, ...]:
    line = item[0]
    return (line.product, line.expiry or date.max, line.lot or "", line.location or "", line.state, line.on_hold)


def _is_sellable(standing: Standing, day: date) -> bool:
    held = {HOLD, RECALLED} & set(standing.dispositions)
    return standing.state in ON_HAND and not held and not standing.expired(day) and standing.quality != "non_conformant"


@dataclass(frozen=True, slots=True)
class Pick:
    """A unit to take; where it lies, and what it is inside."""

    epc: str
    lot: str | None
    expiry: date | None
    location: str | None
    inside: str | None


def pick_list(db: Database, asked: Filter, quantity: int, now: datetime) -> tuple[Pick, ...]:
    """Return which units to take, first expired first out; fewer than asked for: there are no more that may be sold.

    Raises:
        InvalidInput: no product, or a quantity out of bounds.
        NotFound: no such product.
    """
    if not 1 <= quantity <= PICK_AT_MOST:
        raise InvalidInput("pick_quantity", f"Expected 1 to {PICK_AT_MOST}, got {quantity}.", parameter="quantity")
    wanted = _location(asked.location)
    picked: list[Pick] = []
    with db.read() as conn:
        sought = _sought(conn, asked)
        for page in range(_PAGES):
            found = inventory.first_expired(conn, sought, now.date(), page * _PAGE, _PAGE)
            for one, standing, inside in _now(conn, found):
                if _is_sellable(standing, now.date()) and wanted in (None, standing.location):
                    picked.append(Pick(one.epc, one.lot, one.expiry, standing.location, inside))
            if len(found) < _PAGE or len(picked) >= quantity:
                break
    return tuple(picked[:quantity])


@dataclass(frozen=True, slots=True)
class Count:
    """What somebody saw at a location.

    Attributes:
        scans: what they scanned, each as it came.
        product: only units of it were counted.
    """

    location: str
    scans: tuple[str, ...]
    product: str | None = None


@dataclass(frozen=True, slots=True)
class Counting:
    """What a count came to.

    Attributes:
        unread: places, in the request, of scans that name no unit, or several.
    """

    id: int
    expected: int
    seen: int
    missing: int
    surplus: int
    unread: tuple[int, ...]


def count(db: Database, issuer: Issuer, call: Call, asked: Count) -> Counting:
    """Compare what was seen at a location with the books; each kind of difference is a finding that somebody owns.

    Raises:
        InvalidInput: no location, or more scans than a count has.
        NotFound: no such product.
        TooLarge: the books have more there than a count has.
        Conflict: the key was used for another count.
    """
    if len(asked.scans) > SCANS_AT_MOST:
        message = f"Expected at most {SCANS_AT_MOST} scans, got {len(asked.scans)}."
        raise InvalidInput("count_scans", message, pointer="/scans")
    location = _location(asked.location, "/location")
    assert location is not None  # a location is named
    body = {"location": location, "scans": list(asked.scans), "product": asked.product}

    def work(conn: Connection) -> Counting:
        answered = request_keys.claim(conn, call, "cycle-counts", body)
        if answered is not None:
            return Counting(**{**answered, "unread": tuple(answered["unread"])})
        counted = _counted(conn, issuer, call, asked, location)
        said = {name: getattr(counted, name) for name in Counting.__slots__}
        request_keys.settle(conn, call, "cycle-counts", {**said, "unread": list(counted.unread)})
        return counted

    return db.write(work)


def _counted(conn: Connection, issuer: Issuer, call: Call, asked: Count, location: str) -> Counting:
    sought = _sought(conn, Filter(product=asked.product))
    location_id = places.location_ids(conn, [location], call.at)[location]
    found = inventory.at_location(conn, sought, [location_id], UNITS_AT_MOST + 1)
    if len(found) > UNITS_AT_MOST:
        raise TooLarge("count_large", "Expected a location that can be counted at once, got one with too many units.")
    expected = {one.epc: one.id for one, standing, _ in _now(conn, found) if _lies_at(standing, location)}
    seen, unread = _seen(conn, issuer, asked.scans)
    event_id: int | None = None
    for first in range(0, len(seen), EPCS_AT_MOST):
        why = Why("cycle_counting", read_point=location)
        made = object_event(call.at, "OBSERVE", seen[first : first + EPCS_AT_MOST], why)
        event_id = capturing.capture_in(conn, issuer, call, made, own=True).id or event_id
    ids = units.ids_of(conn, seen)
    missing = sorted(unit_id for epc, unit_id in expected.items() if epc not in ids)
    surplus = sorted(unit_id for epc, unit_id in ids.items() if epc not in expected and not epc.startswith(_LOGISTIC))
    if event_id is None:  # an empty shelf is no event; its absence is one of what should be there
        event_id = _nothing_seen(conn, issuer, call, location, list(expected))
    row = Counted(location_id, sought.product_id, event_id, len(expected), len(seen))
    count_id = inventory.add_count(conn, call, row, missing, surplus)
    kinds = {"count_missing": len(missing), "count_surplus": len(surplus)}
    if event_id is not None:
        findings.open_new(conn, event_id, {code: number for code, number in kinds.items() if number}, call.at)
    after = {"count": count_id, "expected": len(expected), "seen": len(seen)}
    audit.record(conn, call, "location.count", f"location:{location_id}", after=after)
    return Counting(count_id, len(expected), len(seen), len(missing), len(surplus), unread)


def _nothing_seen(conn: Connection, issuer: Issuer, call: Call, location: str, epcs: Sequence[str]) -> int | None:
    if not epcs:
        return None
    why = Why("cycle_counting", "unknown", read_point=location)
    return capturing.capture_in(
        conn, issuer, call, object_event(call.at, "OBSERVE", epcs[:EPCS_AT_MOST], why), own=True
    ).id


def _lies_at(standing: Standing, location: str) -> bool:
    return standing.location == location and standing.state in ON_HAND


def _seen(conn: Connection, issuer: Issuer, scans: Sequence[str]) -> tuple[list[str], tuple[int, ...]]:
    seen: dict[str, None] = {}
    unread: list[int] = []
    for place, text in enumerate(scans):
        things = reading.meant(conn, issuer, parse(text))
        if len(things) == 1:
            seen |= dict.fromkeys([things[0].epc, *units.all_inside(conn, things[0].epc, UNITS_AT_MOST)])
        else:
            unread.append(place)
    return list(seen), tuple(unread)


def set_category(db: Database, call: Call, code: str, category: str) -> None:
    """Say what a product is sorted under.

    Raises:
        NotFound: no such product.
        InvalidInput: a category that cannot be shown on one line.
    """
    with at("/category"):
        check_name(category, 80)
    with at("/product"):
        product_code = parse_product_code(code).value

    def work(conn: Connection) -> None:
        product = products.get(conn, product_code)
        before = inventory.names(conn, [product.id])[product.id][2]
        inventory.set_category(conn, product.id, category)
        subject = f"product:{product_code}"
        audit.record(conn, call, "product.category", subject, before={"category": before}, after={"category": category})

    db.write(work)


def _sought(conn: Connection, asked: Filter) -> Sought:
    product_id = None
    if asked.product is not None:
        with at("/product"):
            product_id = products.get(conn, parse_product_code(asked.product).value).id
    return Sought(product_id, asked.lot_id, asked.category)


def _location(text: str | None, pointer: str = "/location") -> str | None:
    with at(pointer):
        return text and canonical(f"https://id.gs1.org/414/{text}" if text.isdigit() else text)


def _location_ids(groups: Iterable[inventory.Group], around: Iterable[Place]) -> set[int | None]:
    return {one.location_id for one in groups} | {one.location_id for one in around}


def _now(conn: Connection, found: Sequence[OnHand]) -> list[tuple[OnHand, Standing, str | None]]:
    """Return units with all that they are inside, and what that is."""
    around = inventory.around(conn, {one.parent_id for one in found})
    ids = {one.location_id for one in found} | {one.location_id for one in around.values()}
    where = places.location_uris(conn, ids)
    epcs = units.epcs_of(conn, [one.parent_id for one in found])
    return [
        (
            one,
            _with_all_around(_standing(one, where), one.parent_id, around, where),
            epcs.get(one.parent_id or 0),
        )
        for one in found
    ]


def _standing(one: inventory.Group | OnHand | Place, where: Mapping[int, str]) -> Standing:
    return Standing(
        one.state,  # type: ignore[arg-type]  # only states are ever written
        dispositions=tuple(one.dispositions.split()),
        quality=getattr(one, "quality", None),
        location=where.get(one.location_id or 0),
        expiry=getattr(one, "expiry", None),
    )


def _with_all_around(
    unit: Standing, parent_id: int | None, around: Mapping[int, Place], where: Mapping[int, str]
) -> Standing:
    outer: list[Standing] = []
    met: set[int] = set()
    while parent_id is not None and parent_id in around and parent_id not in met:
        met.add(parent_id)
        outer.append(_standing(around[parent_id], where))
        parent_id = around[parent_id].parent_id
    if not outer:
        return unit
    container = outer.pop()
    while outer:
        container = within(outer.pop(), container)
    return within(unit, container)


def get_count(db: Database, count_id: int, after: int, limit: int) -> tuple[Counted, str, list[tuple[int, str, str]]]:
    """Return a count, its location, and what differed: unit, EPC, `missing` or `surplus`.

    Raises:
        NotFound: no such count.
    """
    with db.read() as conn:
        row = inventory.get_count(conn, count_id)
        if row is None:
            raise NotFound("count_unknown", f"Expected the id of a count, got {count_id}.")
        counted = Counted(row.location_id, row.product_id, row.event_id, row.expected, row.seen)
        return counted, row.uri, inventory.differences(conn, count_id, after, limit)
