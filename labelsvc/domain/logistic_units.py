"""Logistic units: what a request for their numbers says, and the series that these come from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from labelsvc.domain.application_identifiers import check_lot_number
from labelsvc.domain.gs1_dates import YEARS_AHEAD
from labelsvc.domain.gtin import parse_gtin
from labelsvc.errors import InvalidInput, at

COUNT_AT_MOST = 99_999_999
"""AI (37) has eight digits."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a logistic unit holds, as far as its label says it.

    Attributes:
        gtin: of the trade items in it, AI (02), 14 digits; together with their count or not at all.
        count: AI (37).
        lot: of the trade items, AI (10); this and the dates only with a GTIN.
        best_before: AI (15).
        expiry: AI (17).
    """

    gtin: str | None = None
    count: int | None = None
    lot: str | None = None
    best_before: date | None = None
    expiry: date | None = None

    @classmethod
    def checked(cls, said: Content, today: date) -> Content:
        """Return what a label may say of a content, the GTIN as 14 digits.

        Raises:
            InvalidInput: gtin_*, content_count, lot_number_*; content_incomplete, one of GTIN and count without the
                other or anything else without them; content_date, a date whose two-digit year would be read as one of
                another century.
        """
        if said == cls():
            return said
        if said.gtin is None or said.count is None:
            missing = "gtin" if said.gtin is None else "count"
            message = f"Expected the GTIN of the content and its count, got no {missing}."
            raise InvalidInput("content_incomplete", message, pointer=f"/{missing}")
        with at("/gtin"):
            gtin = parse_gtin(said.gtin)
        if not 1 <= said.count <= COUNT_AT_MOST:
            message = f"Expected 1 to {COUNT_AT_MOST}, got {said.count}."
            raise InvalidInput("content_count", message, pointer="/count")
        if said.lot is not None:
            with at("/lot"):
                check_lot_number(said.lot)
        for name, day in (("best_before", said.best_before), ("expiry", said.expiry)):
            if day is not None and abs(day.year - today.year) >= YEARS_AHEAD:
                message = f"Expected a date less than {YEARS_AHEAD} years away, got {day}."
                raise InvalidInput("content_date", message, pointer=f"/{name}")
        return cls(gtin, said.count, said.lot, said.best_before, said.expiry)

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Content:
        """Read what `said` gives."""
        days = {name: date.fromisoformat(fields[name]) for name in ("best_before", "expiry") if fields[name]}
        return cls(**fields | days)

    def said(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {name: day.isoformat() if isinstance(day, date) else day for name, day in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class NewSeries:
    """The series that SSCCs of one extension digit come from, from now on.

    Attributes:
        first: the least serial reference that may be granted; those below were used elsewhere.
    """

    company_prefix: str
    extension_digit: int
    first: int = 1


@dataclass(frozen=True, slots=True)
class Series:
    """The SSCCs of one GS1 company prefix and one extension digit: one pool.

    Attributes:
        lot_id: the lot of logistic units that accounts for its numbers; once it is closed the series is at its end.
        current: new SSCCs of its extension digit come from it.
        next: the serial reference that is granted next.
        capacity: serial references in all.
    """

    id: int
    company_prefix: str
    extension_digit: int
    scheme_id: int
    pattern: str
    key_version: int
    lot_id: int
    current: bool
    next: int
    capacity: int
    created_at: datetime

    @property
    def left(self) -> int:
        """SSCCs that it can still give."""
        return self.capacity - self.next + 1


@dataclass(frozen=True, slots=True)
class LogisticRequest:
    """A request for SSCCs of logistic units, with their labels.

    Attributes:
        extension_digit: None for the least that has a series.
        printer: name of the printer; None for labels that are downloaded.
        label_format: name of a label format; None for the one that is shipped for logistic units.
    """

    quantity: int
    extension_digit: int | None = None
    printer: str | None = None
    label_format: str | None = None
    content: Content = Content()
