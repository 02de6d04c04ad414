"""scan --explain: what a scanner's text may say, and what was put right to read it so."""

from __future__ import annotations

import click

from labelsvc.domain.scans import Reading, parse


def explain(text: str, separators: tuple[str, ...]) -> None:
    """Print every reading of a text, likeliest first, each with its repairs below it; none: why there is none."""
    parsed = parse(text, separators=separators)
    if parsed.error is not None:
        raise parsed.error
    for reading in parsed.readings:
        click.echo(f"{reading.kind}\t{'suspected' if reading.suspected else 'read'}\t{_said(reading)}")
        for repair in reading.repairs:
            click.echo(f"\t{repair.name}\t{_shown(repair.was)}\t{_shown(repair.now)}")
    if parsed.more:
        click.echo("There may be more readings.", err=True)


def _said(reading: Reading) -> str:
    parts = (
        str(reading.card or ""),
        f"[{reading.item}]" if reading.item else "",
        "".join(f"({ai}){value}" for ai, value in reading.elements),
        f" {reading.domain}" if reading.domain else "",
    )
    return "".join(parts)


def _shown(text: str) -> str:
    """Return a text with an escape for each character that cannot be shown, GS for instance."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text) or "-"
