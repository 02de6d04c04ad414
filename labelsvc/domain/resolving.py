"""Where a resolver leads from what a Digital Link names: our own page, and what the maker configured."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote

from labelsvc.domain.gs1_dates import parse_yymmdd
from labelsvc.domain.links import DEFAULT, VOCABULARY, Level, Link
from labelsvc.domain.named import Named
from labelsvc.domain.verdict_words import VERIFIES, words
from labelsvc.domain.verification import Said, Verdict
from labelsvc.errors import InvalidInput

PAGES = "/verify"
"""Our own pages stand here, with the Digital Link's path behind it."""
CONTEXT = "/linkset-context.jsonld"
"""What makes JSON-LD of a link set."""


def levels(
    named: Named, stem: str, product_name: str, configured: Sequence[Link], verdict: Verdict | None = None
) -> tuple[Level, ...]:
    """Return the links of what is named and of whatever it is a part of, the finest level first.

    Args:
        stem: beginning of our Digital Links, as it is printed.
        configured: the links of the product.
        verdict: of the unit; None: nobody asked.
    """
    types = {link.link_type for link in configured}
    found = []
    for level in named.levels():
        page = f"{stem}{PAGES}{level.path}"
        default = Link(DEFAULT, page, _title(level))
        links = (*_own(level, stem, page, verdict), *(configured if _is_key(level) else ()))
        kept = tuple(link for link in links if link in configured or link.link_type not in types)
        found.append(Level(f"{stem}{level.path}", _described(level, product_name), default, kept))
    return tuple(found)


def _is_key(named: Named) -> bool:
    return next(reversed(tuple(named.levels()))) == named


def _own(named: Named, stem: str, page: str, verdict: Verdict | None) -> tuple[Link, ...]:
    """Return our own links of a level; whatever type the maker configured, theirs stands instead."""
    if named.serial is None:
        return (Link("pip", page, _title(named), ("en",), "text/html"),)
    own = [Link("recallStatus", page, _recall(verdict), ("en",), "text/html")]
    if named.key == "01" and named.lot is not None:
        steps = f"/gtin/{named.code}/lot/{quote(named.lot, safe='')}/ser/{quote(named.serial, safe='')}"
        own.append(Link("verificationService", f"{stem}{PAGES}{steps}", VERIFIES, (), "application/json"))
    return tuple(own)


def _recall(verdict: Verdict | None) -> str:
    if verdict is None or "RECALLED" in verdict.reasons:
        return "Recalled" if verdict else "Whether it is recalled"
    return f"Not recalled. {words(verdict).short}"


def _title(named: Named) -> str:
    if named.serial is not None:
        return VERIFIES
    if named.key == "00":
        return "About this logistic unit"
    return "About this lot" if named.lot is not None else "About this product"


def _described(named: Named, product_name: str) -> str:
    parts = (("", product_name), ("lot ", named.lot), ("serial ", named.serial))
    return ", ".join(f"{word}{value}" for word, value in parts if value) or f"SSCC {named.code}"


def said_of(lot: str | None, query: Sequence[tuple[str, str]], today: date) -> Said:
    """Return what a label says of its unit: the lot of its path, and the dates (11), (15) and (17) of its query."""
    dates: dict[str, date] = {}
    unreadable = False
    for name, value in query:
        if name in ("11", "15", "17"):
            try:
                dates[name] = parse_yymmdd(value, today)
            except InvalidInput:
                unreadable = True
    return Said(lot, dates.get("17"), dates.get("11"), dates.get("15"), unreadable)


def description_file(stem: str, keys: Collection[str]) -> dict[str, Any]:
    """Return the resolver's description of itself, for /.well-known/gs1resolver."""
    return {
        "name": "labelsvc",
        "resolverRoot": stem,
        "supportedPrimaryKeys": list(keys),
        "supportedLinkType": [{"namespace": VOCABULARY, "prefix": "gs1:"}],
        "linkTypeDefaultCanBeLinkset": True,
        "jsonLdContext": f"{stem}{CONTEXT}",
    }


def context_file() -> dict[str, Any]:
    """Return the JSON-LD context of link sets (RFC 9264, appendix A)."""
    return {
        "@context": {
            "@version": 1.1,
            "gs1": VOCABULARY,
            "linkset": {"@id": "@graph", "@context": {"@vocab": VOCABULARY}},
            "anchor": "@id",
            "href": "@id",
            "itemDescription": "https://schema.org/description",
            "title": "http://purl.org/dc/terms/title",
            "hreflang": "http://purl.org/dc/terms/language",
            "type": "http://purl.org/dc/terms/format",
        }
    }
