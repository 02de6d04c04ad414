"""Column types that mean the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

#: Primary keys that count themselves: 64 bits on both (SQLite's own row number is one only under the name INTEGER).
BigKey = BigInteger().with_variant(Integer, "sqlite")

#: JSON values; None is SQL NULL. The order of members is not kept.
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def as_json(value: Any) -> str:
    """Write JSON as both drivers get it: half of a surrogate pair is refused, which an escape would smuggle in."""
    return json.dumps(value, ensure_ascii=False)


class Instant(TypeDecorator[datetime]):
    """A moment, to the microsecond: an aware datetime in any zone going in, the same moment in UTC coming out.

    Raises (wrapped in SQLAlchemy's StatementError):
        ValueError: the datetime is naive, so it names no moment.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return what the driver keeps."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"Expected a datetime with its offset, got {value!r}.")
        instant = value.astimezone(UTC)
        # SQLite keeps text, which sorts like the moments only without an offset and with all digits there.
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Return what the program gets."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
