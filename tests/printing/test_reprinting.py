"""Reprints: the same serial on a new label, once, with its number honest all the way; on both databases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.batches import BatchRequest, LotRequest
from labelsvc.domain.jobs import Resolution
from labelsvc.domain.moves import Declaration, Move
from labelsvc.domain.products import NewProduct
from labelsvc.domain.quality import VerifyScan
from labelsvc.domain.reprints import MATCH_NOTES, Reprint, ReprintPolicy, ReprintRequest, ReprintRules
from labelsvc.errors import Conflict, InvalidInput, LabelsvcError, NotAllowed, NotFound, Unavailable
from labelsvc.issuing import batches, lots, products
from labelsvc.labels import RENDERER_REVISION
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printing import (
    blocks,
    jobs,
    numbers,
    printers,
    reconciliation,
    reprinting,
    reprints,
    resolving,
    verifying,
)
from labelsvc.printing.stations import stations
from labelsvc.storage import outcomes, tables
from labelsvc.storage import reprints as reprint_rows
from tests.printing.stations.test_reports import Post

QUICK = {"look_seconds": 0.02, "answer_seconds": 0.3}
RULES = ReprintRules()


@dataclass
class Desk:
    """QA's desk in a works: a batch that was printed, and whoever asks for its labels again."""

    works: Any
    batch: Any
    serials: list[str]

    def call(self, who: str = "anna", key: str | None = None) -> Call:
        return replace(self.works.call(key), actor=Actor("key", who))

    def request(self, at: int = 0, **more: Any) -> ReprintRequest:
        return ReprintRequest(**{"label": f"VALVE/{self.serials[at]}", "reason": "torn", "destroyed": True, **more})

    def ask(self, at: int = 0, *, who: str = "anna", key: str | None = None, **more: Any) -> Reprint:
        db, issuer = self.works.db, self.works.issuer
        return reprinting.ask_reprint(db, issuer, self.call(who, key), self.request(at, **more), RULES)

    def approve(self, asked: Reprint, who: str, key: str | None = None) -> Reprint:
        return reprinting.approve_reprint(self.works.db, self.works.issuer, self.call(who, key), asked.id)

    def refuse(self, asked: Reprint, who: str = "anna") -> Reprint:
        return reprinting.refuse_reprint(self.works.db, self.works.issuer, self.call(who), asked.id, "not needed")

    def demand(self, **policy: Any) -> None:
        reprints.set_reprint_policy(self.works.db, self.works.call(), "VALVE", ReprintPolicy(**policy))

    def known(self, at: int = 0) -> tuple[str, str | None]:
        """Return what is known of a number, and how."""
        with self.works.db.read() as conn:
            row = reprint_rows.listing(conn, (None, None), 0, 1).items
            range_id = row[0].range_id if row else conn.execute(tables.ranges.select()).first().id
            first = conn.execute(tables.ranges.select().where(tables.ranges.c.id == range_id)).one().first
            found = outcomes.of_number(conn, range_id, first + at)
            return found.outcome, found.evidence

    def job(self, reprint: Reprint) -> Any:
        assert reprint.job_id is not None
        return jobs.get_job(self.works.db, self.works.issuer, reprint.job_id)

    def seen(self, reprint: Reprint) -> Reprint:
        return reprints.get_reprint(self.works.db, self.works.issuer, reprint.id)

    def resolve(self, reprint: Reprint, *, good: bool, proceed: bool = False) -> Any:
        scanned = (reprint.serial,) if good else ()
        found = Resolution(None, proceed, "looked", scanned=scanned)
        return resolving.resolve_job(self.works.db, self.works.issuer, self.call(), reprint.job_id, found)

    def move(self, at: int, outcome: Any) -> None:
        move = Move("VALVE", (self.serials[at],), outcome, "QA said so")
        numbers.move_numbers(self.works.db, self.works.issuer, self.call(), move)

    def scan(self, at: int = 0) -> str:
        text = VerifyScan(f"VALVE/{self.serials[at]}", lot_id=self.works.lot_id)
        return verifying.verify_scan(self.works.db, self.works.issuer, self.call(), text).kind

    def printed_again(self) -> int:
        return reconciliation.reconcile(self.works.db, self.works.lot_id).reprints


def desk_of(works: Any, quantity: int = 5, **patience: float) -> Desk:
    batch = works.issue(quantity)
    works.send(**patience)
    assert works.job(batch).state == "completed"
    return Desk(works, batch, works.serials(batch))


@pytest.fixture
def printer() -> Iterator[VirtualPrinter]:
    with VirtualPrinter(on_for=100_000.0) as switched_on:
        yield switched_on


