"""What a label is printed again from: found, proved to be printable, and made a print job."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.jobs import Printer, check_media
from labelsvc.domain.outcomes import Outcome
from labelsvc.domain.reprints import ReprintRequest, check_reprintable, next_copy
from labelsvc.errors import Conflict, InvalidInput, at
from labelsvc.labels import zpl
from labelsvc.labels.formats import LabelFormat, parsed
from labelsvc.labels.frozen import layout_of
from labelsvc.printing.carried import number_on
from labelsvc.storage import batches, job_outcomes, jobs, label_formats, outcomes, printers, quality, ranges, reprints
from labelsvc.storage.batches import BatchRow
from labelsvc.storage.jobs import NewJob
from labelsvc.storage.reprints import ReprintRow


@dataclass(frozen=True, slots=True)
class Plan:
    """What a label will be printed again from, as it was when we looked."""

    batch: BatchRow
    ordinal: int
    printer: Printer
    fmt: LabelFormat


class Moved(Exception):
    """What the plan was made from has changed."""


def look(conn: Connection, issuer: Issuer, request: ReprintRequest) -> Plan:
    """Find what a request is about.

    Raises:
        NotFound, InvalidInput, Conflict: it is about nothing of ours, or contradicts itself.
    """
    with at("/label"):
        number = number_on(conn, issuer, request.label, request.product)
    if request.destroyed_label is not None:
        with at("/destroyed_label"):
            old = number_on(conn, issuer, request.destroyed_label, number.batch.product_code)
            if (old.granted.id, old.ordinal) != (number.granted.id, number.ordinal):
                message = "Expected the text of the label that is to be printed again, got that of another."
                raise Conflict("reprint_other_label", message)
    name = request.printer or number.batch.printer
    if name is None:
        message = "Expected the name of a printer, for the batch had none, got none."
        raise InvalidInput("printer_missing", message, pointer="/printer")
    with at("/printer"):
        printer = printers.get(conn, name)
    return Plan(number.batch, number.ordinal, printer, _format(conn, number.batch))


def _format(conn: Connection, batch: BatchRow) -> LabelFormat:
    stored = label_formats.at_revision(conn, batch.format_revision)
    return parsed(stored.toml, label_formats.files_of(conn, stored.revision))


def prove(issuer: Issuer, plan: Plan) -> None:
    """See that the printer can print it: what it cannot is refused before anything is asked for."""
    batch, spec = plan.batch, plan.printer.spec
    check_media(plan.fmt.width, plan.fmt.height, spec)
    numbering = issuer.numbering(batch.product_code, batch.pattern, batch.scope, batch.key_version)
    layout = layout_of(plan.fmt, batch.frozen, numbering, spec.dpmm)
    if plan.printer.profile.echo is not None:
        zpl.check_echo(layout)


def plan_of(conn: Connection, row: ReprintRow) -> Plan:
    """Return what a reprint that was asked for is printed from, by the printer as it is now."""
    batch = batches.get(conn, row.batch_id)
    return Plan(batch, row.ordinal, printers.get(conn, row.printer), _format(conn, batch))


def check_printer(conn: Connection, plan: Plan) -> None:
    """Raise Moved where the printer is not as it was when we looked."""
    if printers.get(conn, plan.printer.spec.name).revision != plan.printer.revision:
        raise Moved


def check_number(conn: Connection, batch: BatchRow, ordinal: int, undecided: int | None = None) -> Outcome:
    """Return what a number is, of which a label may be printed again; until the transaction ends it stays so.

    Args:
        undecided: the reprint that is just decided on.
    """
    quality.check_open(conn, batch.lot_id, "/label")
    ranges.lock(conn, batch.range_id)
    outcome = outcomes.of_number(conn, batch.range_id, ordinal).outcome
    check_reprintable(outcome)
    other = reprints.open_of(conn, batch.range_id, ordinal)
    if other not in (None, undecided):
        message = f"Expected a label of which no other reprint is undecided or under way, got reprint {other}."
        raise Conflict("reprint_under_way", message, pointer="/label", reprint=other)
    job_id = job_outcomes.being_printed(conn, batch.id, ordinal) if outcome == "absent" else None
    if job_id is not None:
        message = f"Expected a number that no print job goes on to print, got one of job {job_id}."
        raise Conflict("reprint_job_goes_on", message, pointer="/label", job=job_id)
    return outcome


def print_again(
    conn: Connection, call: Call, row: ReprintRow, printer: Printer, outcome: Outcome, *, by_policy: bool
) -> None:
    """Make the print job of a reprint."""
    copy = next_copy(outcome, *reprints.copies(conn, row.range_id, row.ordinal))
    new = NewJob(
        row.batch_id, row.range_id, printer.id, printer.revision, row.ordinal, row.ordinal, kind="reprint", copy=copy
    )
    reprints.approve(conn, call, row.id, copy, jobs.add(conn, call, new), by_policy=by_policy)
