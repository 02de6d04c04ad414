"""Use cases: what is wrong with events is somebody's, until they say what it was.

What they say of an event is kept with it, so that a unit's standing is a function of its events and of what was decided
of them, in any order.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.epcis.reading import read_event
from labelsvc.domain.findings import Chosen, Closing, FindingRow, UnitBehind
from labelsvc.domain.gs1 import parse_product_code
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.pages import Page
from labelsvc.errors import Conflict, at
from labelsvc.storage import audit, finding_lists, products
from labelsvc.storage.database import Database
from labelsvc.storage.finding_lists import Decided
from labelsvc.tracking import refolding
from labelsvc.tracking.capturing import capture_in


def list_findings(db: Database, chosen: Chosen, after: int, limit: int) -> Page[FindingRow]:
    """Return findings in the order they were opened first."""
    with db.read() as conn:
        return finding_lists.listing(conn, chosen, after, limit)


def product_id(db: Database, code: str) -> int:
    """Return the id of a product.

    Raises:
        InvalidInput: the code breaks a rule.
        NotFound: no such product.
    """
    with at("/product"):
        wanted = parse_product_code(code).value
    with db.read() as conn:
        return products.get(conn, wanted).id


def get_finding(db: Database, finding_id: int) -> FindingRow:
    """Return a finding.

    Raises:
        NotFound: no such finding.
    """
    with db.read() as conn:
        return finding_lists.get(conn, finding_id)


def units_behind(db: Database, finding_id: int, after: int, limit: int) -> Page[UnitBehind]:
    """Return the units for which the event breaks the rule, in the order they came.

    Raises:
        NotFound: no such finding.
    """
    with db.read() as conn:
        return finding_lists.units_behind(conn, finding_lists.get(conn, finding_id), after, limit)


def take_finding(db: Database, call: Call, finding_id: int) -> FindingRow:
    """Make a finding one's own, from whomever; again changes nothing.

    Raises:
        NotFound: no such finding.
        Conflict: it is closed.
    """
    owner = call.actor.client[:80]

    def work(conn: Connection) -> FindingRow:
        found = _open(conn, finding_id)
        if found.owner != owner:
            finding_lists.own(conn, finding_id, owner)
            before = None if found.owner is None else {"owner": found.owner}
            audit.record(conn, call, "finding.take", f"finding:{finding_id}", before=before, after={"owner": owner})
        return finding_lists.get(conn, finding_id)

    return db.write(work)


def close_finding(db: Database, issuer: Issuer, call: Call, finding_id: int, closing: Closing) -> FindingRow:
    """Say what a finding was.

    An event that did happen moves its units as if it broke no rule; all that is open of it is accepted with it. One
    that is dismissed moves nothing, as before.

    Raises:
        NotFound: no such finding.
        InvalidInput: no reason, or a declaration of what is accepted.
        Conflict: it is closed; or it is dismissed, and somebody accepted its event for another rule.
    """
    closing.check()
    closed = (call.at, call.actor.client[:80])

    def work(conn: Connection) -> FindingRow:
        found = _open(conn, finding_id)
        event = finding_lists.decided(conn, found.event_id)
        if closing.state == "accepted":
            with_it = finding_lists.open_of_event(conn, found.event_id)
            for each in with_it:
                finding_lists.close(conn, each, "accepted", closing.reason, closed)
            _accept(conn, call, found.event_id, event)
        else:
            with_it = [finding_id]
            _check_dismissal(event, closing)
            finding_lists.close(conn, finding_id, "dismissed", closing.reason, closed)
            if closing.declare:
                _declare(conn, issuer, call, event)
        after: dict[str, Any] = {"state": closing.state, "findings": with_it, "declared": closing.declare}
        audit.record(conn, call, "finding.close", f"finding:{finding_id}", after=after, reason=closing.reason)
        return finding_lists.get(conn, finding_id)

    return db.write(work)


def _open(conn: Connection, finding_id: int) -> FindingRow:
    found = finding_lists.get(conn, finding_id, lock=True)
    if found.state != "open":
        raise Conflict("finding_closed", f"Expected a finding that is open, got one that is {found.state}.")
    return found


def _check_dismissal(event: Decided, closing: Closing) -> None:
    if event.accepted and not closing.declare:
        message = "Expected the finding of an event that nobody accepted, got one that has moved its units."
        raise Conflict("finding_accepted", message)


def _accept(conn: Connection, call: Call, event_id: int, event: Decided) -> None:
    finding_lists.accept(conn, event_id)
    refolding.refold(conn, call, event.units, event.containers, after=event.time, beside=set())


def _declare(conn: Connection, issuer: Issuer, call: Call, event: Decided) -> None:
    said = {"declarationTime": call.at.isoformat(timespec="milliseconds"), "reason": "did_not_occur"}
    context = None if event.context is None else json.loads(event.context)
    declaring = read_event({**json.loads(event.body), "errorDeclaration": said}, context)
    capture_in(conn, issuer, call, declaring, own=True)
