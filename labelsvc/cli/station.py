"""station: a place with printers, which fetches its labels from a server."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import click

from labelsvc import logs
from labelsvc.cli.serving import on_stop

_DIRECTORY = click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Where the station keeps its journal and labels; never copy it.",
)


@click.group(invoke_without_command=True)
@click.option("--server", "url", help="Where the server is, https://labels.example.com.")
@click.option("--key-file", type=click.Path(path_type=Path, dir_okay=False), help="File with a key of role station.")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where it keeps its journal and labels; never copy it.",
)
@click.option("--ca", type=click.Path(path_type=Path, dir_okay=False), help="Authorities of the server's certificate.")
@click.option("--pin", help="The server's certificate itself, as sha256:HEX.")
@click.pass_context
def station(
    context: click.Context,
    url: str | None,
    key_file: Path | None,
    directory: Path | None,
    ca: Path | None,
    pin: str | None,
) -> None:
    """Print what a server has for the printers here; it goes on without the network, and loses or repeats no label."""
    if context.invoked_subcommand is not None:
        return
    for name, value in (("--server", url), ("--key-file", key_file), ("--directory", directory)):
        if value is None:
            raise click.UsageError(f"Missing option '{name}'.", context)
    assert url is not None, "seen to"
    assert key_file is not None, "seen to"
    assert directory is not None, "seen to"
    from labelsvc.station.client import Server  # noqa: PLC0415  # nothing of it runs where there is no fcntl
    from labelsvc.station.running import Station  # noqa: PLC0415

    logs.configure("auto", "info")
    os.umask(0o077)
    with Station(Server(url, key_file, ca, pin), directory) as running:
        on_stop(running.stop)
        running.run()


@station.command("print")
@_DIRECTORY
@click.option("--lot", required=True, help="Number of the lot.")
@click.option("--printer", required=True, help="Name of the printer.")
@click.option("--quantity", type=click.IntRange(1, 10_000), required=True, help="How many labels.")
@click.option("--key", help="Idempotency key: asking again with it gets the same labels.")
@click.option("--wait", type=click.FloatRange(0.1, 3_600), default=30.0, show_default=True, help="Seconds to wait.")
def station_print(directory: Path, lot: str, printer: str, quantity: int, key: str | None, wait: float) -> None:
    """Print labels that were handed ahead, without asking the server."""
    from labelsvc.station.requests import LineRequest, ask  # noqa: PLC0415

    said = ask(directory, key or secrets.token_hex(16), LineRequest(lot, printer, quantity), wait)
    click.echo(f"{said['first_serial']}\t{said['last_serial']}\tlabels {said['first']} to {said['last']}")


@station.command("return")
@_DIRECTORY
@click.option("--lot", required=True, help="Number of the lot.")
@click.option("--printer", required=True, help="Name of the printer.")
def station_return(directory: Path, lot: str, printer: str) -> None:
    """Give back what was handed ahead and is not used; nobody can print it any more."""
    from labelsvc.station.requests import LineRequest, ask  # noqa: PLC0415

    said = ask(directory, secrets.token_hex(16), LineRequest(lot, printer, 0), 30.0)
    click.echo(f"{said['returned']} labels returned")