@pytest.fixture
def blind(works: Any, printer: VirtualPrinter) -> Desk:
    """Five labels that a printer of which nothing is known was sent."""
    works.add_printer("p", printer.uri)
    return desk_of(works)


@pytest.fixture
def confirmed(works: Any, printer: VirtualPrinter) -> Desk:
    """Five labels that each came out, by echo and count."""
    works.add_printer("p", printer.config_uri)
    works.certify("p", printer.personality)
    return desk_of(works, **QUICK)


def code(refused: pytest.ExceptionInfo[LabelsvcError]) -> tuple[str, str | None]:
    return refused.value.code, refused.value.pointer


# The plain way


def test_the_same_serial_comes_out_again_byte_for_byte(confirmed, printer):
    asked = confirmed.ask(2)
    assert (asked.state, asked.copy, asked.serial, asked.number) == ("approved", 1, confirmed.serials[2], 3)
    assert (asked.asked_by, asked.decided_by, asked.printer) == (Actor("key", "anna"), None, "p")
    assert confirmed.known(2) == ("confirmed", "echoed")
    confirmed.works.send(**QUICK)
    labels = list(printer.labels)
    assert len(labels) == 6
    assert labels[5] == labels[2]
    job = confirmed.job(asked)
    assert (job.state, job.kind, job.copy, job.message) == ("completed", "reprint", 1, None)
    assert dict(job.outcomes) == {"confirmed": 1}
    assert confirmed.seen(asked).match == "equal"
    assert confirmed.known(2) == ("confirmed", "echoed")
    assert confirmed.printed_again() == 1


def test_a_printer_that_tells_nothing_leaves_its_number_sent_until_somebody_scans_it(blind, printer):
    assert blind.scan(0) == "right"
    assert blind.known(0) == ("confirmed", "scanned")
    blind.works.pass_time(60)
    asked = blind.ask(0)
    blind.works.send()
    assert blind.works.settled(printer).count(blind.serials[0]) == 2
    assert dict(blind.job(asked).outcomes) == {"sent": 1}
    assert blind.known(0) == ("sent", "sent")
    assert blind.scan(0) == "right"  # the new label, though the old one was scanned before
    assert blind.known(0) == ("confirmed", "scanned")
    assert dict(blind.job(asked).outcomes) == {"confirmed": 1}
    assert blind.scan(0) == "duplicate"


@pytest.mark.parametrize("dpmm", [8, 12])
def test_any_printer_that_is_loaded_with_such_labels_will_do(confirmed, dpmm):
    """One of the same kind gets the same bytes but for the echo that only a certified one is asked for."""
    with VirtualPrinter(dpmm=dpmm) as other:
        confirmed.works.add_printer("q", other.uri, dpmm=dpmm)
        asked = confirmed.ask(0, printer="q")
        confirmed.works.send(**QUICK)
        assert confirmed.works.settled(other) == [confirmed.serials[0]]
    seen = confirmed.seen(asked)
    assert (seen.printer, seen.match) == ("q", "other-printer")
    assert confirmed.job(asked).message == MATCH_NOTES["other-printer"]


def test_the_next_copy_has_the_next_number(confirmed):
    assert [printed(confirmed, 0).copy for _ in range(2)] == [1, 2]
    assert printed(confirmed, 1).copy == 1
    assert confirmed.printed_again() == 3


def printed(desk: Desk, at: int, **more: Any) -> Reprint:
    asked = desk.ask(at, **more)
    desk.works.send(**QUICK)
    assert desk.job(asked).state == "completed"
    return asked


# By anything the label carries


def test_a_label_is_known_by_what_it_carries(blind):
    carried = (("VALVE/{}", None), ("VALVE/{}\r\n", "VALVE"), ("{}", "VALVE"), ("]d1VALVE/{}", None))
    for at, (label, product) in enumerate(carried):
        serial = blind.serials[at]
        assert blind.ask(label=label.format(serial), product=product).serial == serial


def test_a_trade_item_is_known_by_its_element_string_and_its_link(works):
    """GTIN-14 09520123456788, AI (21) behind FNC1 (GS), and the path of a Digital Link."""
    works.add_printer("u", "file:///u.zpl", media_width=100.0, media_height=50.0)
    new = NewProduct("09520123456788", "Tablets", "{prod:%y%j}{seq:6}", "unit-100x50")
    products.add_product(works.db, works.call(), new)
    lot = lots.open_lot(works.db, works.call(), LotRequest("09520123456788", "L-1", date(2026, 11, 22)))
    batch = batches.issue(works.db, works.issuer, works.call(), lot.id, BatchRequest(3, "u"))
    works.send()
    desk = Desk(works, batch, works.serials(batch))
    serial = desk.serials
    element = f"]d201095201234567881126112210L-1\x1d21{serial[0]}"
    assert desk.ask(label=element).serial == serial[0]
    link = f"https://id.example.com/01/09520123456788/10/L-1/21/{serial[1]}?11=261122"
    assert desk.ask(label=link).serial == serial[1]
    with pytest.raises(Conflict) as refused:
        desk.ask(label=link.replace("/10/L-1", "/10/L-2"))
    assert code(refused) == ("label_other_lot", "/label")
    with pytest.raises(Conflict) as refused:
        desk.ask(label=link, product="VALVE")
    assert code(refused) == ("label_other_product", "/label")


