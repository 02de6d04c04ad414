"""Use case: say by hand what became of numbers: spoiled, sampled, returned unused, invalidated."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.gs1 import parse_product_code
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.moves import MOVES, Move, check_move
from labelsvc.domain.outcomes import Interval, runs
from labelsvc.domain.products import check_name
from labelsvc.errors import InvalidInput, NotFound, at
from labelsvc.storage import audit, issued, outcomes, quality, ranges
from labelsvc.storage import requests as request_keys
from labelsvc.storage.database import Database

SERIALS_AT_MOST = 1_000
_REASON_AT_MOST = 500


def move_numbers(db: Database, issuer: Issuer, call: Call, move: Move) -> int:
    """Move numbers, all or none; return how many.

    Raises:
        NotFound: no such product, or it never got one of the serials.
        InvalidInput: no reason, no serial, too many, or one twice.
        Conflict: one may not be moved so (`move_not_allowed`), its lot is closed, or the key was used before.
    """
    with at("/reason"):
        check_name(move.reason, _REASON_AT_MOST)
    with at("/product"):
        code = parse_product_code(move.product).value
    if not 1 <= len(move.serials) <= SERIALS_AT_MOST:
        message = f"Expected 1 to {SERIALS_AT_MOST} serials, got {len(move.serials)}."
        raise InvalidInput("serials_count", message, pointer="/serials")
    if move.outcome not in MOVES:
        wanted = ", ".join(MOVES)
        raise InvalidInput("move_unknown", f"Expected one of {wanted}, got {move.outcome}.", pointer="/outcome")
    route, body = "moves", {**asdict(move), "serials": list(move.serials)}

    def work(conn: Connection) -> int:
        answered = request_keys.claim(conn, call, route, body)
        if answered is not None:
            return int(answered["moved"])
        found = _found(conn, issuer, code, move.serials)
        for range_id in sorted(found):
            ranges.lock(conn, range_id)
            for ordinal, pointer in found[range_id].items():
                check_move([outcomes.of_number(conn, range_id, ordinal)], move.outcome, pointer)
            for first, last in runs(sorted(found[range_id])):
                outcomes.append(conn, call, range_id, Interval(first, last, move.outcome, reason=move.reason))
        after = {"product": code, "serials": list(move.serials), "outcome": move.outcome}
        audit.record(conn, call, f"number.{move.outcome}", f"product:{code}", after=after, reason=move.reason)
        request_keys.settle(conn, call, route, {"moved": len(move.serials)})
        return len(move.serials)

    return db.write(work)


def _found(conn: Connection, issuer: Issuer, code: str, serials: tuple[str, ...]) -> dict[int, dict[int, str]]:
    """Return range -> ordinal -> where it stands in the request; all their lots are open and stay so."""
    found: dict[int, dict[int, str]] = {}
    lots: set[int] = set()
    for place, serial in enumerate(serials):
        pointer = f"/serials/{place}"
        number = issued.find(conn, issuer, code, serial)
        if number is None:
            message = f"Expected a serial that {code} got, got {serial[:40]!r}."
            raise NotFound("never_issued", message, pointer=pointer)
        ordinals = found.setdefault(number.granted.id, {})
        if number.ordinal in ordinals:
            raise InvalidInput("serial_twice", f"Expected each serial once, got {serial} twice.", pointer=pointer)
        ordinals[number.ordinal] = pointer
        if number.batch.lot_id not in lots:
            quality.check_open(conn, number.batch.lot_id, pointer)
            lots.add(number.batch.lot_id)
    return found
