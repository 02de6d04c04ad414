"""product, lot, issue, render, lookup: from a lot to labels in hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal, get_args

import click

from labelsvc.cli.opening import ID, every, opened
from labelsvc.domain.batches import BatchRequest, Download, LabelsRequest, LotRequest, OpenLot
from labelsvc.domain.products import NewProduct, Product
from labelsvc.issuing import batches, downloads, lots, products
from labelsvc.tracking import serials as known_serials

DAY = click.DateTime(["%Y-%m-%d"])
Form = Literal["pdf", "zpl", "png", "csv"]
_PAGE = 200


@click.group()
def product() -> None:
    """Products: trade items with a GTIN, or own items."""


@product.command("add")
@click.argument("code")
@click.argument("name")
@click.option("--scheme", required=True, help="Pattern of its serials, e.g. {rnd:10} or {prod:%y%j}{seq:6}.")
@click.option("--format", "label_format", required=True, help="Label format, e.g. unit-100x50.")
@click.option("--shelf-life", type=int, help="Days from production to expiry.")
def product_add(code: str, name: str, scheme: str, label_format: str, shelf_life: int | None) -> None:
    """Add a product by GTIN or own item CODE."""
    with opened() as shell:
        _show_product(
            products.add_product(shell.db, shell.call(), NewProduct(code, name, scheme, label_format, shelf_life))
        )


@product.command("list")
def product_list() -> None:
    """Show all products."""
    with opened() as shell:
        for found in every(lambda after: products.list_products(shell.db, after, _PAGE)):
            _show_product(found)


@product.command("scheme")
@click.argument("code")
@click.argument("pattern")
def product_scheme(code: str, pattern: str) -> None:
    """Give a product another serial scheme, if no serial of it can be one of another."""
    with opened() as shell:
        added = products.add_scheme(shell.db, shell.call(), code, pattern)
    click.echo(f"{added.pattern}\tcurrent")


def _show_product(found: Product) -> None:
    click.echo(f"{found.code}\t{found.scheme}\t{found.label_format}\t{found.name}")


@click.group()
def lot() -> None:
    """Lots of products."""


@lot.command("open")
@click.argument("product_code")
@click.argument("number")
@click.option("--production", type=DAY, help="Production date; today if not given.")
@click.option("--expiry", type=DAY, help="Expiry date; from the product's shelf life if not given.")
@click.option("--best-before", type=DAY, help="Best-before date.")
def lot_open(
    product_code: str,
    number: str,
    production: datetime | None,
    expiry: datetime | None,
    best_before: datetime | None,
) -> None:
    """Open lot NUMBER of a product and print its id."""
    today = datetime.now(UTC).astimezone().date()  # where the goods are made, not in Greenwich
    request = LotRequest(product_code, number, _day(production) or today, _day(expiry), _day(best_before))
    with opened() as shell:
        opened_lot = lots.open_lot(shell.db, shell.call(), request)
    _warn(opened_lot)
    click.echo(opened_lot.id)


@lot.command("list")
@click.option("--product", "product_code", help="Only lots of this product.")
def lot_list(product_code: str | None) -> None:
    """Show all lots."""
    with opened() as shell:
        for found in every(lambda after: lots.list_lots(shell.db, product_code, after, _PAGE)):
            dates = f"{found.lot.production}\t{found.lot.expiry or '-'}\t{found.lot.best_before or '-'}"
            click.echo(f"{found.id}\t{found.product_code}\t{found.lot.number}\t{dates}")


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _warn(opened_lot: OpenLot) -> None:
    for warning in opened_lot.warnings:
        click.echo(f"labelsvc: warning: {warning}", err=True)


@click.command()
@click.argument("lot_id", type=ID)
@click.argument("quantity", type=int)
@click.option("--printer", help="Print the labels on this printer.")
@click.option("--format", "label_format", help="Label format; the product's own if not given.")
@click.option("--line", help="Production line.")
@click.option("--ahead-hours", type=int, help="Hand the labels ahead to the printer's station for so long.")
@click.option("--key", help="Idempotency key: the same key again gives the same serials.")
def issue(  # one argument an option
    lot_id: int,
    quantity: int,
    printer: str | None,
    label_format: str | None,
    line: str | None,
    ahead_hours: int | None,
    *,
    key: str | None,
) -> None:
    """Issue QUANTITY serials for a lot and print them, one a line; what else there is to know goes to stderr."""
    request = BatchRequest(quantity, printer, label_format, line, ahead_hours)
    with opened() as shell:
        batch = batches.issue(shell.db, shell.issuer, shell.call(key), lot_id, request)
        job = f", print job {batch.job_id}" if batch.job_id else f". Labels: labelsvc render {batch.id} labels.pdf"
        click.echo(f"Batch {batch.id} of lot {batch.lot_number}: {batch.quantity} serials{job}", err=True)
        for number, piece in enumerate(downloads.serials_csv(shell.db, shell.issuer, batch.id).body):
            lines = piece.decode().splitlines()[1 if number == 0 else 0 :]
            click.echo("".join(f"{line.partition(',')[0]}\n" for line in lines), nl=False)


@click.command()
@click.argument("batch_id", type=ID)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--first", type=int, help="First label, counted from 1; the first of all if not given.")
@click.option("--count", type=int, help="How many labels; to the end if not given.")
@click.option("--dpmm", type=int, help="Dots per mm, 8 or 12; the printer's if not given, else 12.")
def render(batch_id: int, file: Path, first: int | None, count: int | None, dpmm: int | None) -> None:
    """Write labels of a batch to FILE: .pdf, .zpl, .png (one label) or .csv (all its serials)."""
    form = file.suffix.removeprefix(".").lower()
    if form not in get_args(Form):
        raise click.BadParameter(f"Expected a file named .pdf, .zpl, .png or .csv, got {file.name}.")
    if form == "csv" and (first, count, dpmm) != (None, None, None):
        raise click.UsageError("Expected no --first, --count or --dpmm for .csv, which holds all serials, got one.")
    if form == "png" and count not in (None, 1):
        raise click.UsageError(f"Expected one label for .png, got --count {count}.")
    with opened() as shell:
        if form == "csv":
            download = downloads.serials_csv(shell.db, shell.issuer, batch_id)
        else:
            request = LabelsRequest(form, 1 if first is None else first, count, dpmm)  # type: ignore[arg-type]  # checked above
            download = downloads.labels(shell.db, shell.issuer, shell.call(), batch_id, request, any_batch=True)
        written = _write(download, file)
    click.echo(f"{file}: {written} bytes", err=True)


def _write(download: Download, file: Path) -> int:
    """Write a download; a file appears under its name only when it is whole."""
    draft = file.with_name(f".{file.name}.part")
    try:
        with draft.open("wb") as out:
            written = sum(out.write(piece) for piece in download.body)
        draft.replace(file)
    except OSError as error:
        error.filename = str(file)  # the draft's name says nothing to whoever asked
        raise
    finally:
        draft.unlink(missing_ok=True)
    return written


@click.command()
@click.argument("product_code")
@click.argument("serial")
def lookup(product_code: str, serial: str) -> None:
    """Read a SERIAL of a product back to its lot, batch and outcome."""
    with opened() as shell:
        found = known_serials.look_up(shell.db, shell.issuer, product_code, serial)
    dates = {"produced": found.production_date, "expires": found.expiry_date, "best before": found.best_before}
    click.echo(
        f"{found.product_code} {found.serial}: {found.product_name}\n"
        f"lot {found.lot_number}, {', '.join(f'{word} {day}' for word, day in dates.items() if day)}\n"
        f"batch {found.batch_id}, label {found.label} of {found.range_count}, {found.known.outcome}"
        + (f", job {found.job_id} on {found.printer}" if found.job_id else "")
    )
