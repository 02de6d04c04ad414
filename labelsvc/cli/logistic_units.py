"""sscc: SSCCs of cases and pallets."""

from __future__ import annotations

from datetime import date, datetime

import click

from labelsvc.cli.opening import opened
from labelsvc.domain.logistic_units import Content, LogisticRequest, NewSeries, Series
from labelsvc.issuing import logistic_units, sscc_series
from labelsvc.tracking import logistic_units as known_units

DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def sscc() -> None:
    """SSCCs: the numbers of logistic units, cases and pallets."""


@sscc.command("use")
@click.argument("company_prefix")
@click.option(
    "--extension-digit", type=click.IntRange(0, 9), default=0, help="First digit of the SSCCs; 0 if not given."
)
@click.option("--first", type=int, default=1, help="Serial references below were used elsewhere.")
def use(company_prefix: str, extension_digit: int, first: int) -> None:
    """Let new SSCCs of an extension digit come from a GS1 COMPANY_PREFIX of ours."""
    with opened() as shell:
        _show(sscc_series.use_series(shell.db, shell.call(), NewSeries(company_prefix, extension_digit, first)))


@sscc.command("list")
def list_() -> None:
    """Show all series: prefix, extension digit, next serial reference, how many are left."""
    with opened() as shell:
        for series in sscc_series.list_series(shell.db):
            _show(series)


def _show(series: Series) -> None:
    state = "current" if series.current else "former"
    click.echo(f"{series.company_prefix}\t{series.extension_digit}\t{series.next}\t{series.left}\t{state}")


@sscc.command("issue")
@click.argument("quantity", type=int)
@click.option("--extension-digit", type=click.IntRange(0, 9), help="The least that has a series if not given.")
@click.option("--printer", help="Print the labels on this printer.")
@click.option("--format", "label_format", help="Label format; logistic-100x150 if not given.")
@click.option("--gtin", help="What each unit holds, (02).")
@click.option("--count", type=int, help="How many of it, (37).")
@click.option("--lot", help="Its lot, (10).")
@click.option("--best-before", type=DAY, help="Its best-before date, (15).")
@click.option("--expiry", type=DAY, help="Its expiry date, (17).")
@click.option("--key", help="Idempotency key: the same key again gives the same SSCCs.")
def issue(  # one argument an option
    quantity: int,
    extension_digit: int | None,
    printer: str | None,
    label_format: str | None,
    *,
    gtin: str | None,
    count: int | None,
    lot: str | None,
    best_before: datetime | None,
    expiry: datetime | None,
    key: str | None,
) -> None:
    """Issue QUANTITY SSCCs and print their labels, one a line; what else there is to know goes to stderr."""
    content = Content(gtin, count, lot, _day(best_before), _day(expiry))
    request = LogisticRequest(quantity, extension_digit, printer, label_format, content)
    with opened() as shell:
        batch = logistic_units.issue_units(shell.db, shell.issuer, shell.call(key), request)
        job = f", print job {batch.job_id}" if batch.job_id else f". Labels: labelsvc render {batch.id} labels.pdf"
        click.echo(f"Batch {batch.id}: {batch.quantity} SSCCs{job}", err=True)
        for number, piece in enumerate(logistic_units.ssccs_csv(shell.db, shell.issuer, batch.id).body):
            lines = piece.decode().splitlines()[1 if number == 0 else 0 :]
            click.echo("".join(f"{line.partition(',')[0]}\n" for line in lines), nl=False)


@sscc.command("lookup")
@click.argument("sscc_", metavar="SSCC")
def lookup(sscc_: str) -> None:
    """Read an SSCC back to its batch, outcome and print job, and to what its label says of the content."""
    with opened() as shell:
        found = known_units.look_up(shell.db, shell.issuer, sscc_)
    its, content = found.issued, found.content
    job = f", job {its.job_id} on {its.printer}" if its.job_id else ""
    click.echo(
        f"(00){its.serial}: batch {its.batch_id}, label {its.label} of {its.range_count}, {its.known.outcome}{job}"
    )
    said = {"02": content.gtin, "37": content.count, "10": content.lot, "15": content.best_before, "17": content.expiry}
    click.echo("".join(f"({ai}){value}" for ai, value in said.items() if value is not None) or "content not told")


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
