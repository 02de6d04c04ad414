"""Numbers become units when their label is known to be there, each once."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from labelsvc.domain.moves import Move
from labelsvc.domain.outcomes import Interval
from labelsvc.printing import numbers
from labelsvc.storage import batches, lot_tracking, outcomes
from labelsvc.storage.lot_tracking import Tracking
from labelsvc.storage.tables import events, units
from labelsvc.tracking.commissioning import Commissioner, missing


@pytest.fixture
def look(plant):
    """Return what commissions whatever is due."""
    soon = datetime(2026, 11, 20, 8, 35, tzinfo=UTC)  # five minutes later
    commissioner = Commissioner(plant.db, plant.issuer, "https://id.gs1.org/414/9521321000001", lambda: soon)
    return commissioner.look


def confirm(plant, batch, first: int, last: int, evidence: str = "echoed") -> None:
    """Say that labels of a batch came out; counted from 1."""
    with plant.db.read() as conn:
        row = batches.get(conn, batch.id)
    interval = Interval(row.first + first - 1, row.first + last - 1, "confirmed", evidence)
    plant.db.write(lambda conn: outcomes.append(conn, plant.call(), row.range_id, interval))


def counted(plant) -> dict[str, int]:
    """Return how many units there are, by state."""
    with plant.db.read() as conn:
        rows = conn.execute(select(units.c.state, func.count()).group_by(units.c.state))
        return dict(map(tuple, rows))


def events_of(plant) -> list:
    with plant.db.read() as conn:
        return conn.execute(select(events).order_by(events.c.id)).all()


def test_labels_that_came_out_are_units_of_their_lot(plant, look) -> None:
    lot = plant.lot(number="L-7", production_date=date(2026, 11, 20), expiry_date=date(2028, 11, 19))
    batch = plant.issue(lot, 10)
    assert look() == 0
    confirm(plant, batch, 1, 4)
    assert (look(), look()) == (4, 0)
    confirm(plant, batch, 3, 10)
    assert look() == 6
    assert counted(plant) == {"active": 10}
    with plant.db.read() as conn:
        rows = conn.execute(select(units).order_by(units.c.ordinal)).all()
    serials = plant.serials(batch)
    assert [row.epc.rpartition("/")[2] for row in rows] == serials
    assert {(row.lot, row.expiry, row.lot_id, row.product_id) for row in rows} == {
        ("L-7", date(2028, 11, 19), lot.id, lot.product_id)
    }
    assert [event.action for event in events_of(plant)] == ["ADD", "ADD"]


def test_a_thousand_numbers_make_an_event(plant, look) -> None:
    """The rest another one."""
    batch = plant.issue(plant.lot(), 2_300)
    confirm(plant, batch, 1, 2_300)
    assert look() == 2_300
    assert counted(plant) == {"active": 2_300}
    assert len(events_of(plant)) == 3


@pytest.mark.parametrize(("on", "made"), [("confirmed", 5), ("scanned", 2), ("event", 0)])
def test_a_lot_says_what_makes_its_numbers_units(plant, look, on, made) -> None:
    lot = plant.lot()
    plant.db.write(lambda conn: lot_tracking.set_of_lot(conn, lot.id, Tracking(on)))
    batch = plant.issue(lot, 5)
    confirm(plant, batch, 1, 5)
    confirm(plant, batch, 2, 3, "scanned")
    assert look() == made


def test_a_number_that_is_taken_back_is_no_unit_any_more(plant, look) -> None:
    batch = plant.issue(plant.lot(), 5)
    confirm(plant, batch, 1, 5)
    look()
    serials = tuple(plant.serials(batch)[:2])
    move = Move(batch.product_code, serials, "spoiled", "torn")
    numbers.move_numbers(plant.db, plant.issuer, plant.call(), move)
    look()
    assert counted(plant) == {"active": 3, "decommissioned": 2}
    look()
    assert len(events_of(plant)) == 2


intervals = st.lists(st.integers(0, 60), unique=True).map(sorted)


@given(intervals, intervals)
def test_what_is_missing_is_what_is_there_less_what_is_done(there, done) -> None:
    """Number by number."""
    runs = [Interval(first, last, "confirmed") for first, last in outcomes_runs(there)]
    parts = list(missing(runs, outcomes_runs(done)))
    found = [number for first, last in parts for number in range(first, last + 1)]
    assert found == sorted(set(there) - set(done))


def outcomes_runs(numbers):
    found = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found
