"""How a client wants identifiers written: the request and answer header GS1-EPC-Format (EPCIS 2.0, section 12.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

from labelsvc.domain.epcis.events import EventType
from labelsvc.domain.epcis.identifiers import canonical_or_same
from labelsvc.domain.epcis.urns import company_prefix_length, to_urn
from labelsvc.errors import InvalidInput

Format = Literal["No_Preference", "Always_GS1_Digital_Link", "Always_EPC_URN", "Never_Translates"]
#: How long the company prefix in a canonical identifier is; None: unknown, and then it has no URN.
PrefixLength = Callable[[str], int | None]

_PLAIN = ("parentID",)
_LISTS = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_PLACES = ("readPoint", "bizLocation")
_ELEMENTS = {
    "quantityList": "epcClass",
    "childQuantityList": "epcClass",
    "inputQuantityList": "epcClass",
    "outputQuantityList": "epcClass",
    "sourceList": "source",
    "destinationList": "destination",
    "bizTransactionList": "bizTransaction",
}
_LINK = "https://id.gs1.org/"


def parse_format(text: str) -> Format:
    """Return a value of the header.

    Raises:
        InvalidInput: epc_format.
    """
    for each in get_args(Format):
        if text == each:
            found: Format = each
            return found
    raise InvalidInput("epc_format", f"Expected one of {', '.join(get_args(Format))}, got {text[:40]!r}.")


def translated(event: Mapping[str, Any], wanted: Format, prefix_length: PrefixLength) -> Mapping[str, Any]:
    """Return an event with its identifiers in the form asked for; its hash stays what it was.

    Everything else stays as it was received, and so does what has no such form: a Digital Link whose company prefix
    nobody knows cannot become a URN, and of an event of somebody's own type we know no field.
    """
    if event.get("type") not in get_args(EventType):
        return event
    if wanted == "Always_GS1_Digital_Link":
        return _mapped(event, _link)
    if wanted == "Always_EPC_URN":
        return _mapped(event, lambda text: _urn(text, prefix_length))
    return event


def prefix_lengths(own: Sequence[str], others: PrefixLength = lambda _identifier: None) -> PrefixLength:
    """A `PrefixLength` that knows our own company prefixes, and asks another for those of others.

    Args:
        own: company prefixes, 6 to 12 digits each; of two that match the longer one counts.
    """
    known = sorted(own, key=len, reverse=True)

    def length(identifier: str) -> int | None:
        key, _, value = identifier.removeprefix(_LINK).partition("/")
        digits = value[1:] if key in {"00", "01", "8003", "8006"} else value
        found = next((len(prefix) for prefix in known if digits.startswith(prefix)), None)
        return others(identifier) if found is None else found

    return length


def _link(text: str) -> str:
    return canonical_or_same(text) if text[:8].lower() == "urn:epc:" else text


def _urn(text: str, prefix_length: PrefixLength) -> str:
    if company_prefix_length(text) is not None:
        return text
    identifier = canonical_or_same(text)
    if not identifier.startswith(_LINK):
        return text
    length = prefix_length(identifier)
    if length is None:
        return text
    try:
        return to_urn(identifier, length)
    except InvalidInput:
        return text


def _mapped(event: Mapping[str, Any], written: Callable[[str], str]) -> dict[str, Any]:
    result = dict(event)
    for name, value in event.items():
        if name in _PLAIN:
            result[name] = written(value)
        elif name in _LISTS:
            result[name] = [written(epc) for epc in value]
        elif name in _PLACES:
            result[name] = {**value, "id": written(value["id"])}
        elif name in _ELEMENTS:
            member = _ELEMENTS[name]
            result[name] = [{**element, member: written(element[member])} for element in value]
    return result
