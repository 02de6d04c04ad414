"""Use case: events into the books, each once, and the units that they name brought up to date.

Events that come in their order move units by the set: those that stand alike and that an event meets alike move alike.
Whatever comes late, or corrects, has its units folded anew (tracking/refolding).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.epcis.events import Event, Role
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.units.folding import step
from labelsvc.domain.units.rules import Finding
from labelsvc.domain.units.standing import Fact
from labelsvc.errors import InvalidInput
from labelsvc.storage import audit, findings, lot_tracking, units
from labelsvc.storage import events as event_rows
from labelsvc.storage.database import Database
from labelsvc.storage.events import Recorded
from labelsvc.storage.units import EPC_AT_MOST, Alike, Identity, Kept, Moved
from labelsvc.tracking import refolding
from labelsvc.tracking.whose import identify


@dataclass(frozen=True, slots=True)
class Captured:
    """What became of an event that was handed in.

    Attributes:
        id: in the books; None: it is in them already.
        findings: how many units it breaks which rule for.
    """

    event: Event
    id: int | None
    findings: Mapping[str, int] = field(default_factory=dict)


def capture(
    db: Database, issuer: Issuer, call: Call, events: Sequence[Event], *, own: bool = False
) -> tuple[Captured, ...]:
    """Take events into the books, all or none.

    Args:
        own: this installation made them, nobody outside.

    Raises:
        InvalidInput: an identifier is longer than 200 characters.
    """

    def work(conn: Connection) -> tuple[Captured, ...]:
        captured = tuple(capture_in(conn, issuer, call, event, own=own) for event in events)
        new = [one.id for one in captured if one.id is not None]
        if new:
            audit.record(conn, call, "event.capture", f"event:{new[0]}", after={"events": len(new)})
        return captured

    return db.write(work)


def capture_in(
    conn: Connection,
    issuer: Issuer,
    call: Call,
    event: Event,
    *,
    own: bool = False,
    capture_id: int | None = None,
    who: Mapping[str, Identity] | None = None,
) -> Captured:
    """Take one event into the books within a transaction; raises as `capture`.

    Args:
        who: the EPCs' identities where they are known already, which saves reading each serial back.
    """
    named = _named(event)
    met = _met(conn, issuer, named, who)
    parent = next((one.ids[0] for one, role in met if role == "parent"), None)
    recorded = event_rows.record(conn, call, event, own=own, parent_id=parent, capture_id=capture_id)
    if recorded is None:
        return Captured(event, None)
    if parent is not None and event.action == "DELETE" and not event.children:
        met += [(one, "child") for one in units.alike_inside(conn, parent)]
    return Captured(event, recorded.id, _Meeting(conn, call, event, recorded, own=own).of(met))


def _named(event: Event) -> dict[Role, Sequence[str]]:
    """Return which EPCs an event names, by what they are in it; each once in each role."""
    parts: tuple[tuple[Role, Sequence[str]], ...] = (
        ("epc", event.epcs),
        ("input", event.inputs),
        ("output", event.outputs),
        ("child", event.children),
        ("parent", (event.parent,) if event.parent else ()),
    )
    named: dict[Role, Sequence[str]] = {role: list(dict.fromkeys(epcs)) for role, epcs in parts if epcs}
    longest = max((len(epc) for epcs in named.values() for epc in epcs), default=0)
    if longest > EPC_AT_MOST:
        message = f"Expected identifiers of at most {EPC_AT_MOST} characters, got {longest}."
        raise InvalidInput("epc_length", message)
    return named


#: Units that stand alike, and what they are in the event.
Met = tuple[Alike, Role]


def _met(
    conn: Connection, issuer: Issuer, named: Mapping[Role, Sequence[str]], who: Mapping[str, Identity] | None
) -> list[Met]:
    """Return the units that an event names; those that no event named before get a row."""
    everyone = sorted({epc for epcs in named.values() for epc in epcs})
    if not everyone:
        return []
    found = units.alike(conn, everyone)  # all at once, so that everybody locks them in one order
    if sum(len(one.ids) for one in found) < len(everyone):
        new = units.missing(conn, everyone)
        known = {epc: who[epc] for epc in new if epc in who} if who is not None else {}
        others = [epc for epc in new if epc not in known]
        units.add(conn, {**known, **(identify(conn, issuer, others) if others else {})})
        found = units.alike(conn, everyone)
    if len(named) == 1:
        return [(one, next(iter(named))) for one in found]
    return [(one, role) for role, epcs in named.items() for one in units.alike(conn, epcs)]


class _Meeting:
    """One event and the units that it meets."""

    def __init__(self, conn: Connection, call: Call, event: Event, recorded: Recorded, *, own: bool) -> None:
        self._conn = conn
        self._call = call
        self._event = event
        self._recorded = recorded
        self._own = own
        self._key = (event.time, event.hash)

    def of(self, met: Sequence[Met]) -> Mapping[str, int]:
        """Bring units up to date; return how many break which rule."""
        in_order, late = self._parted(met)
        counts = self._move(in_order)
        findings.open_new(self._conn, self._recorded.id, counts, self._call.at)
        for one, role in late:
            units.record(self._conn, self._recorded.id, self._event.time, Moved(one.ids, role, one.kept, None))
        moved = {unit_id for one, _ in in_order for unit_id in one.ids}
        begun = [unit_id for one, _ in late for unit_id in one.ids]
        containers = [unit_id for one, role in met if role != "child" for unit_id in one.ids]
        refolding.refold(self._conn, self._call, begun, containers, after=self._event.time, beside=moved)
        return counts if not late else findings.of_event(self._conn, self._recorded.id)

    def _parted(self, met: Sequence[Met]) -> tuple[list[Met], list[Met]]:
        """Return those that the event comes in order for, and those that it comes late for."""
        times = Counter(unit_id for one, _ in met for unit_id in one.ids) if len({role for _, role in met}) > 1 else {}
        late = [
            (one, role)
            for one, role in met
            if self._recorded.corrects
            or (one.last is not None and one.last >= self._key)
            or any(times.get(unit_id, 1) > 1 for unit_id in one.ids)
        ]
        if any(role == "parent" for _, role in late):
            # What happened to the container since may have happened to what is only now put into it.
            late += [pair for pair in met if pair[1] == "child" and pair not in late]
        return [pair for pair in met if pair not in late], late

    def _move(self, met: Sequence[Met]) -> Counter[str]:
        alike: dict[tuple[Kept, int | None, int | None, Role], list[int]] = {}
        for one, role in met:
            alike.setdefault((one.kept, one.product_id, one.range_id, role), []).extend(one.ids)
        terms = lot_tracking.terms_of(self._conn, [(product, range_id) for _, product, range_id, _ in alike])
        stood = units.standing_of(self._conn, [kept for kept, *_ in alike])
        after = [
            step(standing, self._fact(role), terms[product, range_id])
            for standing, (_, product, range_id, role) in zip(stood, alike, strict=True)
        ]
        kept_after = units.kept_of(self._conn, [standing for standing, _ in after], self._call.at)
        counts: Counter[str] = Counter()
        groups: dict[tuple[Kept, Finding | None, Role], list[int]] = {}
        for (_, finding), kept, ((*_, role), ids) in zip(after, kept_after, alike.items(), strict=True):
            groups.setdefault((kept, finding, role), []).extend(ids)
            if finding is not None:
                counts[finding] += len(ids)
        for (kept, finding, role), ids in groups.items():
            units.move(self._conn, self._recorded.id, self._key, Moved(ids, role, kept, finding))
        return counts

    def _fact(self, role: Role) -> Fact:
        event = self._event
        out = role == "child" and event.action == "DELETE" and event.parent is not None
        around = refolding.container(self._conn, event.parent, self._key) if out and event.parent else None
        fact = fact_of(event, role, future=self._recorded.future, own=self._own)
        return replace(fact, container=around, sweeps=out and not event.children)


def fact_of(event: Event, role: Role, *, future: bool, own: bool) -> Fact:
    """Return an event as a unit sees it that is in it in a role."""
    return Fact(
        at=event.time,
        hash=event.hash,
        kind=event.type,
        role=role,
        action=event.action,
        step=event.biz_step,
        disposition=event.disposition,
        set=event.set,
        unset=event.unset,
        location=event.biz_location or event.read_point,
        stays=event.biz_location is not None,
        parent=event.parent if role == "child" else None,
        holder=event_rows.holder_of(event),
        lot=event.ilmd.lot,
        expiry=event_rows.day_of(event.ilmd.expiry),
        future=future,
        own=own,
    )
