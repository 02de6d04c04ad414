"""reprint: the same serial again on a new label."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import click

from labelsvc.cli.opening import CURSOR, ID, Shell, opened
from labelsvc.domain.reprints import Demand, Reprint, ReprintPolicy, ReprintRequest, ReprintRules, ReprintState
from labelsvc.printing import reprinting, reprints

_PAGE = 200


@click.group()
def reprint() -> None:
    """Reprints: the same serial again on a new label."""


@reprint.command("ask")
@click.argument("label")
@click.option("--reason", required=True, help="One of those there are: torn, smudged, lost, other, ...")
@click.option("--product", help="GTIN or item code, of a plain serial.")
@click.option("--printer", help="Printer; by default the one that the batch was printed on.")
@click.option("--note", help="What happened.")
@click.option("--destroyed", is_flag=True, help="The old label is destroyed.")
@click.option("--destroyed-label", help="What was read off the old label before that.")
@click.option("--key", help="Idempotency key.")
def reprint_ask(  # one argument an option
    label: str,
    *,
    reason: str,
    product: str | None,
    printer: str | None,
    note: str | None,
    destroyed: bool,
    destroyed_label: str | None,
    key: str | None,
) -> None:
    """Ask for the label that carries LABEL to be printed again."""
    request = ReprintRequest(label, reason, product, printer, note, destroyed, destroyed_label)
    with opened() as shell:
        _show(reprinting.ask_reprint(shell.db, shell.issuer, shell.call(key), request, _rules(shell)))


@reprint.command("approve")
@click.argument("reprint_id", type=ID)
@click.option("--key", help="Idempotency key.")
def reprint_approve(reprint_id: int, key: str | None) -> None:
    """Approve what another person asked for; it is printed."""
    with opened() as shell:
        _show(reprinting.approve_reprint(shell.db, shell.issuer, shell.call(key), reprint_id))


@reprint.command("refuse")
@click.argument("reprint_id", type=ID)
@click.option("--reason", required=True, help="Why.")
def reprint_refuse(reprint_id: int, reason: str) -> None:
    """Say that a label is not printed again."""
    with opened() as shell:
        _show(reprinting.refuse_reprint(shell.db, shell.issuer, shell.call(), reprint_id, reason))


@reprint.command("list")
@click.option("--state", type=click.Choice(get_args(ReprintState)), help="Only those in this state.")
@click.option("--lot", type=ID, help="Only those of this lot (its id).")
@click.option("--after", type=CURSOR, default=0, help="Id to go on after.")
def reprint_list(state: ReprintState | None, lot: int | None, after: int) -> None:
    """Show reprints in the order they were asked for."""
    with opened() as shell:
        page = reprints.list_reprints(shell.db, shell.issuer, (state, lot), after, _PAGE)
    for found in page.items:
        _show(found)
    if page.next is not None:
        click.echo(f"More: --after {page.next}", err=True)


@reprint.command("policy")
@click.argument("product")
@click.option("--approval/--no-approval", default=None, help="Whether another person has to approve.")
@click.option("--destroyed", type=click.Choice(get_args(Demand)), help="What has to be said of the old label.")
@click.option("--per-serial", type=int, help="Copies of one serial at most.")
@click.option("--per-shift", type=int, help="Reprints of the product in one shift at most.")
def reprint_policy(
    product: str, destroyed: Demand | None, per_serial: int | None, per_shift: int | None, *, approval: bool | None
) -> None:
    """Show or change what a product demands of reprints."""
    given = {"approval": approval, "destroyed": destroyed, "per_serial": per_serial, "per_shift": per_shift}
    changes = {name: value for name, value in given.items() if value is not None}
    with opened() as shell:
        policy = reprints.get_reprint_policy(shell.db, product)
        if changes:
            chosen: ReprintPolicy = replace(policy, **changes)  # type: ignore[arg-type]  # each of its field's kind
            policy = reprints.set_reprint_policy(shell.db, shell.call(), product, chosen)
    click.echo(f"approval\t{'yes' if policy.approval else 'no'}")
    click.echo(f"destroyed\t{policy.destroyed}")
    click.echo(f"per serial\t{policy.per_serial}")
    click.echo(f"per shift\t{policy.per_shift}")


def _rules(shell: Shell) -> ReprintRules:
    return ReprintRules.of(shell.settings.reprint_reasons, *shell.settings.shifts)


def _show(found: Reprint) -> None:
    copy = "-" if found.copy is None else f"copy {found.copy}"
    job = "-" if found.job_id is None else f"job {found.job_id} {found.job_state}"
    who = f"{found.asked_by.id}, {found.decided_by.id if found.decided_by else '-'}"
    words = (found.id, found.product, found.serial, found.state, copy, found.reason, who, job, found.match or "-")
    click.echo("\t".join(map(str, words)))
