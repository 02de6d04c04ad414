"""/fleet and /printers/{name}/status: how the printers are, and what happened to them."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from labelsvc.printing import fleet
from labelsvc.web.auth import role
from labelsvc.web.house import house
from labelsvc.web.models.base import PageQuery, listing
from labelsvc.web.models.fleet import Happening, Happenings, PrinterStatus, PrinterStatuses

bp = APIBlueprint(
    "fleet",
    __name__,
    url_prefix="/api/v1",
    tag={"name": "printers", "description": "Printers and what is loaded in them."},
)


@bp.get("/fleet")
@role("station", "qa")
@bp.input(PageQuery, location="query", arg_name="page")
@bp.output(PrinterStatuses)
@bp.doc(operation_id="listPrinterStatuses")
def list_statuses(page: PageQuery) -> Any:
    """List how all printers are, in the order they came."""
    return listing(fleet.list_statuses(house().db, page.after, page.limit), PrinterStatus.of)


@bp.get("/printers/<name:name>/status")
@role("station", "qa")
@bp.output(PrinterStatus)
@bp.doc(operation_id="getPrinterStatus")
def get_status(name: str) -> Any:
    """Show how a printer is and since when, what waits for it, and what came out that was not ours."""
    return PrinterStatus.of(fleet.get_status(house().db, name))


@bp.get("/printers/<name:name>/history")
@role("station", "qa")
@bp.input(PageQuery, location="query", arg_name="page")
@bp.output(Happenings)
@bp.doc(operation_id="listPrinterHistory")
def list_history(name: str, page: PageQuery) -> Any:
    """List what happened to a printer, in the order it was written down."""
    return listing(fleet.list_history(house().db, name, page.after, page.limit), Happening.of)
