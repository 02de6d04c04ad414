"""A lot's books: every number under exactly one figure, whatever is done, and no end before all are explained."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labelsvc.domain.batches import BatchRequest, LotDates, LotRequest, ReturnRequest
from labelsvc.domain.moves import DECLARED, MOVES, Declaration, Move
from labelsvc.domain.outcomes import OUTCOMES, Interval
from labelsvc.domain.quality import SamplingPlan, VerifyScan
from labelsvc.errors import Conflict, InvalidInput, LabelsvcError, NotFound
from labelsvc.issuing import batches, lots
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printing import numbers, reconciliation, serial_list, verifying
from labelsvc.storage import batches as batch_rows
from labelsvc.storage import jobs as job_rows
from labelsvc.storage import outcomes as outcome_rows
from labelsvc.storage.database import Database


def in_doubt(works, quantity):
    """Let a sender die with 20 labels of a job in doubt; the job stops."""
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(quantity)
        works.die_in_doubt(batch)
    return batch


def figures(works) -> dict[str, int]:
    found = reconciliation.reconcile(works.db, works.lot_id)
    assert found.difference == 0
    return {outcome: count for outcome, count in found.outcomes.items() if count}


def declare(works, of, outcome, statement="Anna saw them.", key=None):
    return reconciliation.declare(works.db, works.call(key), works.lot_id, Declaration(of, outcome, statement))


def close(works, statement=None):
    return reconciliation.close_lot(works.db, works.issuer, works.call(), works.lot_id, statement)


def move(works, serials, outcome) -> None:
    numbers.move_numbers(works.db, works.issuer, works.call(), Move("VALVE", tuple(serials), outcome, "torn"))


def scan(works, serial) -> str:
    text = VerifyScan(f"VALVE/{serial}")
    return verifying.verify_scan(works.db, works.issuer, works.call(), text).kind


def behind(works, outcome, limit=200) -> list[tuple[int, int, str]]:
    """Every serial behind a figure, page by page."""
    found, after = [], 0
    while True:
        page = reconciliation.serials_behind(works.db, works.issuer, works.lot_id, outcome, after, limit)
        assert len(page.items) <= limit
        found += page.items
        if page.next is None:
            return found
        assert page.next > after
        after = page.next


def sample(works, kind, nth=1):
    return reconciliation.set_sampling(works.db, works.call(), works.lot_id, SamplingPlan(kind, nth))


# Figures


def test_a_lot_of_nothing_has_figures_of_nothing(works) -> None:
    found = reconciliation.reconcile(works.db, works.lot_id)
    assert (found.granted, found.difference, found.open_jobs, found.reprints) == (0, 0, 0, 0)
    assert dict(found.outcomes) == dict.fromkeys(OUTCOMES, 0)
    assert (found.plan, found.to_scan, found.closure) == (SamplingPlan(), 0, None)


def test_figures_are_live(works) -> None:
    works.add_printer("p", "file:///line.zpl")
    held, printed = works.issue(4, printer=None), works.issue(5)
    found = reconciliation.reconcile(works.db, works.lot_id)
    assert (found.granted, found.open_jobs, figures(works)) == (9, 1, {"held": 4, "planned": 5})
    works.send()
    assert reconciliation.reconcile(works.db, works.lot_id).open_jobs == 0
    assert figures(works) == {"held": 4, "sent": 5}
    move(works, works.serials(held)[:1], "spoiled")
    assert scan(works, works.serials(printed)[1]) == "right"
    assert figures(works) == {"held": 3, "spoiled": 1, "sent": 4, "confirmed": 1}


def test_an_unknown_lot_is_not_found(works) -> None:
    for use_case in (
        lambda: reconciliation.reconcile(works.db, 10**9),
        lambda: reconciliation.serials_behind(works.db, works.issuer, 10**9, "held", 0, 10),
        lambda: reconciliation.set_sampling(works.db, works.call(), 10**9, SamplingPlan()),
        lambda: reconciliation.declare(works.db, works.call(), 10**9, Declaration("held", "confirmed", "x")),
        lambda: reconciliation.close_lot(works.db, works.issuer, works.call(), 10**9, None),
        lambda: reconciliation.lot_digest(works.db, works.issuer, 10**9),
    ):
        with pytest.raises(NotFound) as refused:
            use_case()
        assert refused.value.code == "lot_unknown"


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
def test_the_serials_behind_a_figure_are_listed_page_by_page(works, limit) -> None:
    one, two = works.issue(6, printer=None), works.issue(4, printer=None)
    serials = [*works.serials(one), *works.serials(two)]
    move(works, [serials[1], serials[2], serials[5], serials[6]], "spoiled")
    wanted = [(one.id, 2), (one.id, 3), (one.id, 6), (two.id, 1)]
    picked = [serials[1], serials[2], serials[5], serials[6]]
    assert behind(works, "spoiled", limit) == [(*at, serial) for at, serial in zip(wanted, picked, strict=True)]
    assert [serial for *_, serial in behind(works, "held", limit)] == [s for s in serials if s not in picked]
    assert behind(works, "sent", limit) == []


def test_a_page_misses_nothing_that_was_there_before_and_after(works) -> None:
    serials = works.serials(works.issue(6, printer=None))
    first = reconciliation.serials_behind(works.db, works.issuer, works.lot_id, "held", 0, 2)
    move(works, serials[:2], "spoiled")
    rest = reconciliation.serials_behind(works.db, works.issuer, works.lot_id, "held", first.next, 10)
    assert [serial for *_, serial in (*first.items, *rest.items)] == serials


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.sampled_from(sorted(MOVES)), st.sets(st.integers(0, 8), min_size=1)),
        st.tuples(st.just("scan"), st.none(), st.sets(st.integers(0, 8), min_size=1, max_size=3)),
        st.tuples(
            st.just("declare"),
            st.sampled_from([(of, outcome) for outcome, sources in sorted(DECLARED.items()) for of in sorted(sources)]),
            st.just({0}),
        ),
        st.tuples(st.just("print"), st.none(), st.just({0})),
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_STEPS)
def test_whatever_is_done_every_number_stands_under_one_figure(sqlite_works, steps) -> None:
    works = sqlite_works
    held, printed = works.issue(5, printer=None), works.issue(4)
    serials = [*works.serials(held), *works.serials(printed)]
    for kind, what, which in steps:
        try:
            if kind == "move":
                move(works, [serials[at] for at in sorted(which)], what)
            elif kind == "scan":
                for at in sorted(which):
                    scan(works, serials[at])
            elif kind == "declare":
                declare(works, *what)
            else:
                works.send()
        except LabelsvcError:
            pass  # not every step is allowed everywhere, and a refusal changes nothing
    found = reconciliation.reconcile(works.db, works.lot_id)
    assert found.granted == sum(found.outcomes.values())
    listed = {outcome: [serial for *_, serial in behind(works, outcome, 7)] for outcome in OUTCOMES}
    assert {outcome: len(its) for outcome, its in listed.items()} == dict(found.outcomes)
    times = Counter(serial for its in listed.values() for serial in its)
    assert set(times.values()) == {1}
    assert set(serials) <= set(times)


@pytest.fixture
def sqlite_works(works_on, sqlite_url):
    """A works for many examples, each of which goes on where the one before it ended."""
    with Database.open(sqlite_url) as database:
        works = works_on(database)
        works.add_printer("p", "file:///line.zpl")
        yield works


# Sampling


def test_a_plan_says_how_many_labels_are_left_to_scan(works) -> None:
    one, two = works.serials(works.issue(10, printer=None)), works.serials(works.issue(1, printer=None))
    assert sample(works, "every").to_scan == 11
    assert sample(works, "ends").to_scan == 3
    assert sample(works, "nth", 4).to_scan == 5  # labels 1, 5, 9, 10 and 1
    assert [scan(works, serial) for serial in (one[4], one[5], two[0])] == ["right"] * 3
    assert reconciliation.reconcile(works.db, works.lot_id).to_scan == 3
    assert sample(works, "every").to_scan == 8
    assert sample(works, "none").to_scan == 0


def test_a_label_that_is_no_more_is_not_asked_for(works) -> None:
    serials = works.serials(works.issue(10, printer=None))
    sample(works, "ends")
    assert scan(works, serials[0]) == "right"
    move(works, serials[8:], "returned")
    move(works, serials[:1], "spoiled")
    assert reconciliation.reconcile(works.db, works.lot_id).to_scan == 2  # labels 2 and 8 are the ends now
    assert [scan(works, serial) for serial in (serials[1], serials[7])] == ["right"] * 2
    assert reconciliation.reconcile(works.db, works.lot_id).to_scan == 0


def test_a_label_that_was_printed_again_is_asked_for_again(works) -> None:
    """What was scanned was its old label, which is torn."""
    batch = works.issue(3, printer=None)
    serials = works.serials(batch)
    sample(works, "every")
    assert [scan(works, serial) for serial in serials] == ["right"] * 3
    works.add_printer("p", "file:///line.zpl")
    works.pass_time(60)
    with works.db.read() as conn:
        row, printer = batch_rows.get(conn, batch.id), works.printer()
    again = job_rows.NewJob(batch.id, row.range_id, printer.id, printer.revision, row.first, row.first, "reprint", 1)
    job_id = works.db.write(lambda conn: job_rows.add(conn, works.call(), again))
    assert reconciliation.reconcile(works.db, works.lot_id).to_scan == 0  # it still has its old label

    def sent(conn) -> None:
        job_rows.set_state(conn, job_id, "completed", (), started_at=works.clock())
        said = Interval(row.first, row.first, "confirmed", "counted")
        outcome_rows.append(conn, works.call(), row.range_id, said, job_id=job_id)

    works.db.write(sent)
    works.pass_time(60)
    assert figures(works) == {"confirmed": 3}
    with pytest.raises(Conflict) as refused:
        close(works)
    assert refused.value.code == "lot_not_sampled"
    assert scan(works, serials[0]) == "right"
    assert close(works).to_scan == 0


def test_a_scan_of_the_wrong_lot_is_no_sample(works) -> None:
    serials = works.serials(works.issue(2, printer=None))
    sample(works, "every")
    other = lots.open_lot(works.db, works.call(), _another(works))
    verdict = verifying.verify_scan(
        works.db, works.issuer, works.call(), VerifyScan(f"VALVE/{serials[0]}", lot_id=other.id)
    )
    assert verdict.kind == "wrong-lot"
    assert reconciliation.reconcile(works.db, works.lot_id).to_scan == 2


def _another(works):
    return LotRequest("VALVE", "M-2", date(2026, 11, 23))


@pytest.mark.parametrize("nth", [0, -1, 1_000_001])
def test_a_plan_has_a_step(works, nth) -> None:
    with pytest.raises(InvalidInput) as refused:
        sample(works, "nth", nth)
    assert (refused.value.code, refused.value.pointer) == ("sampling_nth", "/nth")


# Declarations


def test_a_declaration_covers_no_number_that_its_signer_never_saw(works) -> None:
    works.issue(3, printer=None)
    works.issue(1, printer=None)  # after the signer looked
    seen = Declaration("held", "confirmed", "Anna counted three.", numbers=3)
    with pytest.raises(Conflict) as refused:
        reconciliation.declare(works.db, works.call(), works.lot_id, seen)
    assert (refused.value.code, refused.value.pointer) == ("declaration_outdated", "/numbers")
    assert figures(works) == {"held": 4}
    now = Declaration("held", "confirmed", "Anna counted four.", numbers=4)
    assert reconciliation.declare(works.db, works.call(), works.lot_id, now).outcomes["confirmed"] == 4


def test_a_declaration_settles_all_that_nothing_better_is_known_of(works) -> None:
    works.add_printer("p", "file:///line.zpl")
    held, printed = works.issue(3, printer=None), works.issue(4)
    works.send()
    scan(works, works.serials(printed)[2])
    assert declare(works, "sent", "confirmed").outcomes["confirmed"] == 4
    assert figures(works) == {"held": 3, "confirmed": 4}
    labels = works.labels(printed)
    assert [label.evidence for label in labels] == ["sent", "sent", "scanned", "sent"]  # signing proves no more
    assert [label.reason for label in labels] == ["Anna saw them.", "Anna saw them.", None, "Anna saw them."]
    declare(works, "held", "absent")
    declare(works, "absent", "returned")
    assert figures(works) == {"returned": 3, "confirmed": 4}
    assert held.quantity == 3


def test_a_declaration_waits_for_print_jobs(works) -> None:
    works.add_printer("p", "file:///line.zpl")
    works.issue(3, printer=None)
    works.issue(4)
    with pytest.raises(Conflict) as refused:
        declare(works, "held", "confirmed")
    assert refused.value.code == "lot_printing"
    assert figures(works) == {"held": 3, "planned": 4}


def test_the_same_key_declares_once_and_answers_the_same(works) -> None:
    works.issue(3, printer=None)
    first = declare(works, "held", "confirmed", key="once")
    works.issue(2, printer=None)
    assert declare(works, "held", "confirmed", key="once") == first
    assert figures(works) == {"confirmed": 3, "held": 2}
    with pytest.raises(Conflict) as refused:
        declare(works, "held", "absent", key="once")
    assert refused.value.code == "idempotency_key_reused"
    declare(works, "held", "confirmed")
    close(works)
    assert declare(works, "held", "confirmed", key="once") == first


def test_a_declaration_says_what_was_seen(works) -> None:
    works.issue(3, printer=None)
    for statement in ("", " ", "x" * 501):
        with pytest.raises(InvalidInput) as refused:
            declare(works, "held", "confirmed", statement)
        assert refused.value.pointer == "/statement"
    declare(works, "held", "confirmed", "Anna counted three.")
    (entry,) = [entry for entry in works.audit(f"lot:{works.lot_id}") if entry["action"] == "lot.declare"]
    assert (entry["reason"], entry["after"]) == (
        "Anna counted three.",
        {"of": "held", "as": "confirmed", "numbers": 3},
    )


# The end


def digest_of(serials) -> str:
    return hashlib.sha256("".join(f"{serial}\n" for serial in sorted(serials)).encode()).hexdigest()


def test_a_lot_closes_when_every_number_is_explained(works) -> None:
    works.add_printer("p", "file:///line.zpl")
    one, two = works.issue(4, printer=None), works.issue(3)
    with pytest.raises(Conflict) as refused:
        close(works)
    assert refused.value.code == "lot_printing"
    works.send()
    with pytest.raises(Conflict) as refused:
        close(works)
    assert (refused.value.code, refused.value.facts["left"]) == ("lot_not_settled", {"held": 4, "sent": 3})
    assert "4 held, 3 sent" in refused.value.message
    move(works, works.serials(one)[:1], "spoiled")
    declare(works, "held", "returned")
    sample(works, "ends")
    declare(works, "sent", "confirmed")
    with pytest.raises(Conflict) as refused:
        close(works)
    assert refused.value.code == "lot_not_sampled"
    serials = works.serials(two)
    assert [scan(works, serial) for serial in (serials[0], serials[2])] == ["right"] * 2
    found = close(works, "All done.")
    assert found.closure is not None
    assert (found.closure.count, found.closure.digest) == (3, digest_of(serials))
    assert (found.closure.at, found.closure.actor.id, found.closure.statement) == (works.clock(), "tests", "All done.")
    assert reconciliation.reconcile(works.db, works.lot_id) == found
    (entry,) = [entry for entry in works.audit(f"lot:{works.lot_id}") if entry["action"] == "lot.close"]
    assert entry["after"]["digest"] == digest_of(serials)
    assert entry["after"]["figures"] == dict.fromkeys(OUTCOMES, 0) | {"confirmed": 3, "spoiled": 1, "returned": 3}


def test_an_absent_label_keeps_a_lot_open(works) -> None:
    works.issue(2, printer=None)
    declare(works, "held", "absent")
    with pytest.raises(Conflict) as refused:
        close(works)
    assert refused.value.facts["left"] == {"absent": 2}


def test_what_is_in_doubt_keeps_a_lot_open(works) -> None:
    batch = in_doubt(works, 25)
    works.cancel(batch)
    declare(works, "held", "returned")
    with pytest.raises(Conflict) as refused:
        close(works)
    assert refused.value.facts["left"] == {"in_doubt": 20}
    for serial in works.serials(batch)[:20]:
        assert scan(works, serial) == "right"
    assert close(works).outcomes["confirmed"] == 20


def test_a_lot_of_nothing_may_be_closed(works) -> None:
    closure = close(works).closure
    assert closure is not None
    assert (closure.count, closure.digest) == (0, hashlib.sha256(b"").hexdigest())


def test_a_closed_lot_takes_nothing_more(works) -> None:
    works.add_printer("p", "file:///line.zpl")
    batch = works.issue(3, printer=None)
    declare(works, "held", "confirmed")
    before = close(works)
    request = BatchRequest(1)
    for use_case in (
        lambda: close(works),
        lambda: declare(works, "held", "confirmed"),
        lambda: sample(works, "every"),
        lambda: move(works, works.serials(batch)[:1], "spoiled"),
        lambda: batches.issue(works.db, works.issuer, works.call(), works.lot_id, request),
        lambda: batches.issue(works.db, works.issuer, works.call(), works.lot_id, replace(request, printer="p")),
        lambda: batches.return_numbers(works.db, works.issuer, works.call(), batch.id, ReturnRequest(1, 1, "left")),
        lambda: lots.edit_lot(works.db, works.call(), works.lot_id, LotDates(before.closure.at.date())),
    ):
        with pytest.raises(Conflict) as refused:
            use_case()
        assert refused.value.code == "lot_closed"
    assert scan(works, works.serials(batch)[0]) == "right"  # what is out there is scanned for ever
    assert reconciliation.reconcile(works.db, works.lot_id) == before


def test_of_two_that_close_one_does(works) -> None:
    works.issue(3, printer=None)
    declare(works, "held", "confirmed")
    begin, codes = threading.Barrier(2), []

    def one() -> None:
        begin.wait()
        try:
            close(works)
        except Conflict as error:
            codes.append(error.code)

    both = [threading.Thread(target=one) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert codes == ["lot_closed"]
    assert len([entry for entry in works.audit(f"lot:{works.lot_id}") if entry["action"] == "lot.close"]) == 1


class Meanwhile:
    """A database where something happens just before a write."""

    def __init__(self, db, happens) -> None:
        self._db, self._happens, self.read = db, [happens], db.read

    def write(self, work):
        if self._happens:
            self._happens.pop()()
        return self._db.write(work)


def test_what_happens_while_a_lot_is_being_closed_is_in_its_digest_or_keeps_it_open(works) -> None:
    serials = works.serials(works.issue(3, printer=None))
    declare(works, "held", "confirmed")

    def closing(happens):
        db = Meanwhile(works.db, happens)
        return reconciliation.close_lot(db, works.issuer, works.call(), works.lot_id, None)

    with pytest.raises(Conflict) as refused:
        closing(lambda: works.issue(2, printer=None))
    assert refused.value.code == "lot_not_settled"
    declare(works, "held", "returned")
    found = closing(lambda: move(works, serials[:1], "spoiled"))
    assert found.closure is not None
    assert (found.closure.count, found.closure.digest) == (2, digest_of(serials[1:]))


def test_nothing_is_issued_into_a_lot_that_is_being_closed(works) -> None:
    """Whichever comes first: what is issued keeps the lot open, or is refused."""
    begin, said = threading.Barrier(2), {}

    def one(name, use_case) -> None:
        begin.wait()
        try:
            use_case()
            said[name] = "done"
        except Conflict as error:
            said[name] = error.code

    both = [
        threading.Thread(target=one, args=("close", lambda: close(works))),
        threading.Thread(target=one, args=("issue", lambda: works.issue(2, printer=None))),
    ]
    for each in both:
        each.start()
    for each in both:
        each.join()
    closed = reconciliation.reconcile(works.db, works.lot_id).closure is not None
    assert said == (
        {"close": "done", "issue": "lot_closed"} if closed else {"close": "lot_not_settled", "issue": "done"}
    )
    assert figures(works) == ({} if closed else {"held": 2})


# The digest


def test_the_digest_is_the_same_however_little_fits_into_memory(works, monkeypatch) -> None:
    serials = [*works.serials(works.issue(30, printer=None)), *works.serials(works.issue(7, printer=None))]
    declare(works, "held", "confirmed")
    move(works, serials[5:9], "spoiled")
    left = [serial for serial in serials if serial not in serials[5:9]]
    assert reconciliation.lot_digest(works.db, works.issuer, works.lot_id) == (33, digest_of(left))
    for in_memory, files in ((33, 64), (34, 64), (10, 64), (4, 2), (1, 2)):
        monkeypatch.setattr(serial_list, "_IN_MEMORY", in_memory)
        monkeypatch.setattr(serial_list, "_FILES", files)
        assert reconciliation.lot_digest(works.db, works.issuer, works.lot_id) == (33, digest_of(left))
