"""The resolver: /01, /00 and /item lead to our own page, to what the maker configured, or to a list of both.

GS1-Conformant resolver standard 1.2: what a label's Digital Link carries is asked for here by anyone who scans it.
"""

from __future__ import annotations

import json
from typing import Any

from apiflask import APIBlueprint
from flask import Response, render_template, request

from labelsvc.domain import resolving, verdict_words
from labelsvc.domain.links import DEFAULT, Level, Link, choose, finest, link_set, link_type_of, with_query
from labelsvc.domain.named import Named
from labelsvc.domain.verification import Verdict, fmd
from labelsvc.errors import NotFound
from labelsvc.tracking import verifying
from labelsvc.web.digital_links import HEADERS, counted, for_anyone, named, query
from labelsvc.web.house import house
from labelsvc.web.page_views import prefers_html

bp = APIBlueprint("resolver", __name__, enable_openapi=False)

LINKSET = "application/linkset+json"
METHODS = ["GET", "OPTIONS"]


@bp.after_request
def for_other_sites(response: Response) -> Response:
    """Let scripts of any site read what anyone may read."""
    response.headers.update(HEADERS)
    response.vary.update(("Accept", "Accept-Language"))
    return response


@bp.route("/01/<serial:rest>", methods=METHODS)
@bp.route("/00/<serial:rest>", methods=METHODS)
@bp.route("/item/<serial:rest>", methods=METHODS)
@for_anyone
def resolve(rest: str) -> Response:  # noqa: ARG001 -- the path is read as it came, before a server undid %2F
    """Lead from a Digital Link to the link that suits best, or list all of them."""
    what = named()
    wanted = link_type_of(request.args.get("linkType", DEFAULT))
    if wanted in ("linkset", "all") or _wants_linkset():
        return _linkset(what)
    found = counted(verifying.resolve(house().db, what))
    name = found.product.name if found.product else ""
    levels = resolving.levels(what, _stem(), name, found.links)
    links = choose(finest(levels, wanted), list(request.accept_languages), _media_types())
    if not links:
        raise NotFound("link_type_absent", "Expected a link type that leads somewhere from here, got another.")
    if len(links) > 1:
        return _choices(what, links, name)
    response = Response(status=307, headers={"Location": with_query(links[0].href, query())})
    return _with_links(response, what)


def _wants_json() -> bool:
    accepted = request.accept_mimetypes
    return accepted.quality("application/json") > accepted.quality("text/html")


def _told(verdict: Verdict) -> dict[str, Any]:
    """Tell a verdict to a program, in our codes and in those like the European medicines verification's."""
    said = verdict_words.words(verdict)
    return {
        "verified": verdict.verified,
        "reason": verdict.reason,
        "reasons": list(verdict.reasons),
        "alert_code": fmd(verdict),
        "past_best_before": verdict.past_best_before,
        "title": said.short,
        "meaning": said.meaning,
        "advice": said.advice,
    }


def _stem() -> str:
    return house().issuer.digital_link


def _wants_linkset() -> bool:
    return any(name == LINKSET and weight > 0 for name, weight in request.accept_mimetypes)


def _media_types() -> dict[str, float]:
    return {name.partition(";")[0].strip().lower(): weight for name, weight in request.accept_mimetypes}


def _linkset(what: Named) -> Response:
    """List every link of what is named, and of whatever it is a part of."""
    today = house().now().date()
    said = resolving.said_of(what.lot, list(request.args.items(multi=True)), today)
    found = counted(verifying.check(house().db, house().issuer, what, (said, today)))
    name = found.product.name if found.product else ""
    levels = resolving.levels(what, _stem(), name, found.links, found.verdict)
    return _with_links(_as_linkset(levels, 200), what)


def _as_linkset(levels: tuple[Level, ...], status: int) -> Response:
    plain = not _wants_linkset() and any(name == "application/json" for name, _ in request.accept_mimetypes)
    body = json.dumps(link_set(levels), ensure_ascii=False)
    return Response(body, status, content_type="application/json" if plain else LINKSET)


def _choices(what: Named, links: tuple[Link, ...], name: str) -> Response:
    """Let whoever asks choose among links that nothing tells apart."""
    if prefers_html():
        shown = [(link, with_query(link.href, query())) for link in links]
        response = Response(render_template("choices.html", links=shown, name=name), 300, mimetype="text/html")
    else:
        anchor = resolving.levels(what, _stem(), name, ())[0]
        response = _as_linkset((Level(anchor.anchor, anchor.description, anchor.default, links),), 300)
    return _with_links(response, what)


def _with_links(response: Response, what: Named) -> Response:
    """Say where the link set is, and what makes JSON-LD of it; not each link: that was given up in 2024."""
    everything = f'<{_stem()}{what.path}?linkType=linkset>; rel="linkset"; type="{LINKSET}"; title="All links"'
    context = (
        f'<{_stem()}{resolving.CONTEXT}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"; '
        'title="JSON-LD context"'
    )
    response.headers["Link"] = f"{everything}, {context}"
    return response


@bp.route("/.well-known/gs1resolver", methods=METHODS)
@for_anyone
def describe() -> Response:
    """Say what this resolver is and which keys it knows."""
    return Response(json.dumps(resolving.description_file(_stem(), ("01", "00"))), mimetype="application/json")


@bp.route(resolving.CONTEXT, methods=METHODS)
@for_anyone
def context() -> Response:
    """Give the context that makes JSON-LD of a link set."""
    return Response(json.dumps(resolving.context_file()), mimetype="application/ld+json")


@bp.route(f"{resolving.PAGES}/01/<serial:rest>", methods=METHODS)
@bp.route(f"{resolving.PAGES}/00/<serial:rest>", methods=METHODS)
@bp.route(f"{resolving.PAGES}/item/<serial:rest>", methods=METHODS)
@for_anyone
def page(rest: str) -> Any:  # noqa: ARG001 -- as above
    """Show a customer what a code is: genuine or not, and what to do; 404 where there is no such thing."""
    what = named(resolving.PAGES)
    today = house().now().date()
    said = resolving.said_of(what.lot, list(request.args.items(multi=True)), today)
    found = counted(verifying.check(house().db, house().issuer, what, (said, today)))
    unknown = found.verdict is not None and found.verdict.reason == "UNKNOWN_SERIAL"
    missing = unknown or (found.verdict is None and what.lot is not None and found.lot is None)
    if found.verdict is not None and _wants_json():
        return Response(json.dumps(_told(found.verdict)), 404 if missing else 200, mimetype="application/json")
    texts = {"texts": verdict_words, "words": verdict_words.words, "also": verdict_words.also}
    shown = render_template("verify.html", what=what, found=found, today=today, **texts)
    return Response(shown, 404 if missing else 200, mimetype="text/html")
