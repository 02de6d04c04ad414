"""/batches: batches, their files, and the return of numbers."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response

from labelsvc.domain.batches import LabelsRequest
from labelsvc.issuing import batches, downloads
from labelsvc.tracking import label_events
from labelsvc.web.auth import call, client, role
from labelsvc.web.house import house
from labelsvc.web.models.batches import Batch, LabelQuery, LabelsQuery, ReturnIn
from labelsvc.web.models.epcis import Document
from labelsvc.web.streams import streamed

bp = APIBlueprint(
    "batches",
    __name__,
    url_prefix="/api/v1/batches",
    tag={"name": "batches", "description": "Requests for labels, and their files."},
)


@bp.get("/<whole:batch_id>")
@role("line", "qa")
@bp.output(Batch)
@bp.doc(operation_id="getBatch")
def get_batch(batch_id: int) -> Any:
    """Show a batch and what became of its numbers."""
    return Batch.of(batches.get_batch(house().db, house().issuer, batch_id))


@bp.get("/<whole:batch_id>/serials.csv")
@role("line", "qa")
@bp.output(FileSchema, content_type="text/csv")
@bp.doc(operation_id="getSerials")
def get_serials(batch_id: int) -> Any:
    """Download all serials of a batch: serial, number of its label, outcome."""
    return streamed(house().lanes, lambda: downloads.serials_csv(house().db, house().issuer, batch_id))


@bp.get("/<whole:batch_id>/labels.zpl")
@role("line", "qa")
@bp.input(LabelsQuery, location="query", arg_name="query")
@bp.output(FileSchema, content_type="application/vnd.zebra-zpl")
@bp.doc(operation_id="getLabelsZpl")
def get_labels_zpl(batch_id: int, query: LabelsQuery) -> Any:
    """Download labels as ZPL, one format a label.

    The role line gets labels of batches without a printer only.
    """
    return _labels(batch_id, query.noun("zpl"))


@bp.get("/<whole:batch_id>/labels.pdf")
@role("line", "qa")
@bp.input(LabelsQuery, location="query", arg_name="query")
@bp.output(FileSchema, content_type="application/pdf")
@bp.doc(operation_id="getLabelsPdf")
def get_labels_pdf(batch_id: int, query: LabelsQuery) -> Any:
    """Download labels as PDF, one label a page unless the label format is for sheets.

    The role line gets labels of batches without a printer only.
    """
    return _labels(batch_id, query.noun("pdf"))


@bp.get("/<whole:batch_id>/labels/<whole:number>.png")
@role("line", "qa")
@bp.input(LabelQuery, location="query", arg_name="query")
@bp.output(FileSchema, content_type="image/png")
@bp.doc(operation_id="getLabelPng")
def get_label_png(batch_id: int, number: int, query: LabelQuery) -> Any:
    """Download one label as a picture, one pixel a dot.

    The role line gets labels of batches without a printer only.
    """
    return _labels(batch_id, LabelsRequest("png", number, 1, query.dpmm))


@bp.get("/<whole:batch_id>/events")
@role("line", "qa")
@bp.output(Document)
@bp.doc(operation_id="getBatchEvents")
def get_batch_events(batch_id: int) -> Any:
    """Download what became of a batch's numbers and labels as an EPCISDocument: reserving, encoding, scrapping."""
    return streamed(house().lanes, lambda: label_events.batch_events(house().db, house().issuer, batch_id))


@bp.post("/<whole:batch_id>/return")
@role("qa")
@bp.input(ReturnIn, arg_name="body")
@bp.output(Batch)
@bp.doc(operation_id="returnNumbers")
def return_numbers(batch_id: int, body: ReturnIn) -> Any:
    """Give back numbers that were not used; they are never issued again."""
    return Batch.of(batches.return_numbers(house().db, house().issuer, call(), batch_id, body.noun()))


def _labels(batch_id: int, request: LabelsRequest) -> Response:
    any_batch = client().role in ("qa", "admin")
    return streamed(
        house().lanes,
        lambda: downloads.labels(house().db, house().issuer, call(), batch_id, request, any_batch=any_batch),
    )
