"""Sales: a unit to a customer, for how long it is warranted, back again, and another in its place."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from labelsvc.errors import InvalidInput, at

UNITS_AT_MOST = 200
MONTHS_AT_MOST = 1_200


@dataclass(frozen=True, slots=True)
class When:
    """When and where something happened in a shop.

    Attributes:
        at: aware, with the offset of the clock on the wall there; None: now.
        location: GLN or URI of the place; party: of whoever sells.
    """

    at: datetime | None = None
    location: str | None = None
    party: str | None = None

    def moment(self, now: datetime) -> datetime:
        """Return when it was."""
        return now if self.at is None else self.at


@dataclass(frozen=True, slots=True)
class SaleRequest:
    """Units that a customer bought.

    Attributes:
        units: as a scanner gives them.
        product: GTIN or item code; of plain serials.
        customer: pseudonym; None: nobody knows who it was.
        channel: `shop`, `online` or another word of one's own.
        invoice: its number, or a URI.
        already_happened: it was done, so the books have to say so, whatever rule it breaks.
    """

    units: tuple[str, ...]
    product: str | None = None
    customer: str | None = None
    channel: str | None = None
    invoice: str | None = None
    when: When = When()
    already_happened: bool = False


@dataclass(frozen=True, slots=True)
class CustomerReturnRequest:
    """A unit that a customer brings back.

    Attributes:
        rma: number of the return, or a URI.
        already_happened: as of a sale.
    """

    unit: str
    rma: str
    product: str | None = None
    reason: str | None = None
    when: When = When()
    already_happened: bool = False


@dataclass(frozen=True, slots=True)
class ExchangeRequest:
    """A unit that a customer gets in place of another.

    Attributes:
        old, new: as a scanner gives them.
        rma: number of the return, or a URI; it links the events of both.
        new_warranty: it is warranted anew, not for what was left.
    """

    old: str
    new: str
    rma: str
    product: str | None = None
    reason: str | None = None
    when: When = When()
    new_warranty: bool = False


@dataclass(frozen=True, slots=True)
class Sale:
    """One unit sold.

    Attributes:
        epc: canonical.
        warranty_until: the last day; None: it is not warranted.
        finding: the rule that its event breaks for this unit.
        returned_at: when the customer brought it back; None: never.
        replaces, replaced_by: EPC of the unit that it was given for; of the one that was given for it.
    """

    id: int
    epc: str
    event_id: str
    customer: str | None
    sold_at: datetime
    warranty_until: date | None
    channel: str | None
    party: str | None
    invoice: str | None
    finding: str | None
    sold_by: str
    returned_at: datetime | None
    replaces: str | None
    replaced_by: str | None


@dataclass(frozen=True, slots=True)
class CustomerReturn:
    """One unit that a customer brought back; sale_id: None: it was not sold through us."""

    id: int
    epc: str
    event_id: str
    sale_id: int | None
    rma: str
    reason: str | None
    returned_at: datetime
    finding: str | None


@dataclass(frozen=True, slots=True)
class Exchange:
    """An old unit, back, and the sale of the one that took its place."""

    id: int
    returned: CustomerReturn
    sale: Sale


def warranty_until(sold_on: date, months: int) -> date:
    """Return the last day of a warranty: the same date so many months later, or the last day of that month.

    So Regulation (EEC, Euratom) 1182/71, article 3 (2) (c): a period of months ends with the last hour of the day of
    the same date as the day it runs from; where that date does not occur, with the last day of that month.
    """
    if not 0 < months <= MONTHS_AT_MOST:
        raise InvalidInput("warranty_months", f"Expected 1 to {MONTHS_AT_MOST} months, got {months}.")
    year, month = divmod(sold_on.year * 12 + sold_on.month - 1 + months, 12)
    return date(year, month + 1, min(sold_on.day, monthrange(year, month + 1)[1]))


def check_sale(request: SaleRequest) -> None:
    """See that a sale is of 1 to 200 units.

    Raises:
        InvalidInput: it is not.
    """
    with at("/units"):
        if not 1 <= len(request.units) <= UNITS_AT_MOST:
            message = f"Expected 1 to {UNITS_AT_MOST} units, got {len(request.units)}."
            raise InvalidInput("sale_units", message)


def body_of(request: SaleRequest | CustomerReturnRequest | ExchangeRequest) -> dict[str, Any]:
    """Return a request as JSON values, so that its repetition is known."""
    said = asdict(request)
    said["when"]["at"] = None if request.when.at is None else request.when.at.isoformat()
    return said
