"""links: where the codes of a product lead."""

from __future__ import annotations

import click

from labelsvc.cli.opening import ID, opened
from labelsvc.domain.links import Link, ProductLink
from labelsvc.issuing import links as use_cases


@click.group()
def links() -> None:
    """Where the codes of a product lead, beside our own page."""


@links.command("add")
@click.argument("product_code")
@click.argument("link_type")
@click.argument("href")
@click.argument("title")
@click.option("--language", "languages", multiple=True, help="Language of what is there, e.g. en; more than once.")
@click.option("--media-type", help="Media type of what is there, e.g. text/html.")
def links_add(
    product_code: str, link_type: str, href: str, title: str, languages: tuple[str, ...], media_type: str | None
) -> None:
    """Give a product a link of a GS1 link type, e.g. gs1:pip, and print its id."""
    with opened() as shell:
        link = Link(link_type, href, title, languages, media_type)
        _show(use_cases.add_link(shell.db, shell.call(), product_code, link))


@links.command("list")
@click.argument("product_code")
def links_list(product_code: str) -> None:
    """Show all links of a product."""
    with opened() as shell:
        for found in use_cases.list_links(shell.db, product_code):
            _show(found)


@links.command("remove")
@click.argument("product_code")
@click.argument("link_id", type=ID)
def links_remove(product_code: str, link_id: int) -> None:
    """Take a link from a product."""
    with opened() as shell:
        use_cases.remove_link(shell.db, shell.call(), product_code, link_id)


def _show(found: ProductLink) -> None:
    link = found.link
    languages = ",".join(link.languages) or "-"
    click.echo(f"{found.id}\tgs1:{link.link_type}\t{link.href}\t{languages}\t{link.media_type or '-'}\t{link.title}")
