"""/logistic-units: SSCCs of cases and pallets, their labels, and the series that they come from."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response

from labelsvc.domain.batches import LabelsRequest
from labelsvc.domain.logistic_units import NewSeries
from labelsvc.issuing import logistic_units, sscc_series
from labelsvc.tracking import logistic_units as known_units
from labelsvc.web.auth import EVERY_ROLE, call, client, role
from labelsvc.web.house import house
from labelsvc.web.models.base import IdempotencyHeaders
from labelsvc.web.models.batches import LabelsQuery
from labelsvc.web.models.logistic_units import (
    AllSeries,
    LogisticUnit,
    LogisticUnits,
    LogisticUnitsIn,
    Series,
    SeriesIn,
    units_path,
)
from labelsvc.web.paths import created
from labelsvc.web.streams import streamed

bp = APIBlueprint(
    "logistic_units",
    __name__,
    url_prefix="/api/v1/logistic-units",
    tag={"name": "logistic units", "description": "SSCCs of cases and pallets, and their labels."},
)


@bp.post("")
@role("line", "warehouse")
@bp.input(IdempotencyHeaders, location="headers", arg_name="headers")
@bp.input(LogisticUnitsIn, arg_name="body")
@bp.output(LogisticUnits, 201)
@bp.doc(operation_id="issueLogisticUnits")
def issue_logistic_units(headers: IdempotencyHeaders, body: LogisticUnitsIn) -> Any:
    """Issue SSCCs that nobody else ever gets, and print their labels where a printer is named.

    Sent again with the same Idempotency-Key it answers with the same SSCCs and issues nothing.
    """
    asked = call(headers.idempotency_key)
    made = logistic_units.issue_units(house().db, house().issuer, asked, body.noun())
    if made.created_at == asked.at:  # not an answer given again
        house().metrics.granted(made.quantity)
    return created(LogisticUnits.of(made), units_path(made.id))


@bp.get("/<name:sscc>")
@role(*EVERY_ROLE)
@bp.output(LogisticUnit)
@bp.doc(operation_id="lookUpSscc")
def look_up_sscc(sscc: str) -> Any:
    """Read an SSCC back to its range, batch, print job and outcome.

    One that was never issued here gives 404 with the code `never_issued`, one that was used before there were records
    `record_lost`; what is no SSCC gives 422 and the rule.
    """
    return LogisticUnit.of(known_units.look_up(house().db, house().issuer, sscc))


@bp.get("/batches/<whole:batch_id>")
@role("line", "warehouse", "qa")
@bp.output(LogisticUnits)
@bp.doc(operation_id="getLogisticUnits")
def get_logistic_units(batch_id: int) -> Any:
    """Show a batch of logistic units and what became of its SSCCs."""
    return LogisticUnits.of(logistic_units.get_units(house().db, house().issuer, batch_id))


@bp.get("/batches/<whole:batch_id>/ssccs.csv")
@role("line", "warehouse", "qa")
@bp.output(FileSchema, content_type="text/csv")
@bp.doc(operation_id="getSsccs")
def get_ssccs(batch_id: int) -> Any:
    """Download all SSCCs of a batch: serial, number of its label, outcome."""
    return streamed(house().lanes, lambda: logistic_units.ssccs_csv(house().db, house().issuer, batch_id))


@bp.get("/batches/<whole:batch_id>/labels.zpl")
@role("line", "warehouse", "qa")
@bp.input(LabelsQuery, location="query", arg_name="query")
@bp.output(FileSchema, content_type="application/vnd.zebra-zpl")
@bp.doc(operation_id="getLogisticLabelsZpl")
def get_labels_zpl(batch_id: int, query: LabelsQuery) -> Any:
    """Download labels as ZPL, one format a label.

    The roles line and warehouse get labels of batches without a printer only.
    """
    return _labels(batch_id, query.noun("zpl"))


@bp.get("/batches/<whole:batch_id>/labels.pdf")
@role("line", "warehouse", "qa")
@bp.input(LabelsQuery, location="query", arg_name="query")
@bp.output(FileSchema, content_type="application/pdf")
@bp.doc(operation_id="getLogisticLabelsPdf")
def get_labels_pdf(batch_id: int, query: LabelsQuery) -> Any:
    """Download labels as PDF, one label a page unless the label format is for sheets.

    The roles line and warehouse get labels of batches without a printer only.
    """
    return _labels(batch_id, query.noun("pdf"))


@bp.put("/series/<name:company_prefix>/<int(fixed_digits=1):extension_digit>")
@role()
@bp.input(SeriesIn, arg_name="body")
@bp.output(Series)
@bp.doc(operation_id="useSeries")
def use_series(company_prefix: str, extension_digit: int, body: SeriesIn) -> Any:
    """Let new SSCCs of an extension digit come from a GS1 company prefix.

    Another prefix is another series; the one before keeps what it gave. A series that is there goes on where it was.
    """
    new = NewSeries(company_prefix, extension_digit, body.first_reference)
    return Series.of(sscc_series.use_series(house().db, call(), new))


@bp.get("/series")
@role("line", "warehouse", "qa")
@bp.output(AllSeries)
@bp.doc(operation_id="listSeries")
def list_series() -> Any:
    """List all series of SSCCs, the oldest first."""
    return {"items": [Series.of(series) for series in sscc_series.list_series(house().db)], "next": None}


def _labels(batch_id: int, request: LabelsRequest) -> Response:
    any_batch = client().role in ("qa", "admin")
    return streamed(
        house().lanes,
        lambda: logistic_units.labels(house().db, house().issuer, call(), batch_id, request, any_batch=any_batch),
    )
