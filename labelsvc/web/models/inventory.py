"""Inventory as JSON."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from labelsvc.domain.units.standing import State
from labelsvc.tracking.inventory import PICK_AT_MOST, SCANS_AT_MOST, Count, Counting, Filter, Line, Pick
from labelsvc.web.models.base import Answer, Body, Digits, Id, Moment, Name, PageQuery, Query

_Code = Annotated[str, Field(min_length=1, max_length=40)]
_Place = Annotated[str, Field(min_length=1, max_length=200, description="GLN or a location's URI.")]


class StockQuery(Query):
    """Which part of the inventory."""

    product: Annotated[_Code | None, Field(description="GTIN or item code.")] = None
    category: Annotated[str | None, Field(max_length=80, description="What products are sorted under.")] = None
    lot: Annotated[Id | None, Digits, Field(description="Id of a lot.")] = None
    location: Annotated[_Place | None, Field(description="GLN or a location's URI.")] = None
    state: Annotated[State | None, Field(description="Only units in this state.")] = None
    at: Annotated[Moment | None, Field(description="As it was then; now by default.")] = None

    def noun(self) -> Filter:
        """Return the filter."""
        states = (self.state,) if self.state else ()
        return Filter(self.product, self.category, self.lot, self.location, states, self.at)


class StockLine(Answer):
    """Units that stand alike."""

    product: str
    product_name: str | None
    category: str | None
    lot: str | None
    expiry: date | None
    state: str
    location: str | None
    on_hold: bool
    recalled: bool
    expired: bool
    sellable: bool
    count: int

    @classmethod
    def of(cls, line: Line) -> StockLine:
        """Show a line."""
        return cls(**{name: getattr(line, name) for name in Line.__slots__})


class Stock(Answer):
    """What is where."""

    at: datetime
    total: int
    lines: list[StockLine]


class PickQuery(Query):
    """What to pick."""

    product: Annotated[_Code, Field(description="GTIN or item code.")]
    quantity: Annotated[int, Field(ge=1, le=PICK_AT_MOST, description="How many units."), Digits] = 1
    location: Annotated[_Place | None, Field(description="GLN or a location's URI.")] = None


class PickOut(Answer):
    """A unit to take."""

    epc: str
    lot: str | None
    expiry: date | None
    location: str | None
    inside: str | None

    @classmethod
    def of(cls, pick: Pick) -> PickOut:
        """Show a unit to take."""
        return cls(epc=pick.epc, lot=pick.lot, expiry=pick.expiry, location=pick.location, inside=pick.inside)


class PickList(Answer):
    """Units to take, first expired first."""

    asked: int
    picks: list[PickOut]


class CountIn(Body):
    """What was seen at a location."""

    location: _Place
    scans: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=SCANS_AT_MOST)]
    product: Annotated[_Code | None, Field(description="Only its units were counted.")] = None

    def noun(self) -> Count:
        """Return the count."""
        return Count(self.location, tuple(self.scans), self.product)


class CountOut(Answer):
    """What a count came to."""

    id: int
    expected: int
    seen: int
    missing: int
    surplus: int
    unread: Annotated[list[int], Field(description="Places of scans that name no unit, or several.")]

    @classmethod
    def of(cls, counted: Counting) -> CountOut:
        """Show a count."""
        return cls(**{**{name: getattr(counted, name) for name in Counting.__slots__}, "unread": list(counted.unread)})


class CountPage(PageQuery):
    """Where in the differences to go on."""


class Difference(Answer):
    """A unit that differed."""

    epc: str
    kind: Annotated[str, Field(description="missing or surplus")]


class CountShown(Answer):
    """A count with what differed."""

    id: int
    location: str
    expected: int
    seen: int
    items: list[Difference]
    next: Annotated[int | None, Field(description="Give it back as `after`; null on the last page.")]


class CategoryIn(Body):
    """What a product is sorted under."""

    category: Annotated[Name, Field(min_length=1, max_length=80)]
