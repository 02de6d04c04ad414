"""Partners see what is theirs, and how what passed through them came to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from labelsvc import access
from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.epcis.extracts import extract
from labelsvc.domain.places import NamedBy, NewLocation
from labelsvc.errors import NotFound
from labelsvc.storage import passages, places
from labelsvc.storage.tables import events
from labelsvc.tracking import capturing, partners, units
from labelsvc.tracking import places as place_uses
from tests.tracking.happenings import BEGIN, HOME, SHOP, begun, event, packed

CASE = "https://id.gs1.org/00/095201234567891235"
PALLET = "https://id.gs1.org/00/095201234567891242"
DEALER, RIVAL = "https://id.gs1.org/417/9521141111116", "https://id.gs1.org/417/9521321000001"


def to(party: str) -> dict[str, Any]:
    """Return what an event says that gives things to a party."""
    return {"destinations": (("possessing_party", party),)}


@pytest.fixture
def journey(books):
    """Four units: two come to the dealer in a case on a pallet, one was taken out before, one stayed at home."""
    batch = books.plant.issue(books.plant.lot(number="L-7"), 4)
    ours = [f"https://id.gs1.org/01/{batch.product_code}/21/{serial}" for serial in books.plant.serials(batch)]
    books.capture(begun(0, *ours, lot="L-7", biz_location=HOME), own=True)
    books.capture(
        packed(1, CASE, *ours[:3]),
        packed(2, CASE, ours[2], action="DELETE"),
        packed(3, PALLET, CASE),
        event(4, "shipping", PALLET, read_point=HOME, sources=(("owning_party", RIVAL),)),
        event(5, "receiving", PALLET, biz_location=SHOP, **to(DEALER)),
        packed(6, PALLET, CASE, action="DELETE"),
        packed(7, CASE, *ours[:2], action="DELETE"),
        event(8, "shipping", ours[0], read_point=SHOP),
        event(9, "receiving", ours[0], biz_location=SHOP, **to(RIVAL)),
        event(10, "holding", ours[0], set=("recalled",)),
    )
    return ours


def party_id(books, uri: str) -> int:
    return books.plant.db.write(lambda conn: places.party_ids(conn, (uri,), BEGIN)[uri])


def told(books, uri: str, epc: str) -> Any:
    return partners.part(books.plant.db, party_id(books, uri), units.story(books.plant.db, epc))


def test_a_story_ends_where_the_unit_left_the_partner(books, journey) -> None:
    story = told(books, DEALER, journey[0])
    assert [(one.biz_step, one.location, one.holder) for one in story.events] == [
        ("commissioning", HOME, None),  # made here
        ("packing", None, None),
        ("packing", None, None),
        ("shipping", None, None),
        ("receiving", SHOP, DEALER),  # their own
    ]
    standing = story.unit.standing
    assert (standing.state, standing.recalled, standing.location, standing.holder) == ("in_stock", True, None, None)
    assert [one.time for one in told(books, RIVAL, journey[0]).events][-1] == story.events[0].time.replace(hour=18)


def test_what_never_passed_is_as_if_it_were_not(books, journey) -> None:
    """Nor what was taken out of the case before that came."""
    for epc in journey[2:]:
        with pytest.raises(NotFound) as refusal:
            told(books, DEALER, epc)
        assert refusal.value.code == "unit_unknown"
    assert told(books, RIVAL, journey[1]).events  # the pallet's shipping names them as its owner


def test_events_are_seen_whole_in_part_or_not_at_all(books, journey) -> None:
    """By the condition for queries, and as it shows them."""
    dealer = party_id(books, DEALER)
    with books.plant.db.read() as conn:
        steps = select(events.c.event_time, events.c.id).order_by(events.c.event_time)
        hours = {row.id: round((row.event_time - BEGIN).total_seconds() / 3600) for row in conn.execute(steps)}
        seen = set(conn.execute(select(events.c.id).where(passages.visible(dealer))).scalars())
        whole = set(conn.execute(select(events.c.id).where(passages.theirs(dealer))).scalars())
        epcs = passages.epcs_among(conn, dealer, list(seen))
        document = {"type": "ObjectEvent", "epcList": [*journey, PALLET], "bizLocation": {"id": HOME}}
        shown = {hours[one]: said for one, said in partners.shown(conn, dealer, dict.fromkeys(seen, document)).items()}
    assert shown[5] == document
    assert shown[0] == {"type": "ObjectEvent", "epcList": journey[:2], "bizLocation": {"id": HOME}}  # made here
    assert shown[4] == {"type": "ObjectEvent", "epcList": [PALLET]}
    assert sorted(hours[one] for one in seen) == [0, 1, 3, 4, 5]
    assert [hours[one] for one in whole] == [5]
    assert {hours[one]: found for one, found in epcs.items()} == {
        0: set(journey[:2]),
        1: set(journey[:2]),
        3: {CASE},
        4: {PALLET},
        5: {PALLET},
    }


def test_a_place_of_theirs_makes_an_event_theirs_and_so_does_their_key(books, journey) -> None:
    """What broke a rule, or is declared wrong, opens nothing."""
    plant = books.plant
    by, said = NamedBy(uri=SHOP), NewLocation("Shop", DEALER)
    place_uses.add_location(plant.db, plant.issuer, plant.call(), by, said)
    assert [one.biz_step for one in told(books, DEALER, journey[0]).events][-2:] == ["shipping", "receiving"]
    access.add_key(plant.db, plant.call(), "dealer", "partner", None, DEALER)
    call = Call(Actor("key", "dealer"), BEGIN + timedelta(days=30))
    with pytest.raises(NotFound):
        told(books, DEALER, journey[3])
    capturing.capture(plant.db, plant.issuer, call, [event(-1, "receiving", journey[3])])  # before it began
    with pytest.raises(NotFound):
        told(books, DEALER, journey[3])
    capturing.capture(plant.db, plant.issuer, call, [event(11, "receiving", journey[3])])
    assert [one.biz_step for one in told(books, DEALER, journey[3]).events] == [
        "receiving",
        "commissioning",
        "receiving",
    ]


def test_an_extract_names_nobody_and_nothing_else() -> None:
    unit, other = "https://id.gs1.org/01/09521321000018/21/A", "urn:epc:id:sgtin:952132.0100001.B"
    document = {
        "type": "AggregationEvent",
        "eventTime": "2026-11-20T09:00:00Z",
        "action": "ADD",
        "parentID": "urn:epc:id:sscc:952132.01234567892",
        "childEPCs": ["urn:epc:id:sgtin:9521321.000001.A", other],
        "childQuantityList": [{"epcClass": "urn:epc:class:lgtin:9521321.000001.L", "quantity": 3}],
        "bizLocation": {"id": SHOP},
        "readPoint": {"id": SHOP},
        "sourceList": [{"type": "owning_party", "source": RIVAL}],
        "destinationList": [{"type": "owning_party", "destination": DEALER}],
        "bizTransactionList": [{"type": "po", "bizTransaction": "urn:epc:id:gdti:9521321.00001.1"}],
        "sensorElementList": [],
        "example:buyer": "Jana",
    }
    left = extract(document, {unit}, places=False)
    assert left == {
        "type": "AggregationEvent",
        "eventTime": "2026-11-20T09:00:00Z",
        "action": "ADD",
        "parentID": "urn:epc:id:sscc:952132.01234567892",
        "childEPCs": ["urn:epc:id:sgtin:9521321.000001.A"],
    }
    assert extract(document, {unit}, places=True).keys() - left.keys() == {"bizLocation", "readPoint"}
