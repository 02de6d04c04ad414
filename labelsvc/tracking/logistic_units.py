"""Use case: what became of the number of a logistic unit."""

from __future__ import annotations

from dataclasses import dataclass

from labelsvc.domain.gs1 import LOGISTIC_UNITS, check_sscc
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.logistic_units import Content
from labelsvc.errors import NotFound, at
from labelsvc.labels.values import Values
from labelsvc.storage import batches
from labelsvc.storage.database import Database
from labelsvc.tracking import serials
from labelsvc.tracking.serials import Issued


@dataclass(frozen=True, slots=True)
class IssuedSscc:
    """An SSCC that was issued, and what its label says of the content."""

    issued: Issued
    content: Content


def look_up(db: Database, issuer: Issuer, sscc: str) -> IssuedSscc:
    """Read an SSCC back to its range and batch.

    Raises:
        InvalidInput: it is no SSCC.
        NotFound: `never_issued`, not by us; `record_lost`, it was given before there were records here.
    """
    with at("/sscc"):
        check_sscc(sscc)
    try:
        found = serials.look_up(db, issuer, LOGISTIC_UNITS, sscc)
    except NotFound as error:
        if error.code != "product_unknown":
            raise
        message = "Expected an SSCC that was issued here, got one while no company prefix is in use."
        raise NotFound("never_issued", message) from None
    with db.read() as conn:
        frozen = batches.get(conn, found.batch_id).frozen
    return IssuedSscc(found, Values.from_json(frozen).content or Content())
