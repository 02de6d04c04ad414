"""The values frozen with a batch: what its labels say, apart from the serial."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from labelsvc.domain.gs1 import ProductKind
from labelsvc.domain.logistic_units import Content


@dataclass(frozen=True, slots=True)
class Values:
    """What the labels of a batch say.

    Attributes:
        product_code: GTIN of 14 digits, or own item code; `(00)` of logistic units, of which only quantity, line and
            content can be printed.
        line: production line, where one is known.
        quantity: labels in the batch.
        digital_link: scheme and domain of Digital Links, e.g. `https://id.example.com`.
        content: what a logistic unit holds; None: it is a trade item.
    """

    product_code: str
    product_kind: ProductKind
    product_name: str
    lot_number: str
    production: date
    expiry: date | None
    best_before: date | None
    line: str | None
    quantity: int
    digital_link: str
    content: Content | None = None

    @property
    def printed_lot(self) -> str | None:
        """The lot that the label names; of a logistic unit that of its content."""
        return self.lot_number if self.content is None else self.content.lot

    @property
    def printed_dates(self) -> tuple[date, ...]:
        """The dates that the label may name."""
        own = self.content
        dates = (self.production, self.expiry, self.best_before) if own is None else (own.expiry, own.best_before)
        return tuple(day for day in dates if day is not None)

    def to_json(self) -> str:
        """Write the values as JSON: the same values give the same text, for ever."""
        fields = {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(self).items()}
        del fields["content"]  # trade items have none, and their text is as it was before there was any
        if self.content is not None:
            fields["content"] = self.content.said()
        return json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Values:
        """Read values written by `to_json`."""
        fields: dict[str, Any] = json.loads(text)
        for name in ("production", "expiry", "best_before"):
            fields[name] = date.fromisoformat(fields[name]) if fields[name] else None
        if "content" in fields:
            fields["content"] = Content.of(fields["content"])
        return cls(**fields)
