"""Connections in the books: whom events are sent to, how far they were looked through, and the queue of documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, union_all, update

from labelsvc.domain.connections import DELIVERY_STATES, DeliveryState
from labelsvc.domain.epcis.formats import Format
from labelsvc.domain.pages import Page
from labelsvc.errors import NotFound
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import (
    api_keys,
    connection_deliveries,
    connections,
    event_terms,
    events,
    locations,
    parties,
    products,
    unit_events,
    units,
    users,
)

#: Rows of events that one step looks at.
_ROWS_AT_ONCE = 2_000
_DESTINATIONS = tuple(f"destination_{kind}" for kind in ("owning_party", "possessing_party", "location"))
#: What is not ended.
_OPEN: tuple[DeliveryState, ...] = ("waiting", "failed")


@dataclass(frozen=True, slots=True)
class Link:
    """A partner who is sent events.

    Attributes:
        party: canonical URI.
        last_id: events up to this one were looked at.
    """

    id: int
    url: str
    party_id: int
    party: str
    event_types: tuple[str, ...]
    biz_steps: tuple[str, ...]
    products: tuple[str, ...]
    named: bool
    epc_format: Format
    sealed_secret: str
    sealed_token: str | None
    last_id: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One document on its way to one partner.

    Attributes:
        events: ids, in the order of the document.
        due_at: when it is tried next.
        status: of the last answer, where one came.
    """

    id: int
    connection_id: int
    events: tuple[int, ...]
    state: DeliveryState
    attempts: int
    due_at: datetime
    created_at: datetime
    ended_at: datetime | None
    status: int | None
    last_error: str | None


_LINK = (
    select(*(column for column in connections.c if column.name != "removed_at"), parties.c.uri.label("party"))
    .join(parties, parties.c.id == connections.c.party_id)
    .where(connections.c.removed_at.is_(None))
)
_DELIVERY = select(connection_deliveries)
_OF = connection_deliveries.c


def _link(row: AnyRow) -> Link:
    lists = {name: tuple(getattr(row, name)) for name in ("event_types", "biz_steps", "products")}
    return Link(**{**row._mapping, **lists})


def _delivery(row: AnyRow) -> Delivery:
    return Delivery(**{**row._mapping, "events": tuple(row.events)})


def add(conn: Connection, values: Mapping[str, Any]) -> int:
    """Insert a connection; return its id."""
    key = conn.execute(insert(connections).values(**values)).inserted_primary_key
    assert key is not None  # one row was inserted
    return int(key[0])


def get(conn: Connection, connection_id: int) -> Link:
    """Return a connection.

    Raises:
        NotFound: there is none, or it was removed.
    """
    row = conn.execute(_LINK.where(connections.c.id == connection_id)).one_or_none()
    if row is None:
        raise NotFound("connection_unknown", f"Expected the id of a connection, got {connection_id}.")
    return _link(row)


def listing(conn: Connection, after: int, limit: int) -> Page[Link]:
    """Return connections in the order they came."""
    return page(conn, _LINK, connections.c.id, (after, limit), _link)


def count(conn: Connection) -> int:
    """Return how many connections there are."""
    return int(conn.execute(select(func.count()).where(connections.c.removed_at.is_(None))).scalar_one())


def remove(conn: Connection, connection_id: int, at: datetime) -> None:
    """Send a partner nothing more; what was on its way goes, and so do the secrets."""
    conn.execute(delete(connection_deliveries).where(_OF.connection_id == connection_id))
    gone = {"removed_at": at, "sealed_secret": "", "sealed_token": None}
    conn.execute(update(connections).where(connections.c.id == connection_id).values(**gone))


def step(conn: Connection, link: Link, top: int) -> tuple[list[tuple[int, int]], int]:
    """Return which of the next events are for a partner, each with the length of its body, and how far was looked."""
    rows = select(events.c.id).where(events.c.id > link.last_id, events.c.id <= top)
    ids = list(conn.execute(rows.order_by(events.c.id).limit(_ROWS_AT_ONCE)).scalars())
    if not ids:
        return [], top
    chosen = select(events.c.id, func.length(events.c.body)).where(
        events.c.id > link.last_id, events.c.id <= ids[-1], *_chosen(link)
    )
    found = [(int(row[0]), int(row[1])) for row in conn.execute(chosen.order_by(events.c.id))]
    return found, ids[-1]


def _chosen(link: Link) -> list[ColumnElement[bool]]:
    clients = select(api_keys.c.name).where(api_keys.c.party_id.is_not(None))
    people = select(users.c.name).where(users.c.party_id.is_not(None))
    # What a partner brought is theirs to tell, and comes back to nobody.
    found: list[ColumnElement[bool]] = [
        ~((events.c.actor_kind == "key") & events.c.actor_id.in_(clients)),
        ~((events.c.actor_kind == "user") & events.c.actor_id.in_(people)),
    ]
    if link.event_types:
        found.append(events.c.type.in_(link.event_types))
    if link.biz_steps:
        found.append(events.c.biz_step.in_(link.biz_steps))
    if link.named:
        uris = union_all(
            select(parties.c.uri).where(parties.c.id == link.party_id),
            select(locations.c.uri).where(locations.c.party_id == link.party_id),
        )
        named = select(event_terms.c.event_id).where(
            event_terms.c.name.in_(_DESTINATIONS), event_terms.c.value.in_(uris)
        )
        found.append(events.c.id.in_(named))
    if link.products:
        meant = (
            select(unit_events.c.event_id)
            .join(units, units.c.id == unit_events.c.unit_id)
            .join(products, products.c.id == units.c.product_id)
            .where(unit_events.c.event_id == events.c.id, products.c.code.in_(link.products))
        )
        found.append(meant.exists())
    return found


