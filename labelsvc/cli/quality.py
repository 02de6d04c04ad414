"""lot reconcile, sampling, declare, close, report, end-card; move; scan: every number explained."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, get_args

import click

from labelsvc.cli import explaining, scanning_offline
from labelsvc.cli.issuing import lot
from labelsvc.cli.opening import ID, opened
from labelsvc.domain.moves import DECLARED, MOVES, Declaration, Move
from labelsvc.domain.quality import PlanKind, Reconciliation, SamplingPlan, VerifyScan
from labelsvc.domain.units.intents import INTENTS
from labelsvc.domain.units.testing import CommissionOn
from labelsvc.errors import InvalidInput
from labelsvc.printing import close_report, numbers, reconciliation, verifying
from labelsvc.tracking import gating

_FILE = click.Path(path_type=Path, dir_okay=False)
_OF = sorted({of for sources in DECLARED.values() for of in sources})


@lot.command("reconcile")
@click.argument("lot_id", type=ID)
def lot_reconcile(lot_id: int) -> None:
    """Account for every number of a lot, as of now."""
    with opened() as shell:
        _show(reconciliation.reconcile(shell.db, lot_id))


@lot.command("sampling")
@click.argument("lot_id", type=ID)
@click.argument("plan", type=click.Choice(get_args(PlanKind)))
@click.option("--nth", type=int, default=1, help="With nth: every how many.")
def lot_sampling(lot_id: int, plan: PlanKind, nth: int) -> None:
    """Say which labels of each batch have to be scanned: every one, every nth and the last, the two ends, or none."""
    with opened() as shell:
        _show(reconciliation.set_sampling(shell.db, shell.call(), lot_id, SamplingPlan(plan, nth)))


@lot.command("tracking")
@click.argument("lot_id", type=ID)
@click.option("--commission-on", type=click.Choice(get_args(CommissionOn)), help="What makes a number a unit.")
@click.option("--gate", is_flag=True, help="Nothing is packed, shipped or sold before its tests are passed; stays.")
def lot_tracking(lot_id: int, commission_on: CommissionOn | None, *, gate: bool) -> None:
    """Say how units of a lot begin and what stops them, and show it."""
    with opened() as shell:
        if commission_on is None and not gate:
            chosen = gating.get_tracking(shell.db, lot_id)
        else:
            gated = True if gate else None
            chosen = gating.set_tracking(shell.db, shell.call(), lot_id, commission_on=commission_on, gated=gated)
    since = "-" if chosen.gated_since is None else f"{chosen.gated_since:%Y-%m-%dT%H:%M:%SZ}"
    click.echo(f"commission on\t{chosen.commission_on}\ngated since\t{since}")


@lot.command("declare")
@click.argument("lot_id", type=ID)
@click.argument("of", type=click.Choice(_OF))
@click.argument("outcome", type=click.Choice(sorted(DECLARED)))
@click.option("--statement", required=True, help="What was seen, and by whom.")
@click.option("--numbers", type=click.IntRange(1), help="How many you saw; where there are others it is refused.")
@click.option("--key", help="Idempotency key.")
def lot_declare(lot_id: int, of: str, outcome: str, *, statement: str, numbers: int | None, key: str | None) -> None:
    """Sign what became of all numbers of a lot of which nothing better is known, e.g. sent as confirmed."""
    declaration = Declaration(of, outcome, statement, numbers)  # type: ignore[arg-type]  # checked by click
    with opened() as shell:
        _show(reconciliation.declare(shell.db, shell.call(key), lot_id, declaration))


@lot.command("close")
@click.argument("lot_id", type=ID)
@click.option("--statement", help="What there is to say at its end.")
def lot_close(lot_id: int, statement: str | None) -> None:
    """Close a lot of which every number is accounted for."""
    with opened() as shell:
        _show(reconciliation.close_lot(shell.db, shell.issuer, shell.call(), lot_id, statement))


@lot.command("report")
@click.argument("lot_id", type=ID)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def lot_report(lot_id: int, file: Path) -> None:
    """Write the close report of a lot to FILE, as PDF; a draft while the lot is open."""
    with opened() as shell:
        _write(file, close_report.close_report(shell.db, shell.issuer, lot_id))


@lot.command("end-card")
@click.argument("lot_id", type=ID)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--dpmm", type=int, default=8, show_default=True, help="Dots per mm of the printer, for .zpl.")
@click.option("--media", help="Size of the loaded labels, mm, e.g. 100x50, for .zpl; the lot's labels if not given.")
def lot_end_card(lot_id: int, file: Path, dpmm: int, media: str | None) -> None:
    """Write the control label of a lot to FILE: .pdf, or .zpl for a label printer."""
    form = file.suffix.lower()
    if form not in (".pdf", ".zpl"):
        raise click.BadParameter(f"Expected a file named .pdf or .zpl, got {file.name}.")
    with opened() as shell:
        if form == ".pdf":
            _write(file, close_report.end_card(shell.db, shell.issuer, lot_id))
        else:
            _write(file, close_report.end_card_zpl(shell.db, shell.issuer, lot_id, dpmm, _size(media)))


@click.command()
@click.argument("product_code")
@click.argument("outcome", type=click.Choice(sorted(MOVES)))
@click.argument("serials", nargs=-1, required=True)
@click.option("--reason", required=True, help="Why; kept with each number.")
@click.option("--key", help="Idempotency key.")
def move(product_code: str, outcome: str, serials: tuple[str, ...], reason: str, key: str | None) -> None:
    """Say what became of numbers of a product, all or none: spoiled, sampled, returned unused or invalidated."""
    what = Move(product_code, serials, outcome, reason)  # type: ignore[arg-type]  # checked by click
    with opened() as shell:
        moved = numbers.move_numbers(shell.db, shell.issuer, shell.call(key), what)
    click.echo(f"{moved}\t{outcome}")


@click.command()
@click.option("--lot", "lot_id", type=ID, help="Lot the labels should be of.")
@click.option("--batch", "batch_id", type=ID, help="Batch the labels should be of.")
@click.option("--product", "product_code", help="GTIN or item code, for plain serials.")
@click.option(
    "--explain", "text", help="Take this text apart and look nothing up: all it may say, and what was mended."
)
@click.option(
    "--separator", "separators", multiple=True, help="With --explain: what the scanner sends for GS, e.g. F8."
)
@click.option(
    "--offline", type=_FILE, help="Keep scans of things in this file, with their time, for a server out of reach."
)
@click.option("--intent", type=click.Choice(INTENTS), default="find", help="With --offline: what is meant by them.")
@click.option("--place", help="With --offline: where it is, a GLN or a location's URI.")
@click.option("--replay", type=_FILE, help="Send the scans of such a file; again and again is safe.")
@click.option("--server", "url", help="With --replay: where the server is, https://labels.example.com.")
@click.option("--key-file", type=_FILE, help="With --replay: file with a key of role warehouse or retail.")
def scan(text: str | None, offline: Path | None, replay: Path | None, **more: Any) -> None:
    """Say what scanned labels are, one a line from standard input, as a hand scanner types them."""
    if text is not None:
        explaining.explain(text, more["separators"])
    elif offline is not None:
        scanning_offline.keep(offline, more["intent"], more["place"])
    elif replay is not None:
        scanning_offline.send(replay, more["url"], more["key_file"])
    else:
        _verify(more["lot_id"], more["batch_id"], more["product_code"])


def _verify(lot_id: int | None, batch_id: int | None, product_code: str | None) -> None:
    with opened() as shell:
        for line in sys.stdin:
            typed = VerifyScan(line.rstrip("\r\n"), lot_id, batch_id, product_code)
            found = verifying.verify_scan(shell.db, shell.issuer, shell.call(), typed)
            click.echo(f"{found.kind}\t{found.serial or '-'}\t{found.lot_number or '-'}\t{found.message}")


def _show(found: Reconciliation) -> None:
    for outcome, count in found.outcomes.items():
        click.echo(f"{outcome}\t{count}")
    click.echo(f"granted\t{found.granted}\ndifference\t{found.difference}")
    click.echo(f"open jobs\t{found.open_jobs}\nreprints\t{found.reprints}\nto scan\t{found.to_scan}")
    if found.closure is not None:
        click.echo(f"closed\t{found.closure.at:%Y-%m-%dT%H:%M:%SZ}\t{found.closure.count}\t{found.closure.digest}")


def _size(media: str | None) -> tuple[float, float] | None:
    if media is None:
        return None
    width, _, height = media.partition("x")
    try:
        return float(width), float(height)
    except ValueError:
        raise InvalidInput("media_size", f"Expected WIDTHxHEIGHT in mm, got {media[:40]!r}.") from None


def _write(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    click.echo(f"{file}: {len(content)} bytes", err=True)
