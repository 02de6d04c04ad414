"""audit: is the audit as it was written?"""

from __future__ import annotations

import click

from labelsvc import auditing
from labelsvc.cli.opening import opened

_SENTENCES = {
    "changed": "was changed",
    "moved": "is not in its place",
    "removed": "was removed",
    "seal-removed": "has no seal",
    "cut": "is not where the checkpoint has it: the chain was cut or written anew",
}


@click.group()
def audit() -> None:
    """Who did what, when and why: the entries of the audit."""


@audit.command("verify")
@click.option("--checkpoint", metavar="DIGEST:SEQUENCE", help="An end of the chain that was written down before.")
@click.pass_context
def audit_verify(ctx: click.Context, checkpoint: str | None) -> None:
    """Compute the audit's hash chain anew; name every entry that was changed, removed or reordered.

    The exit status is 1 where one was. Write the printed checkpoint down elsewhere: with it a later look also finds a
    chain that was cut at its end, or written anew as a whole.
    """
    with opened() as shell:
        known = auditing.parse_checkpoint(checkpoint) if checkpoint is not None else None
        report = auditing.verify(shell.db, known)
    for found in report.found:
        entry = f" entry {found.audit_id}" if found.audit_id is not None else ""
        what = f" ({found.action} {found.subject})" if found.action is not None else ""
        click.echo(f"DAMAGED\tsequence {found.sequence}{entry}{what} {_SENTENCES[found.damage]}")
    if report.damages > len(report.found):
        click.echo(f"DAMAGED\t{report.damages - len(report.found)} more")
    tail = report.tail
    if tail.count:
        click.echo(f"unsealed\t{tail.count} entries, {tail.first} to {tail.last}: not sealed yet")
    click.echo(f"sealed\t{report.sealed} entries, {report.damages} damages")
    click.echo(f"checkpoint\t{report.end.digest}:{report.end.sequence}")
    ctx.exit(1 if report.damages else 0)
