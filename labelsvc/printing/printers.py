"""Use cases: printers."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.jobs import WINDOWS, Printer, PrinterSpec
from labelsvc.domain.pages import Page
from labelsvc.domain.products import check_name
from labelsvc.domain.profiles import NOTHING
from labelsvc.errors import Conflict, InvalidInput, at
from labelsvc.printers.uris import serial_of, transport_for
from labelsvc.storage import audit, printers
from labelsvc.storage.database import Database

#: Resolutions that ZPL printers are made with and we lay labels out for, dots per mm.
RESOLUTIONS = (8, 12)
_NAME_AT_MOST = 80
_MEDIA_MM = (5.0, 500.0)


def add_printer(db: Database, call: Call, spec: PrinterSpec, data_dir: Path) -> Printer:
    """Add a printer.

    Args:
        data_dir: file printers write below it only.

    Raises:
        InvalidInput: the name, URI, resolution or media breaks a rule.
        Conflict: there is a printer of this name.
    """
    _check(spec, data_dir)

    def work(conn: Connection) -> Printer:
        printer_id = printers.add(conn, call, spec)
        if printer_id is None:
            raise Conflict("printer_exists", f"Expected a new printer, got {spec.name}, which is known.")
        audit.record(conn, call, "printer.add", f"printer:{spec.name}", after=asdict(spec))
        return printers.get(conn, spec.name)

    return db.write(work)


def edit_printer(db: Database, call: Call, spec: PrinterSpec, data_dir: Path) -> Printer:
    """Say that a printer is now another or has other media: a new revision; jobs made before keep theirs.

    Raises:
        NotFound: no such printer.
        InvalidInput: the URI, resolution or media breaks a rule.
    """
    _check(spec, data_dir)

    def work(conn: Connection) -> Printer:
        old = printers.get(conn, spec.name, lock=True)
        if old.spec != spec:
            # Another way or another head may be another device: what it proves is to be found out anew.
            same = (old.spec.uri, old.spec.dpmm) == (spec.uri, spec.dpmm)
            printers.revise(conn, call, old, spec, old.profile if same else NOTHING)
            before, after = asdict(old.spec), asdict(spec)
            audit.record(conn, call, "printer.edit", f"printer:{spec.name}", before=before, after=after)
        return printers.get(conn, spec.name)

    return db.write(work)


def _check(spec: PrinterSpec, data_dir: Path) -> None:
    with at("/name"):
        check_name(spec.name, _NAME_AT_MOST)
        if "/" in spec.name:
            raise InvalidInput("printer_name", "Expected a name without '/', got one.")
    if spec.station is not None:
        with at("/station"):
            check_name(spec.station, _NAME_AT_MOST)
    with at("/uri"):
        transport_for(spec.uri, spec.dpmm, data_dir)
        if spec.station is not None and serial_of(spec.uri) is not None:
            raise InvalidInput("printer_uri", "Expected a printer that its station dials, got one that dials in.")
    if spec.language != "zpl":
        raise InvalidInput("printer_language", f"Expected zpl, got {spec.language[:40]!r}.", pointer="/language")
    if spec.dpmm not in RESOLUTIONS:
        raise InvalidInput("dpmm", f"Expected 8 or 12 dots per mm, got {spec.dpmm}.", pointer="/dpmm")
    if not WINDOWS[0] <= spec.window <= WINDOWS[-1]:
        raise InvalidInput("printer_window", f"Expected 1 to 5 labels, got {spec.window}.", pointer="/window")
    least, most = _MEDIA_MM
    for side, length in (("media_width", spec.media_width), ("media_height", spec.media_height)):
        if not least <= length <= most:
            raise InvalidInput("media_size", f"Expected {least:g} to {most:g} mm, got {length:g}.", pointer=f"/{side}")


def get_printer(db: Database, name: str) -> Printer:
    """Return a printer.

    Raises:
        NotFound: no such printer.
    """
    with db.read() as conn:
        return printers.get(conn, name)


def list_printers(db: Database, after: int, limit: int) -> Page[Printer]:
    """Return printers in the order they came."""
    with db.read() as conn:
        return printers.listing(conn, after, limit)
