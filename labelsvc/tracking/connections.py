"""Use cases: which partners are sent which events, and what could not be sent."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.connections import DeliveryState, NewConnection
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.pages import Page
from labelsvc.errors import Conflict
from labelsvc.storage import audit, connections, event_queries, parties
from labelsvc.storage.connections import Delivery, Link
from labelsvc.storage.database import Database
from labelsvc.webhooks import signing, targets
from labelsvc.webhooks.targets import Reach

CONNECTIONS_AT_MOST = 50


def add_connection(db: Database, issuer: Issuer, call: Call, asked: NewConnection, reach: Reach) -> tuple[Link, str]:
    """Send a partner events from now on; return the connection and its secret, which is shown this once.

    Args:
        reach: where a connection may lead.

    Raises:
        InvalidInput: webhook_url; as `NewConnection.checked`.
        Conflict: there are CONNECTIONS_AT_MOST already.
    """
    targets.parse(asked.url, reach)
    new = asked.checked()
    secret = secrets.token_bytes(signing.SECRET_BYTES)

    def sealed(value: bytes) -> str:
        return signing.sealed(issuer.secret, value, secrets.token_bytes(signing.NONCE_BYTES))

    def work(conn: Connection) -> Link:
        if connections.count(conn) >= CONNECTIONS_AT_MOST:
            raise Conflict("connections_many", f"Expected at most {CONNECTIONS_AT_MOST} connections, got one more.")
        values = {
            "url": new.url,
            "party_id": parties.hold(conn, call, new.party).id,
            "event_types": list(new.event_types),
            "biz_steps": list(new.biz_steps),
            "products": list(new.products),
            "named": new.named,
            "epc_format": new.epc_format,
            "sealed_secret": sealed(secret),
            "sealed_token": None if new.token is None else sealed(new.token.encode()),
            "last_id": event_queries.latest(conn),
            "created_at": call.at,
        }
        made = connections.get(conn, connections.add(conn, values))
        audit.record(conn, call, "connection.add", f"connection:{made.id}", after=_audited(made))
        return made

    return db.write(work), signing.shown(secret)


def remove_connection(db: Database, call: Call, connection_id: int) -> None:
    """Send a partner nothing more, not even what waits.

    Raises:
        NotFound: no such connection.
    """

    def work(conn: Connection) -> None:
        found = connections.get(conn, connection_id)
        connections.remove(conn, connection_id, call.at)
        audit.record(conn, call, "connection.remove", f"connection:{connection_id}", before=_audited(found))

    db.write(work)


def get_connection(db: Database, connection_id: int) -> Link:
    """Return a connection.

    Raises:
        NotFound: no such connection.
    """
    with db.read() as conn:
        return connections.get(conn, connection_id)


def list_connections(db: Database, after: int, limit: int) -> Page[Link]:
    """Return connections in the order they came."""
    with db.read() as conn:
        return connections.listing(conn, after, limit)


def list_documents(
    db: Database, connection_id: int, state: DeliveryState | None, after: int, limit: int
) -> Page[Delivery]:
    """Return the documents that are, or were, to be sent, in one state where given; `dead` is the dead-letter list.

    Raises:
        NotFound: no such connection.
    """
    with db.read() as conn:
        connections.get(conn, connection_id)
        return connections.deliveries(conn, connection_id, state, after, limit)


def send_again(db: Database, call: Call, connection_id: int, delivery_id: int) -> Delivery:
    """Send a document again that is dead or was sent; the partner knows it by the same key.

    Raises:
        NotFound: no such connection or delivery.
        Conflict: it is on its way.
    """

    def work(conn: Connection) -> Delivery:
        connections.get(conn, connection_id)
        found = connections.delivery(conn, connection_id, delivery_id)
        if found.state not in ("sent", "dead"):
            raise Conflict("delivery_waiting", "Expected a delivery that has ended, got one that is still tried.")
        connections.settle(conn, delivery_id, "waiting", attempts=0, due_at=call.at, ended_at=None)
        before, after = {"state": found.state}, {"state": "waiting", "delivery": delivery_id}
        audit.record(conn, call, "connection.redeliver", f"connection:{connection_id}", before=before, after=after)
        return connections.delivery(conn, connection_id, delivery_id)

    return db.write(work)


def _audited(found: Link) -> dict[str, Any]:
    # A URL's query may hold a key of the receiver's; the audit is for ever.
    return {
        "url": found.url.partition("?")[0],
        "party": found.party,
        "event_types": list(found.event_types),
        "biz_steps": list(found.biz_steps),
        "products": list(found.products),
        "named": found.named,
        "epc_format": found.epc_format,
    }
