"""A verify scan says what a label is, is kept, and proves that it is there; also while its printer prints."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import count

import pytest
from sqlalchemy import select

from labelsvc.domain.actors import Actor
from labelsvc.domain.batches import BatchRequest, LotRequest
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.moves import Declaration, Move
from labelsvc.domain.outcomes import Interval
from labelsvc.domain.products import NewProduct
from labelsvc.domain.quality import VerifyScan
from labelsvc.errors import Conflict, InvalidInput, NotFound
from labelsvc.issuing import batches as issuing
from labelsvc.issuing import lots, products
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printing import delivery, numbers, reconciliation, verifying
from labelsvc.storage import batches as batch_rows
from labelsvc.storage import jobs as job_rows
from labelsvc.storage import outcomes as outcome_rows
from labelsvc.storage import stations
from labelsvc.storage.stations import NewClaim
from labelsvc.storage.tables import batches, label_scans, outcomes

GTIN = "09506000134352"
QUICK = {"look_seconds": 0.02, "answer_seconds": 0.3}


def scan(works, text, **said):
    return verifying.verify_scan(works.db, works.issuer, works.call(), VerifyScan(text, **said))


def move(works, serials, outcome) -> None:
    numbers.move_numbers(works.db, works.issuer, works.call(), Move("VALVE", tuple(serials), outcome, "torn"))


def known(works, batch) -> list[tuple[int, str, str | None]]:
    """What is known of a batch's labels, as (how many, outcome, evidence)."""
    with works.db.read() as conn:
        found = outcome_rows.of_range(conn, batch_rows.get(conn, batch.id).range_id)
    return [(part.count, part.outcome, part.evidence) for part in found]


def scans(works) -> list:
    with works.db.read() as conn:
        return list(conn.execute(select(label_scans).order_by(label_scans.c.id)))


@pytest.fixture
def oil(works):
    """A product with a GTIN: its lot, and a batch of four in hand."""
    products.add_product(works.db, works.call(), NewProduct(GTIN, "Rapeseed oil", "{rnd:10}", "unit-100x50"))
    dates = {"production_date": date(2026, 11, 22), "expiry_date": date(2028, 11, 21)}
    lot = lots.open_lot(works.db, works.call(), LotRequest(GTIN, "L/1", **dates))
    return issuing.issue(works.db, works.issuer, works.call(), lot.id, BatchRequest(4))


# Verdicts


def test_a_label_is_right_however_it_was_read(works, oil) -> None:
    serials = works.serials(oil)
    for text, at in (
        (f"]d201{GTIN}1728112110L/1\x1d21{serials[0]}", 0),
        (f"https://id.example.com/01/{GTIN}/10/L%2F1/21/{serials[1]}?17=281121", 1),
        (f"{GTIN}/{serials[2]}", 2),
    ):
        verdict = scan(works, text, lot_id=oil.lot_id)
        assert (verdict.kind, verdict.serial, verdict.outcome) == ("right", serials[at], "held")
        assert (verdict.product, verdict.lot_id, verdict.lot_number) == (GTIN, oil.lot_id, "L/1")
        assert (verdict.batch_id, verdict.label) == (oil.id, at + 1)
    # A plain serial says no product: it may be said beside, in any form of a GTIN, or follow from what is meant.
    assert scan(works, serials[3]).kind == "unknown"
    assert scan(works, serials[3], product=GTIN[1:]).kind == "right"
    assert scan(works, serials[3], batch_id=oil.id).kind == "duplicate"
    assert known(works, oil) == [(4, "confirmed", "scanned")]