STRANGE = (
    ("OTHER/{}", None, NotFound, ("product_unknown", "/label")),
    ("VALVE/{}", "OTHER", Conflict, ("label_other_product", "/label")),
    ("{}", None, InvalidInput, ("product_missing", "/product")),
    ("{}", "PUMP", NotFound, ("never_issued", "/label")),
    ("VALVE/26326999999", None, NotFound, ("never_issued", "/label")),
    ("VALVE/26327000001", None, NotFound, ("never_issued", "/label")),
    ("", None, InvalidInput, ("label_unreadable", "/label")),
    ("x" * 501, "VALVE", InvalidInput, ("label_unreadable", "/label")),
    ("labelsvc:lot/1/5/" + "0" * 64, "VALVE", InvalidInput, ("label_unreadable", "/label")),
)


def test_a_label_of_another_product_or_of_nobody_is_refused(blind, subtests):
    works = blind.works
    products.add_product(works.db, works.call(), NewProduct("PUMP", "Pump", "{prod:%y%j}{seq:6}", "item-70x35"))
    for label, product, kind, said in STRANGE:
        with subtests.test(label=label, product=product):
            with pytest.raises(kind) as refused:
                blind.ask(label=label.format(blind.serials[0]), product=product)
            assert code(refused) == said


# Reasons, the old label, approval


def test_a_reason_has_to_be_one_of_those_there_are(blind):
    with pytest.raises(InvalidInput) as refused:
        blind.ask(reason="because")
    assert code(refused) == ("reprint_reason", "/reason")
    with pytest.raises(InvalidInput) as refused:
        blind.ask(reason="other")
    assert code(refused) == ("reprint_note_missing", "/note")
    own = replace(RULES, reasons=(*RULES.reasons, "forklift"))
    works = blind.works
    request = blind.request(reason="forklift", note="north gate")
    asked = reprinting.ask_reprint(works.db, works.issuer, blind.call(), request, own)
    assert (asked.reason, asked.note) == ("forklift", "north gate")
    assert works.audit(f"reprint:{asked.id}")[0]["reason"] == "forklift: north gate"


def test_the_old_label_is_said_to_be_destroyed(blind):
    with pytest.raises(InvalidInput) as refused:
        blind.ask(destroyed=False)
    assert code(refused) == ("reprint_not_destroyed", "/destroyed")
    assert blind.ask(0).destroyed == "ticked"
    blind.demand(destroyed="none")
    assert blind.ask(1, destroyed=False).destroyed == "none"


def test_a_product_may_demand_that_the_old_label_is_scanned(blind):
    blind.demand(destroyed="scan")
    with pytest.raises(InvalidInput) as refused:
        blind.ask(0)
    assert code(refused) == ("reprint_not_destroyed", "/destroyed_label")
    with pytest.raises(Conflict) as other:
        blind.ask(0, destroyed_label=f"VALVE/{blind.serials[1]}")
    assert code(other) == ("reprint_other_label", "/destroyed_label")
    with pytest.raises(InvalidInput) as refused:
        blind.ask(0, destroyed_label="?\t?")
    assert code(refused) == ("label_unreadable", "/destroyed_label")
    assert blind.ask(0, destroyed_label=blind.serials[0]).destroyed == "scanned"


def test_of_a_lost_label_another_person_takes_the_place_of_its_destruction(blind):
    asked = blind.ask(reason="lost", destroyed=False)
    assert (asked.state, asked.job_id) == ("asked", None)
    assert blind.approve(asked, "berta").job_id is not None


