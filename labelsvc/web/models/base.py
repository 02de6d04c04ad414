"""What all models share: strict bodies, queries out of text, answers, pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from labelsvc.domain.pages import Page

#: Ids and ordinals are signed 64-bit integers in both databases.
INTEGER_AT_MOST = 2**63 - 1
LIMIT_AT_MOST = 200
_LIMIT = 50

T = TypeVar("T")
Noun = TypeVar("Noun")


class Body(BaseModel):
    """A request's JSON object: no unknown members, no value of another JSON type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Query(BaseModel):
    """A request's query parameters, each a text."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Headers(BaseModel):
    """The request headers that a route asks for; others pass."""

    model_config = ConfigDict(extra="ignore")


class Answer(BaseModel):
    """What a route answers."""

    model_config = ConfigDict(frozen=True)


def _whole(value: Any) -> Any:
    # JSON knows one kind of number: 5.0 is the integer 5 (RFC 8259, section 6).
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _date(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            sentence = "Expected a date that exists, got {got}."
            raise PydanticCustomError("date_unknown", sentence, {"got": value}) from None
    return value


#: From 1900 to 2999, so that it can be told in any zone, and a warranty added to it.
_MOMENT = re.compile(
    r"(?:19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def _moment(value: Any) -> Any:
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper())
        except ValueError:
            pass
    sentence = "Expected a date and time with its offset (RFC 3339), got {got}."
    raise PydanticCustomError("moment", sentence, {"got": str(value)[:60]})


def _digits(value: Any) -> Any:
    return int(value) if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,30}", value) else value


def _printable(value: str) -> str:
    # A database may hold no other (PostgreSQL: NUL), so it could never be the name of anything.
    for char in value:
        if not char.isprintable():
            sentence = "Expected printable characters, got U+{got}."
            raise PydanticCustomError("not_printable", sentence, {"got": f"{ord(char):04X}"})
    return value


#: A JSON number without a fraction. Write the limits first: `Annotated[int, Field(ge=1), Whole]`.
Whole = BeforeValidator(_whole)
#: A query parameter of decimal digits, used like `Whole`.
Digits = BeforeValidator(_digits)

#: What names something: text on one line.
Name = Annotated[str, AfterValidator(_printable)]
Day = Annotated[date, BeforeValidator(_date)]
#: A moment with the offset it is given in.
Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
Id = Annotated[int, Field(ge=1, le=INTEGER_AT_MOST)]


class PageQuery(Query):
    """Where in a list to go on."""

    after: Annotated[int, Field(ge=0, le=INTEGER_AT_MOST, description="`next` of the page before."), Digits] = 0
    limit: Annotated[int, Field(ge=1, le=LIMIT_AT_MOST, description="Items at most."), Digits] = _LIMIT


class IdempotencyHeaders(Headers):
    """The name a client gives to one request: the same key always gets the answer it got the first time."""

    idempotency_key: Annotated[
        str,
        Field(
            min_length=1,
            max_length=200,
            pattern=r"^[!-~]+$",
            description="Any text that is new for every new request, a UUID for instance; kept for ever.",
            examples=["6f1f0a52-1b7e-4d5e-9b64-0c7d3a0f5e11"],
        ),
    ]


class RepeatHeaders(Headers):
    """The name a client may give to a request that it may have to repeat."""

    idempotency_key: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=200,
            pattern=r"^[!-~]+$",
            description="A repeated request with the same key gets the answer it got the first time; kept for ever.",
        ),
    ] = None


class Listing(Answer, Generic[T]):
    """A page of a list."""

    items: list[T]
    next: Annotated[int | None, Field(description="Give it back as `after`; null on the last page.")]


def listing(page: Page[Noun], shown: Callable[[Noun], Answer]) -> dict[str, Any]:
    """Return a page with every item as it is shown."""
    return {"items": [shown(item) for item in page.items], "next": page.next}
