"""/lots: lots, and the batches of a lot."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from labelsvc.issuing import batches, lots
from labelsvc.web.auth import call, role
from labelsvc.web.house import house
from labelsvc.web.models.base import IdempotencyHeaders, PageQuery, listing
from labelsvc.web.models.batches import Batch, Batches, BatchIn, batch_path
from labelsvc.web.models.lots import Lot, LotDatesIn, LotIn, LotQuery, Lots, lot_path
from labelsvc.web.paths import created

bp = APIBlueprint(
    "lots",
    __name__,
    url_prefix="/api/v1/lots",
    tag={"name": "lots", "description": "Lots, and the batches of a lot."},
)


@bp.post("")
@role("line")
@bp.input(LotIn, arg_name="body")
@bp.output(Lot, 201)
@bp.doc(operation_id="openLot")
def open_lot(body: LotIn) -> Any:
    """Open a lot of a product.

    Without an expiry date the product's shelf life gives one.
    """
    made = lots.open_lot(house().db, call(), body.noun())
    return created(Lot.of(made), lot_path(made.id))


@bp.get("")
@role("line", "qa")
@bp.input(LotQuery, location="query", arg_name="page")
@bp.output(Lots)
@bp.doc(operation_id="listLots")
def list_lots(page: LotQuery) -> Any:
    """List lots in the order they were opened."""
    return listing(lots.list_lots(house().db, page.product, page.after, page.limit), Lot.of)


@bp.get("/<whole:lot_id>")
@role("line", "qa")
@bp.output(Lot)
@bp.doc(operation_id="getLot")
def get_lot(lot_id: int) -> Any:
    """Show a lot."""
    return Lot.of(lots.get_lot(house().db, lot_id, house().now().date()))


@bp.put("/<whole:lot_id>")
@role("line")
@bp.input(LotDatesIn, arg_name="body")
@bp.output(Lot)
@bp.doc(operation_id="editLot")
def edit_lot(lot_id: int, body: LotDatesIn) -> Any:
    """Give a lot other dates.

    This makes a new revision for the batches to come; those that are there keep theirs.
    """
    return Lot.of(lots.edit_lot(house().db, call(), lot_id, body.dates()))


@bp.post("/<whole:lot_id>/batches")
@role("line")
@bp.input(IdempotencyHeaders, location="headers", arg_name="headers")
@bp.input(BatchIn, arg_name="body")
@bp.output(Batch, 201)
@bp.doc(operation_id="issueBatch")
def issue_batch(lot_id: int, headers: IdempotencyHeaders, body: BatchIn) -> Any:
    """Issue serials for a lot, and print them where a printer is named.

    Sent again with the same Idempotency-Key it answers with the same batch and issues nothing.
    """
    asked = call(headers.idempotency_key)
    made = batches.issue(house().db, house().issuer, asked, lot_id, body.noun())
    if made.created_at == asked.at:  # not an answer given again
        house().metrics.granted(made.quantity)
    return created(Batch.of(made), batch_path(made.id))


@bp.get("/<whole:lot_id>/batches")
@role("line", "qa")
@bp.input(PageQuery, location="query", arg_name="page")
@bp.output(Batches)
@bp.doc(operation_id="listBatches")
def list_batches(lot_id: int, page: PageQuery) -> Any:
    """List the batches of a lot in the order they were made."""
    return listing(batches.list_batches(house().db, house().issuer, lot_id, page.after, page.limit), Batch.of)