def test_a_label_of_another_lot_or_batch_is_there_but_no_sample(works) -> None:
    one, two = works.issue(2, printer=None), works.issue(2, printer=None)
    other = lots.open_lot(works.db, works.call(), LotRequest("VALVE", "M-2", date(2026, 11, 23)))
    text = f"VALVE/{works.serials(one)[0]}"
    assert scan(works, text, lot_id=other.id).kind == "wrong-lot"
    assert known(works, one) == [(1, "confirmed", "scanned"), (1, "held", None)]
    verdict = scan(works, text, batch_id=two.id)
    assert (verdict.kind, verdict.batch_id) == ("wrong-batch", one.id)
    assert "batch" in verdict.message
    assert scan(works, text, batch_id=one.id, lot_id=works.lot_id).kind == "right"
    assert [row.proved for row in scans(works)] == [True, True, True]


def test_what_a_label_says_must_be_what_was_printed(works, oil) -> None:
    """Another lot number or domain beside one of our serials: nothing of ours, so it proves nothing."""
    serial = works.serials(oil)[0]
    assert scan(works, f"]d201{GTIN}10L/2\x1d21{serial}").kind == "wrong-lot"
    # The lot was produced on 2026-11-22 and expires on 2028-11-21.
    for dates in ("17291121", "1126112117281121", "1728112115281120"):
        assert scan(works, f"]d201{GTIN}{dates}10L/1\x1d21{serial}").kind == "unknown"
    assert scan(works, f"https://id.example.com/01/{GTIN}/10/L%2F1/21/{serial}?17=291121").kind == "unknown"
    verdict = scan(works, f"https://id.example.org/01/{GTIN}/10/L%2F1/21/{serial}")
    assert (verdict.kind, verdict.batch_id) == ("unknown", oil.id)
    assert known(works, oil) == [(4, "held", None)]
    # The domain is the one that the batch was printed with, whatever is set today.
    moved = replace(works, issuer=Issuer(works.issuer.secret, "https://id.example.org"))
    assert scan(moved, f"https://id.example.com/01/{GTIN}/10/L%2F1/21/{serial}").kind == "right"


def test_the_second_scan_of_a_label_is_a_duplicate(works) -> None:
    text = f"VALVE/{works.serials(works.issue(1, printer=None))[0]}"
    assert [scan(works, text).kind for _ in range(3)] == ["right", "duplicate", "duplicate"]


def test_a_label_that_was_printed_again_is_right_once_more(works) -> None:
    batch = works.issue(3, printer=None)
    texts = [f"VALVE/{serial}" for serial in works.serials(batch)]
    assert [scan(works, text).kind for text in texts[:2]] == ["right"] * 2
    works.add_printer("p", "file:///line.zpl")
    works.pass_time(60)
    with works.db.read() as conn:
        row, printer = batch_rows.get(conn, batch.id), works.printer()
    again = job_rows.NewJob(batch.id, row.range_id, printer.id, printer.revision, row.first, row.first, "reprint", 1)
    job_id = works.db.write(lambda conn: job_rows.add(conn, works.call(), again))
    assert scan(works, texts[0]).kind == "duplicate"  # it still has its old label

    def sent(conn) -> None:
        job_rows.set_state(conn, job_id, "completed", (), started_at=works.clock())
        said = Interval(row.first, row.first, "sent", "sent")
        outcome_rows.append(conn, works.call(), row.range_id, said, job_id=job_id)

    works.db.write(sent)
    works.pass_time(60)
    assert [scan(works, text).kind for text in (texts[0], texts[0], texts[1])] == ["right", "duplicate", "duplicate"]


