"""What people make of numbers: all or none, with a reason, once."""

from __future__ import annotations

import threading

import pytest

from labelsvc.domain.moves import Declaration, Move
from labelsvc.errors import Conflict, InvalidInput, Malformed, NotFound
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printing import numbers, reconciliation
from labelsvc.storage import batches
from labelsvc.storage import outcomes as outcome_rows


def move(works, serials, outcome, reason="torn", key=None, product="VALVE") -> int:
    what = Move(product, tuple(serials), outcome, reason)
    return numbers.move_numbers(works.db, works.issuer, works.call(key), what)


def in_doubt(works, quantity):
    """Let a sender die with 20 labels of a job in doubt; the job stops."""
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(quantity)
        works.die_in_doubt(batch)
    return batch


def figures(works) -> dict[str, int]:
    """The outcomes of the lot that occur; their sum is what was granted."""
    found = reconciliation.reconcile(works.db, works.lot_id)
    assert found.difference == 0
    return {outcome: count for outcome, count in found.outcomes.items() if count}


def known(works, batch) -> list[tuple[int, str, str | None]]:
    with works.db.read() as conn:
        row = batches.get(conn, batch.id)
        return [(part.count, part.outcome, part.reason) for part in outcome_rows.of_range(conn, row.range_id)]


def test_each_move_is_kept_with_its_reason(works) -> None:
    batch = works.issue(10, printer=None)
    serials = works.serials(batch)
    assert move(works, serials[:2], "spoiled", "torn") == 2
    assert move(works, [serials[4]], "sampled", "for the archive") == 1
    assert move(works, serials[8:], "returned", "end of lot") == 2
    assert move(works, [serials[4], serials[6]], "invalidated", "wrong date") == 2
    assert figures(works) == {"held": 4, "spoiled": 2, "returned": 2, "invalidated": 2}
    assert known(works, batch) == [
        (2, "spoiled", "torn"),
        (2, "held", None),
        (1, "invalidated", "wrong date"),
        (1, "held", None),
        (1, "invalidated", "wrong date"),
        (1, "held", None),
        (2, "returned", "end of lot"),
    ]


def test_a_move_is_an_entry_for_each_batch(works) -> None:
    one, two = works.issue(3, printer=None), works.issue(3, printer=None)
    move(works, [*works.serials(two)[:2], works.serials(one)[2]], "spoiled", "torn")
    (first,) = [entry for entry in works.audit(f"batch:{one.id}") if entry["action"] != "batch.issue"]
    (second,) = [entry for entry in works.audit(f"batch:{two.id}") if entry["action"] != "batch.issue"]
    assert (first["action"], first["reason"], first["actor_id"]) == ("batch.spoil", "torn", "tests")
    assert first["after"] == {"outcome": "spoiled", "labels": [[3, 3]]}
    assert second["after"] == {"outcome": "spoiled", "labels": [[1, 2]]}


def test_numbers_of_several_lots_and_schemes_may_be_moved_at_once(works) -> None:
    one, two = works.issue(2, printer=None), works.issue(2, printer=None)
    assert move(works, [*works.serials(two), *works.serials(one)], "returned") == 4
    assert figures(works) == {"returned": 4}


@pytest.mark.parametrize("outcome", ["spoiled", "sampled", "returned", "invalidated"])
def test_what_waits_in_a_print_job_is_not_moved(works, outcome) -> None:
    works.add_printer("p", "file:///line.zpl")
    batch = works.issue(3)
    serials = works.serials(batch)
    with pytest.raises(Conflict) as refused:
        move(works, serials[1:], outcome)
    assert (refused.value.code, refused.value.pointer) == ("move_not_allowed", "/serials/0")
    assert "got one that is planned" in refused.value.message
    assert figures(works) == {"planned": 3}


