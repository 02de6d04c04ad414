"""/printers: printers and what is loaded in them."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from labelsvc.printing import printers
from labelsvc.web.auth import call, role
from labelsvc.web.house import house
from labelsvc.web.models.base import PageQuery, listing
from labelsvc.web.models.printers import Printer, PrinterIn, Printers, PrinterSpecIn, printer_path
from labelsvc.web.paths import created

bp = APIBlueprint(
    "printers",
    __name__,
    url_prefix="/api/v1/printers",
    tag={"name": "printers", "description": "Printers and what is loaded in them."},
)


@bp.post("")
@role("station")
@bp.input(PrinterIn, arg_name="body")
@bp.output(Printer, 201)
@bp.doc(operation_id="addPrinter")
def add_printer(body: PrinterIn) -> Any:
    """Add a printer."""
    made = printers.add_printer(house().db, call(), body.noun(body.name), house().data_dir)
    return created(Printer.of(made), printer_path(made.spec.name))


@bp.get("")
@role("station", "qa")
@bp.input(PageQuery, location="query", arg_name="page")
@bp.output(Printers)
@bp.doc(operation_id="listPrinters")
def list_printers(page: PageQuery) -> Any:
    """List printers in the order they came."""
    return listing(printers.list_printers(house().db, page.after, page.limit), Printer.of)


@bp.get("/<name:name>")
@role("station", "qa")
@bp.output(Printer)
@bp.doc(operation_id="getPrinter")
def get_printer(name: str) -> Any:
    """Show a printer and how it is."""
    return Printer.of(printers.get_printer(house().db, name))


@bp.put("/<name:name>")
@role("station")
@bp.input(PrinterSpecIn, arg_name="body")
@bp.output(Printer)
@bp.doc(operation_id="editPrinter")
def edit_printer(name: str, body: PrinterSpecIn) -> Any:
    """Say that a printer is now another or has other labels loaded.

    Jobs that are there keep what they were made for.
    """
    return Printer.of(printers.edit_printer(house().db, call(), body.noun(name), house().data_dir))
