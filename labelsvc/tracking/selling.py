"""Events of a shop, kept with rows of their own; what breaks a rule is refused, unless it was done already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.digital_link import encoded
from labelsvc.domain.epcis.events import Event
from labelsvc.domain.epcis.uris import is_uri
from labelsvc.domain.gtin import is_key
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.products import check_name
from labelsvc.domain.sales import When
from labelsvc.errors import Conflict, InvalidInput
from labelsvc.storage import places, sales
from labelsvc.tracking.capturing import capture_in
from labelsvc.tracking.own_events import Why, object_event
from labelsvc.tracking.whose import GS1

_NUMBER_AT_MOST = 80
_URI_AT_MOST = 200
#: Findings that an answer lists.
_SHOWN = 50


def keep(conn: Connection, issuer: Issuer, call: Call, event: Event, *, already_happened: bool) -> int:
    """Take an event that somebody reports into the books; return its id.

    Args:
        already_happened: whatever rule it breaks, it is kept and flagged.

    Raises:
        Conflict: it breaks a rule; or it is in the books already.
    """
    captured = capture_in(conn, issuer, call, event, own=True)
    if captured.id is None:
        raise Conflict("event_known", "Expected an event that is new, got one that is in the books.")
    if captured.findings and not already_happened:
        broken = sorted(sales.broken_by(conn, captured.id).items())
        listed = [{"unit": epc, "code": code} for epc, code in broken[:_SHOWN]]
        message = f"Expected units with which this may happen, got {len(broken)} with which it may not."
        raise Conflict("event_refused", message, findings=listed)
    return captured.id


def observed(
    issuer: Issuer,
    epcs: Sequence[str],
    said: tuple[str, str],
    when: When,
    moment: datetime,
    *papers: tuple[str, str],
) -> Event:
    """Return the event that something happened to units.

    Args:
        said: business step and disposition, CBV words.
        when: where it was, and whose shop; `moment`: when.
        papers: (type, number or URI) of business transactions.
    """
    transactions = tuple((kind, transaction(issuer, kind, number)) for kind, number in papers)
    why = Why(*said, transactions=transactions, offset=_offset(moment))
    if when.location is not None:
        why = replace(why, read_point=_named("414", when.location, "/location"))
    if when.party is not None:
        why = replace(why, sources=(("possessing_party", party_of(when.party)),))
    return object_event(moment, "OBSERVE", epcs, why)


def transaction(issuer: Issuer, kind: str, number: str) -> str:
    """Return the URI of a paper: as it was given, or below our own domain.

    Raises:
        InvalidInput: it is no name.
    """
    if is_uri(number) and len(number) <= _URI_AT_MOST:
        return number
    check_name(number, _NUMBER_AT_MOST)
    return f"{issuer.digital_link}/{kind}/{encoded(number)}"


def party_of(text: str) -> str:
    """Return the URI of a party that is named by its GLN or a URI.

    Raises:
        InvalidInput: it is neither.
    """
    return _named("417", text, "/party")


def party_id(conn: Connection, call: Call, text: str | None) -> int | None:
    """Return the id of a party; one that nobody named before gets a row."""
    if text is None:
        return None
    uri = party_of(text)
    return places.party_ids(conn, (uri,), call.at)[uri]


def _named(key: str, text: str, pointer: str) -> str:
    if is_key(text, 13):
        return f"{GS1}/{key}/{text}"
    if not is_uri(text) or len(text) > _URI_AT_MOST:
        message = f"Expected a GLN or a URI of at most {_URI_AT_MOST} characters, got {text[:40]!r}."
        raise InvalidInput("gln_or_uri", message, pointer=pointer)
    return text


def _offset(moment: datetime) -> str:
    minutes = (moment.utcoffset() or timedelta()) // timedelta(minutes=1)
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"