def test_a_label_that_should_not_be_there_is_said_so(works) -> None:
    works.add_printer("p", "file:///line.zpl")
    planned, held = works.issue(1), works.issue(4, printer=None)
    serials = works.serials(held)
    assert scan(works, f"VALVE/{works.serials(planned)[0]}").kind == "not-printed"
    for serial, outcome in zip(serials, ("spoiled", "sampled", "returned", "invalidated"), strict=True):
        move(works, [serial], outcome)
        verdict = scan(works, f"VALVE/{serial}")
        assert (verdict.kind, verdict.outcome) == ("not-valid", outcome)
        assert outcome in verdict.message
    assert [outcome for _, outcome, _ in known(works, held)] == ["spoiled", "sampled", "returned", "invalidated"]
    assert known(works, planned) == [(1, "planned", None)]
    assert not any(row.proved for row in scans(works))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (None, "unreadable"),
        ("", "unreadable"),
        ("\x00\x01", "unreadable"),
        ("\ud800", "unreadable"),
        ("two words", "unreadable"),
        ("VALVE/26326000999", "unknown"),
        ("VALVE/26326000002", "unknown"),  # one past the last
        ("VALVE/A", "unknown"),
        ("PUMP/26326000001", "unknown"),
        ("12345678/26326000001", "unreadable"),
        (f"01{GTIN}21A1", "unknown"),
        ("26326000001", "unknown"),
    ],
)
def test_what_is_none_of_ours_is_kept_and_proves_nothing(works, text, kind) -> None:
    batch = works.issue(1, printer=None)
    verdict = scan(works, text)
    assert (verdict.kind, verdict.batch_id, verdict.outcome) == (kind, None, None)
    (row,) = scans(works)
    assert (row.verdict, row.proved, row.ordinal) == (kind, False, None)
    assert (row.actor_kind, row.actor_id, row.at) == ("key", "tests", works.clock())
    assert known(works, batch) == [(1, "held", None)]


def test_a_text_is_kept_as_it_was_read(works, oil) -> None:
    serial = works.serials(oil)[0]
    scan(works, f"]d201{GTIN}10L/1\x1d21{serial}")
    scan(works, "caf\u00e9\x00")
    assert [row.text for row in scans(works)] == [f"]d201{GTIN}10L/1\\x1d21{serial}", "caf\u00e9\\x00"]


def test_the_audit_holds_no_text_that_is_not_ours(works) -> None:
    """What somebody scans by mistake may be a person's: an insurance card, for instance."""
    serial = works.serials(works.issue(1, printer=None))[0]
    scan(works, "Anna-Muster-4711")
    scan(works, f"VALVE/{serial}", lot_id=works.lot_id)
    (entry,) = works.audit("label:unknown")
    assert entry["after"] == {"verdict": "unknown", "lot": None, "batch": None}
    assert "4711" not in str(entry)
    (entry,) = works.audit(f"label:VALVE/{serial}")
    assert (entry["action"], entry["after"]["verdict"], entry["after"]["lot"]) == ("label.scan", "right", works.lot_id)


def test_what_cannot_be_meant_is_refused_and_not_kept(works) -> None:
    batch = works.issue(1, printer=None)
    other = lots.open_lot(works.db, works.call(), LotRequest("VALVE", "M-2", date(2026, 11, 23)))
    for said, error, code in (
        ({"lot_id": 999}, NotFound, "lot_unknown"),
        ({"batch_id": 999}, NotFound, "batch_unknown"),
        ({"batch_id": batch.id, "lot_id": other.id}, InvalidInput, "batch_not_of_lot"),
    ):
        with pytest.raises(error) as refused:
            scan(works, "VALVE/26326000001", **said)
        assert refused.value.code == code
    with pytest.raises(InvalidInput) as refused:
        scan(works, "x" * 501)
    assert (refused.value.code, refused.value.pointer) == ("scan_text", "/text")
    assert scans(works) == []


def test_of_two_cameras_at_the_same_moment_one_is_right(works) -> None:
    text = f"VALVE/{works.serials(works.issue(1, printer=None))[0]}"
    begin, kinds = threading.Barrier(3), []

    def look() -> None:
        begin.wait()
        kinds.append(scan(works, text).kind)

    looking = [threading.Thread(target=look) for _ in range(3)]
    for each in looking:
        each.start()
    for each in looking:
        each.join()
    assert Counter(kinds) == {"right": 1, "duplicate": 2}


