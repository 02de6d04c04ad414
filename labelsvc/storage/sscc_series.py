"""Series of SSCCs in the books."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from labelsvc.domain.actors import Call
from labelsvc.domain.logistic_units import NewSeries, Series
from labelsvc.storage.pages import AnyRow
from labelsvc.storage.tables import pools, schemes, sscc_series

_SERIES = (
    select(
        sscc_series,
        schemes.c.pattern,
        schemes.c.key_version,
        (pools.c.next + 1).label("next"),  # serial reference 1 is ordinal 0
        pools.c.capacity,
    )
    .join_from(sscc_series, schemes, schemes.c.id == sscc_series.c.scheme_id)
    .join(pools, pools.c.scheme_id == sscc_series.c.scheme_id)
    .order_by(sscc_series.c.id)
)


def _series(row: AnyRow) -> Series:
    return Series(**row._mapping)


def add(conn: Connection, call: Call, new: NewSeries, scheme_id: int, lot_id: int) -> None:
    """Insert a series that is not yet current; its pool is there."""
    conn.execute(
        insert(sscc_series).values(
            company_prefix=new.company_prefix,
            extension_digit=new.extension_digit,
            scheme_id=scheme_id,
            lot_id=lot_id,
            current=False,
            created_at=call.at,
        )
    )


def find(conn: Connection, company_prefix: str, extension_digit: int) -> Series | None:
    """Return the series of a prefix and an extension digit."""
    its = (sscc_series.c.company_prefix == company_prefix, sscc_series.c.extension_digit == extension_digit)
    row = conn.execute(_SERIES.where(*its)).one_or_none()
    return _series(row) if row else None


def listing(conn: Connection) -> tuple[Series, ...]:
    """Return all series, the oldest first; they are never many."""
    return tuple(_series(row) for row in conn.execute(_SERIES))


def make_current(conn: Connection, series: Series) -> None:
    """Let new SSCCs of a series' extension digit come from it alone."""
    its = sscc_series.c.extension_digit == series.extension_digit
    conn.execute(update(sscc_series).where(its).values(current=sscc_series.c.id == series.id))
