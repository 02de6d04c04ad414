"""Serials read back: text to scheme, scope and ordinal, and so to range and batch; no row was ever written for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from labelsvc.domain.issuer import Issuer
from labelsvc.domain.ranges import ORDINAL_AT_MOST, Range
from labelsvc.domain.schemes import Scheme
from labelsvc.storage import batches, installation, products, ranges
from labelsvc.storage.batches import BatchRow


@dataclass(frozen=True, slots=True)
class Number:
    """A number that was issued: its range, its batch, its ordinal."""

    granted: Range
    batch: BatchRow
    ordinal: int

    @property
    def label(self) -> int:
        """Its number in the batch, from 1."""
        return self.ordinal - self.granted.first + 1


def find(conn: Connection, issuer: Issuer, code: str, serial: str) -> Number | None:
    """Return the number behind a serial of a product; None: the product never got it.

    Raises:
        NotFound: no such product.
    """
    product = products.get(conn, code)
    for known in products.schemes_of(conn, product.id):
        found = _in_scheme(conn, issuer, product.code, (known.id, known.pattern, known.key_version), serial)
        if found is not None:
            return found
    return None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a serial was found: its range, its ordinal, the lot that it was granted for."""

    range_id: int
    ordinal: int
    lot_id: int | None


def find_all(conn: Connection, issuer: Issuer, code: str, serials: Sequence[str]) -> Mapping[str, Place]:
    """Return where serials of a product were granted; those it never got are left out.

    One question for each pool, however many serials.

    Raises:
        NotFound: no such product.
    """
    product = products.get(conn, code)
    found: dict[str, Place] = {}
    for known in products.schemes_of(conn, product.id):
        scheme = Scheme.parse(known.pattern)
        counters: dict[str, list[tuple[str, str]]] = {}
        for serial in serials:
            if (reading := scheme.read(serial)) is not None:
                counters.setdefault(reading.scope, []).append((reading.counter, serial))
        for scope, texts in counters.items():
            numbering = issuer.numbering(product.code, known.pattern, scope, known.key_version)
            ordinals = sorted((scheme.ordinal(counter, numbering.key), serial) for counter, serial in texts)
            found |= _granted(conn, known.id, scope, ordinals)
    return found


def _granted(conn: Connection, scheme_id: int, scope: str, ordinals: Sequence[tuple[int, str]]) -> Mapping[str, Place]:
    """Return where ascending ordinals of a pool were granted: one question for each range that is met."""
    granted: Range | None = None
    found: dict[str, Place] = {}
    for ordinal, serial in ordinals:
        if ordinal > ORDINAL_AT_MOST:
            break
        if granted is None or ordinal > granted.last:
            granted = ranges.holding(conn, scheme_id, scope, ordinal)
        if granted is not None:
            found[serial] = Place(granted.id, ordinal, granted.lot_id)
    return found


#: Schemes that a serial alone is tried on.
_SCHEMES_AT_MOST = 2_000


def codes_with(conn: Connection, issuer: Issuer, serial: str) -> tuple[str, ...]:
    """Return the codes of the products that got a serial; of installations with very many schemes, the latest's."""
    found = []
    for product_code, known in products.schemes_of_all(conn, _SCHEMES_AT_MOST):
        scheme = (known.id, known.pattern, known.key_version)
        if _in_scheme(conn, issuer, product_code, scheme, serial) is not None:
            found.append(product_code)
    return tuple(dict.fromkeys(found))


def is_lost(conn: Connection, issuer: Issuer, code: str, serial: str) -> bool:
    """Whether a serial of a product may have been issued in a time that the books know nothing of.

    Raises:
        NotFound: no such product.
    """
    product = products.get(conn, code)
    for known in products.schemes_of(conn, product.id):
        read = _read(issuer, product.code, (known.pattern, known.key_version), serial)
        if read is None:
            continue
        scope, ordinal = read
        granted = ranges.holding(conn, known.id, scope, ordinal)
        if granted is not None:
            return granted.kind == "lost"
        # A pool that was made in that time is not in the books; it is when it is made again.
        return ordinal < installation.skipped(conn) and not ranges.has_pool(conn, known.id, scope)
    return False


def _in_scheme(conn: Connection, issuer: Issuer, code: str, scheme: tuple[int, str, int], serial: str) -> Number | None:
    """Return range, batch and ordinal of a serial if this scheme made it; disjoint schemes: at most one did."""
    scheme_id, pattern, key_version = scheme
    read = _read(issuer, code, (pattern, key_version), serial)
    if read is None:
        return None
    scope, ordinal = read
    granted = ranges.holding(conn, scheme_id, scope, ordinal)
    batch = batches.of_range(conn, granted.id) if granted else None
    return Number(granted, batch, ordinal) if granted and batch else None


def _read(issuer: Issuer, code: str, scheme: tuple[str, int], serial: str) -> tuple[str, int] | None:
    """Return scope and ordinal of a serial if this scheme (pattern, key version) can make it."""
    pattern, key_version = scheme
    reading = Scheme.parse(pattern).read(serial)
    if reading is None:
        return None
    numbering = issuer.numbering(code, pattern, reading.scope, key_version)
    ordinal = numbering.scheme.ordinal(reading.counter, numbering.key)
    return None if ordinal > ORDINAL_AT_MOST else (reading.scope, ordinal)
