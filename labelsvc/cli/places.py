"""party and location: who and where, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from labelsvc.cli.opening import every, opened
from labelsvc.domain.places import Location, NamedBy, NewLocation, NewParty, Party
from labelsvc.tracking import places

_PAGE = 200


def _named(command: Callable[..., Any]) -> Callable[..., Any]:
    for name, text in (("uri", "As an event names it."), ("code", "A code of your own."), ("gln", "13 digits.")):
        command = click.option(f"--{name}", help=text)(command)
    return command


@click.group()
def party() -> None:
    """Parties: who makes, moves, sells or has units."""


@party.command("add")
@_named
@click.option("--contact", help="Where it is reached.")
@click.argument("name")
def party_add(name: str, gln: str | None, code: str | None, uri: str | None, contact: str | None) -> None:
    """Name a party, by one of GLN, own code and URI."""
    with opened() as shell:
        by, said = NamedBy(gln, code, uri), NewParty(name, contact)
        _show_party(places.add_party(shell.db, shell.issuer, shell.call(), by, said))


@party.command("list")
def party_list() -> None:
    """Show all parties, those too that only events have named."""
    with opened() as shell:
        for found in every(lambda after: places.list_parties(shell.db, None, after, _PAGE)):
            _show_party(found)


@click.group()
def location() -> None:
    """Locations: where units are."""


@location.command("add")
@_named
@click.option("--extension", help="Of the GLN: AI 254.")
@click.option("--party", "owner", help="Whose it is: GLN, own code or URI.")
@click.option("--position", type=(float, float), help="Latitude and longitude in degrees.")
@click.argument("name")
def location_add(name: str, owner: str | None, position: tuple[float, float] | None, **named: str | None) -> None:
    """Name a location, by one of GLN (perhaps with an extension), own code and URI."""
    with opened() as shell:
        by, said = NamedBy(**named), NewLocation(name, owner, position)
        _show_location(places.add_location(shell.db, shell.issuer, shell.call(), by, said))


@location.command("list")
def location_list() -> None:
    """Show all locations, those too that only events have named."""
    with opened() as shell:
        for found in every(lambda after: places.list_locations(shell.db, None, after, _PAGE)):
            _show_location(found)


def _show_party(found: Party) -> None:
    click.echo(f"{found.id}\t{found.uri}\t{found.name or '-'}\t{found.contact or '-'}")


def _show_location(found: Location) -> None:
    position = "-" if found.position is None else f"{found.position[0]:g},{found.position[1]:g}"
    click.echo(f"{found.id}\t{found.uri}\t{found.name or '-'}\t{found.party or '-'}\t{position}")
