"""Use cases: SSCCs for cases and pallets, with their labels; each request is a batch like any other."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.batches import Batch, Download, LabelsRequest
from labelsvc.domain.gs1 import LOGISTIC_UNITS
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.logistic_units import Content, LogisticRequest, Series
from labelsvc.domain.ranges import check_quantity
from labelsvc.errors import Conflict, NotFound, at
from labelsvc.issuing import downloads
from labelsvc.issuing.batches import as_issued, get_batch
from labelsvc.issuing.granting import Plan, Request, granted
from labelsvc.labels.formats import parsed
from labelsvc.labels.values import Values
from labelsvc.storage import batches, label_formats, lots, printers, products, sscc_series
from labelsvc.storage.database import Database

_ROUTE = "logistic-units"


def issue_units(db: Database, issuer: Issuer, call: Call, request: LogisticRequest) -> Batch:
    """Grant the next SSCCs of an extension digit, and a print job where a printer is named.

    Raises:
        NotFound: no such printer or label format.
        InvalidInput: the quantity or the content breaks a rule, or a label cannot be made.
        Conflict: there is no series to take them from, or fewer are left; the key was used for another request; the
            printer has other media.
    """
    with at("/quantity"):
        check_quantity(request.quantity)
    with at("/content"):
        content = Content.checked(request.content, call.at.date())
    checked = replace(request, content=content)
    asked = Request(call, _ROUTE, _body(checked))
    batch_id = granted(db, issuer, asked, lambda conn: _look(conn, issuer, checked))
    return as_issued(get_batch(db, issuer, batch_id))


def _body(request: LogisticRequest) -> dict[str, object]:
    return {
        "quantity": request.quantity,
        "extension_digit": request.extension_digit,
        "printer": request.printer,
        "label_format": request.label_format,
        "content": request.content.said(),
    }


def _look(conn: Connection, issuer: Issuer, request: LogisticRequest) -> Plan:
    series = _series(conn, request.extension_digit)
    lot, product = lots.get(conn, series.lot_id), products.get(conn, LOGISTIC_UNITS)
    with at("/label_format"):
        stored = label_formats.in_use(conn, request.label_format or product.label_format)
    printer = None
    if request.printer is not None:
        with at("/printer"):
            printer = printers.get(conn, request.printer)
    values = Values(
        product_code=product.code,
        product_kind=product.kind,
        product_name=product.name,
        lot_number=lot.lot.number,
        production=lot.lot.production,
        expiry=None,
        best_before=None,
        line=None,
        quantity=request.quantity,
        digital_link=issuer.digital_link,
        content=request.content,
    )
    fmt = parsed(stored.toml, label_formats.files_of(conn, stored.revision))
    numbering = issuer.numbering(product.code, series.pattern, "", series.key_version)
    return Plan(lot, product, series.scheme_id, fmt, stored.revision, printer, values, numbering)


def _series(conn: Connection, extension_digit: int | None) -> Series:
    """Return the current series of an extension digit, of the least one where none is named."""
    current = [series for series in sscc_series.listing(conn) if series.current]
    of_digit = [series for series in current if extension_digit in (None, series.extension_digit)]
    if not of_digit:
        digits = ", ".join(sorted(str(series.extension_digit) for series in current)) or "none; run: labelsvc sscc use"
        got = "none" if extension_digit is None else str(extension_digit)
        message = f"Expected an extension digit with a series of SSCCs ({digits}), got {got}."
        raise Conflict("sscc_series_missing", message, pointer="/extension_digit")
    return min(of_digit, key=lambda series: series.extension_digit)


def get_units(db: Database, issuer: Issuer, batch_id: int) -> Batch:
    """Return a batch of logistic units with what became of its numbers.

    Raises:
        NotFound: no such batch, or one of a trade item.
    """
    _check_logistic(db, batch_id)
    return get_batch(db, issuer, batch_id)


def ssccs_csv(db: Database, issuer: Issuer, batch_id: int) -> Download:
    """Return every SSCC of a batch, as `downloads.serials_csv` does.

    Raises:
        NotFound: no such batch, or one of a trade item.
    """
    _check_logistic(db, batch_id)
    return downloads.serials_csv(db, issuer, batch_id)


def labels(
    db: Database, issuer: Issuer, call: Call, batch_id: int, request: LabelsRequest, *, any_batch: bool
) -> Download:
    """Return labels of a batch of logistic units; raises as `downloads.labels`, NotFound for other batches, too."""
    _check_logistic(db, batch_id)
    return downloads.labels(db, issuer, call, batch_id, request, any_batch=any_batch)


def _check_logistic(db: Database, batch_id: int) -> None:
    with db.read() as conn:
        row = batches.get(conn, batch_id)
    if row.product_code != LOGISTIC_UNITS:
        message = f"Expected the id of a batch of logistic units, got {batch_id}."
        raise NotFound("batch_unknown", message)