def test_labels_scanned_one_after_the_other_are_one_row(works) -> None:
    """A camera reads a million; what is said by hand in between stands."""
    batch = works.issue(60, printer=None)
    serials = works.serials(batch)
    for serial in serials[:30]:
        scan(works, f"VALVE/{serial}")
    move(works, serials[20:22], "spoiled")
    for serial in serials[30:50]:
        scan(works, f"VALVE/{serial}")
    camera = replace(works.call(), actor=Actor("station", "camera 1"))
    verifying.verify_scan(works.db, works.issuer, camera, VerifyScan(f"VALVE/{serials[50]}"))
    scan(works, f"VALVE/{serials[52]}")
    assert known(works, batch) == [
        (20, "confirmed", "scanned"),
        (2, "spoiled", None),
        (29, "confirmed", "scanned"),
        (1, "held", None),
        (1, "confirmed", "scanned"),
        (7, "held", None),
    ]
    with works.db.read() as conn:
        rows = list(conn.execute(select(outcomes.c.actor_id).order_by(outcomes.c.id)).scalars())
    assert rows == ["tests", "tests", "tests", "camera 1", "tests"]
    assert len(scans(works)) == 52


# End-cards


def card_of(works, serials) -> str:
    digest = hashlib.sha256("".join(f"{serial}\n" for serial in sorted(serials)).encode()).hexdigest()
    return f"labelsvc:lot/{works.lot_id}/{len(serials)}/{digest}"


def test_an_end_card_is_right_as_long_as_the_lot_is_as_it_says(works) -> None:
    serials = works.serials(works.issue(4, printer=None))
    assert scan(works, card_of(works, [])).kind == "end-card-right"
    assert scan(works, card_of(works, serials)).kind == "end-card-wrong"
    sign = Declaration("held", "confirmed", "All four.")
    reconciliation.declare(works.db, works.call(), works.lot_id, sign)
    assert scan(works, card_of(works, serials)).kind == "end-card-right"
    move(works, serials[:1], "spoiled")
    assert scan(works, card_of(works, serials)).kind == "end-card-wrong"
    reconciliation.close_lot(works.db, works.issuer, works.call(), works.lot_id, None)
    verdict = scan(works, f"]Q1{card_of(works, serials[1:])}\r\n")
    assert (verdict.kind, verdict.lot_id) == ("end-card-right", works.lot_id)
    assert scan(works, card_of(works, [*serials[1:3], serials[0]])).kind == "end-card-wrong"
    assert scan(works, f"labelsvc:lot/999/3/{'0' * 64}").kind == "end-card-wrong"


def test_an_end_card_says_when_a_closed_lot_is_no_more_what_it_was(works) -> None:
    serials = works.serials(works.issue(3, printer=None))
    sign = Declaration("held", "confirmed", "All three.")
    reconciliation.declare(works.db, works.call(), works.lot_id, sign)
    reconciliation.close_lot(works.db, works.issuer, works.call(), works.lot_id, None)
    # Somebody who gets at the database changes a number; no use case would.
    changed = outcomes.update().where(outcomes.c.outcome == "confirmed").values(last=outcomes.c.last - 1)
    works.db.write(lambda conn: conn.execute(changed))
    assert scan(works, card_of(works, serials)).kind == "end-card-wrong"
    assert scan(works, card_of(works, serials[:2])).kind == "end-card-wrong"


# While a printer prints


class Watched:
    """A sender's database: something happens before and after each of its writes."""

    def __init__(self, db, happens) -> None:
        self._db, self._happens, self.read = db, happens, db.read

    def write(self, work):
        self._happens()
        result = self._db.write(work)
        self._happens()
        return result


def send(works, happens, **patience) -> None:
    sender = replace(works.sender(**patience), db=Watched(works.db, happens))
    for printer_id in delivery.waiting(works.sender()):
        delivery.serve(sender, printer_id, "worker 1")


def scan_what_is_on_its_way(works, serials, said):
    """Return what scans every label of a batch that is in doubt and was not scanned yet."""

    def look() -> None:
        with works.db.read() as conn:
            (row,) = conn.execute(select(batches.c.range_id))
            doubtful = [part for part in outcome_rows.of_range(conn, row.range_id) if part.outcome == "in_doubt"]
        for part in doubtful:
            for ordinal in range(part.first, part.last + 1):
                said[ordinal] = scan(works, f"VALVE/{serials[ordinal]}").kind

    return look


