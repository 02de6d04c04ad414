"""The values frozen with a batch: what its labels say, apart from the serial."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

ProductKind = Literal["gtin", "item"]


@dataclass(frozen=True, slots=True)
class Values:
    """What the labels of a batch say.

    Attributes:
        product_code: GTIN of 14 digits, or own item code.
        line: production line, where one is known.
        quantity: labels in the batch.
        digital_link: scheme and domain of Digital Links, e.g. `https://id.example.com`.
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

    def to_json(self) -> str:
        """Write the values as JSON: the same values give the same text, for ever."""
        fields = {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(self).items()}
        return json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Values:
        """Read values written by `to_json`."""
        fields: dict[str, Any] = json.loads(text)
        for name in ("production", "expiry", "best_before"):
            fields[name] = date.fromisoformat(fields[name]) if fields[name] else None
        return cls(**fields)
