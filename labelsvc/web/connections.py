"""/connections: partners who are sent events, and what could not be sent."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from labelsvc import errors
from labelsvc.domain.places import named
from labelsvc.tracking import connections
from labelsvc.web.auth import call, role
from labelsvc.web.house import house
from labelsvc.web.models.base import PageQuery, listing
from labelsvc.web.models.connections import (
    Connection,
    ConnectionIn,
    Connections,
    DocumentQuery,
    NewConnectionOut,
    SentDocument,
    SentDocuments,
    connection_path,
)
from labelsvc.web.paths import created

bp = APIBlueprint(
    "connections",
    __name__,
    url_prefix="/api/v1/connections",
    tag={"name": "connections", "description": "Partners who are sent events."},
)


@bp.post("")
@role()
@bp.input(ConnectionIn, arg_name="body")
@bp.output(NewConnectionOut, 201)
@bp.doc(operation_id="addConnection")
def add_connection(body: ConnectionIn) -> Any:
    """Send a partner events from now on; the answer holds the secret of the signatures, this once."""
    with errors.at("/party"):
        party = named("party", body.party, house().issuer.digital_link)
    home = house()
    made, secret = connections.add_connection(home.db, home.issuer, call(), body.noun(party), home.reach)
    return created(NewConnectionOut.made(made, secret), connection_path(made.id))


@bp.get("")
@role("qa")
@bp.input(PageQuery, location="query", arg_name="page")
@bp.output(Connections)
@bp.doc(operation_id="listConnections")
def list_connections(page: PageQuery) -> Any:
    """List connections in the order they came."""
    return listing(connections.list_connections(house().db, page.after, page.limit), Connection.of)


@bp.get("/<whole:connection_id>")
@role("qa")
@bp.output(Connection)
@bp.doc(operation_id="getConnection")
def get_connection(connection_id: int) -> Any:
    """Show a connection."""
    return Connection.of(connections.get_connection(house().db, connection_id))


@bp.delete("/<whole:connection_id>")
@role()
@bp.output({}, 204)
@bp.doc(operation_id="removeConnection")
def remove_connection(connection_id: int) -> Any:
    """Send a partner nothing more, not even what waits."""
    connections.remove_connection(house().db, call(), connection_id)
    return ""


@bp.get("/<whole:connection_id>/deliveries")
@role("qa")
@bp.input(DocumentQuery, location="query", arg_name="page")
@bp.output(SentDocuments)
@bp.doc(operation_id="listConnectionDeliveries")
def list_deliveries(connection_id: int, page: DocumentQuery) -> Any:
    """List the documents that are, or were, to be sent; `?state=dead` is what could not be."""
    found = connections.list_documents(house().db, connection_id, page.state, page.after, page.limit)
    return listing(found, SentDocument.of)


@bp.post("/<whole:connection_id>/deliveries/<whole:delivery_id>/redeliver")
@role()
@bp.output(SentDocument)
@bp.doc(operation_id="redeliverDocument")
def redeliver(connection_id: int, delivery_id: int) -> Any:
    """Send a document again that is dead or was sent; the partner knows it by the same Idempotency-Key."""
    return SentDocument.of(connections.send_again(house().db, call(), connection_id, delivery_id))
