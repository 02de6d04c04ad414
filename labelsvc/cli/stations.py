"""stations: which there are, and what they have."""

from __future__ import annotations

import click

from labelsvc.cli.opening import ID, every, opened
from labelsvc.printing.stations import stations as print_stations

_PAGE = 200


@click.group()
def stations() -> None:
    """Stations, as the server sees them."""


@stations.command("list")
def stations_list() -> None:
    """Show all stations, when they were last heard of, and the claims they have."""
    with opened() as shell:
        for station, claims in every(lambda after: print_stations.list_stations(shell.db, after, _PAGE)):
            has = ",".join(f"{one.row.id}:{one.printer.spec.name}" for one in claims) or "-"
            state = "two processes" if station.doubled else station.instance or "released"
            seen = station.seen_at.isoformat(timespec="seconds")
            click.echo(f"{station.name}\t{seen}\tclock {station.clock_offset:+d} s\t{state}\t{has}")


@stations.command("release")
@click.argument("name")
@click.option("--claim", type=ID, help="Only this one of its claims; without it all, and another instance may come.")
@click.option("--reason", required=True, help="Why; kept in the audit.")
def stations_release(name: str, claim: int | None, reason: str) -> None:
    """Take claims from a station that is lost; what is not accounted for is in doubt then, to be scanned."""
    with opened() as shell:
        for row in print_stations.release(shell.db, shell.call(), name, claim, reason):
            click.echo(f"claim {row.id}\tjob {row.job_id or '-'}\t{row.count} labels\t{row.state}")