def test_who_asked_cannot_approve_by_any_door(blind):
    blind.demand(approval=True)
    asked = blind.ask(who="anna")
    works = blind.works
    assert (asked.state, asked.copy, asked.job_id) == ("asked", None, None)
    for kind, name in (("key", "anna"), ("user", "anna"), ("shell", "Anna")):
        call = replace(works.call(), actor=Actor(kind, name))
        with pytest.raises(NotAllowed) as refused:
            reprinting.approve_reprint(works.db, works.issuer, call, asked.id)
        assert refused.value.code == "reprint_own"
    assert blind.seen(asked).state == "asked"
    approved = blind.approve(asked, "berta", "k1")
    assert (approved.state, approved.copy) == ("approved", 1)
    assert approved.decided_by == Actor("key", "berta")
    assert blind.approve(asked, "berta", "k1") == approved
    with pytest.raises(Conflict) as again:
        blind.approve(asked, "clara")
    assert again.value.code == "reprint_decided"


def test_what_is_refused_is_not_printed(blind, printer):
    blind.demand(approval=True)
    asked = blind.refuse(blind.ask(), "berta")
    assert (asked.state, asked.decision, asked.job_id) == ("refused", "not needed", None)
    for late in (blind.refuse, lambda reprint: blind.approve(reprint, "clara")):
        with pytest.raises(Conflict) as refused:
            late(asked)
        assert refused.value.code == "reprint_decided"
    blind.works.send()
    assert len(blind.works.settled(printer)) == 5
    assert blind.printed_again() == 0


def test_the_audit_says_who_asked_who_approved_and_why(blind):
    blind.demand(approval=True)
    asked = blind.ask(who="anna", note="at the gate")
    blind.approve(asked, "berta")
    blind.works.send()
    entries = blind.works.audit(f"reprint:{asked.id}")
    assert [(entry["action"], entry["actor_id"], entry["reason"]) for entry in entries] == [
        ("reprint.ask", "anna", "torn: at the gate"),
        ("reprint.approve", "berta", "torn: at the gate"),
        ("reprint.compare", "worker-1", None),
    ]
    assert entries[0]["after"]["serial"] == blind.serials[0]
    assert entries[1]["after"]["asked_by"] == "anna"
    assert entries[2]["after"] == {"job": blind.seen(asked).job_id, "match": "equal"}


def test_the_same_key_is_the_same_reprint_for_ever(blind, printer):
    first = blind.ask(key="k")
    blind.works.send()
    assert blind.ask(key="k") == first
    assert len(blind.works.settled(printer)) == 6
    with pytest.raises(Conflict) as refused:
        blind.ask(1, key="k")
    assert refused.value.code == "idempotency_key_reused"


# What may be printed again


def test_a_number_never_printed_is_refused(works):
    works.add_printer("p", "file:///p.zpl")
    waiting = works.issue(2)
    download = works.issue(2, None)
    for batch, said in ((waiting, "planned"), (download, "held")):
        desk = Desk(works, batch, works.serials(batch))
        with pytest.raises(Conflict, match=f"that is {said}") as refused:
            desk.ask(printer="p")
        assert code(refused) == ("reprint_not_allowed", "/label")


@pytest.mark.parametrize("end", ["spoiled", "sampled", "invalidated"])
def test_a_number_that_came_to_its_end_is_refused(confirmed, end):
    confirmed.move(0, end)
    with pytest.raises(Conflict, match=f"that is {end}: that is its end") as refused:
        confirmed.ask(0)
    assert code(refused) == ("reprint_not_allowed", "/label")


def test_a_number_that_was_returned_is_refused(works):
    works.add_printer("p", "file:///p.zpl")
    desk = Desk(works, batch := works.issue(2, None), works.serials(batch))
    desk.move(0, "returned")
    with pytest.raises(Conflict, match="that is returned") as refused:
        desk.ask(0, printer="p")
    assert code(refused) == ("reprint_not_allowed", "/label")


def test_a_number_in_doubt_is_resolved_first(works):
    works.add_printer("p", "file:///p.zpl")
    batch = works.issue(20)
    works.die_in_doubt(batch)
    with pytest.raises(Conflict, match="its print job has to be resolved first") as refused:
        Desk(works, batch, works.serials(batch)).ask(0)
    assert code(refused) == ("reprint_not_allowed", "/label")


def test_in_a_closed_lot_nothing_is_printed_again(confirmed):
    confirmed.demand(approval=True)
    asked = confirmed.ask(0)
    works = confirmed.works
    with pytest.raises(Conflict) as open_still:
        reconciliation.close_lot(works.db, works.issuer, works.call(), works.lot_id, None)
    assert open_still.value.code == "lot_reprints_undecided"
    confirmed.refuse(asked)
    reconciliation.close_lot(works.db, works.issuer, works.call(), works.lot_id, None)
    with pytest.raises(Conflict) as refused:
        confirmed.ask(0)
    assert code(refused) == ("lot_closed", "/label")