def test_all_are_moved_or_none(works) -> None:
    batch = works.issue(5, printer=None)
    serials = works.serials(batch)
    move(works, [serials[3]], "spoiled")
    with pytest.raises(Conflict) as refused:
        move(works, serials, "returned")
    assert refused.value.pointer == "/serials/3"
    assert "got one that is spoiled" in refused.value.message
    assert figures(works) == {"held": 4, "spoiled": 1}


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"serials": []}, "serials_count", "/serials"),
        ({"serials": ["26326000001"] * 1_001}, "serials_count", "/serials"),
        ({"serials": ["26326000001", "26326000002", "26326000001"]}, "serial_twice", "/serials/2"),
        ({"serials": ["26326000001"], "outcome": "confirmed"}, "move_unknown", "/outcome"),
        ({"serials": ["26326000001"], "reason": " "}, "name_empty", "/reason"),
        ({"serials": ["26326000001"], "reason": "x" * 501}, "name_too_long", "/reason"),
        ({"serials": ["26326000001"], "product": "9506000134351"}, "gtin_check_digit", "/product"),
    ],
)
def test_a_move_that_makes_no_sense_is_refused(works, changes, code, pointer) -> None:
    works.issue(3, printer=None)
    with pytest.raises(InvalidInput) as refused:
        move(works, **{"serials": [], "outcome": "spoiled", **changes})
    assert (refused.value.code, refused.value.pointer) == (code, pointer)
    assert figures(works) == {"held": 3}


def test_a_serial_that_was_never_issued_is_not_found(works) -> None:
    works.issue(3, printer=None)
    with pytest.raises(NotFound) as refused:
        move(works, ["26326000003", "26326000004"], "spoiled")
    assert (refused.value.code, refused.value.pointer) == ("never_issued", "/serials/1")
    with pytest.raises(NotFound) as refused:
        move(works, ["26326000003"], "spoiled", product="PUMP")
    assert refused.value.code == "product_unknown"


def test_the_same_key_moves_once_and_answers_the_same(works) -> None:
    serials = works.serials(works.issue(3, printer=None))
    assert move(works, serials[:2], "spoiled", key="again") == 2
    assert move(works, serials[:2], "spoiled", key="again") == 2
    assert figures(works) == {"held": 1, "spoiled": 2}
    with pytest.raises(Conflict) as refused:
        move(works, serials, "spoiled", key="again")
    assert refused.value.code == "idempotency_key_reused"
    what = Move("VALVE", (serials[2],), "spoiled", "torn")
    keyless = works.call()
    with pytest.raises(Malformed):
        numbers.move_numbers(works.db, works.issuer, type(keyless)(keyless.actor, keyless.at), what)


def test_an_absent_number_whose_job_goes_on_is_not_moved(works) -> None:
    """It is about to be printed: returned or scrapped, there would be a label all the same."""
    batch = in_doubt(works, 40)
    serials = works.serials(batch)
    works.resolve(batch, serials[4], proceed=True)
    assert figures(works) == {"confirmed": 5, "absent": 15, "planned": 20}
    with pytest.raises(Conflict) as refused:
        move(works, serials[5:7], "returned")
    assert (refused.value.code, refused.value.pointer) == ("move_not_allowed", "/serials/0")
    works.cancel(batch)
    move(works, serials[5:20], "returned")
    assert figures(works) == {"confirmed": 5, "returned": 15, "held": 20}


def test_of_two_at_the_same_moment_one_moves(works) -> None:
    """Both have seen the number held; the second finds what the first made of it."""
    serials = works.serials(works.issue(1, printer=None))
    begin, refused = threading.Barrier(2), []

    def spoil(outcome: str) -> None:
        begin.wait()
        try:
            move(works, serials, outcome)
        except Conflict as error:
            refused.append(error.code)

    both = [threading.Thread(target=spoil, args=(outcome,)) for outcome in ("spoiled", "returned")]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert refused == ["move_not_allowed"]
    assert sum(figures(works).values()) == 1


def test_nothing_moves_in_a_closed_lot(works) -> None:
    batch = works.issue(3, printer=None)
    serials = works.serials(batch)
    declaration = Declaration("held", "confirmed", "All are on their goods.")
    reconciliation.declare(works.db, works.call(), works.lot_id, declaration)
    reconciliation.close_lot(works.db, works.issuer, works.call(), works.lot_id, None)
    for outcome in ("spoiled", "sampled", "invalidated"):
        with pytest.raises(Conflict) as refused:
            move(works, serials[1:], outcome)
        assert (refused.value.code, refused.value.pointer) == ("lot_closed", "/serials/0")
    assert figures(works) == {"confirmed": 3}
