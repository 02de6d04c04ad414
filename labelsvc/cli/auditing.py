"""audit: is the audit as it was written, and how does somebody else know?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from labelsvc.auditing import notes, proofs, proving, verifying
from labelsvc.auditing.notes import Checkpoint
from labelsvc.auditing.verifying import Report
from labelsvc.cli.opening import ID, opened
from labelsvc.errors import InvalidInput
from labelsvc.storage.seals import Seal

_SENTENCES = {
    "changed": "was changed",
    "moved": "is not in its place",
    "removed": "was removed",
    "seal-removed": "has no seal",
    "cut": "is not where the checkpoint has it: the chain was cut or written anew",
    "event": "vouches for an event that was changed or removed",
    "tree": "is where the Merkle tree ends, which is not that of the entries",
}
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SIZE = click.IntRange(0, 2**63 - 1)
#: Longer than any checkpoint or proof.
_READ_AT_MOST = 10_000_000


@click.group()
def audit() -> None:
    """Who did what, when and why: the entries of the audit."""


@audit.command("verify")
@click.option(
    "--checkpoint",
    metavar="FILE",
    help="What was written down before: a file with a signed checkpoint, or DIGEST:SEQUENCE, an end of the chain.",
)
@click.option("--key", metavar="NAME+ID+KEY", help="Public key of the checkpoint: no database is asked.")
@click.option("--proof", "files", type=_FILE, multiple=True, help="With --key: a file with a proof; may be repeated.")
@click.pass_context
def audit_verify(ctx: click.Context, checkpoint: str | None, key: str | None, files: Sequence[Path]) -> None:
    """Compute the audit's hash chain anew; name every entry that was changed, removed or reordered.

    The exit status is 1 where one was. Write the printed checkpoint down elsewhere: with it a later look also finds a
    chain that was cut at its end, or written anew as a whole.

    With --key nothing of this installation is needed: a checkpoint that somebody kept is checked, and that proofs of
    inclusion and consistency lead to it.
    """
    if key is not None:
        _verify_offline(key, checkpoint, files)
        return
    if files:
        raise click.UsageError("--proof needs --key: the public key that the checkpoint is signed with.")
    with opened() as shell:
        known: Checkpoint | Seal | None = None
        if checkpoint is not None and Path(checkpoint).is_file():
            known = notes.open_note(_read(Path(checkpoint)), notes.verifier(shell.issuer))
        elif checkpoint is not None:
            known = verifying.parse_checkpoint(checkpoint)
        report = verifying.verify(shell.db, known)
    _tell(report)
    ctx.exit(1 if report.damages else 0)


def _tell(report: Report) -> None:
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


def _verify_offline(key: str, checkpoint: str | None, files: Sequence[Path]) -> None:
    if checkpoint is None or not Path(checkpoint).is_file():
        raise click.UsageError("--key needs --checkpoint FILE, with a signed checkpoint.")
    who, kept = notes.parse_verifier(key), _read(Path(checkpoint))
    start = notes.open_note(kept, who)
    read = [proofs.parse(_read(path)) for path in files]
    included = proofs.check(who, kept, read)
    click.echo(f"checkpoint\t{start.size} entries, signed by {who.name}")
    for growth in (one for one in read if isinstance(one, proofs.Consistency)):
        later = notes.open_note(growth.note, who)
        click.echo(f"consistent\tthe tree of {later.size} entries begins with that of {growth.old}")
    for one in included:
        entry = one.entry
        what = f"{entry.get('action')} {entry.get('subject')} at {entry.get('at')}"
        click.echo(f"included\tentry {entry.get('id')} ({what}) is number {one.index + 1} of {one.size}")
        for event in verifying.vouched(entry):
            click.echo(f"event\t{event.get('hash')}\trecorded {event.get('recorded')}")


@audit.command("key")
def audit_key() -> None:
    """Print the public key that checkpoints are signed with; hand it over once, in a way that is trusted."""
    with opened() as shell:
        click.echo(str(notes.verifier(shell.issuer)))


@audit.command("checkpoint")
def audit_checkpoint() -> None:
    """Print the audit's tree as it is now, signed: for somebody to keep."""
    with opened() as shell:
        click.echo(proving.checkpoint(shell.db, shell.issuer), nl=False)


@audit.command("proof")
@click.option("--event", metavar="EVENTID", help="An event: of the entry that vouches for it.")
@click.option("--entry", type=ID, help="An entry of the audit.")
@click.option("--from", "old", type=_SIZE, help="A size: that the tree still begins with the one of that size.")
@click.option("--size", type=_SIZE, help="Of the tree to prove it in; by default as it is now.")
def audit_proof(event: str | None, entry: int | None, old: int | None, size: int | None) -> None:
    """Print a proof, for `labelsvc audit verify --key ... --checkpoint FILE --proof FILE` somewhere else."""
    if sum(one is not None for one in (event, entry, old)) != 1:
        raise click.UsageError("Say one of --event, --entry and --from.")
    with opened() as shell:
        if event is not None:
            proof: object = proving.prove_event(shell.db, shell.issuer, event, size)
        elif entry is not None:
            proof = proving.prove_entry(shell.db, shell.issuer, entry, size)
        else:
            proof = proving.prove_growth(shell.db, shell.issuer, old or 0, size)
        click.echo(str(proof), nl=False)


def _read(path: Path) -> str:
    with path.open("rb") as file:
        found = file.read(_READ_AT_MOST + 1)
    try:
        return found.decode()
    except UnicodeDecodeError:
        raise InvalidInput("checkpoint_malformed", f"Expected UTF-8 in {path.name}, got another text.") from None