@pytest.mark.parametrize("quantity", [7, 45])
def test_scans_of_labels_in_doubt_do_not_disturb_a_blind_delivery(works, quantity) -> None:
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(quantity)
        serials, said = works.serials(batch), {}
        send(works, scan_what_is_on_its_way(works, serials, said))
        assert works.settled(printer) == serials
    assert set(said.values()) == {"right"}
    job = works.job(batch)
    assert (job.state, dict(job.outcomes)) == ("completed", {"confirmed": quantity})
    assert known(works, batch) == [(quantity, "confirmed", "scanned")]


@pytest.mark.parametrize("echo", ["movement", None])
def test_scans_of_labels_in_doubt_do_not_disturb_a_confirmed_delivery(works, echo) -> None:
    with VirtualPrinter(echo=echo, counts="early") as printer:
        works.add_printer("p", printer.config_uri)
        works.certify("p", printer.personality)
        batch = works.issue(7)
        serials, said = works.serials(batch), {}
        send(works, scan_what_is_on_its_way(works, serials, said), **QUICK)
        assert works.settled(printer) == serials
    assert set(said) == set(range(7))
    job = works.job(batch)
    assert (job.state, dict(job.outcomes)) == ("completed", {"confirmed": 7})
    assert known(works, batch) == [(7, "confirmed", "scanned")]


@pytest.fixture
def on_its_way(works):
    """A job of ten labels of which 1 to 6 are in doubt, on their way by a delivery; 2 and 5 were scanned."""
    works.add_printer("p", "file:///line.zpl")
    batch = works.issue(10)
    run = outcome_rows.Delivery(batch.job_id, works.db.write(lambda conn: job_rows.get(conn, batch.job_id)).range_id, 1)
    works.db.write(lambda conn: outcome_rows.hold_in_doubt(conn, works.call(), run, 0, 5))
    works.db.write(lambda conn: job_rows.set_state(conn, batch.job_id, "processing", ("job-printing",)))
    serials = works.serials(batch)
    for at in (1, 4):
        assert scan(works, f"VALVE/{serials[at]}").kind == "right"
    return batch, run


def test_what_a_printer_says_of_scanned_labels_does_not_hold(works, on_its_way) -> None:
    """Counted, torn or absent by the odometer: somebody had them in hand."""
    batch, run = on_its_way
    said = outcome_rows.Known(done=((0, 1),), evidence="echoed", torn=((2, 2),), absent=((3, 5),))
    works.db.write(lambda conn: outcome_rows.advance(conn, works.call(), run, said, None))
    assert known(works, batch) == [
        (1, "confirmed", "echoed"),
        (1, "confirmed", "scanned"),
        (1, "in_doubt", "sent"),
        (1, "absent", "counted"),
        (1, "confirmed", "scanned"),
        (1, "absent", "counted"),
        (4, "planned", None),
    ]
    with works.db.read() as conn:
        rows = list(conn.execute(select(outcomes).where(outcomes.c.evidence == "scanned").order_by(outcomes.c.id)))
    assert {(row.actor_id, row.job_id) for row in rows} == {("tests", None)}  # whoever scanned it says so


def test_what_was_said_by_hand_of_a_scanned_label_stands_too(works, on_its_way) -> None:
    batch, run = on_its_way
    serials = works.serials(batch)
    move(works, [serials[4]], "spoiled")
    works.db.write(lambda conn: outcome_rows.record_sent(conn, works.call(), run, 0, 5))
    assert known(works, batch) == [
        (1, "sent", "sent"),
        (1, "confirmed", "scanned"),
        (2, "sent", "sent"),
        (1, "spoiled", None),
        (1, "sent", "sent"),
        (4, "planned", None),
    ]
    next_run = replace(run, token=2)
    works.db.write(lambda conn: outcome_rows.hold_in_doubt(conn, works.call(), next_run, 6, 7))
    works.db.write(lambda conn: outcome_rows.record_sent(conn, works.call(), next_run, 6, 7))
    assert known(works, batch)[3:] == [(1, "spoiled", None), (3, "sent", "sent"), (2, "planned", None)]


