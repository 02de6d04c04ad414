"""Use case: say by hand what became of numbers: spoiled, sampled, returned unused, invalidated."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.gs1 import parse_product_code
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.moves import MOVES, Move, check_move
from labelsvc.domain.outcomes import Interval, runs, within
from labelsvc.domain.products import check_name
from labelsvc.errors import Conflict, InvalidInput, NotFound, at
from labelsvc.storage import audit, issued, outcomes, quality, ranges, reprints
from labelsvc.storage import requests as request_keys
from labelsvc.storage.database import Database

SERIALS_AT_MOST = 1_000
_REASON_AT_MOST = 500


def move_numbers(db: Database, issuer: Issuer, call: Call, move: Move) -> int:
    """Move numbers, all or none; return how many.

    Raises:
        NotFound: no such product, or it never got one of the serials.
        InvalidInput: no reason, no serial, too many, or one twice.
        Conflict: one may not be moved so (`move_not_allowed`), is being printed again, its lot is closed, or the key
            was used before.
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
    with db.read() as conn:  # which range a serial is of never changes
        found = _found(conn, issuer, code, move.serials)
    route, body = "moves", {**asdict(move), "serials": list(move.serials)}

    def work(conn: Connection) -> int:
        answered = request_keys.claim(conn, call, route, body)
        if answered is not None:
            return int(answered["moved"])
        for numbers in found:
            quality.check_open(conn, numbers.lot_id, numbers.pointers[min(numbers.pointers)])
        for numbers in found:
            _move(conn, call, numbers, move)
        request_keys.settle(conn, call, route, {"moved": len(move.serials)})
        return len(move.serials)

    return db.write(work)


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Numbers of one batch.

    Attributes:
        first: ordinal of the batch's first label.
        pointers: ordinal -> where its serial stands in the request.
    """

    lot_id: int
    batch_id: int
    range_id: int
    first: int
    pointers: dict[int, str]


def _found(conn: Connection, issuer: Issuer, code: str, serials: tuple[str, ...]) -> list[_Numbers]:
    """Return whose the serials are, by range: the order in which everybody locks them."""
    found: dict[int, _Numbers] = {}
    for place, serial in enumerate(serials):
        pointer = f"/serials/{place}"
        number = issued.find(conn, issuer, code, serial)
        if number is None:
            message = f"Expected a serial that {code} got, got {serial[:40]!r}."
            raise NotFound("never_issued", message, pointer=pointer)
        batch = number.batch
        its = found.setdefault(batch.range_id, _Numbers(batch.lot_id, batch.id, batch.range_id, batch.first, {}))
        if number.ordinal in its.pointers:
            raise InvalidInput("serial_twice", f"Expected each serial once, got {serial} twice.", pointer=pointer)
        its.pointers[number.ordinal] = pointer
    return [found[range_id] for range_id in sorted(found)]


def _move(conn: Connection, call: Call, numbers: _Numbers, move: Move) -> None:
    ranges.lock(conn, numbers.range_id)
    known = outcomes.of_range(conn, numbers.range_id)
    again = reprints.under_way(conn, numbers.range_id, tuple(numbers.pointers))
    if again is not None:
        message = f"Expected numbers of which no label is being printed again, got reprint {again} under way."
        raise Conflict("reprint_under_way", message, pointer="/serials", reprint=again)
    spans = runs(sorted(numbers.pointers))
    for first, last in spans:
        for part in within(known, first, last):
            check_move([part], move.outcome, numbers.pointers[part.first])
            if part.outcome == "absent" and quality.is_printing(conn, numbers.batch_id, part.first, part.last):
                message = "Expected a number whose print job has ended, got one that is still to be printed."
                raise Conflict("move_not_allowed", message, pointer=numbers.pointers[part.first])
        outcomes.append(conn, call, numbers.range_id, Interval(first, last, move.outcome, reason=move.reason))
    subject = f"batch:{numbers.batch_id}"
    labels = [[first - numbers.first + 1, last - numbers.first + 1] for first, last in spans]
    after = {"outcome": move.outcome, "labels": labels}
    audit.record(conn, call, f"batch.{_VERBS[move.outcome]}", subject, after=after, reason=move.reason)


#: As the audit says it.
_VERBS = {"spoiled": "spoil", "sampled": "sample", "returned": "return", "invalidated": "invalidate"}
