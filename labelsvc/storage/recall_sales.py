"""To whom units of recalls were sold, as far as somebody wrote that down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from labelsvc.storage.database import members
from labelsvc.storage.tables import customers, parties, sales


class Sold(NamedTuple):
    """What is known of a sale beside its event.

    Attributes:
        customer_id, customer: None: nobody knows who it was.
    """

    customer_id: int | None
    customer: str | None
    party: str | None
    invoice: str | None


def of_units(conn: Connection, ids: Sequence[int]) -> Mapping[tuple[int, int], Sold]:
    """Return the sales of units, by unit and event."""
    query = (
        select(sales.c.unit_id, sales.c.event_id, customers.c.id, customers.c.name, parties.c.uri, sales.c.invoice)
        .outerjoin_from(sales, customers, customers.c.id == sales.c.customer_id)
        .outerjoin(parties, parties.c.id == sales.c.party_id)
        .where(sales.c.unit_id.in_(members(conn, ids)))
    )
    return {(unit_id, event_id): Sold(*said) for unit_id, event_id, *said in conn.execute(query)}