@pytest.mark.parametrize("certified", [False, True])
def test_a_label_that_is_found_before_it_is_printed_again_is_not(works, certified) -> None:
    """Thought absent, on its way to be printed a second time; somebody scans it at the last moment."""
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.config_uri)
        if certified:
            works.certify("p", printer.personality)
        batch = works.issue(30)
        serials = works.serials(batch)

        def torn(conn) -> None:
            job = job_rows.get(conn, batch.job_id)
            run = outcome_rows.Delivery(job.id, job.range_id, 1)
            outcome_rows.hold_in_doubt(conn, works.call(), run, job.first, job.first + 19)
            job_rows.set_state(conn, job.id, "processing-stopped", ("x-labels-in-doubt",))

        works.db.write(torn)
        works.resolve(batch, None, proceed=True)
        found, looks = [], count()

        def look() -> None:
            """After the job was claimed, and once more before the first window: by then it is known what to print."""
            if works.job(batch).state == "processing" and next(looks) == 1:
                found.append(scan(works, f"VALVE/{serials[5]}").kind)

        send(works, look, **QUICK)
        for _ in range(3):
            works.pass_time(60)
            works.send(**QUICK)
        came_out = works.settled(printer)
    assert found == ["right"]
    assert Counter(came_out) == Counter(serials[:5] + serials[6:])  # each once, and that one not at all
    assert works.job(batch).state == "completed"
    assert [label.evidence for label in works.labels(batch) if label.serial == serials[5]] == ["scanned"]


def in_books(works, batch, first, last, outcome) -> None:
    """Write of some labels of a batch that they are so, as a restore or a forked journal does."""
    with works.db.read() as conn:
        row = batch_rows.get(conn, batch.id)
    said = Interval(row.first + first - 1, row.first + last - 1, outcome, reason="since the backup")
    works.db.write(lambda conn: outcome_rows.append(conn, works.call(), row.range_id, said))


def test_a_scan_of_long_ago_does_not_keep_a_label_from_being_printed_again(works) -> None:
    """Scanned, then in doubt after all (a restored backup), and absent by the word of a person: that holds."""
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(4)
        works.send()
        serials = works.serials(batch)
        assert works.settled(printer) == serials
        assert scan(works, f"VALVE/{serials[1]}").kind == "right"
        in_books(works, batch, 2, 2, "absent")
        works.db.write(lambda conn: job_rows.set_state(conn, batch.job_id, "pending", ("job-queued",), ended_at=None))
        works.send()
        assert works.settled(printer) == [*serials, serials[1]]
    assert works.job(batch).state == "completed"


def test_a_second_scan_mends_what_became_doubtful(works) -> None:
    batch = works.issue(2, printer=None)
    text = f"VALVE/{works.serials(batch)[0]}"
    assert scan(works, text).kind == "right"
    in_books(works, batch, 1, 1, "in_doubt")
    assert scan(works, text).kind == "duplicate"
    assert known(works, batch) == [(1, "confirmed", "scanned"), (1, "held", None)]


