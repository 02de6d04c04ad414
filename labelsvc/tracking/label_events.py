"""Use case: numbers and labels as EPCIS events (reserving, encoding), made from ranges and outcomes when asked for.

No number has an event of its own before it is a unit: what became of a million labels is a handful of intervals, and
this writes them as events of at most 1,000 EPCs each (CBV 2.0: `encoding` and `reserving` stand in TransactionEvents).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from labelsvc.domain.batches import Download
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.outcomes import Interval, Outcome
from labelsvc.storage import batches, outcomes
from labelsvc.storage.batches import BatchRow
from labelsvc.storage.database import Database
from labelsvc.tracking.own_events import CONTEXT, EPCS_AT_MOST
from labelsvc.tracking.whose import epc_of

#: What an outcome is in CBV's words, or in our own below the Digital Link domain: action, bizStep, disposition.
_STEPS: Mapping[Outcome, tuple[str, str, str | None]] = {
    "sent": ("ADD", "encoding", "encoded"),
    "confirmed": ("ADD", "encoding", "encoded"),
    "spoiled": ("DELETE", "{domain}/voc/label_scrapped", None),
    "sampled": ("DELETE", "{domain}/voc/label_sampled", None),
    "returned": ("DELETE", "{domain}/voc/number_returned", None),
    "invalidated": ("DELETE", "{domain}/voc/number_invalidated", None),
}


@dataclass(frozen=True, slots=True)
class _Part:
    """Numbers of a batch that one thing is said of."""

    first: int
    last: int
    at: datetime
    action: str
    step: str
    disposition: str | None


def batch_events(db: Database, issuer: Issuer, batch_id: int) -> Download:
    """Return what became of a batch's numbers and labels as an EPCISDocument.

    Raises:
        NotFound: no such batch.
    """
    with db.read() as conn:
        row = batches.get(conn, batch_id)
        known = outcomes.of_range(conn, row.range_id)
    return Download("application/json", f"batch-{row.id}-events.json", _document(issuer, row, known))


def _document(issuer: Issuer, row: BatchRow, known: Sequence[Interval]) -> Iterator[bytes]:
    head = {"@context": list(CONTEXT), "type": "EPCISDocument", "schemaVersion": "2.0"}
    head["creationDate"] = _written(max((one.at for one in known if one.at), default=row.created_at))
    yield json.dumps(head).encode()[:-1] + b', "epcisBody": {"eventList": ['
    for place, event in enumerate(_events(issuer, row, known)):
        yield (b", " if place else b"") + json.dumps(event, separators=(",", ":")).encode()
    yield b"]}}"


def _events(issuer: Issuer, row: BatchRow, known: Sequence[Interval]) -> Iterator[Mapping[str, Any]]:
    numbering = issuer.numbering(row.product_code, row.pattern, row.scope, row.key_version)
    batch = {"type": "prodorder", "bizTransaction": f"{issuer.digital_link}/batch/{row.id}"}
    for part in _parts(issuer, row, known):
        for first in range(part.first, part.last + 1, EPCS_AT_MOST):
            count = min(EPCS_AT_MOST, part.last - first + 1)
            event: dict[str, Any] = {
                "type": "TransactionEvent",
                "eventTime": _written(part.at),
                "eventTimeZoneOffset": "+00:00",
                "bizTransactionList": [batch],
                "epcList": [epc_of(issuer, row.product_code, text) for text in numbering.texts(first, count)],
                "action": part.action,
                "bizStep": part.step,
            }
            yield event if part.disposition is None else {**event, "disposition": part.disposition}


def _parts(issuer: Issuer, row: BatchRow, known: Sequence[Interval]) -> Iterator[_Part]:
    yield _Part(row.first, row.first + row.count - 1, row.created_at, "ADD", "reserving", "reserved")
    for one in known:
        if one.outcome in _STEPS:
            action, step, disposition = _STEPS[one.outcome]
            named = step.format(domain=issuer.digital_link)
            yield _Part(one.first, one.last, one.at or row.created_at, action, named, disposition)


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
