"""printers, jobs: what prints, and what it is doing."""

from __future__ import annotations

from typing import get_args

import click

from labelsvc.cli.opening import CURSOR, ID, every, opened
from labelsvc.domain.jobs import JobState, PrinterSpec, PrintJob, Resolution
from labelsvc.errors import InvalidInput
from labelsvc.printing import jobs as print_jobs
from labelsvc.printing import printers as print_printers
from labelsvc.printing import resolving

_PAGE = 200


@click.group()
def printers() -> None:
    """Printers."""


@printers.command("add")
@click.argument("name")
@click.argument("uri")
@click.option("--dpmm", type=int, default=8, show_default=True, help="Dots per mm.")
@click.option("--media", required=True, help="Size of the loaded labels, mm, e.g. 100x50.")
@click.option("--replace", is_flag=True, help="Change a printer that is known.")
def printers_add(name: str, uri: str, dpmm: int, media: str, *, replace: bool) -> None:
    """Add a printer at URI: tcp://host:9100, queue:///NAME or file:///FILE."""
    width, _, height = media.partition("x")
    try:
        spec = PrinterSpec(name, uri, "zpl", dpmm, float(width), float(height))
    except ValueError:
        raise InvalidInput("media_size", f"Expected WIDTHxHEIGHT in mm, got {media[:40]!r}.") from None
    with opened() as shell:
        change = print_printers.edit_printer if replace else print_printers.add_printer
        printer = change(shell.db, shell.call(), spec, shell.settings.data_dir)
    click.echo(f"{printer.spec.name}\t{printer.spec.uri}\trevision {printer.revision}")


@printers.command("list")
def printers_list() -> None:
    """Show all printers and their states."""
    with opened() as shell:
        for printer in every(lambda after: print_printers.list_printers(shell.db, after, _PAGE)):
            reasons = ",".join(printer.state_reasons) or "-"
            spec = printer.spec
            media = f"{spec.media_width:g}x{spec.media_height:g}"
            click.echo(f"{spec.name}\t{spec.uri}\t{spec.dpmm}\t{media}\t{printer.state}\t{reasons}")


@click.group()
def jobs() -> None:
    """Print jobs."""


@jobs.command("list")
@click.option("--printer", help="Only jobs of this printer.")
@click.option("--state", type=click.Choice(get_args(JobState)), help="Only jobs in this state.")
@click.option("--after", type=CURSOR, default=0, help="Only jobs with higher ids.")
def jobs_list(printer: str | None, state: str | None, after: int) -> None:
    """Show print jobs, the oldest first."""
    with opened() as shell:
        if printer is not None:
            print_printers.get_printer(shell.db, printer)  # a name that nobody has is a slip, not an empty list
        page = print_jobs.list_jobs(shell.db, shell.issuer, (printer, state), after, _PAGE)
    for job in page.items:
        _show(job)
    if page.next is not None:
        click.echo(f"More: --after {page.next}", err=True)


@jobs.command("show")
@click.argument("job_id", type=ID)
def jobs_show(job_id: int) -> None:
    """Show a print job."""
    with opened() as shell:
        _show(print_jobs.get_job(shell.db, shell.issuer, job_id))


@jobs.command("cancel")
@click.argument("job_id", type=ID)
@click.option("--reason", help="Why.")
def jobs_cancel(job_id: int, reason: str | None) -> None:
    """End a print job; what was not handed over is held again."""
    with opened() as shell:
        _show(print_jobs.cancel_job(shell.db, shell.issuer, shell.call(), job_id, reason))


@jobs.command("resolve")
@click.argument("job_id", type=ID)
@click.option("--last-good", help="Serial of the last good label; without it none of the window in doubt came out.")
@click.option("--continue/--end", "proceed", required=True, help="Print what is absent or planned, or end here.")
@click.option("--reason", help="Why.")
@click.option("--key", help="Idempotency key.")
def jobs_resolve(job_id: int, last_good: str | None, reason: str | None, key: str | None, *, proceed: bool) -> None:
    """Say what came out of a stopped printer, and whether to go on."""
    with opened() as shell:
        resolution = Resolution(last_good, proceed, reason)
        _show(resolving.resolve_job(shell.db, shell.issuer, shell.call(key), job_id, resolution))


def _show(job: PrintJob) -> None:
    known = " ".join(f"{outcome}={count}" for outcome, count in job.outcomes.items())
    doubt = f"\tin doubt: {job.doubt.first_serial} to {job.doubt.last_serial}" if job.doubt else ""
    click.echo(
        f"{job.id}\tbatch {job.batch_id}\t{job.printer}\t{job.state}\t{','.join(job.state_reasons)}\t{known}{doubt}"
    )
    if job.message:
        click.echo(f"\t{job.message}")
