"""An override: one person asks, another approves, the gate opens, and it is seen for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from labelsvc.domain.actors import Actor
from labelsvc.errors import Conflict, NotAllowed
from labelsvc.storage import units as unit_rows
from labelsvc.storage.tables import event_terms
from labelsvc.tracking import dossiers, overriding, quality, refolding, units
from labelsvc.tracking.assessing import OVERRIDE_TYPE, Assessor
from labelsvc.tracking.overriding import OverrideRequest
from tests.tracking.happenings import BEGIN
from tests.tracking.lab import LOOK, STERILE, TORQUE, Lab

FAILED = ("refused", ("sale_blocked_failed_tests",))


def test_nobody_approves_what_they_asked_for_by_whichever_door(plant) -> None:
    lab = Lab(plant, TORQUE)
    lab.test(0, Torque="2")
    asked = overriding.ask_override(plant.db, lab.call("anna"), OverrideRequest("as it is", (lab.epcs[0],)))
    for same in (Actor("key", "anna"), Actor("user", "Anna"), Actor("shell", "anna")):
        with pytest.raises(NotAllowed):
            overriding.approve_override(plant.db, plant.issuer, replace(lab.call(), actor=same), asked.id)
    assert lab.tried(0) == FAILED
    approved = overriding.approve_override(plant.db, plant.issuer, lab.call("berta"), asked.id)
    assert (approved.state, approved.asked_by.id, approved.decided_by.id) == ("approved", "anna", "berta")
    assert lab.tried(0) == ("done", ())
    with pytest.raises(Conflict):
        overriding.approve_override(plant.db, plant.issuer, lab.call("carol"), asked.id)


def test_an_override_is_an_event_and_shows_in_the_units_story_for_ever(plant) -> None:
    lab = Lab(plant, TORQUE, LOOK)
    lab.test(0, Torque="2")
    made = lab.override(0)
    lab.test(0, Torque="1.3", Look="good")
    lab.scan(0)
    story = units.story(plant.db, lab.epcs[0])
    (shown,) = story.overrides
    assert (shown.id, shown.reason, shown.state) == (made.id, "the customer takes them as they are", "approved")
    with plant.db.read() as conn:
        named = select(event_terms.c.event_id, event_terms.c.value)
        found = conn.execute(named.where(event_terms.c.name == f"bizTransaction_{OVERRIDE_TYPE}")).all()
        assert quality.of_unit(conn, story.unit.id).overrides == story.overrides
    assert [row.value for row in found] == [f"https://id.example.com/override/{made.id}"]
    serial = lab.epcs[0].rpartition("/")[2]
    dossier = dossiers.of_serial(plant.db, plant.issuer, lab.product.code, serial)
    assert dossier.story.overrides == story.overrides
    assert [one.value for one in dossier.tests] == ["2", "1.3", "good"]
    its = next(one for one in story.events if one.id == found[0].event_id)
    assert (its.biz_step, its.disposition) == ("inspecting", "conformant")
    assert units.story(plant.db, lab.epcs[1]).overrides == ()


def test_an_override_is_only_for_the_units_it_names(plant) -> None:
    lab = Lab(plant, TORQUE)
    lab.override(0)
    assert [lab.tried(each) for each in (0, 1)] == [("done", ()), ("refused", ("blocked_untested",))]


def test_a_test_that_fails_afterwards_closes_the_gate_again(plant) -> None:
    """Nobody knew of it when it was approved."""
    lab = Lab(plant, TORQUE, LOOK)
    lab.test(0, Torque="2")
    lab.override(0)
    lab.test(0, Look="good")
    assert lab.tried(0, "receive")[0] == "done"
    assert lab.tried(0) == ("done", ())
    lab.test(0, Torque="2.1")
    assert lab.tried(0, "sell") == FAILED


def test_a_lot_is_overridden_with_the_units_that_are_to_come(plant) -> None:
    lab = Lab(plant, STERILE)
    lab.test(Sterile="no")
    assert lab.tried(0) == FAILED
    lab.override()
    assert lab.tried(0) == ("done", ())
    lab.begin(2)
    Assessor(plant.db, plant.issuer, lambda: BEGIN + timedelta(hours=lab.hours + 1)).look()
    lab.hours += 1
    assert lab.tried(4) == ("done", ())
    assert [one.lot_id for one in units.story(plant.db, lab.epcs[4]).overrides] == [lab.lot.id]


def test_a_refused_override_opens_nothing_and_is_seen_as_well(plant) -> None:
    lab = Lab(plant, TORQUE)
    asked = overriding.ask_override(plant.db, lab.call("anna"), OverrideRequest("as it is", (lab.epcs[0],)))
    assert overriding.list_overrides(plant.db, ("asked", None, lab.epcs[0]), (0, 50)).items == (asked,)
    refused = overriding.refuse_override(plant.db, lab.call("anna"), asked.id, "repaired instead")
    assert (refused.state, refused.decision) == ("refused", "repaired instead")
    assert lab.tried(0) == ("refused", ("blocked_untested",))
    assert [one.state for one in units.story(plant.db, lab.epcs[0]).overrides] == ["refused"]
    with pytest.raises(Conflict):
        overriding.approve_override(plant.db, plant.issuer, lab.call("berta"), asked.id)


def test_the_same_key_asks_and_approves_once(plant) -> None:
    lab = Lab(plant, TORQUE)
    request = OverrideRequest("as it is", (lab.epcs[0],))
    call = lab.call("anna", key="o-1")
    asked = overriding.ask_override(plant.db, call, request)
    assert overriding.ask_override(plant.db, call, request) == asked
    approving = lab.call("berta", key="o-2")
    made = overriding.approve_override(plant.db, plant.issuer, approving, asked.id)
    assert overriding.approve_override(plant.db, plant.issuer, approving, asked.id) == made
    assert len(overriding.list_overrides(plant.db, (None, None, None), (0, 50)).items) == 1


def test_folded_anew_out_of_its_events_a_unit_stands_where_it_stood(plant) -> None:
    lab = Lab(plant, TORQUE)
    lab.tried(0, happened=True)
    lab.test(0, 1, Torque="2")
    lab.override(0)
    lab.scan(0)
    lab.test(1, Torque="1.3")
    lab.scan(1, "sell")
    before = [one.digest for one in lab.books.standings(*lab.epcs)]
    call = lab.call()

    def anew(conn) -> None:
        ids = [one.id for one in unit_rows.find(conn, lab.epcs)]
        refolding.refold(conn, call, ids, [], after=BEGIN, beside=set())

    plant.db.write(anew)
    assert [one.digest for one in lab.books.standings(*lab.epcs)] == before
    assert [one.state for one in lab.books.standings(*lab.epcs)] == ["in_transit", "sold", "active"]
