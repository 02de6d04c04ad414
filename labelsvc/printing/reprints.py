"""Use cases: look at reprints, and say what a product demands of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.gs1 import parse_product_code
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.pages import Page
from labelsvc.domain.reprints import Reprint, ReprintPolicy, ReprintState
from labelsvc.errors import at
from labelsvc.storage import audit, batches, products, reprints
from labelsvc.storage.database import Database
from labelsvc.storage.reprints import ReprintRow


def get_reprint(db: Database, issuer: Issuer, reprint_id: int) -> Reprint:
    """Return a reprint.

    Raises:
        NotFound: no such reprint.
    """
    with db.read() as conn:
        return seen_reprint(conn, issuer, reprints.get(conn, reprint_id))


def list_reprints(
    db: Database, issuer: Issuer, chosen: tuple[ReprintState | None, int | None], after: int, limit: int
) -> Page[Reprint]:
    """Return reprints in the order they were asked for.

    Args:
        chosen: a state and the id of a lot to keep to; None: any.
    """
    with db.read() as conn:
        found = reprints.listing(conn, chosen, after, limit)
        return Page(tuple(seen_reprint(conn, issuer, row) for row in found.items), found.next)


def get_reprint_policy(db: Database, product: str) -> ReprintPolicy:
    """Return what a product demands of reprints.

    Raises:
        NotFound: no such product.
        InvalidInput: the code is none.
    """
    with at("/product"):
        code = parse_product_code(product).value
    with db.read() as conn:
        return reprints.policy(conn, products.get(conn, code).id)


def set_reprint_policy(db: Database, call: Call, product: str, chosen: ReprintPolicy) -> ReprintPolicy:
    """Say what a product demands of reprints from now on.

    Raises:
        NotFound: no such product.
        InvalidInput: the code is none.
    """
    with at("/product"):
        code = parse_product_code(product).value

    def work(conn: Connection) -> ReprintPolicy:
        found = products.get(conn, code, lock=True)
        before = asdict(reprints.policy(conn, found.id))
        reprints.set_policy(conn, found.id, chosen)
        audit.record(conn, call, "product.reprint-policy", f"product:{code}", before=before, after=asdict(chosen))
        return chosen

    return db.write(work)


def seen_reprint(conn: Connection, issuer: Issuer, row: ReprintRow) -> Reprint:
    """Return a reprint as callers see it."""
    batch = batches.get(conn, row.batch_id)
    numbering = issuer.numbering(batch.product_code, batch.pattern, batch.scope, batch.key_version)
    known = {name: getattr(row, name) for name in ReprintRow.__slots__ if name not in ("range_id", "ordinal")}
    return Reprint(**known, serial=numbering.text(row.ordinal), number=row.ordinal - batch.first + 1)


def said_of(seen: Reprint) -> dict[str, Any]:
    """Return what the audit and who is told keep of a reprint."""
    names = ("product", "serial", "lot_id", "batch_id", "printer", "state", "copy", "job_id")
    return {"asked_by": seen.asked_by.id} | {name.removesuffix("_id"): getattr(seen, name) for name in names}


def why_of(seen: Reprint) -> str:
    """Return the reason of a reprint with what was noted."""
    return seen.reason if seen.note is None else f"{seen.reason}: {seen.note}"


_MOMENTS = ("asked_at", "decided_at")
_ACTORS = ("asked_by", "decided_by")


def remember(seen: Reprint) -> dict[str, Any]:
    """Return a reprint as it was answered, as JSON values."""
    moments = {name: moment.isoformat() if (moment := getattr(seen, name)) else None for name in _MOMENTS}
    return {**asdict(seen), **moments}


def remembered(answer: Mapping[str, Any]) -> Reprint:
    """Return what `remember` was given."""
    moments = {name: datetime.fromisoformat(answer[name]) if answer[name] else None for name in _MOMENTS}
    actors = {name: Actor(**answer[name]) if answer[name] else None for name in _ACTORS}
    return Reprint(**{**answer, **moments, **actors})
