"""Use cases: where every number of a recall's scope is, each once, and what nobody can put a hand on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from labelsvc.domain.issuer import Issuer
from labelsvc.domain.outcomes import Outcome, within
from labelsvc.domain.pages import Page
from labelsvc.domain.recalls import TRANSIT_DAYS, UNACCOUNTED_UNITS, Balance, MemberState, Span, unaccounted
from labelsvc.domain.units.standing import Standing
from labelsvc.storage import batches, outcomes, recall_figures, recall_scope, recalls
from labelsvc.storage.database import Database
from labelsvc.storage.recall_figures import Around, Seen
from labelsvc.tracking.whose import epc_of

#: Units, or numbers, that one page looks through at most; a page may be short and yet not the last.
_LOOKED_AT = 20_000
_AT_ONCE = 1_000


def balance(db: Database, recall_id: int, now: datetime, days: int = TRANSIT_DAYS) -> Balance:
    """Add up a recall's scope, as of now.

    Args:
        days: so long a unit may be on its way before it counts as unaccounted.

    Raises:
        NotFound: there is no such recall.
    """
    before = now - timedelta(days=days)
    with db.read() as conn:
        recalls.get(conn, recall_id)
        spans = recall_scope.spans_kept(conn, recall_id)
        alike = recall_figures.groups(conn, recall_id, before)
        numbers = {outcome: count for outcome, count in recall_figures.by_outcome(conn, spans).items() if count}
        around = Around(conn, [one.parent_id for one in alike], before)
        by_place: dict[tuple[str, str | None], int] = {}
        late = 0
        for one in alike:
            own = Standing(one.state, location=None if one.location_id is None else str(one.location_id))  # type: ignore[arg-type]  # only states are ever written
            stands = around.stands(own, one.parent_id)
            key = (stands.state, stands.location)
            by_place[key] = by_place.get(key, 0) + one.count
            late += one.count if stands.state == "in_transit" and around.is_late(own, stands, of_own=one.late) else 0
        uris = recall_figures.uris(conn, {place for _, place in by_place})
    found = {(state, uris.get(place or "")): count for (state, place), count in sorted(by_place.items(), key=str)}
    granted, beside = sum(span.count for span in spans), sum(one.count for one in alike if not one.numbered)
    states: dict[str, int] = {}
    for (state, _), count in found.items():
        states[state] = states.get(state, 0) + count
    return Balance(granted, beside, numbers, found, unaccounted(numbers, states, late))


@dataclass(frozen=True, slots=True)
class RecalledUnit:
    """A unit of a recall, as it stands with all that it is inside.

    Attributes:
        member: what the recall did with it.
        missing: nobody can put a hand on it.
    """

    id: int
    epc: str
    member: MemberState
    state: str
    since: datetime | None
    location: str | None
    missing: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which units of a recall are wanted: in a state, in a member state, only the missing ones."""

    state: str | None = None
    member: str | None = None
    missing: bool = False
    days: int = TRANSIT_DAYS


def list_units(
    db: Database, recall_id: int, chosen: Chosen, now: datetime, window: tuple[int, int]
) -> Page[RecalledUnit]:
    """Return units of a recall in the order of their ids; a page may be short though there are more.

    Raises:
        NotFound: there is no such recall.
    """
    after, limit = window
    before = now - timedelta(days=chosen.days)
    found: list[RecalledUnit] = []
    with db.read() as conn:
        recalls.get(conn, recall_id)
        for _ in range(_LOOKED_AT // _AT_ONCE):
            some = recall_figures.members_after(conn, recall_id, after, _AT_ONCE)
            for one in _stand(conn, some, before):
                if _is_wanted(one, chosen):
                    found.append(one)
                after = one.id
                if len(found) == limit:
                    break
            if len(some) < _AT_ONCE and (not some or after == some[-1].id):
                return Page(tuple(found), None)
            if len(found) == limit:
                break
    return Page(tuple(found), after)


def _stand(conn: Connection, some: list[Seen], before: datetime) -> Iterator[RecalledUnit]:
    around = Around(conn, [one.parent_id for one in some], before)
    stood = [(one, around.stands(one.own, one.parent_id)) for one in some]
    uris = recall_figures.uris(conn, {stands.location for _, stands in stood})
    for one, stands in stood:
        of_own = one.own.since is not None and one.own.since < before
        late = stands.state == "in_transit" and around.is_late(one.own, stands, of_own=of_own)
        missing = late or stands.state in UNACCOUNTED_UNITS
        where = uris.get(stands.location or "")
        yield RecalledUnit(one.id, one.epc, one.member, stands.state, stands.since, where, missing)  # type: ignore[arg-type]  # only member states are ever written


def _is_wanted(one: RecalledUnit, chosen: Chosen) -> bool:
    if chosen.missing and not one.missing:
        return False
    return chosen.state in (None, one.state) and chosen.member in (None, one.member)


@dataclass(frozen=True, slots=True)
class BareNumber:
    """A number of a recall's scope that is no unit.

    Attributes:
        label: its place in its batch, from 1.
        heard_of: some event names it all the same.
    """

    epc: str
    batch: int
    label: int
    outcome: Outcome
    heard_of: bool


def list_numbers(
    db: Database, issuer: Issuer, recall_id: int, outcome: Outcome | None, window: tuple[int, int]
) -> Page[BareNumber]:
    """Return numbers of a recall that are no units, in the order of the scope; a page may be short and not the last.

    Args:
        window: the place, from 1, among all numbers of the scope after which to begin, and how many at most.

    Raises:
        NotFound: there is no such recall.
    """
    after, limit = window
    found: list[BareNumber] = []
    place, looked = 0, 0
    with db.read() as conn:
        recalls.get(conn, recall_id)
        for span in recall_scope.spans_kept(conn, recall_id):
            begin = span.first + max(after - place, 0)
            for last, some in _bare(conn, issuer, Span(span.range_id, begin, span.last), outcome):
                for ordinal, one in some:
                    found.append(one)
                    if len(found) == limit:
                        return Page(tuple(found), place + ordinal - span.first + 1)
                looked += _AT_ONCE
                if looked >= _LOOKED_AT:
                    return Page(tuple(found), place + last - span.first + 1)
            place += span.count
    return Page(tuple(found), None)


def _bare(
    conn: Connection, issuer: Issuer, span: Span, outcome: Outcome | None
) -> Iterator[tuple[int, list[tuple[int, BareNumber]]]]:
    """Return the numbers of a span that are no units, some at a time: the last that was looked at, and those found."""
    batch = batches.of_range(conn, span.range_id)
    if batch is None or span.first > span.last:
        return
    known = outcomes.of_range(conn, span.range_id)
    numbering = issuer.numbering(batch.product_code, batch.pattern, batch.scope, batch.key_version)
    for first in range(span.first, span.last + 1, _AT_ONCE):
        last = min(first + _AT_ONCE - 1, span.last)
        heard_of = recall_figures.units_between(conn, span.range_id, first, last)
        found = []
        for part in within(known, first, last):
            if outcome not in (None, part.outcome):
                continue
            for ordinal, serial in enumerate(numbering.texts(part.first, part.count), part.first):
                if heard_of.get(ordinal, "unknown") == "unknown":
                    label = ordinal - batch.first + 1
                    epc = epc_of(issuer, batch.product_code, serial)
                    found.append((ordinal, BareNumber(epc, batch.id, label, part.outcome, ordinal in heard_of)))
        yield last, found
