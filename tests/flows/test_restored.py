"""Yesterday's backup is restored while labels of today are in the world: no serial is given or printed twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, text

from labelsvc import access
from labelsvc.domain.batches import Batch
from labelsvc.domain.jobs import WINDOW, PrinterSpec, PrintJob, Resolution
from labelsvc.errors import InvalidInput, NotFound, Unauthenticated
from labelsvc.issuing import restoring
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printing import jobs, printers, resolving
from labelsvc.storage.tables import metadata
from labelsvc.tracking import serials as known_serials

SKIP = 50
#: Day 324 of 2026, then six digits.
DAILY = "{prod:%y%j}{seq:6}"


class Backup:
    """All rows as they were; restored, they are all there is, and ids go on from there, as after any restore."""

    def __init__(self, plant: Any) -> None:
        self._plant = plant
        self._rows = plant.tables()

    def restore(self) -> None:
        self._plant.db.write(self._restore)

    def _restore(self, conn: Connection) -> None:
        for table in reversed(metadata.sorted_tables):
            conn.execute(table.delete())
        for table in metadata.sorted_tables:
            rows = [dict(zip(table.columns.keys(), row, strict=True)) for row in self._rows[table.name]]
            if rows:
                conn.execute(table.insert(), rows)
            if conn.dialect.name == "postgresql" and "id" in table.columns:
                sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
                last = f"(SELECT coalesce(max(id), 0) + 1 FROM {table.name})"
                conn.execute(text(f"SELECT setval({sequence}, {last}, false) WHERE {sequence} IS NOT NULL"))


def restored(plant: Any) -> restoring.Restored:
    return restoring.mark_restored(plant.db, plant.call(), SKIP)


def answer(plant: Any, code: str, serial: str) -> str:
    """What anyone who scans it is told: an outcome, or why there is none."""
    try:
        return known_serials.look_up(plant.db, plant.issuer, code, serial).known.outcome
    except NotFound as error:
        return error.code


def test_no_serial_is_given_twice(plant: Any) -> None:
    """Counters, unguessable serials, and a pool that was made after the backup, from the same lot opened again."""
    daily, random = plant.product(DAILY), plant.product("{rnd:10}")
    lot, other = plant.lot(daily, "L-1"), plant.lot(random, "R-1")
    before = [serial for one in (lot, other) for serial in plant.serials(plant.issue(one, 5))]
    backup = Backup(plant)

    next_day = {"production_date": date(2026, 11, 21)}
    since = plant.serials(plant.issue(lot, 7)) + plant.serials(plant.issue(plant.lot(daily, "L-2", **next_day), 4))
    since_random = plant.serials(plant.issue(other, 9))
    backup.restore()
    assert restored(plant) == restoring.Restored(pools=2, jobs=0)

    told = {answer(plant, daily.code, serial) for serial in since}
    assert told | {answer(plant, random.code, serial) for serial in since_random} == {"record_lost"}
    again = plant.lot(daily, "L-2", **next_day)
    later, later_next_day = plant.serials(plant.issue(lot, 7)), plant.serials(plant.issue(again, 4))
    later_random = plant.serials(plant.issue(other, 9))
    # Five were issued before the backup, fifty are skipped.
    assert (later[0], later_next_day[0]) == ("26324000056", "26325000051")
    given = [*before, *since, *since_random, *later, *later_next_day, *later_random]
    assert len(set(given)) == len(given) == 2 * 5 + 7 + 4 + 9 + 7 + 4 + 9

    assert {answer(plant, daily.code, serial) for serial in since} == {"record_lost"}
    assert {answer(plant, daily.code, serial) for serial in (*before[:5], *later, *later_next_day)} == {"held"}
    assert answer(plant, daily.code, "26324000063") == "never_issued"
    assert answer(plant, daily.code, "26325000055") == "never_issued"


def test_a_pool_with_fewer_numbers_left_has_none_left(plant: Any) -> None:
    """All of them may have been issued; another scheme goes on."""
    product = plant.product("A{seq:2}")
    lot = plant.lot(product)
    plant.issue(lot, 60)
    assert restored(plant).pools == 1
    assert answer(plant, product.code, "A99") == "record_lost"
    with pytest.raises(Exception, match="Expected at most 0"):
        plant.issue(lot, 1)
    assert restored(plant).pools == 0
    small = plant.lot(plant.product("B{seq:1}"))
    with pytest.raises(Exception, match="Expected at most 0"):
        plant.issue(small, 1)


def test_a_request_that_was_answered_since_is_a_new_one(plant: Any) -> None:
    """Its key went with the books; one of before the backup still gives the answer of then."""
    lot = plant.lot(plant.product(DAILY))
    old = plant.issue(lot, 5, key="before")
    backup = Backup(plant)
    lost = plant.serials(plant.issue(lot, 5, key="since"))
    backup.restore()
    restored(plant)
    assert plant.issue(lot, 5, key="before") == old
    again = plant.serials(plant.issue(lot, 5, key="since"))
    assert not set(again) & set(lost)


def test_a_second_restore_skips_what_a_pool_gave_that_was_made_after_the_first(plant: Any) -> None:
    """It began behind the numbers that were skipped then, and the backup of after that knows nothing of it."""
    product = plant.product(DAILY)
    lot = plant.lot(product)
    restored(plant)
    backup = Backup(plant)
    lost = plant.serials(plant.issue(lot, 7))
    assert lost[0] == "26324000051"
    backup.restore()
    restored(plant)
    again = plant.serials(plant.issue(lot, 7))
    assert again[0] == "26324000101"
    assert not set(again) & set(lost)
    assert {answer(plant, product.code, serial) for serial in lost} == {"record_lost"}


@pytest.mark.parametrize("skip", [0, -1, 10**12 + 1])
def test_skipping_nothing_is_refused(plant: Any, skip: int) -> None:
    """It would be the duplicates that this is against."""
    before = plant.tables()
    with pytest.raises(InvalidInput, match="Expected 1 to 1,000,000,000,000 numbers to skip"):
        restoring.mark_restored(plant.db, plant.call(), skip)
    assert plant.tables() == before


def nothing() -> None:
    """Let a write pass."""


def add_printer(plant: Any, printer: VirtualPrinter) -> None:
    spec = PrinterSpec("p", printer.uri, "zpl", 8, 50.0, 25.0)
    printers.add_printer(plant.db, plant.call(), spec, plant.data_dir)


def job(plant: Any, batch: Batch) -> PrintJob:
    return jobs.get_job(plant.db, plant.issuer, batch.job_id)


def resolve(plant: Any, batch: Batch, last_good: str | None, *, nothing_came_out: bool = False) -> PrintJob:
    """An operator looked, and lets the job go on."""
    found = Resolution(last_good, proceed=True, reason="looked", nothing_came_out=nothing_came_out)
    return resolving.resolve_job(plant.db, plant.issuer, plant.call(), batch.job_id, found)


def printed(printer: VirtualPrinter, serials: list[str]) -> list[str]:
    """The serials on the labels that came out, once no more come."""
    assert printer.wait_for(lambda state: not state.connections, timeout=10)
    assert printer.wait_for(lambda state: not state.formats_waiting and not state.labels_left, timeout=10)
    return [next(serial for serial in serials if serial.encode() in label) for label in printer.labels]


def test_what_was_printed_since_the_backup_is_not_printed_again(plant: Any) -> None:
    """The backup has one job half way and one that waits; both came out. Nothing moves until someone has scanned."""
    with VirtualPrinter(dpmm=8) as printer:
        add_printer(plant, printer)
        lot = plant.lot(plant.product(DAILY))
        under_way, waiting = plant.issue(lot, 3 * WINDOW, printer="p"), plant.issue(lot, 10, printer="p")
        kept: list[Backup] = []
        # Lease, claim, then two writes a window: the backup finds the first one sent and the second in doubt.
        plant.meanwhile(*[nothing] * 5, lambda: kept.append(Backup(plant))).print()
        serials = plant.serials(under_way) + plant.serials(waiting)
        assert printed(printer, serials) == serials

        kept[0].restore()
        assert job(plant, under_way).outcomes == {"planned": WINDOW, "sent": WINDOW, "in_doubt": WINDOW}
        assert restored(plant).jobs == 2
        assert [job(plant, one).state for one in (under_way, waiting)] == ["processing-stopped"] * 2
        assert job(plant, under_way).outcomes == {"sent": WINDOW, "in_doubt": 2 * WINDOW}
        assert job(plant, waiting).outcomes == {"in_doubt": 10}
        plant.print()
        resolve(plant, under_way, serials[3 * WINDOW - 1])
        plant.print()  # the printer is held by the other one still
        resolve(plant, waiting, serials[-1])
        plant.print()
        assert printed(printer, serials) == serials
    assert [job(plant, one).state for one in (under_way, waiting)] == ["completed"] * 2
    assert job(plant, under_way).outcomes == {"confirmed": 3 * WINDOW}


@pytest.mark.parametrize("nothing_came_out", [False, True])
def test_what_was_not_printed_since_the_backup_is_printed_once(plant: Any, nothing_came_out: bool) -> None:
    """An operator finds that only part of one job, and none of the other, came out."""
    with VirtualPrinter(dpmm=8) as printer:
        add_printer(plant, printer)
        lot = plant.lot(plant.product(DAILY))
        some, none = plant.issue(lot, 30, printer="p"), plant.issue(lot, 10, printer="p")
        serials = plant.serials(some) + plant.serials(none)
        restored(plant)
        resolve(plant, some, serials[11])
        resolve(plant, none, None, nothing_came_out=nothing_came_out)
        plant.print()
        assert printed(printer, serials) == serials[12:]
    assert job(plant, some).outcomes == {"sent": 18, "confirmed": 12}
    assert job(plant, none).outcomes == {"sent": 10}


def test_a_sender_that_ran_on_through_the_restore_sends_nothing_more(plant: Any) -> None:
    """Its lease has another token, which was never given to anyone: not even the backup's own holder has it."""
    with VirtualPrinter(dpmm=8) as printer:
        add_printer(plant, printer)
        batch = plant.issue(plant.lot(plant.product(DAILY)), 5 * WINDOW, printer="p")
        serials = plant.serials(batch)
        kept: list[Backup] = []
        events: list[Callable[[], object]] = [nothing] * 5
        events += [lambda: kept.append(Backup(plant)), nothing, lambda: (kept[0].restore(), restored(plant))]
        plant.meanwhile(*events).print()
        came_out = printed(printer, serials)
        assert came_out == serials[: len(came_out)]
        assert 2 * WINDOW <= len(came_out) <= 3 * WINDOW
        assert job(plant, batch).state == "processing-stopped"
        resolve(plant, batch, came_out[-1])
        plant.print()
        assert printed(printer, serials) == serials


def test_a_session_that_ended_since_is_not_open_again(plant: Any) -> None:
    access.add_user(plant.db, plant.call(), "anna", "qa", "correct horse battery")
    now = plant.call().at
    token = access.sign_in(plant.db, access.Door(), ("anna", "correct horse battery"), "192.0.2.1", now)
    backup = Backup(plant)
    access.sign_out(plant.db, plant.call(), token)
    backup.restore()
    assert access.enter(plant.db, token, now).client.name == "anna"
    restored(plant)
    with pytest.raises(Unauthenticated):
        access.enter(plant.db, token, now)