def test_the_printer_has_to_be_loaded_with_such_labels(blind):
    blind.works.add_printer("small", "file:///s.zpl", media_width=50.0, media_height=25.0)
    with pytest.raises(Conflict) as refused:
        blind.ask(printer="small")
    assert code(refused) == ("media_differs", "/printer")
    with pytest.raises(NotFound) as unknown:
        blind.ask(printer="nobody")
    assert code(unknown) == ("printer_unknown", "/printer")


def test_a_downloaded_label_is_printed_again_once_it_is_known_to_be_there(works):
    works.add_printer("p", "file:///p.zpl")
    desk = Desk(works, batch := works.issue(2, None), works.serials(batch))
    assert desk.scan(0) == "right"
    with pytest.raises(InvalidInput) as refused:
        desk.ask(0)
    assert code(refused) == ("printer_missing", "/printer")
    asked = desk.ask(0, printer="p")
    works.send()
    assert desk.seen(asked).match == "no-digest"
    assert desk.job(asked).message == MATCH_NOTES["no-digest"]
    assert works.written("p.zpl") == [desk.serials[0]]
    assert batches.get_batch(works.db, works.issuer, batch.id).job_id is None


def test_a_number_whose_label_never_came_out_gets_its_first_one(works, printer):
    """It is copy 0, and nothing printed again; while its own job may still print it, that one does."""
    works.add_printer("p", printer.uri)
    works.add_printer("q", "file:///q.zpl")
    batch = works.issue(30)
    works.die_in_doubt(batch)
    desk = Desk(works, batch, works.serials(batch))
    works.resolve(batch, desk.serials[0], proceed=True)
    with pytest.raises(Conflict) as refused:
        desk.ask(1, printer="q")
    assert code(refused) == ("reprint_job_goes_on", "/label")
    works.cancel(batch)
    asked = desk.ask(1, printer="q", destroyed=False)
    assert (asked.copy, asked.destroyed) == (0, "none")
    works.send()
    assert works.written("q.zpl") == [desk.serials[1]]
    assert (desk.known(1), desk.printed_again()) == (("sent", "sent"), 0)
    works.pass_time(1)
    assert desk.ask(1, printer="q").copy == 1


def test_a_first_label_is_not_printed_where_one_turned_up_meanwhile(works, printer):
    works.add_printer("p", printer.uri)
    works.add_printer("q", "file:///q.zpl")
    batch = works.issue(20)
    works.die_in_doubt(batch)
    desk = Desk(works, batch, works.serials(batch))
    works.resolve(batch, None, proceed=False)
    asked = desk.ask(1, printer="q", destroyed=False)
    assert (asked.copy, desk.known(1)) == (0, ("absent", None))
    assert desk.scan(1) == "right"
    works.send()
    assert desk.job(asked).state == "completed"
    assert not (works.data_dir / "printed" / "q.zpl").exists()
    assert desk.known(1) == ("confirmed", "scanned")


def test_a_station_prints_a_reprint_as_it_prints_a_job(works):
    """Its bytes are compared when it claims them; its journal ends as a worker's delivery does."""
    works.add_printer("p", "file:///p.zpl")
    desk = desk_of(works)
    spec = replace(works.printer("p").spec, station="dock")
    printers.edit_printer(works.db, works.call(), spec, works.data_dir)
    asked = desk.ask(1)
    post = Post(works)
    claim = post.arrive()
    assert claim is not None
    assert claim.row.spans == ((2, 2),)
    blocks.compare_claimed(works.db, works.issuer, post.call, claim.row.job_id)
    assert desk.seen(asked).match == "equal"
    assert desk.known(1) == ("sent", "sent")
    post.begin()
    post.write("hold", first=2, last=2)
    post.report()
    assert desk.known(1) == ("in_doubt", "sent")
    post.write("sent", first=2, last=2, blocks=[])
    post.ends("complete", "queued-in-device")
    post.report()
    job = desk.job(asked)
    assert (job.state, dict(job.outcomes), job.message) == ("completed", {"sent": 1}, None)
    assert desk.printed_again() == 1


def test_a_station_that_is_lost_with_a_reprint_leaves_it_in_doubt(works):
    works.add_printer("p", "file:///p.zpl")
    desk = desk_of(works)
    spec = replace(works.printer("p").spec, station="dock")
    printers.edit_printer(works.db, works.call(), spec, works.data_dir)
    asked, post = desk.ask(1), Post(works)
    post.arrive()
    post.begin()
    post.report()
    stations.release(works.db, works.call(), "dock", None, "it burnt")
    assert desk.known(1) == ("in_doubt", "sent")
    assert desk.resolve(asked, good=False).state == "canceled"
    assert desk.known(1) == ("absent", "scanned")


