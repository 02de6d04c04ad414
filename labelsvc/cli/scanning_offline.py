"""scan --offline and --replay: scans of things where there is no network, and their way to the server later."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from labelsvc.errors import Unavailable


def keep(path: Path, intent: str, place: str | None) -> None:
    """Keep each line of standard input in a file, with the time of this moment."""
    from labelsvc.station.scans import Journal  # noqa: PLC0415  # nothing of a station is needed otherwise

    journal = Journal(path)
    try:
        for line in sys.stdin.buffer:
            text = line.rstrip(b"\r\n")
            if text:
                journal.keep(text, intent, place, datetime.now().astimezone())
                click.echo("kept")
    finally:
        journal.close()


def send(path: Path, url: str | None, key_file: Path | None) -> None:
    """Send the scans of a file; print what came of each."""
    if url is None or key_file is None:
        raise click.UsageError("Expected --server and --key-file with --replay.")
    from labelsvc.station.client import Server, Unreachable  # noqa: PLC0415
    from labelsvc.station.scans import send as sent_by  # noqa: PLC0415

    try:
        for sent in sent_by(path, Server(url, key_file)):
            click.echo(f"{sent.line}\t{sent.result}\t{sent.message}")
    except Unreachable as error:
        raise Unavailable("server_unreachable", str(error)) from error