def queue(conn: Connection, link: Link, documents: Sequence[Sequence[int]], reached: int, at: datetime) -> bool:
    """Put documents into the queue, and move on; False: another process did."""
    moved = update(connections).where(
        connections.c.id == link.id, connections.c.last_id == link.last_id, connections.c.removed_at.is_(None)
    )
    if not conn.execute(moved.values(last_id=reached)).rowcount:
        return False
    if documents:
        conn.execute(insert(connection_deliveries), [_waiting(link.id, ids, at) for ids in documents])
    return True


def _waiting(connection_id: int, ids: Sequence[int], at: datetime) -> dict[str, Any]:
    made = {"connection_id": connection_id, "events": list(ids), "state": "waiting", "attempts": 0}
    return {**made, "due_at": at, "created_at": at}


def open_of(conn: Connection, connection_id: int) -> int:
    """Return how many documents of a connection are not ended."""
    query = select(func.count()).where(_OF.connection_id == connection_id, _OF.state.in_(_OPEN))
    return int(conn.execute(query).scalar_one())


def halve(conn: Connection, found: Delivery, at: datetime) -> None:
    """Make two documents of one that was too large for the partner."""
    middle = len(found.events) // 2
    first, second = found.events[:middle], found.events[middle:]
    settle(conn, found.id, "waiting", events=list(first), attempts=0, due_at=at)
    conn.execute(insert(connection_deliveries).values(**_waiting(found.connection_id, second, at)))


def deliveries(
    conn: Connection, connection_id: int, state: DeliveryState | None, after: int, limit: int
) -> Page[Delivery]:
    """Return what is, or was, to be sent, in the order it came about."""
    query = _DELIVERY.where(_OF.connection_id == connection_id)
    if state is not None:
        query = query.where(_OF.state == state)
    return page(conn, query, _OF.id, (after, limit), _delivery)


def delivery(conn: Connection, connection_id: int, delivery_id: int) -> Delivery:
    """Return one document's delivery, locked until the transaction ends.

    Raises:
        NotFound: there is none of this connection.
    """
    chosen = (_OF.connection_id == connection_id, _OF.id == delivery_id)
    row = conn.execute(_DELIVERY.where(*chosen).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("delivery_unknown", f"Expected the id of a delivery of this connection, got {delivery_id}.")
    return _delivery(row)


def due(conn: Connection, now: datetime, limit: int) -> list[Delivery]:
    """Return the oldest delivery that is due of each connection: no partner waits for another."""
    first = (
        select(func.min(_OF.id))
        .join_from(connection_deliveries, connections, connections.c.id == _OF.connection_id)
        .where(_OF.state.in_(_OPEN), _OF.due_at <= now, connections.c.removed_at.is_(None))
        .group_by(_OF.connection_id)
    )
    return [
        _delivery(row) for row in conn.execute(_DELIVERY.where(_OF.id.in_(first)).order_by(_OF.due_at).limit(limit))
    ]


def claim(conn: Connection, found: Delivery, until: datetime) -> bool:
    """Take a delivery for a try that ends by `until`; False: another process has."""
    chosen = (_OF.id == found.id, _OF.state.in_(_OPEN), _OF.attempts == found.attempts, _OF.due_at == found.due_at)
    taken = update(connection_deliveries).where(*chosen).values(attempts=found.attempts + 1, due_at=until)
    return bool(conn.execute(taken).rowcount)


def settle(conn: Connection, delivery_id: int, state: DeliveryState, **changes: Any) -> None:
    """Say how a try went; `changes` are further columns."""
    conn.execute(update(connection_deliveries).where(_OF.id == delivery_id).values(state=state, **changes))


def counted(conn: Connection) -> Mapping[str, int]:
    """Return how many deliveries are in each state."""
    rows = conn.execute(select(_OF.state, func.count()).group_by(_OF.state)).all()
    return {**dict.fromkeys(DELIVERY_STATES, 0), **{row[0]: int(row[1]) for row in rows}}


def prune(conn: Connection, before: datetime) -> int:
    """Forget what ended before a moment, and what no connection is there for; return how many."""
    removed = select(connections.c.id).where(connections.c.removed_at.is_not(None))
    ended = _OF.state.in_(("sent", "dead")) & (_OF.ended_at < before)
    return conn.execute(delete(connection_deliveries).where(or_(ended, _OF.connection_id.in_(removed)))).rowcount
