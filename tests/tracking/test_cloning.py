"""A serial on two things is noticed, with reasons; what a gap in the readings explains is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from labelsvc.errors import InvalidInput, NotFound
from labelsvc.storage.cloning import newest_event
from labelsvc.storage.tables import locations
from labelsvc.tracking import cloning
from labelsvc.tracking.cloning import Watcher
from tests.tracking.happenings import BEGIN, HOME, SHOP, begun, event, packed

FAR = "https://id.gs1.org/414/9501101020016"
UNIT = "https://id.gs1.org/01/09521321000018/21/C1"
OTHER = "https://id.gs1.org/01/09521321000018/21/C2"


@pytest.fixture
def watched(books):
    """Vienna, Graz and Lisbon; a unit that is made in Vienna."""
    books.capture(begun(0, UNIT, OTHER, biz_location=HOME))
    books.capture(event(0.1, "stocking", OTHER, biz_location=SHOP), event(0.2, "stocking", OTHER, biz_location=FAR))
    degrees = {HOME: (48.21, 16.37), SHOP: (47.07, 15.44), FAR: (38.72, -9.14)}

    def work(conn):
        for uri, (latitude, longitude) in degrees.items():
            its = update(locations).where(locations.c.uri == uri)
            conn.execute(its.values(latitude=latitude, longitude=longitude))

    books.plant.db.write(work)
    return books


def suspects(books) -> dict[str, set[str]]:
    watcher = Watcher(books.plant.db, lambda: BEGIN + timedelta(days=1))
    while watcher.look() or watcher._last != _newest(books):
        pass
    found = cloning.signals(books.plant.db, "open", None, 50)
    return {one.epc: {str(sign["reason"]) for sign in one.signs} for one in found}


def _newest(books) -> int:
    with books.plant.db.read() as conn:
        return newest_event(conn)


def test_a_unit_that_travels_as_things_do_is_no_suspect(watched) -> None:
    watched.capture(
        event(2, "shipping", UNIT, read_point=HOME),
        event(6, "receiving", UNIT, biz_location=SHOP),
        event(30, "retail_selling", UNIT, read_point=SHOP),
    )
    assert UNIT not in suspects(watched)


def test_two_places_at_one_time_are_two_things(watched) -> None:
    """Some 2,300 km in an hour, there and back, and there again."""
    watched.capture(
        event(2, "stocking", UNIT, biz_location=SHOP),
        event(3, "stocking", UNIT, biz_location=FAR),
        event(4, "inspecting", UNIT, read_point=SHOP),
        event(5, "inspecting", UNIT, read_point=FAR),
    )
    assert suspects(watched)[UNIT] == {"too_fast"}


def test_one_wrong_place_is_not_enough(watched) -> None:
    watched.capture(event(2, "stocking", UNIT, biz_location=SHOP), event(3, "inspecting", UNIT, read_point=FAR))
    assert UNIT not in suspects(watched)


def test_what_was_destroyed_does_not_come_back(watched) -> None:
    watched.capture(event(2, "destroying", UNIT, action="DELETE"), event(9, "receiving", UNIT, biz_location=HOME))
    assert suspects(watched)[UNIT] == {"after_end"}


def test_a_case_and_its_content_are_at_one_place(watched) -> None:
    watched.capture(
        packed(1, "https://id.gs1.org/00/095201234567891235", UNIT), event(2, "receiving", UNIT, biz_location=FAR)
    )
    assert "without_container" in suspects(watched)[UNIT]


def test_a_person_settles_a_suspect_and_it_opens_anew_when_more_is_seen(watched) -> None:
    plant = watched.plant
    watched.capture(event(2, "destroying", UNIT, action="DELETE"), event(9, "receiving", UNIT, biz_location=HOME))
    suspects(watched)
    [signal] = cloning.signals(plant.db, "open", None, 50)
    with pytest.raises(InvalidInput):
        cloning.close_signal(plant.db, plant.call(), signal.unit_id, "open", "no")
    with pytest.raises(NotFound):
        cloning.close_signal(plant.db, plant.call(), 10**6, "dismissed", "no")
    cloning.close_signal(plant.db, plant.call(client="anna"), signal.unit_id, "dismissed", "a wrong clock")
    assert suspects(watched) == {}
    [kept] = cloning.signals(plant.db, "dismissed", None, 50)
    assert (kept.closed_by, kept.reason) == ("anna", "a wrong clock")
    watched.capture(event(10, "stocking", UNIT, biz_location=FAR), event(10.5, "stocking", UNIT, biz_location=HOME))
    watched.capture(event(11, "stocking", UNIT, biz_location=FAR))
    assert suspects(watched)[UNIT] == {"after_end", "too_fast"}
