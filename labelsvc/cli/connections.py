"""connection: partners who are sent events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import click

from labelsvc.cli.opening import ID, every, opened, settings
from labelsvc.domain.connections import NewConnection
from labelsvc.domain.epcis.events import EventType
from labelsvc.domain.epcis.formats import Format
from labelsvc.storage.connections import Link
from labelsvc.tracking import connections

_PAGE = 200
_TYPES = click.Choice(get_args(EventType))


@click.group()
def connection() -> None:
    """Connections: partners who are sent the events that are for them."""


@connection.command("add")
@click.option("--party", required=True, help="The partner: GLN, own code or URI.")
@click.option("--type", "event_types", type=_TYPES, multiple=True, help="Only events of this type.")
@click.option("--step", "biz_steps", multiple=True, help="Only events with this bizStep.")
@click.option("--product", "products", multiple=True, help="Only events with units of this product.")
@click.option("--all", "all_events", is_flag=True, help="Also events that do not name the partner as destination.")
@click.option(
    "--epc-format",
    type=click.Choice(get_args(Format)),
    default="Always_GS1_Digital_Link",
    show_default=True,
    help="How identifiers are written.",
)
@click.option("--token", envvar="LABELSVC_CONNECTION_TOKEN", help="What the partner lets us in by: a Bearer token.")
@click.argument("url")
def connection_add(
    url: str, party: str, *, all_events: bool, epc_format: Format, token: str | None, **chosen: Sequence[str]
) -> None:
    """Send a partner events from now on, to the URL of their capture interface; print the secret, this once."""
    with opened() as shell:
        known = shell.party(party)
        assert known is not None  # the option is required
        lists = {name: tuple(values) for name, values in chosen.items()}
        asked = NewConnection(url, known, **lists, named=not all_events, epc_format=epc_format, token=token)
        made, secret = connections.add_connection(shell.db, shell.issuer, shell.call(), asked, settings().webhook_reach)
    click.echo(f"{made.id}\t{secret}")


@connection.command("list")
def connection_list() -> None:
    """Show all connections."""
    with opened() as shell:
        for found in every(lambda after: connections.list_connections(shell.db, after, _PAGE)):
            click.echo(f"{found.id}\t{found.party}\t{_chosen(found)}\t{found.url.partition('?')[0]}")


@connection.command("remove")
@click.argument("connection_id", type=ID)
def connection_remove(connection_id: int) -> None:
    """Send a partner nothing more, not even what waits."""
    with opened() as shell:
        connections.remove_connection(shell.db, shell.call(), connection_id)


def _chosen(found: Link) -> str:
    words = (*found.event_types, *found.biz_steps, *found.products, *(("named",) if found.named else ()))
    return " ".join(words) or "all"
