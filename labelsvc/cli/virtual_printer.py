"""virtual-printer: a thermal printer that exists in software only."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from labelsvc.printers import virtual
from labelsvc.printers.virtual.scenario import Scenario, read_scenario


@click.command("virtual-printer")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=9100, show_default=True, help="Port to listen on; 0 for any."
)
@click.option(
    "--json-port", type=click.IntRange(0, 65_535), default=0, help="Port of JSON questions; any if not given."
)
@click.option("--tls", is_flag=True, help="Have ports for TLS, too, with a certificate of its own.")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), help="Directory for what it receives.")
@click.option("--dpmm", type=int, default=8, show_default=True, help="Dots per mm it says it has.")
@click.option(
    "--scenario",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="TOML file: what kind of printer it is, and what happens to it.",
)
def virtual_printer(host: str, output: Path | None, file: Path | None, **given: int) -> None:
    """Run a thermal printer that exists in software only: it takes ZPL, answers as a real one, and breaks down.

    It prints its URIs, for `labelsvc printers add`, when it is ready. What happens to it is in a scenario file; what
    the file says of ports and dots per mm goes before the options.
    """
    scenario = read_scenario(file) if file else Scenario({}, {}, {}, ())
    free = 0 if given["tls"] else None
    ports = {"data": given["port"], "json": given["json_port"], "tls": free, "tls_json": free, "single": None}
    ports |= scenario.ports
    traits = {"keep_labels": 1_000, "dpmm": given["dpmm"]} | dict(scenario.traits)
    printer = virtual.VirtualPrinter(
        host,
        ports["data"] or 0,
        output,
        json_port=ports["json"] or 0,
        tls_port=ports["tls"],
        tls_json_port=ports["tls_json"],
        single_port=ports["single"],
        **traits,
    )
    with ExitStack() as stack:
        printer.run(lambda printer: _ready(printer, scenario, stack))


def _ready(printer: virtual.VirtualPrinter, scenario: Scenario, stack: ExitStack) -> None:
    scenario.arm(printer)
    if scenario.weblink:
        from labelsvc.printers.virtual.weblink import Weblink  # noqa: PLC0415 -- seldom used, and slow to load

        ca = scenario.weblink.get("ca")
        stack.enter_context(Weblink(printer, scenario.weblink["url"], Path(ca) if ca else None))
    click.echo(printer.uri)
    if "json" in printer.ports:
        click.echo(printer.config_uri)
    if "tls" in printer.ports:
        click.echo(printer.tls_uri)
    if "single" in printer.ports:
        click.echo(printer.single_uri)
