"""Lots: number, production date (11), expiry (17), best before (15), and what these dates may be.

Days of the shelf life are counted from the production day, which is day 0: produced on 1 March with 30 days of shelf
life, a unit expires on 31 March, and is good until the end of that day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from labelsvc.domain.application_identifiers import check_lot_number
from labelsvc.domain.gs1_dates import YEARS_AHEAD
from labelsvc.errors import InvalidInput

FIRST_YEAR, LAST_YEAR = 2000, 2099


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot as it is printed.

    Attributes:
        number: AI (10), unique within a product.
        production: AI (11).
        expiry: AI (17), the last day on which it may be used.
        best_before: AI (15).
    """

    number: str
    production: date
    expiry: date | None
    best_before: date | None


@dataclass(frozen=True, slots=True)
class LotWarning:
    """Something odd about a lot that does not stop it."""

    code: str
    message: str


def open_lot(
    number: str, production: date, expiry: date | None, best_before: date | None, shelf_life_days: int | None
) -> Lot:
    """A lot with its dates complete and in order.

    Args:
        expiry: when not given and the product has a shelf life, production + shelf life.
        shelf_life_days: of the product; the production day is day 0.

    Raises:
        InvalidInput: lot_number_* (1 to 20 characters of GS1's set 82); lot_year, a date outside 2000 to 2099;
            lot_expiry_before_production, lot_best_before_before_production, lot_expiry_before_best_before;
            lot_expiry_too_far, lot_best_before_too_far, a date whose two-digit year would be read as one century ago.
    """
    check_lot_number(number)
    _check_year("production date", production)
    if expiry is None and shelf_life_days is not None:
        expiry = _expiry_of(production, shelf_life_days)
    if expiry is not None:
        _check_later("expiry", expiry, production)
    if best_before is not None:
        _check_later("best_before", best_before, production)
    if expiry is not None and best_before is not None and expiry < best_before:
        raise InvalidInput(
            "lot_expiry_before_best_before", f"Expected an expiry date from {best_before} on, got {expiry}."
        )
    return Lot(number, production, expiry, best_before)


def warnings_at_issue(lot: Lot, today: date) -> tuple[LotWarning, ...]:
    """What someone who asks for labels today should be told about the lot's dates."""
    found: list[LotWarning] = []
    if lot.expiry is not None and lot.expiry < today:
        found.append(LotWarning("lot_expired", f"Expected an expiry date from {today} on, got {lot.expiry}."))
    if lot.best_before is not None and lot.best_before < today:
        found.append(
            LotWarning("lot_past_best_before", f"Expected a best-before date from {today} on, got {lot.best_before}.")
        )
    return tuple(found)


def _expiry_of(production: date, shelf_life_days: int) -> date:
    try:
        return production + timedelta(days=shelf_life_days)
    except OverflowError:
        raise InvalidInput(
            "lot_year",
            f"Expected an expiry date of {FIRST_YEAR} to {LAST_YEAR}, got {shelf_life_days} days of shelf life.",
        ) from None


_NAMES = {"expiry": "expiry date", "best_before": "best-before date"}


def _check_later(field: str, day: date, production: date) -> None:
    name = _NAMES[field]
    _check_year(name, day)
    if day < production:
        raise InvalidInput(
            f"lot_{field}_before_production", f"Expected {_article(name)} from {production} on, got {day}."
        )
    # On the label the year has two digits. A reader takes one that lies more than 50 years ahead for the last century,
    # so such a date would read as long past from the first day. Later readers are nearer to it and read it right.
    if day.year - production.year > YEARS_AHEAD:
        raise InvalidInput(
            f"lot_{field}_too_far",
            f"Expected {_article(name)} at most {YEARS_AHEAD} years after production, got {day}.",
        )


def _check_year(name: str, day: date) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InvalidInput("lot_year", f"Expected {_article(name)} of {FIRST_YEAR} to {LAST_YEAR}, got {day}.")


def _article(name: str) -> str:
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
