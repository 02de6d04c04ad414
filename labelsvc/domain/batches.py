"""Batches: requests for labels, with all that they freeze."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from labelsvc.domain.lots import Lot


@dataclass(frozen=True, slots=True)
class LotRequest:
    """What someone says of a lot that is to be opened; `product` is a GTIN or an item code."""

    product: str
    number: str
    production_date: date
    expiry_date: date | None = None
    best_before: date | None = None


@dataclass(frozen=True, slots=True)
class LotDates:
    """The dates of a lot, as an edit gives them."""

    production_date: date
    expiry_date: date | None = None
    best_before: date | None = None


@dataclass(frozen=True, slots=True)
class OpenLot:
    """A lot as it stands in the books.

    Attributes:
        revision: rises with every edit; a batch keeps the one it was made with.
        warnings: what is allowed but worth a look (an expiry that has passed).
    """

    id: int
    product_id: int
    product_code: str
    lot: Lot
    revision: int
    warnings: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LotCard:
    """A lot as one is chosen from a list."""

    lot: OpenLot
    product_name: str
    closed: bool


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """A request for labels.

    Attributes:
        printer: name of the printer; None for a batch that is downloaded.
        label_format: name of a label format; None for the product's own.
        line: production line, as it is to stand on the label and in the books.
        ahead_hours: hand the labels ahead to the printer's station, which may use them for so long without the server;
            None: print them.
    """

    quantity: int
    printer: str | None = None
    label_format: str | None = None
    line: str | None = None
    ahead_hours: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as callers see it.

    Attributes:
        outcomes: how many of its numbers have each outcome.
    """

    id: int
    lot_id: int
    product_code: str
    lot_number: str
    quantity: int
    first_serial: str
    last_serial: str
    line: str | None
    printer: str | None
    job_id: int | None
    label_format: str
    format_revision: str
    renderer_revision: int
    created_at: datetime
    outcomes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ReturnRequest:
    """Unused numbers to give back: labels first .. first + count - 1 of a batch, counted from 1."""

    first: int
    count: int
    reason: str


@dataclass(frozen=True, slots=True)
class LabelsRequest:
    """Labels to render: count labels from the first-th, counted from 1; None: to the end, the printer's dpmm."""

    form: Literal["zpl", "pdf", "png"]
    first: int = 1
    count: int | None = None
    dpmm: int | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """A file that is made while it is read."""

    media_type: str
    filename: str
    body: Iterator[bytes]
