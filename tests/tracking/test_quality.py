"""Tests are recorded for ever, what they show becomes events, and what is not tested passes no gate."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import select

from labelsvc.domain.units.testing import NewTest
from labelsvc.errors import Conflict, InvalidInput, NotFound
from labelsvc.storage.tables import event_terms, events
from labelsvc.tracking import assessing, gating, quality
from labelsvc.tracking.assessing import Assessor
from tests.tracking.happenings import BEGIN, event, packed
from tests.tracking.lab import LOOK, STERILE, TORQUE, Lab

REFUSED = ("refused", ("blocked_untested",))
FAILED = ("refused", ("sale_blocked_failed_tests",))
CASE = "https://id.gs1.org/00/095201234567891235"


def test_a_gated_unit_moves_once_all_its_required_tests_are_passed(plant) -> None:
    lab = Lab(plant, TORQUE, LOOK)
    assert [lab.tried(0, intent) for intent in ("ship", "sell")] == [REFUSED, REFUSED]
    assert lab.tried(0, "pack", parent=b"(00)095201234567891235") == REFUSED
    lab.test(0, 1, Torque="1.25")
    assert (lab.qualities(), lab.tried(0)) == ([None, None, None], REFUSED)
    lab.test(0, Look="good")
    lab.test(1, Look="scratched")
    assert lab.qualities() == ["conformant", "non_conformant", None]
    assert [lab.tried(each) for each in range(3)] == [("done", ()), FAILED, REFUSED]


def test_a_failed_test_that_is_passed_again_lets_a_unit_pass(plant) -> None:
    lab = Lab(plant, TORQUE)
    lab.test(0, Torque="1.5")
    assert lab.tried(0) == FAILED
    lab.test(0, Torque="1.3")
    assert lab.tried(0) == ("done", ())
    lab.test(0, Torque="1.19")
    assert lab.tried(0, "sell") == FAILED


def test_what_was_shipped_untested_all_the_same_is_flagged_and_moves_nothing(plant) -> None:
    lab = Lab(plant, TORQUE)
    assert lab.tried(0, happened=True) == ("flagged", ("blocked_untested",))
    assert lab.books.found(event(lab.hours + 1, "shipping", lab.epcs[1])) == [{"blocked_untested": 1}]
    assert [one.state for one in lab.books.standings(*lab.epcs)] == ["active"] * 3


def test_an_inspection_by_anybody_else_opens_no_gate_and_closes_every(plant) -> None:
    """Not with a scanner, not by an event from outside that says of itself what ours say."""
    lab = Lab(plant, TORQUE)
    lab.scan(0, "inspect", result="conformant")
    said = event(lab.hours + 1, "inspecting", lab.epcs[1], disposition="conformant", set=("conformant",))
    assert lab.books.found(said) == [{}]
    lab.hours += 1
    assert [lab.tried(each) for each in (0, 1)] == [REFUSED, REFUSED]
    lab.test(0, Torque="1.3")
    lab.scan(0, "inspect", result="non_conformant")
    assert lab.tried(0) == FAILED


def test_a_pallet_with_something_untested_in_it_is_not_shipped(plant) -> None:
    lab = Lab(plant, TORQUE, gated=False)
    pallet = "https://id.gs1.org/00/095201234567891242"
    lab.books.capture(packed(lab.hours + 1, CASE, *lab.epcs), packed(lab.hours + 2, pallet, CASE))
    lab.hours += 3
    gating.set_tracking(plant.db, lab.call(), lab.lot.id, gated=True)
    lab.test(0, 1, Torque="1.3")
    assert lab.tried(pallet) == REFUSED
    lab.test(2, Torque="1.3")
    assert lab.tried(pallet) == ("done", ())


def test_a_record_keeps_the_version_and_the_limits_it_was_measured_by(plant) -> None:
    lab = Lab(plant, TORQUE)
    lab.test(0, Torque="1.25")
    narrow = replace(TORQUE, lower=Decimal("1.26"))
    made = quality.define_test(plant.db, plant.call(), lab.product.code, narrow)
    with pytest.raises(Conflict):
        quality.define_test(plant.db, plant.call(), lab.product.code, narrow)
    lab.test(1, Torque="1.25")
    records = quality.list_records(plant.db, None, lab.lot.id, (0, 50)).items
    assert [(one.test.version, one.test.test.lower, one.result) for one in records] == [
        (1, Decimal("1.20"), "passed"),
        (2, Decimal("1.26"), "failed"),
    ]
    versions = quality.list_tests(plant.db, lab.product.code, 0, 50).items
    assert [(one.version, one.current) for one in versions] == [(1, False), (made.version, True)]


def test_a_record_says_who_when_where_and_with_what(plant) -> None:
    lab = Lab(plant, TORQUE)
    call = lab.call()
    then = (call.at - timedelta(hours=2)).astimezone(timezone(timedelta(hours=5, minutes=30)))
    (record,) = lab.test(0, call=call, at=then, Torque="1.25")
    assert (record.epc, record.lot_id, record.value, record.result) == (lab.epcs[0], lab.lot.id, "1.25", "passed")
    assert (record.instrument, record.tested_by, record.actor.id) == ("TQ-1", "Bob", "anna")
    assert (record.at, record.offset, record.recorded_at) == (then, "+05:30", call.at)
    with plant.db.read() as conn:
        row = conn.execute(select(events).order_by(events.c.id.desc()).limit(1)).one()
        paper = conn.execute(select(event_terms.c.value).where(event_terms.c.event_id == row.id)).scalar_one()
    # It is said in the books, and from then on.
    assert (row.event_time, row.time_offset, row.biz_step, row.own) == (call.at, "+05:30", "inspecting", True)
    assert paper == f"https://id.example.com/test-report/{record.report}"


def test_a_wrong_record_stays_beside_the_one_that_corrects_it(plant) -> None:
    lab = Lab(plant, TORQUE, LOOK)
    (torque, _) = lab.test(0, Torque="12.5", Look="good")
    assert lab.tried(0) == FAILED
    right = lab.correct(torque.id, "1.25")
    assert lab.tried(0) == ("done", ())
    with plant.db.read() as conn:
        records = quality.of_unit(conn, _id(conn, lab.epcs[0])).records
    assert [(one.value, one.result, one.corrects, one.corrected_by) for one in records] == [
        ("12.5", "failed", None, right.id),
        ("good", "passed", None, None),
        ("1.25", "passed", torque.id, None),
    ]
    assert (right.reason, right.at, right.test) == ("read off the wrong scale", torque.at, torque.test)
    with pytest.raises(Conflict):
        lab.correct(torque.id, "1.26")


def test_a_record_of_the_wrong_unit_is_withdrawn_and_shows_nothing_any_more(plant) -> None:
    lab = Lab(plant, TORQUE)
    (record,) = lab.test(0, Torque="1.3")
    assert lab.tried(0, "receive", place="9521321000001") == ("done", ())
    lab.correct(record.id, None)
    assert lab.tried(0) == REFUSED


def test_the_same_key_records_once(plant) -> None:
    lab = Lab(plant, TORQUE)
    call = lab.call(key="bench-7/1")
    first = lab.test(0, call=call, Torque="1.3")
    assert lab.test(0, call=call, Torque="1.3") == first
    with pytest.raises(Conflict):
        lab.test(0, call=call, Torque="1.31")
    assert len(quality.list_records(plant.db, None, lab.lot.id, (0, 50)).items) == 1


@pytest.mark.parametrize(
    ("of", "values", "error"),
    [
        ((0,), {"Colour": "red"}, InvalidInput),
        ((0,), {"Sterile": "yes"}, InvalidInput),
        ((), {"Torque": "1.3"}, InvalidInput),
        ((0,), {"Torque": "much"}, InvalidInput),
        ((0, 0), {"Torque": "1.3"}, InvalidInput),
        ((0,), {}, InvalidInput),
    ],
)
def test_what_was_not_measured_is_not_recorded(lab_on_sqlite, of, values, error) -> None:
    lab = lab_on_sqlite
    before = lab.plant.tables()
    with pytest.raises(error):
        lab.test(*of, **values)
    assert lab.plant.tables() == before


def test_what_is_no_unit_yet_and_what_will_be_measured_is_not_recorded(lab_on_sqlite) -> None:
    lab = lab_on_sqlite
    lab.epcs.append("https://id.gs1.org/01/09521321000018/21/NEVER")
    with pytest.raises(NotFound):
        lab.test(3, Torque="1.3")
    with pytest.raises(InvalidInput):
        lab.test(0, at=datetime(2099, 1, 1, tzinfo=UTC), Torque="1.3")
    serial = lab.plant.serials(lab.plant.issue(lab.lot, 1))[0]
    lab.epcs[3] = f"https://id.gs1.org/01/{lab.product.code}/21/{serial}"
    lab.hours += 1
    lab.books.capture(event(lab.hours, "receiving", lab.epcs[3]))
    with pytest.raises(Conflict):
        lab.test(3, Torque="1.3")


@pytest.fixture
def lab_on_sqlite(request, tmp_path) -> Lab:
    plant = request.getfixturevalue("_sqlite_ground").plant(tmp_path / "data")
    return Lab(plant, TORQUE, STERILE)


def test_a_test_of_a_lot_counts_for_each_of_its_units_a_thousand_at_a_time(plant, monkeypatch) -> None:
    monkeypatch.setattr(assessing, "EPCS_AT_MOST", 2)
    lab = Lab(plant, STERILE, units=5)
    (record,) = lab.test(Sterile="yes")
    assert record.epc is None
    assert lab.qualities() == ["conformant"] * 5
    lab.correct(record.id, "no")
    assert lab.qualities() == ["non_conformant"] * 5
    assert lab.tried(4) == FAILED
    with plant.db.read() as conn:
        inspected = select(events.c.body).where(events.c.biz_step == "inspecting").order_by(events.c.id)
        bodies = conn.execute(inspected).scalars().all()
    assert [body.count("/21/") for body in bodies] == [2, 2, 1] * 2


def test_a_sweep_that_was_broken_off_is_gone_on_with(plant, monkeypatch) -> None:
    """The process ended after the first thousand."""
    lab = Lab(plant, STERILE, units=5)
    with monkeypatch.context() as patch:
        patch.setattr(assessing, "EPCS_AT_MOST", 2)
        patch.setattr(assessing, "sweep_some", lambda *_: True)
        lab.test(Sterile="no")
    assert lab.qualities().count("non_conformant") == 2
    Assessor(plant.db, plant.issuer, lambda: BEGIN + timedelta(hours=lab.hours + 1)).look()
    assert lab.qualities() == ["non_conformant"] * 5


@pytest.mark.parametrize(("value", "quality_of_all"), [("yes", "conformant"), ("no", "non_conformant")])
def test_units_that_begin_after_their_lot_was_tested_have_its_result(plant, value, quality_of_all) -> None:
    lab = Lab(plant, STERILE, units=0)
    lab.test(Sterile=value)
    lab.begin(3)
    assert lab.qualities() == [None] * 3
    assessor = Assessor(plant.db, plant.issuer, lambda: BEGIN + timedelta(hours=lab.hours + 1))
    assessor.look()
    assert lab.qualities() == [quality_of_all] * 3
    before = plant.tables()
    assessor.look()
    assert plant.tables() == before


def test_a_lots_test_alone_is_not_enough_where_each_unit_is_tested_too(plant) -> None:
    lab = Lab(plant, STERILE, TORQUE, units=0)
    lab.test(Sterile="yes")
    lab.begin(2)
    Assessor(plant.db, plant.issuer, lambda: BEGIN + timedelta(hours=lab.hours + 1)).look()
    assert lab.qualities() == [None, None]
    lab.test(0, Torque="1.3")
    assert lab.qualities() == ["conformant", None]


def test_what_is_said_in_one_millisecond_keeps_its_order(plant) -> None:
    lab = Lab(plant, TORQUE)
    call = lab.call()
    for number, value in enumerate(["1.3", "2", "1.3", "2", "1.3"]):
        lab.test(0, call=replace(call, key=f"{number}"), Torque=value)
    assert lab.qualities()[0] == "conformant"


def test_only_what_is_required_opens_the_gate(plant) -> None:
    lab = Lab(plant, TORQUE, NewTest("Colour", required=False, words=("red",)))
    lab.test(0, Colour="red")
    assert lab.tried(0) == REFUSED
    lab.test(0, Torque="1.3", Colour="blue")
    assert lab.tried(0) == ("done", ())


def test_a_gate_needs_a_test_that_can_open_it_and_stays(plant) -> None:
    lab = Lab(plant, gated=False)
    with pytest.raises(Conflict):
        gating.set_tracking(plant.db, lab.call(), lab.lot.id, gated=True)
    quality.define_test(plant.db, plant.call(), lab.product.code, TORQUE)
    since = gating.set_tracking(plant.db, lab.call(), lab.lot.id, gated=True).gated_since
    again = gating.set_tracking(plant.db, lab.call(), lab.lot.id, commission_on="event", gated=True)
    assert (again.gated_since, again.commission_on) == (since, "event")
    with pytest.raises(Conflict):
        gating.set_tracking(plant.db, lab.call(), lab.lot.id, gated=False)
    assert gating.get_tracking(plant.db, lab.lot.id) == again


def _id(conn, epc: str) -> int:
    return quality.units.find(conn, [epc])[0].id
