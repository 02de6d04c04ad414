"""Use cases: somebody says what is wrong with a unit; somebody looks into it, and says what came of it."""

from __future__ import annotations

from dataclasses import asdict, replace

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.complaints import (
    Complaint,
    ComplaintRequest,
    Progress,
    State,
    check_progress,
    check_text,
)
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.pages import Page
from labelsvc.domain.products import check_name
from labelsvc.errors import InvalidInput, NotFound, at
from labelsvc.storage import audit, complaints, sales, units
from labelsvc.storage import requests as request_keys
from labelsvc.storage.database import Database
from labelsvc.tracking.customers import known_customer
from labelsvc.tracking.pointed import unit_at
from labelsvc.tracking.whose import identify

_OWNER_AT_MOST = 80


def open_complaint(db: Database, issuer: Issuer, call: Call, request: ComplaintRequest) -> Complaint:
    """Open a complaint of a unit that somebody scans; it may be one that nobody ever heard of, such as a fake.

    Its text is kept with it alone: the audit, and what is remembered of the request, do not repeat it.

    Raises:
        InvalidInput: the text names no unit; there is no such customer, or no such earlier complaint; too many words.
        Conflict: the text may name several units; the key was used before.
    """
    with at("/text"):
        check_text(request.text)
    body = asdict(request)

    def work(conn: Connection) -> Complaint:
        answered = request_keys.claim(conn, call, "complaints", body)
        if answered is not None:
            return _with_earlier(conn, complaints.get(conn, answered["complaint"]))
        epc = unit_at(conn, issuer, request.unit, request.product, "/unit")
        customer = known_customer(conn, request.customer)
        if request.follows is not None:
            _check_known(conn, request.follows)
        unit_id = _unit_id(conn, issuer, epc)
        buyer = sales.last_of(conn, unit_id)
        customer_id = customer.id if customer else buyer.customer_id if buyer else None
        complaint_id = complaints.add(conn, call, unit_id, customer_id, request)
        made = _with_earlier(conn, complaints.get(conn, complaint_id))
        after = {"unit": epc, "category": request.category, "severity": request.severity, "customer": made.customer}
        audit.record(conn, call, "complaint.open", f"complaint:{complaint_id}", after=after)
        request_keys.settle(conn, call, "complaints", {"complaint": complaint_id})
        return made

    return db.write(work)


def _check_known(conn: Connection, complaint_id: int) -> None:
    try:
        complaints.get(conn, complaint_id)
    except NotFound as error:
        raise InvalidInput(error.code, error.message, pointer="/follows") from None


def _unit_id(conn: Connection, issuer: Issuer, epc: str) -> int:
    """Return the id of a unit; one of which no event told gets a row as `unknown`."""
    known = units.ids_of(conn, (epc,))
    if not known:
        units.add(conn, identify(conn, issuer, (epc,)))
        known = units.ids_of(conn, (epc,))
    return known[epc]


def move_complaint(db: Database, call: Call, complaint_id: int, progress: Progress) -> Complaint:
    """Say how far a complaint has come: who owns it, how bad it is, what came of it.

    Raises:
        NotFound: there is no such complaint.
        InvalidInput: a name or a text that is none; it is closed, and nobody says what came of it.
        Conflict: it may not become that from what it is.
    """
    if progress.owner is not None:
        with at("/owner"):
            check_name(progress.owner, _OWNER_AT_MOST)
    if progress.resolution is not None:
        with at("/resolution"):
            check_text(progress.resolution)

    def work(conn: Connection) -> Complaint:
        before = complaints.get(conn, complaint_id, lock=True)
        check_progress(before.progress.state, progress)
        complaints.move(conn, call, complaint_id, progress)
        noted = [_noted(each) for each in (before.progress, progress)]
        audit.record(conn, call, "complaint.move", f"complaint:{complaint_id}", before=noted[0], after=noted[1])
        return _with_earlier(conn, complaints.get(conn, complaint_id))

    return db.write(work)


def _noted(progress: Progress) -> dict[str, object]:
    return {"state": progress.state, "severity": progress.severity, "owner": progress.owner}


def get_complaint(db: Database, complaint_id: int) -> Complaint:
    """Return a complaint.

    Raises:
        NotFound: there is none.
    """
    with db.read() as conn:
        return _with_earlier(conn, complaints.get(conn, complaint_id))


def list_complaints(
    db: Database, issuer: Issuer, state: State | None, unit: str | None, product: str | None, window: tuple[int, int]
) -> Page[Complaint]:
    """Return complaints in the order they were opened.

    Args:
        state: only those in it.
        unit, product: only those of a unit, as a scanner gives it.

    Raises:
        InvalidInput, Conflict: the text names no unit, or may name several.
    """
    with db.read() as conn:
        unit_id = None
        if unit is not None:
            epc = unit_at(conn, issuer, unit, product, "/unit")
            unit_id = units.ids_of(conn, (epc,)).get(epc, 0)
        found = complaints.listing(conn, state, unit_id, window)
        return Page(tuple(_with_ids(conn, found.items)), found.next)


def _with_earlier(conn: Connection, complaint: Complaint) -> Complaint:
    return _with_ids(conn, (complaint,))[0]


def _with_ids(conn: Connection, some: tuple[Complaint, ...]) -> list[Complaint]:
    ids = complaints.ids_by_unit(conn, [each.unit_id for each in some])
    told = []
    for each in some:
        before = {earlier for earlier in ids[each.unit_id] if earlier < each.id}
        told.append(replace(each, earlier=tuple(sorted(before | ({each.follows} if each.follows else set())))))
    return told
