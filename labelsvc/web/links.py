"""/products/{code}/links: where the codes of a product lead."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from labelsvc.issuing import links
from labelsvc.web.auth import call, role
from labelsvc.web.house import house
from labelsvc.web.models.links import Link, LinkIn, Links
from labelsvc.web.models.products import product_path
from labelsvc.web.paths import created

bp = APIBlueprint(
    "links",
    __name__,
    url_prefix="/api/v1/products",
    tag={"name": "links", "description": "Where the codes of a product lead."},
)


@bp.post("/<code>/links")
@role()
@bp.input(LinkIn, arg_name="body")
@bp.output(Link, 201)
@bp.doc(operation_id="addLink")
def add_link(code: str, body: LinkIn) -> Any:
    """Give a product a link, to which the resolver leads whoever asks for its type."""
    made = links.add_link(house().db, call(), code, body.noun())
    return created(Link.of(made), f"{product_path(made.product_code)}/links")


@bp.get("/<code>/links")
@role("line", "qa")
@bp.output(Links)
@bp.doc(operation_id="listLinks")
def list_links(code: str) -> Any:
    """List all links of a product, the oldest first."""
    return {"items": [Link.of(found) for found in links.list_links(house().db, code)], "next": None}


@bp.delete("/<code>/links/<whole:link_id>")
@role()
@bp.output({}, 204)
@bp.doc(operation_id="removeLink")
def remove_link(code: str, link_id: int) -> Any:
    """Take a link from a product."""
    links.remove_link(house().db, call(), code, link_id)
    return ""
