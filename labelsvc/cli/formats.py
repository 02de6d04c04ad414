"""formats: label formats in files and in the books."""

from __future__ import annotations

from pathlib import Path

import click

from labelsvc.cli.opening import every, opened
from labelsvc.errors import InvalidInput, NotFound
from labelsvc.issuing import label_formats
from labelsvc.labels import checking, raster
from labelsvc.labels.compiling import compile_layout
from labelsvc.labels.formats import LabelFormat, shipped

_PAGE = 200


@click.group()
def formats() -> None:
    """Label formats: declarative TOML files in mm (docs/label-formats.md)."""


@formats.command("list")
def formats_list() -> None:
    """Show the label formats that batches can have."""
    with opened() as shell:
        for found in every(lambda after: label_formats.list_formats(shell.db, after, _PAGE)):
            origin = "shipped" if found.shipped else "own"
            click.echo(f"{found.name}\t{found.revision[:12]}\t{origin}")


@formats.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def formats_check(files: tuple[Path, ...]) -> None:
    """Check FILES: every rule, and that the longest values they promise to take fit at 8 and 12 dots per mm."""
    wrong = 0
    for file in files:
        try:
            problems = [problem.message for problem in checking.check(read(file))]
        except InvalidInput as error:
            problems = [error.message]
        for problem in problems:
            click.echo(f"{file}: {problem}", err=True)
        wrong += bool(problems)
        if not problems:
            click.echo(f"{file}: right")
    if wrong:
        raise click.exceptions.Exit(65)


@formats.command("preview")
@click.argument("name")
@click.argument("picture", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--dpmm", type=click.Choice(["8", "12"]), default="12", show_default=True, help="Dots per mm.")
def formats_preview(name: str, picture: Path, dpmm: str) -> None:
    """Draw a label of NAME (a TOML file or a shipped format) with made-up values to PICTURE, one pixel a dot.

    No number is issued for it.
    """
    file = Path(name)
    fmt = read(file) if file.suffix == ".toml" else _shipped(name)
    serial = checking.example_serial(fmt)
    layout = compile_layout(fmt, checking.example_values(fmt), tuple(serial), int(dpmm))
    picture.write_bytes(raster.draw(layout, serial))
    click.echo(f"{picture}: {fmt.width:g} x {fmt.height:g} mm at {dpmm} dots per mm", err=True)


@formats.command("add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def formats_add(file: Path) -> None:
    """Put FILE into the books as the revision that new batches get."""
    fmt = read(file)
    with opened() as shell:
        added = label_formats.add_format(shell.db, shell.call(), fmt.toml, fmt.files)
    click.echo(f"{added.name}\t{added.revision}")


def read(file: Path) -> LabelFormat:
    """Read a format and the pictures that lie beside it.

    Raises:
        InvalidInput: the format breaks a rule; the sentence names line and key.
    """
    try:
        toml = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InvalidInput("format_encoding", f"Expected UTF-8 in {file}, got other bytes.") from None
    return LabelFormat.parse(
        toml, {path.name: path.read_bytes() for path in sorted(file.parent.glob("*.png")) if path.name in toml}
    )


def _shipped(name: str) -> LabelFormat:
    known = shipped()
    if name not in known:
        raise NotFound("label_format_unknown", f"Expected a TOML file or one of {', '.join(known)}, got {name[:80]!r}.")
    return known[name]