def test_one_reprint_of_a_label_at_a_time(blind):
    asked = blind.ask(0)
    with pytest.raises(Conflict) as refused:
        blind.ask(0)
    assert code(refused) == ("reprint_under_way", "/label")
    assert refused.value.facts == {"reprint": asked.id}
    assert blind.ask(1).id != asked.id


def test_a_number_is_not_moved_while_its_label_is_printed_again(blind):
    blind.ask(0)
    with pytest.raises(Conflict) as refused:
        blind.move(0, "spoiled")
    assert code(refused) == ("reprint_under_way", "/serials")
    blind.works.send()
    blind.move(0, "spoiled")
    assert blind.known(0) == ("spoiled", None)


def test_what_changed_since_it_was_asked_for_is_not_approved(blind):
    blind.demand(approval=True)
    asked = blind.ask(0)
    blind.move(0, "spoiled")
    with pytest.raises(Conflict) as refused:
        blind.approve(asked, "berta")
    assert refused.value.code == "reprint_not_allowed"
    blind.refuse(asked)


# Limits


def test_a_serial_is_printed_again_so_often_and_no_more(confirmed):
    confirmed.demand(per_serial=2)
    printed(confirmed, 0)
    printed(confirmed, 0)
    with pytest.raises(Conflict) as refused:
        confirmed.ask(0)
    assert code(refused) == ("reprint_limit_serial", "/label")
    assert refused.value.facts == {"limit": 2}
    printed(confirmed, 1)


def test_a_serial_whose_label_turned_up_before_the_approval_is_printed_no_more_often_either(blind):
    """While it was thought to have no label, no limit stood in the way of asking."""
    blind.demand(per_serial=1)
    printed(blind, 0)
    blind.demand(per_serial=1, approval=True, destroyed="none")
    db, issuer, lot_id = blind.works.db, blind.works.issuer, blind.works.lot_id
    reconciliation.declare(db, blind.call(), lot_id, Declaration("sent", "absent", "none is there"))
    asked = blind.ask(0)
    assert blind.scan(0) == "right"
    with pytest.raises(Conflict) as refused:
        blind.approve(asked, "bert")
    assert code(refused) == ("reprint_limit_serial", "/label")
    assert reprints.get_reprint(db, issuer, asked.id).state == "asked"


def test_in_a_shift_so_many_labels_are_printed_again_and_no_more(blind):
    """Shifts begin at 6, 14 and 22; the works' clock stands at 12."""
    blind.demand(per_shift=2)
    blind.ask(0)
    blind.ask(1)
    with pytest.raises(Conflict) as refused:
        blind.ask(2)
    assert code(refused) == ("reprint_limit_shift", "/label")
    blind.works.clock = lambda: datetime(2026, 11, 22, 13, 59, 59, tzinfo=UTC)
    with pytest.raises(Conflict):
        blind.ask(2)
    blind.works.clock = lambda: datetime(2026, 11, 22, 14, tzinfo=UTC)
    assert blind.ask(2).state == "approved"


def test_what_came_to_nothing_does_not_count(blind):
    blind.demand(per_serial=1, per_shift=1)
    for _ in range(2):
        asked = blind.ask(0)
        jobs.cancel_job(blind.works.db, blind.works.issuer, blind.call(), asked.job_id, "no")
    blind.demand(per_serial=1, per_shift=1, approval=True)
    blind.refuse(blind.ask(0))
    assert blind.ask(0).state == "asked"


