"""Links of a product: where a resolver leads, by GS1's link types, and the link set that lists them (RFC 9264)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from labelsvc.domain.products import check_name
from labelsvc.errors import InvalidInput

VOCABULARY = "https://ref.gs1.org/voc/"
DEFAULT = "defaultLink"
"""The link type of the one link that is followed where nobody asked for another."""

#: GS1's link types, by their names in its Web Vocabulary; those a maker may configure.
LINK_TYPES = frozenset(
    """
    activityIdeas allergenInfo brandHomepageClinical brandHomepagePatient careersInfo certificationInfo
    consumerHandlingStorageInfo dpp epcis epil eventsInfo faqs hasRetailers homepage ingredientsInfo instructions
    jws leaveReview locationInfo logisticsInfo masterData menuInfo nutritionalInfo openingHoursInfo paymentLink pip
    productSustainabilityInfo promotion purchaseSuppliesOrAccessories quickStartGuide recallStatus recipeInfo
    registerProduct registryEntry relatedVideo review safetyInfo scheduleTime serviceInfo smartLabel smpc
    socialMedia statisticInfo support sustainabilityInfo traceability tutorial userAgreement verificationService
    whatsInTheBox
    """.split()  # noqa: SIM905 -- fifty words are read more easily than fifty quoted ones
)
HREF_AT_MOST = 500
TITLE_AT_MOST = 200
LANGUAGES_AT_MOST = 20
LINKS_AT_MOST = 100
"""Of one product."""

_NAMESPACES = ("gs1:", VOCABULARY, "https://gs1.org/voc/", "https://www.gs1.org/voc/")
_LANGUAGE = re.compile(r"[A-Za-z]{2}(-[A-Za-z]{2})?")
_MEDIA_TYPE = re.compile(r"[a-z]+/[A-Za-z0-9][A-Za-z0-9.+-]{0,80}")
_ADDRESS = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")


@dataclass(frozen=True, slots=True)
class Link:
    """One link.

    Attributes:
        link_type: its name in GS1's vocabulary, without a prefix: `pip`.
        href: an http or https address.
        languages: of what is there, as `en` or `en-GB`; none: it does not matter.
        media_type: of what is there; None: nobody said.
    """

    link_type: str
    href: str
    title: str
    languages: tuple[str, ...] = ()
    media_type: str | None = None


@dataclass(frozen=True, slots=True)
class ProductLink:
    """A link that the maker of a product configured."""

    id: int
    product_code: str
    link: Link
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Level:
    """The links of a unit, of its lot or of its product.

    Attributes:
        anchor: the Digital Link that they are links of.
        description: what that is, in a few words.
        default: where it leads if nobody asks for anything else.
    """

    anchor: str
    description: str
    default: Link
    links: tuple[Link, ...] = ()


def check_link(link: Link) -> Link:
    """Return a link that may be configured.

    Raises:
        InvalidInput: link_type, link_address, link_language, link_media_type; those of names for the title. Each says
            where in the link it stands.
    """
    if link.link_type not in LINK_TYPES:
        got = ascii(link.link_type[:60])
        message = f"Expected one of GS1's link types, such as gs1:pip or gs1:support, got {got}."
        raise InvalidInput("link_type", message, pointer="/link_type")
    _check_address(link.href)
    try:
        check_name(link.title, TITLE_AT_MOST)
    except InvalidInput as error:
        error.pointer = "/title"
        raise
    wrong = next((language for language in link.languages if not _LANGUAGE.fullmatch(language)), None)
    if wrong is not None or len(link.languages) > LANGUAGES_AT_MOST:
        got = ascii(wrong[:20]) if wrong is not None else f"{len(link.languages)} of them"
        message = f"Expected at most {LANGUAGES_AT_MOST} languages like en or en-GB, got {got}."
        raise InvalidInput("link_language", message, pointer="/languages")
    if link.media_type is not None and not _MEDIA_TYPE.fullmatch(link.media_type):
        message = f"Expected a media type like text/html, got {link.media_type[:40]!a}."
        raise InvalidInput("link_media_type", message, pointer="/media_type")
    return link


def _check_address(href: str) -> None:
    try:
        parts = urlsplit(href)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        right = False
    if not right or len(href) > HREF_AT_MOST or not _ADDRESS.fullmatch(href):
        message = f"Expected an http or https address of at most {HREF_AT_MOST} characters, got another text."
        raise InvalidInput("link_address", message, pointer="/href")


def link_type_of(text: str) -> str:
    """Return the plain name of a link type, however it is written: `gs1:pip`, its URI, or `pip`."""
    return next((text.removeprefix(space) for space in _NAMESPACES if text.startswith(space)), text)


def finest(levels: Sequence[Level], link_type: str) -> tuple[Link, ...]:
    """Return the links of a type at the finest level that has any; levels come the finest first."""
    if link_type == DEFAULT:
        return (levels[0].default,)
    found = (tuple(link for link in level.links if link.link_type == link_type) for level in levels)
    return next((links for links in found if links), ())


def choose(
    links: Iterable[Link], languages: Sequence[tuple[str, float]], media_types: Mapping[str, float]
) -> tuple[Link, ...]:
    """Return the links that suit a request best; more than one where nothing tells them apart.

    Args:
        languages: what Accept-Language says, with weights.
        media_types: what Accept says; empty: anything.
    """
    admitted = tuple(links)
    admitted = tuple(link for link in admitted if _media_weight(link, media_types) > 0) or admitted
    scored = [((_language_weight(link, languages), _media_weight(link, media_types)), link) for link in admitted]
    best = max((score for score, _ in scored), default=None)
    return tuple(link for score, link in scored if score == best)


def _language_weight(link: Link, languages: Sequence[tuple[str, float]]) -> float:
    """Weigh a link by its languages: one that says none is better than one in another language."""
    if not link.languages:
        return 0.0001
    return max((weight for wanted, weight in languages if _speaks(link.languages, wanted)), default=0.0)


def _speaks(languages: Collection[str], wanted: str) -> bool:
    wanted = wanted.lower()
    return any(
        wanted in (language.lower(), language.lower().partition("-")[0]) or language.lower() == wanted.partition("-")[0]
        for language in languages
    )


def _media_weight(link: Link, media_types: Mapping[str, float]) -> float:
    if link.media_type is None or not media_types:
        return 1.0
    kind = link.media_type.partition("/")[0]
    names = (link.media_type, f"{kind}/*", "*/*")
    return next((media_types[name] for name in names if name in media_types), 0.0)


def link_set(levels: Iterable[Level]) -> dict[str, Any]:
    """Return a link set as JSON: every level with its links, and its default link, which has no attributes."""
    return {"linkset": [_context(level) for level in levels]}


def _context(level: Level) -> dict[str, Any]:
    shown: dict[str, Any] = {"anchor": level.anchor, "itemDescription": level.description}
    for link in level.links:
        shown.setdefault(f"{VOCABULARY}{link.link_type}", []).append(_target(link))
    shown[f"{VOCABULARY}{DEFAULT}"] = [{"href": level.default.href, "title": level.default.title}]
    return shown


def _target(link: Link) -> dict[str, Any]:
    target: dict[str, Any] = {"href": link.href, "title": link.title}
    if link.media_type is not None:
        target["type"] = link.media_type
    if link.languages:
        target["hreflang"] = list(link.languages)
    return target


def with_query(href: str, query: str) -> str:
    """Return an address with the query of a request passed on, before a fragment and behind a query of its own."""
    if not query:
        return href
    address, mark, fragment = href.partition("#")
    return f"{address}{'&' if '?' in address else '?'}{query}{mark}{fragment}"
