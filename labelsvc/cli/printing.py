"""printers, jobs: what prints, and what it is doing."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import get_args

import click

from labelsvc.cli.dialling_in import reached
from labelsvc.cli.opening import CURSOR, ID, every, opened
from labelsvc.domain.jobs import JobState, PrinterSpec, PrintJob, Resolution
from labelsvc.errors import InvalidInput
from labelsvc.printers.discovery import discover
from labelsvc.printing import jobs as print_jobs
from labelsvc.printing import printers as print_printers
from labelsvc.printing import resolving
from labelsvc.printing.certifying import certify
from labelsvc.printing.hardening import harden, settings_for

_PAGE = 200


@click.group()
def printers() -> None:
    """Printers."""


@printers.command("add")
@click.argument("name")
@click.argument("uri")
@click.option("--dpmm", type=int, default=8, show_default=True, help="Dots per mm.")
@click.option("--media", required=True, help="Size of the loaded labels, mm, e.g. 100x50.")
@click.option("--station", help="Client of the station that serves it; without one our own workers do.")
@click.option("--replace", is_flag=True, help="Change a printer that is known.")
def printers_add(name: str, uri: str, dpmm: int, media: str, station: str | None, *, replace: bool) -> None:
    """Add a printer at URI.

    That is tcp://host:9100, tls://host:9143?pin=sha256:HEX, ipp://host:631/ipp/print,
    ipps://host:631/ipp/print?pin=sha256:HEX, queue:///NAME or file:///FILE. A printer that dials in has weblink://SERIAL.
    """
    width, _, height = media.partition("x")
    try:
        spec = PrinterSpec(name, uri, "zpl", dpmm, float(width), float(height), station=station)
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


@printers.command("discover")
@click.option("--seconds", type=click.FloatRange(0.1, 60), default=3.0, show_default=True, help="How long to listen.")
def printers_discover(seconds: float) -> None:
    """Show what printers announce in this network: name, model, service, host and port, and a URI to add it by.

    Anyone in the network can announce anything: look at the printer before you add it. HEX stands for the SHA-256 of
    its certificate. A printer with - for a URI is reached by no way of ours.
    """
    for found in discover(seconds):
        where = f"{found.host}:{found.port}"
        click.echo("\t".join((found.name, found.model or "-", found.service, where, found.uri or "-")))


@printers.command("certify")
@click.argument("name")
def printers_certify(name: str) -> None:
    """Find out what a printer can prove, with you beside it: five labels, the head, the media, the plug, a scanner.

    Delivery uses nothing that its certification does not grant. It takes some minutes.
    """
    with opened() as shell, reached(shell, name) as callers:
        chosen, now = shell.settings, partial(datetime.now, UTC)
        printer = certify(shell.db, shell.call(), name, chosen.data_dir, _Person(), now=now, callers=callers)
    for key, value in asdict(printer.profile).items():
        click.echo(f"{key}\t{'-' if value is None else value}")
    click.echo(f"evidence\t{printer.profile.evidence}")


class _Person:
    """The person who runs the command, beside the printer."""

    def do(self, what: str) -> None:
        click.prompt(f"{what} Then press Enter", default="", show_default=False, err=True)

    def tell(self, what: str) -> None:
        click.prompt(f"{what} Press Enter when you are ready", default="", show_default=False, err=True)

    def is_so(self, question: str) -> bool:
        return click.confirm(question, err=True)

    def scan(self, what: str) -> str:
        return str(click.prompt(what, default="", show_default=False, err=True))


@printers.command("harden")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def printers_harden(name: str, *, yes: bool) -> None:
    """Set a printer so that nobody changes unseen what labels depend on; what is sent is shown before."""
    with opened() as shell:
        print_printers.get_printer(shell.db, name)
        for setting in settings_for():
            click.echo(f"{setting.name}\t{setting.value}\t{setting.why}")
        if not yes:
            click.confirm("Send this?", abort=True, err=True)
        with reached(shell, name) as callers:
            harden(shell.db, shell.call(), name, shell.settings.data_dir, callers=callers)


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
@click.option(
    "--scanned", multiple=True, help="Serial of a label in doubt that came out; give all, and not the last good."
)
@click.option("--continue/--end", "proceed", required=True, help="Print what is absent or planned, or end here.")
@click.option("--reason", help="Why.")
@click.option("--key", help="Idempotency key.")
def jobs_resolve(  # one argument an option
    job_id: int,
    last_good: str | None,
    scanned: tuple[str, ...],
    reason: str | None,
    key: str | None,
    *,
    proceed: bool,
) -> None:
    """Say what came out of a stopped printer, and whether to go on."""
    with opened() as shell:
        resolution = Resolution(last_good, proceed, reason, scanned=scanned or None)
        _show(resolving.resolve_job(shell.db, shell.issuer, shell.call(key), job_id, resolution))


def _show(job: PrintJob) -> None:
    known = " ".join(f"{outcome}={count}" for outcome, count in job.outcomes.items())
    doubt = f"\tin doubt: {job.doubt.first_serial} to {job.doubt.last_serial}" if job.doubt else ""
    click.echo(
        f"{job.id}\tbatch {job.batch_id}\t{job.printer}\t{job.state}\t{','.join(job.state_reasons)}\t{known}{doubt}"
    )
    if job.message:
        click.echo(f"\t{job.message}")