def test_many_at_once_stay_within_the_limit(works):
    """Eight ask for eight labels at the same moment, three a shift are allowed: three get one."""
    works.add_printer("p", "file:///p.zpl")
    desk = desk_of(works, 8)
    desk.demand(per_shift=3)
    barrier, said = threading.Barrier(8), []

    def ask(at: int) -> None:
        barrier.wait()
        try:
            said.append(desk.ask(at).state)
        except Conflict as error:
            said.append(error.code)

    threads = [threading.Thread(target=ask, args=(at,)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["approved"] * 3 + ["reprint_limit_shift"] * 5


def test_two_who_ask_for_one_label_at_once_get_one(works):
    works.add_printer("p", "file:///p.zpl")
    desk = desk_of(works, 1)
    barrier, said = threading.Barrier(2), []

    def ask() -> None:
        barrier.wait()
        try:
            said.append(desk.ask(0).state)
        except Conflict as error:
            said.append(error.code)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["approved", "reprint_under_way"]


# Bad luck on the way


def test_canceled_before_it_was_sent_the_number_is_what_it_was(confirmed, printer):
    asked = confirmed.ask(0)
    job = jobs.cancel_job(confirmed.works.db, confirmed.works.issuer, confirmed.call(), asked.job_id, "found it")
    assert (job.state, dict(job.outcomes)) == ("canceled", {"planned": 1})
    assert confirmed.known(0) == ("confirmed", "echoed")
    confirmed.works.send(**QUICK)
    assert len(printer.labels) == 5
    assert confirmed.printed_again() == 0
    assert confirmed.ask(0).copy == 2


def test_a_worker_that_dies_leaves_it_in_doubt_and_nobody_prints_it_twice(confirmed, printer):
    asked = confirmed.ask(0)
    works = confirmed.works

    def lost(db, work):
        db.write(work)
        raise Unavailable("database_lost", "Expected an answer from the database, got a lost connection.")

    # lease, claim, the comparison, the label in doubt
    assert works.misfortune(4, lost)
    assert confirmed.known(0) == ("in_doubt", "sent")
    assert works.job(confirmed.batch).doubt is None  # it is not for the batch's job to resolve
    works.send(**QUICK)
    assert len(printer.labels) == 6  # it counted: none had come out, so it was printed then
    assert confirmed.known(0) == ("confirmed", "echoed")
    assert confirmed.job(asked).state == "completed"


@pytest.mark.parametrize("destroyed", [True, False])
@pytest.mark.parametrize("good", [True, False])
def test_what_is_in_doubt_a_person_resolves(blind, printer, destroyed, good):
    """If it did not come out, the number has no label where the old one was destroyed; else it is what it was."""
    works = blind.works
    assert blind.scan(0) == "right"
    works.pass_time(60)
    blind.demand(destroyed="none")
    asked = blind.ask(0, destroyed=destroyed)
    die_in_doubt(works)
    assert blind.job(asked).state == "processing-stopped"
    assert blind.job(asked).doubt.count == 1
    job = blind.resolve(asked, good=good)
    if good:
        assert (job.state, dict(job.outcomes), blind.known(0)) == (
            "completed",
            {"confirmed": 1},
            ("confirmed", "scanned"),
        )
    else:
        assert (job.state, dict(job.outcomes)) == ("canceled", {"absent": 1})
        assert blind.known(0) == (("absent", "scanned") if destroyed else ("confirmed", "scanned"))
    works.send()
    assert len(works.settled(printer)) == 5
    assert blind.printed_again() == int(good)


@pytest.mark.parametrize("destroyed", [True, False])
def test_what_did_not_come_out_is_printed_when_somebody_says_so(blind, printer, destroyed):
    works = blind.works
    blind.demand(destroyed="none")
    asked = blind.ask(0, destroyed=destroyed)
    die_in_doubt(works)
    blind.resolve(asked, good=False, proceed=True)
    works.send()
    assert works.settled(printer)[5:] == [blind.serials[0]]
    assert blind.job(asked).state == "completed"
    assert blind.known(0) == ("sent", "sent")


def die_in_doubt(works: Any) -> None:
    """Let a sender die when the label of a reprint is in doubt and not a byte of it has left."""

    def lost(db, work):
        db.write(work)
        raise Unavailable("database_lost", "Expected an answer from the database, got a lost connection.")

    assert works.misfortune(4, lost)
    works.send("heir")


def test_canceled_in_doubt_it_stays_in_doubt_until_it_is_scanned(blind):
    asked = blind.ask(0)
    die_in_doubt(blind.works)
    job = jobs.cancel_job(blind.works.db, blind.works.issuer, blind.call(), asked.job_id, "tired of it")
    assert (job.state, dict(job.outcomes)) == ("canceled", {"in_doubt": 1})
    with pytest.raises(Conflict) as refused:
        blind.ask(0)
    assert refused.value.code == "reprint_not_allowed"
    blind.resolve(asked, good=True)
    assert blind.known(0) == ("confirmed", "scanned")
    assert blind.printed_again() == 1


@pytest.mark.parametrize("after", [40, 400, 1_000])
def test_a_link_that_breaks_on_the_way_leaves_no_second_label(blind, printer, after):
    """Wherever it breaks, and whatever a person then finds, two labels of this serial come out in the end."""
    asked = blind.ask(0)
    assert printer.wait_for(lambda state: not state.connections, timeout=10)
    printer.drop_after(after, "rst")
    job = until_settled(blind, asked)
    copies = blind.works.settled(printer).count(blind.serials[0])
    assert copies <= 2
    if job.state == "processing-stopped":
        assert blind.known(0)[0] in ("in_doubt", "sent")
        blind.resolve(asked, good=copies == 2, proceed=copies < 2)
        until_settled(blind, asked)
    assert blind.works.settled(printer).count(blind.serials[0]) == 2
    assert blind.job(asked).state == "completed"
    assert blind.known(0)[0] in ("confirmed", "sent")


def until_settled(desk: Desk, asked: Reprint) -> Any:
    for _ in range(4):
        desk.works.send(**QUICK)
        desk.works.pass_time(120)
        job = desk.job(asked)
        if job.state in ("completed", "processing-stopped"):
            return job
    raise AssertionError(desk.job(asked))


def test_a_certified_printer_goes_on_by_itself_after_a_broken_link(confirmed, printer):
    asked = confirmed.ask(0)
    printer.drop_after(100, "rst")
    assert until_settled(confirmed, asked).state == "completed"
    assert confirmed.works.read(printer.labels).count(confirmed.serials[0]) == 2
    assert confirmed.known(0) == ("confirmed", "echoed")


def test_the_batch_s_job_has_no_say_over_a_label_that_was_printed_again(works, printer):
    """It stopped with label 1 handed over and others in doubt; label 1 was printed again since."""
    works.add_printer("q", "file:///q.zpl")
    batch = works.break_down(printer, 60, 20_000)
    desk = Desk(works, batch, works.serials(batch))
    assert desk.known(0) == ("sent", "sent")
    asked = desk.ask(0, printer="q")
    works.send()
    assert works.written("q.zpl") == [desk.serials[0]]
    job = works.resolve(batch, None, proceed=True, nothing=True)
    assert desk.known(0) == ("sent", "sent")
    assert job.outcomes["sent"] == 1
    works.send()
    labels = works.settled(printer)
    assert labels.count(desk.serials[0]) <= 1  # what came out before; not once more
    assert labels[-1] == desk.serials[-1]
    assert dict(desk.job(asked).outcomes) == {"sent": 1}


# The block's digest


def test_another_renderer_is_flagged_and_prints(confirmed, monkeypatch):
    monkeypatch.setattr(blocks, "RENDERER_REVISION", RENDERER_REVISION + 1)
    works = confirmed.works
    spoil_digest(works)
    asked = printed(confirmed, 0)
    assert confirmed.seen(asked).match == "other-renderer"


def test_other_bytes_where_nothing_differs_are_an_alarm_and_print(confirmed):
    works = confirmed.works
    spoil_digest(works)
    asked = printed(confirmed, 0)
    assert confirmed.seen(asked).match == "different"
    assert confirmed.job(asked).message == MATCH_NOTES["different"]
    assert works.audit(f"reprint:{asked.id}")[-1]["reason"] == MATCH_NOTES["different"]


def spoil_digest(works: Any) -> None:
    table = tables.print_job_blocks
    works.db.write(lambda conn: conn.execute(table.update().values(sha256="0" * 64)))


def test_a_printer_that_was_certified_anew_is_flagged_where_it_gets_other_bytes(confirmed, printer):
    """It is not asked for an echo any more."""
    confirmed.works.certify("p", replace(printer.personality, echo=None))
    asked = printed(confirmed, 0)
    assert confirmed.seen(asked).match == "other-printer"
    assert len(printer.labels) == 6


def test_a_printer_that_was_edited_since_and_gets_the_same_bytes_is_not_flagged(confirmed, printer):
    spec = replace(confirmed.works.printer("p").spec, window=1)
    printers.edit_printer(confirmed.works.db, confirmed.works.call(), spec, confirmed.works.data_dir)
    asked = printed(confirmed, 0)
    assert confirmed.seen(asked).match == "equal"


def test_each_label_finds_its_own_run_of_its_own_block(works):
    """Two blocks of 1,000 and a half; the windows of a printer that tells nothing end where a block does."""
    works.add_printer("p", "file:///p.zpl")
    desk = desk_of(works, 2_100)
    desk.demand(per_shift=100)
    for at in (0, 999, 1_000, 1_999, 2_099):
        asked = printed(desk, at)
        assert desk.seen(asked).match == "equal"
    assert works.written("p.zpl")[2_100:] == [desk.serials[at] for at in (0, 999, 1_000, 1_999, 2_099)]


def test_reprints_are_listed_by_state_and_by_lot(blind):
    blind.demand(approval=True)
    first, second = blind.ask(0), blind.ask(1)
    blind.refuse(second)
    works = blind.works

    def ids(state: Any, lot: int | None) -> list[int]:
        return [found.id for found in reprints.list_reprints(works.db, works.issuer, (state, lot), 0, 50).items]

    assert ids(None, None) == [first.id, second.id]
    assert ids("asked", works.lot_id) == [first.id]
    assert ids("refused", None) == [second.id]
    assert ids(None, 999) == []
    with pytest.raises(NotFound):
        reprints.get_reprint(works.db, works.issuer, 999)
