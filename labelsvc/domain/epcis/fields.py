"""The fields of an event, each read and checked; where a value stood is said relative to the event (RFC 6901)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from labelsvc.domain.epcis.contexts import is_defined
from labelsvc.domain.epcis.identifiers import canonical_epc
from labelsvc.domain.epcis.times import parse_time
from labelsvc.domain.epcis.uris import URI_AT_MOST, is_uri
from labelsvc.domain.epcis.vocabulary import WORDS, Family, bare
from labelsvc.errors import InvalidInput, LabelsvcError, at

#: How deep extensions may be nested; they are kept whole, so something has to end them.
DEPTH_AT_MOST = 20

Names = Mapping[str, str]

_NO_TEXT = re.compile("[\\x00\\ud800-\\udfff]")  # no database holds them
_UOM = re.compile(r"[A-Z0-9]{2,3}")
_CBV_OTHERWISE = re.compile(r"urn:epcglobal:cbv|https?://ns\.gs1\.org/cbv/")
_VOC_OTHERWISE = re.compile(r"https?://(?:www\.)?gs1\.org/voc/")
_TYPE_NAMES = {
    str: "a text",
    dict: "an object",
    list: "an array",
    bool: "a boolean",
    int: "a number",
    float: "a number",
}


def token(name: str) -> str:
    """A name as a part of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def object_at(value: Any, pointer: str) -> dict[str, Any]:
    """Return an object."""
    if not isinstance(value, dict):
        raise wrong_type("an object", value, pointer)
    return value


def array_at(value: Any, pointer: str, *, least: int = 0) -> list[Any]:
    """Return an array of at least so many elements."""
    if not isinstance(value, list):
        raise wrong_type("an array", value, pointer)
    if len(value) < least:
        raise InvalidInput("event_list_empty", f"Expected at least {least} element, got none.", pointer=pointer)
    return value


def text_at(value: Any, pointer: str) -> str:
    """Return a text."""
    if not isinstance(value, str):
        raise wrong_type("a text", value, pointer)
    if _NO_TEXT.search(value):
        raise _no_text(pointer)
    return value


def number_at(value: Any, pointer: str) -> Decimal:
    """Return a number, as it was written as far as JSON's reader kept it."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise wrong_type("a number", value, pointer)
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidInput("event_number", f"Expected a number, got {value}.", pointer=pointer)
    return value if isinstance(value, Decimal) else Decimal(str(value))


def uri_at(value: Any, pointer: str) -> str:
    """Return a URI as it is."""
    text = text_at(value, pointer)
    if not is_uri(text):
        raise InvalidInput(
            "event_uri", f"Expected a URI of at most {URI_AT_MOST} characters, got {shown(text)}.", pointer=pointer
        )
    return text


def time_at(value: Any, pointer: str) -> datetime:
    """Return an instant, UTC."""
    with at(pointer):
        return parse_time(text_at(value, pointer))


def identifier_at(value: Any, pointer: str, canonical: Callable[[str], str]) -> str:
    """Return what `canonical` makes of an identifier."""
    with at(pointer):
        return canonical(text_at(value, pointer))


def epcs_at(value: Any, pointer: str) -> tuple[str, ...]:
    """Return EPCs, canonical, each once."""
    found: list[str] = []
    try:
        for text in array_at(value, pointer):
            found.append(canonical_epc(text if isinstance(text, str) else text_at(text, f"{pointer}/{len(found)}")))
    except LabelsvcError as error:
        error.pointer = error.pointer or f"{pointer}/{len(found)}"
        raise
    if len(set(found)) != len(found):
        first: dict[str, int] = {}
        place = next(place for place, epc in enumerate(found) if first.setdefault(epc, place) != place)
        raise InvalidInput("event_epc_twice", "Expected each EPC once, got one twice.", pointer=f"{pointer}/{place}")
    return tuple(found)


def word_at(value: Any, pointer: str, family: Family) -> str:
    """Return a word of the CBV bare, or another URI as it is.

    Raises:
        InvalidInput: event_word, neither a word of the family nor a URI; a URN of the CBV, which XML alone writes.
    """
    text = text_at(value, pointer)
    if text in WORDS[family]:
        return text
    otherwise = _VOC_OTHERWISE if family in {"measurement", "alert"} else _CBV_OTHERWISE
    if not is_uri(text) or otherwise.match(text):
        raise InvalidInput(
            "event_word", f"Expected a word of the CBV ({family}) or another URI, got {shown(text)}.", pointer=pointer
        )
    return bare(family, text)


def uom_at(value: Any, pointer: str) -> str:
    """Return a unit of measure."""
    text = text_at(value, pointer)
    if not _UOM.fullmatch(text):
        raise InvalidInput("event_uom", f"Expected 2 or 3 capitals and digits, got {shown(text)}.", pointer=pointer)
    return text


def check_names(
    record: Mapping[str, Any], known: Collection[str], names: Names, pointer: str, *, extensible: bool = True
) -> None:
    """Everything in an object is known to its type, or an extension whose prefix is defined.

    Raises:
        InvalidInput: event_field_unknown; event_extension_prefix; event_depth.
    """
    for name, value in record.items():
        if name not in known:
            if not extensible or ":" not in name or not is_uri(name):
                raise InvalidInput(
                    "event_field_unknown", f"Expected a field that EPCIS has here, got {shown(name)}.",
                    pointer=f"{pointer}/{token(name)}",
                )  # fmt: skip
            check_extension(name, value, names, pointer)


def check_extension(name: str, value: Any, names: Names, pointer: str) -> None:
    """An extension's name is a URI, or has a prefix that a context defines; its value has an end."""
    place = f"{pointer}/{token(name)}"
    if not is_uri(name):
        raise InvalidInput("event_field_unknown", f"Expected a name that is a URI, got {shown(name)}.", pointer=place)
    if not is_defined(name, names):
        raise InvalidInput(
            "event_extension_prefix", f"Expected a prefix that @context defines, got {shown(name)}.", pointer=place
        )
    level = [value]
    for _ in range(DEPTH_AT_MOST):
        if any(isinstance(each, str) and _NO_TEXT.search(each) for each in level):
            raise _no_text(place)
        level = [child for each in level for child in _children(each)]
        if not level:
            return
    raise InvalidInput("event_depth", f"Expected at most {DEPTH_AT_MOST} levels, got more.", pointer=place)


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []


def _no_text(pointer: str) -> InvalidInput:
    return InvalidInput(
        "text_not_storable", "Expected Unicode, got half of a surrogate pair or a NUL.", pointer=pointer
    )


def missing(name: str, pointer: str) -> InvalidInput:
    """A field that has to be there."""
    return InvalidInput("event_field_missing", f"Expected {name}, got none.", pointer=f"{pointer}/{token(name)}")


def wrong_type(expected: str, value: Any, pointer: str) -> InvalidInput:
    """A value of another type."""
    got = "null" if value is None else _TYPE_NAMES.get(type(value), type(value).__name__)
    return InvalidInput("event_field_type", f"Expected {expected}, got {got}.", pointer=pointer)


def shown(text: str) -> str:
    """A text in an error, if it is short."""
    return repr(text) if len(text) <= 80 else f"{len(text)} characters"
