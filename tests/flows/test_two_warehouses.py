"""Two warehouses scan one unit in the same millisecond: neither scan is lost, and whoever was first does not matter."""

from __future__ import annotations

import threading
from datetime import timedelta

from sqlalchemy import func, select

from labelsvc.domain.actors import Actor, Call
from labelsvc.storage import units
from labelsvc.storage.tables import events, scans, unit_events
from labelsvc.tracking import scanning
from labelsvc.tracking.scanning import Scan
from tests.tracking.conftest import books
from tests.tracking.happenings import BEGIN, begun

__all__ = ["books"]  # a fixture of the neighbours

GLNS = ("9521321000001", "9521141111116")
ROUNDS = 8


def test_both_are_kept_and_the_unit_stands_as_in_any_other_order(books) -> None:
    plant = books.plant
    batch = plant.issue(plant.lot(number="L-7"), ROUNDS)
    serials = plant.serials(batch)
    epcs = [f"https://id.gs1.org/01/{batch.product_code}/21/{serial}" for serial in serials]
    books.capture(begun(0, *epcs, lot="L-7"))
    start = threading.Barrier(2)
    answers: list[tuple[str, str]] = []

    def warehouse(gln: str) -> None:
        for number, serial in enumerate(serials):
            moment = BEGIN + timedelta(hours=1, minutes=number)
            call = Call(Actor("key", gln), moment, f"{gln}-{number}")
            asked = Scan(f"01{batch.product_code}21{serial}".encode(), "receive", at=moment, place=gln)
            start.wait(20)
            answers.append((scanning.scan(plant.db, plant.issuer, call, asked).result, gln))

    threads = [threading.Thread(target=warehouse, args=(gln,)) for gln in GLNS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == sorted(("done", gln) for gln in GLNS for _ in serials)
    with plant.db.read() as conn:
        assert conn.execute(select(func.count()).select_from(scans)).scalar_one() == 2 * ROUNDS
        received = select(events.c.hash, unit_events.c.unit_id, unit_events.c.location_id).join(
            unit_events, unit_events.c.event_id == events.c.id
        )
        rows = conn.execute(received.where(events.c.biz_step == "receiving")).all()
        assert len(rows) == 2 * ROUNDS
        known = {one.epc: one for one in units.find(conn, epcs)}
    for epc in epcs:
        one = known[epc]
        # Of two events of one moment the greater hash is the later one, whoever's came first.
        last = max((row for row in rows if row.unit_id == one.id), key=lambda row: row.hash)
        assert (one.last, one.kept.location_id) == ((one.last[0], last.hash), last.location_id)