@pytest.mark.parametrize("certified", [False, True])
def test_a_scan_of_the_old_label_says_nothing_of_the_one_printed_again(works, certified) -> None:
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.config_uri)
        if certified:
            works.certify("p", printer.personality)
        batch = works.issue(3, printer=None)
        serial = works.serials(batch)[1]
        assert scan(works, f"VALVE/{serial}").kind == "right"
        works.pass_time(60)
        with works.db.read() as conn:
            row, its = batch_rows.get(conn, batch.id), works.printer()
        at = row.first + 1
        again = job_rows.NewJob(batch.id, row.range_id, its.id, its.revision, at, at, "reprint", 1)
        job_id = works.db.write(lambda conn: job_rows.add(conn, works.call(), again))
        run = outcome_rows.Delivery(job_id, row.range_id, 1)
        works.db.write(lambda conn: outcome_rows.hold_in_doubt(conn, works.call(), run, at, at))
        if certified:
            said = outcome_rows.Known(((at, at),), "echoed", (), ())
            works.db.write(lambda conn: outcome_rows.advance(conn, works.call(), run, said, None))
        else:
            works.db.write(lambda conn: outcome_rows.record_sent(conn, works.call(), run, at, at))
    assert known(works, batch)[1] == ((1, "confirmed", "echoed") if certified else (1, "sent", "sent"))


def test_a_label_that_a_station_has_not_told_of_yet_is_there_all_the_same(works) -> None:
    """Printed without network, scanned by a camera that has one: the books catch up, and the scan stands."""
    works.add_printer("p", "file:///line.zpl")
    batch = works.issue(6)
    serials, its = works.serials(batch), works.printer()
    claim = NewClaim(
        "hall 2",
        "job",
        its.id,
        its.revision,
        batch.id,
        batch.job_id,
        1,
        ((2, 5),),
        False,
        "0" * 64,
        None,
        works.clock(),
    )
    works.db.write(lambda conn: stations.add_claim(conn, claim))
    assert scan(works, f"VALVE/{serials[0]}").kind == "not-printed"
    assert [scan(works, f"VALVE/{serials[at]}").kind for at in (1, 3, 3)] == ["right", "right", "duplicate"]
    assert known(works, batch) == [(6, "planned", None)]
    with works.db.read() as conn:
        run = outcome_rows.Delivery(batch.job_id, batch_rows.get(conn, batch.id).range_id, 1)
    works.db.write(lambda conn: outcome_rows.hold_in_doubt(conn, works.call(), run, 1, 2))
    said = outcome_rows.Known(((1, 1),), "echoed", (), ())
    works.db.write(lambda conn: outcome_rows.advance(conn, works.call(), run, said, (2, 3)))
    said = outcome_rows.Known(((2, 3),), "echoed", (), ())
    works.db.write(lambda conn: outcome_rows.advance(conn, works.call(), run, said, None))
    assert known(works, batch) == [
        (1, "planned", None),
        (1, "confirmed", "scanned"),
        (1, "confirmed", "echoed"),
        (1, "confirmed", "scanned"),
        (2, "planned", None),
    ]


def test_a_scan_asked_again_with_its_key_is_the_same_scan(works) -> None:
    serial = works.serials(works.issue(1, printer=None))[0]
    call = works.call("camera-1")
    first = verifying.verify_scan(works.db, works.issuer, call, VerifyScan(f"VALVE/{serial}"))
    assert first.kind == "right"
    assert verifying.verify_scan(works.db, works.issuer, call, VerifyScan(f"VALVE/{serial}")) == first
    assert len(scans(works)) == 1
    with pytest.raises(Conflict) as refused:
        verifying.verify_scan(works.db, works.issuer, call, VerifyScan("VALVE/another"))
    assert refused.value.code == "idempotency_key_reused"


def test_without_a_key_each_scan_is_its_own(works) -> None:
    serial = works.serials(works.issue(1, printer=None))[0]
    call = replace(works.call(), key=None)
    kinds = [verifying.verify_scan(works.db, works.issuer, call, VerifyScan(f"VALVE/{serial}")).kind for _ in "ab"]
    assert kinds == ["right", "duplicate"]


def test_a_serial_alone_of_which_nobody_says_the_product_is_not_called_one_that_never_was(works) -> None:
    verdict = scan(works, "26326000001")
    assert (verdict.kind, verdict.message) == (
        "unknown",
        "Expected a product beside a serial alone, or its lot or batch, got none.",
    )
    assert "never was" in scan(works, "26326000001", product="PUMP").message
