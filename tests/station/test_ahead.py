"""Labels that were handed ahead: a line uses them without the server, and every one of them is accounted for."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from labelsvc.domain.batches import Batch, BatchRequest
from labelsvc.domain.quality import VerifyScan
from labelsvc.errors import Conflict, InvalidInput
from labelsvc.issuing import batches
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printers.virtual.engine import Personality
from labelsvc.printing import jobs, verifying
from labelsvc.printing.stations import stations
from labelsvc.station import ahead, requests
from labelsvc.station.files import write_whole
from labelsvc.station.requests import LineRequest
from labelsvc.station.running import Station
from tests.station.conftest import Dock, step, work_off

KIND = Personality(counts="late", echo="movement", on_for=3_600.0)


@pytest.fixture
def dock(works_on, database, database_url: str, dock_on) -> Dock:
    """A works with a web app on either database."""
    return dock_on(works_on(database), database_url)


@pytest.fixture
def printer(dock: Dock) -> Iterator[VirtualPrinter]:
    """A printer of the station that echoes and counts."""
    with VirtualPrinter(personality=KIND) as made:
        dock.works.add_printer("p", made.config_uri, station="dock")
        dock.works.certify("p", KIND)
        yield made


def hand(dock: Dock, quantity: int = 20, hours: int = 24, printer: str | None = "p") -> Batch:
    works = dock.works
    request = BatchRequest(quantity, printer, ahead_hours=hours)
    return batches.issue(works.db, works.issuer, works.call(), works.lot_id, request)


def outcomes(dock: Dock, batch: Batch) -> dict[str, int]:
    return dict(batches.get_batch(dock.works.db, dock.works.issuer, batch.id).outcomes)


def ask(station: Station, key: str, quantity: int, lot: str = "M-1") -> dict[str, Any]:
    """Ask as a line does, and return the answer."""
    (station.directory / "answers" / f"{key}.json").unlink(missing_ok=True)
    body = f'{{"lot":"{lot}","printer":"p","quantity":{quantity}}}'
    write_whole(station.directory / "requests" / f"{key}.json", [body.encode()])
    ahead.serve(station.directory, list(station.holdings.values()), datetime.now(UTC))
    said: dict[str, Any] = json.loads((station.directory / "answers" / f"{key}.json").read_text("utf-8"))
    return said


def fetch(station: Station) -> None:
    work_off(station)
    (holding,) = station.holdings.values()
    assert holding.heard


class Hours:
    """The machine's own clock, in the hands of the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr("labelsvc.station.holding.since_boot", lambda: ("boot", self.now * 3600))
        monkeypatch.setattr("labelsvc.station.holding.elapsed", lambda since: self.now * 3600 - since[1])


def test_a_line_prints_without_the_server_and_each_label_is_accounted_for(dock: Dock, printer: VirtualPrinter) -> None:
    batch = hand(dock)
    assert outcomes(dock, batch) == {"planned": 20}
    with dock.station() as station:
        fetch(station)
        assert list(printer.labels) == []
        dock.wire.cut = True
        said = ask(station, "shift-1", 5)
        assert (said["first_serial"], said["last_serial"]) == tuple(dock.works.serials(batch)[:5:4])
        step(station)
        assert ask(station, "shift-1", 5) == said  # the same key, the same labels
        assert ask(station, "shift-2", 3)["first"] == 6
        step(station)
        assert ask(station, "shift-3", 13)["error"].startswith("Expected at most 12 labels")
    with dock.station() as station:  # started anew
        step(station)
        assert ask(station, "shift-1", 5) == said
        assert dock.works.settled(printer) == dock.works.serials(batch)[:8]
        dock.wire.cut = False
        work_off(station)
        assert outcomes(dock, batch) == {"planned": 12, "confirmed": 8}
        assert ask(station, "done", 0) == {"returned": 12}
        assert "error" in ask(station, "shift-4", 1)
        work_off(station)
        assert not station.holdings
    assert outcomes(dock, batch) == {"confirmed": 8, "returned": 12}
    found = jobs.list_jobs(dock.works.db, dock.works.issuer, ("p", None), 0, 10).items
    assert [(job.state, job.quantity) for job in found] == [("completed", 5), ("completed", 3)]


def test_what_has_expired_is_neither_used_nor_kept_whatever_the_clock_is_set_to(
    dock: Dock, printer: VirtualPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, clock = hand(dock, hours=24), Hours(monkeypatch)
    with dock.station() as station:
        fetch(station)
        (holding,) = station.holdings.values()
        dock.wire.cut = True
        clock.now = 23.9
        assert ask(station, "in-time", 2)["last"] == 2
        step(station)
        clock.now = 24
        long_ago = datetime(1999, 1, 1, tzinfo=UTC)
        ahead.serve(station.directory, [holding], long_ago)
        assert "error" in ask(station, "late", 1)
        assert not (holding.directory / "labels").exists()
        dock.wire.cut = False
        work_off(station)
    assert outcomes(dock, batch) == {"confirmed": 2, "returned": 18}


def test_a_use_after_the_end_is_a_label_all_the_same_and_is_named(
    dock: Dock, printer: VirtualPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, clock = hand(dock, hours=1), Hours(monkeypatch)
    with dock.station() as station:
        fetch(station)
        (holding,) = station.holdings.values()
        monkeypatch.setattr(holding, "expired", lambda now: False)  # somebody's own station
        clock.now = 1.1
        ask(station, "late", 2)
        work_off(station)
    assert outcomes(dock, batch) == {"confirmed": 2, "planned": 18}
    (entry,) = [one for one in dock.works.audit("station:dock") if one["action"] == "station.late"]
    assert entry["after"]["age"] >= 3601


def test_two_copies_that_use_the_same_labels_are_found_and_named(dock: Dock, printer: VirtualPrinter) -> None:
    batch = hand(dock)
    with dock.station() as station:
        fetch(station)
        ask(station, "first", 1)
        step(station)
    shutil.copytree(dock.directory / "one", dock.directory / "two")
    dock.wire.cut = True
    for name, quantity in (("one", 3), ("two", 5)):
        with dock.station(name) as station:
            step(station)
            ask(station, "second", quantity)
            step(station)
    dock.wire.cut = False
    with dock.station() as station:
        work_off(station)
    assert outcomes(dock, batch) == {"confirmed": 4, "planned": 16}
    with dock.station("two") as copy:
        for _ in range(3):
            step(copy)
        assert not copy.holdings
    assert outcomes(dock, batch) == {"confirmed": 1, "in_doubt": 19}
    (entry,) = [one for one in dock.works.audit("station:dock") if one["action"] == "station.fork"]
    assert entry["after"]["serials"] == dock.works.serials(batch)[1:6]
    open_jobs = jobs.list_jobs(dock.works.db, dock.works.issuer, ("p", "processing-stopped"), 0, 10).items
    assert open_jobs  # by which it is resolved


def test_a_copy_that_uses_what_was_returned_is_found(dock: Dock, printer: VirtualPrinter) -> None:
    batch = hand(dock, 6)
    with dock.station() as station:
        fetch(station)
        ask(station, "first", 1)
        step(station)
        shutil.copytree(dock.directory / "one", dock.directory / "two")
        ask(station, "done", 0)
        work_off(station)
    assert outcomes(dock, batch) == {"confirmed": 1, "returned": 5}
    dock.wire.cut = True
    with dock.station("two") as copy:
        step(copy)
        ask(copy, "more", 2)
        step(copy)
        dock.wire.cut = False
        for _ in range(3):
            step(copy)
    assert outcomes(dock, batch)["in_doubt"] >= 2
    assert [one["action"] for one in dock.works.audit("station:dock")].count("station.fork") == 1


def test_a_station_that_is_lost_leaves_what_it_had_in_doubt(dock: Dock, printer: VirtualPrinter) -> None:
    batch = hand(dock, 6)
    with dock.station() as station:
        fetch(station)
        ask(station, "first", 2)
        work_off(station)
    stations.release(dock.works.db, dock.works.call(), "dock", None, "burnt")
    assert outcomes(dock, batch) == {"confirmed": 2, "in_doubt": 4}
    other = hand(dock, 4)
    stations.release(dock.works.db, dock.works.call(), "dock", None, "never there")
    assert outcomes(dock, other) == {"returned": 4}


def test_what_a_line_took_is_nobodys_to_claim_a_second_time(dock: Dock, printer: VirtualPrinter) -> None:
    batch = hand(dock)
    with dock.station() as station:
        fetch(station)
        ask(station, "k", 5)
        station.report()  # the server knows of it before a label is printed, and is asked for more
        assert not station.claim()
        work_off(station)
        assert dock.works.settled(printer) == dock.works.serials(batch)[:5]
    assert outcomes(dock, batch) == {"planned": 15, "confirmed": 5}


def test_a_key_is_used_once_also_when_its_labels_were_reported_long_ago(dock: Dock, printer: VirtualPrinter) -> None:
    hand(dock, 5)
    with dock.station() as station:
        fetch(station)
        said = ask(station, "k", 5)
        work_off(station)
        ahead.serve(station.directory, list(station.holdings.values()), datetime.now(UTC))
        work_off(station)
        assert not station.holdings
        hand(dock, 5)
        fetch(station)
        assert ask(station, "k", 4)["error"].startswith("Expected the request that this key was used for")
        assert ask(station, "k", 5) == said
    with dock.station() as station:
        work_off(station)
        assert ask(station, "k", 5) == said
        assert ask(station, "k-2", 5)["claim"] != said["claim"]
        assert ask(station, "k-2", 3)["error"].startswith("Expected the request that this key was used for")


def test_a_cancel_is_of_what_a_line_took_then_and_not_of_what_it_takes_next(
    dock: Dock, printer: VirtualPrinter
) -> None:
    batch = hand(dock)
    with dock.station() as station:
        fetch(station)
        ask(station, "k", 5)
        station.report()
        (job,) = jobs.list_jobs(dock.works.db, dock.works.issuer, ("p", None), 0, 10).items
        jobs.cancel_job(dock.works.db, dock.works.issuer, dock.works.call(), job.id, "not these")
        work_off(station)
        assert outcomes(dock, batch) == {"planned": 15, "held": 5}
        ask(station, "k-2", 3)
        work_off(station)
        assert dock.works.settled(printer) == dock.works.serials(batch)[5:8]
    assert outcomes(dock, batch) == {"planned": 12, "held": 5, "confirmed": 3}


@pytest.mark.parametrize("released", [True, False])
def test_a_label_that_was_scanned_stays_there_whatever_its_station_says_or_does_not(
    dock: Dock, printer: VirtualPrinter, released: bool
) -> None:
    batch = hand(dock, 5)
    works = dock.works
    with dock.station() as station:
        fetch(station)
        seen = VerifyScan(f"VALVE/{works.serials(batch)[2]}")
        assert verifying.verify_scan(works.db, works.issuer, works.call(), seen).kind == "right"
        if released:
            stations.release(works.db, works.call(), "dock", None, "the machine burnt")
        else:
            ask(station, "done", 0)
            work_off(station)
    assert outcomes(dock, batch) == {"confirmed": 1, ("in_doubt" if released else "returned"): 4}


def test_a_file_that_is_no_request_is_answered_so_and_stops_nobody(dock: Dock, printer: VirtualPrinter) -> None:
    hand(dock, 5)
    with dock.station() as station:
        fetch(station)
        for body in ('{"lot":"M-1","printer":"p","quantity":1e999}', "[" * 100_000):
            write_whole(station.directory / "requests" / "odd.json", [body.encode()])
            ahead.serve(station.directory, list(station.holdings.values()), datetime.now(UTC))
            said = json.loads((station.directory / "answers" / "odd.json").read_text("utf-8"))
            assert said["error"].startswith("Expected a request with lot, printer and quantity")
        assert ask(station, "k", 5)["last"] == 5


def test_labels_are_handed_ahead_to_a_station_only_and_not_for_ever(dock: Dock, printer: VirtualPrinter) -> None:
    dock.works.add_printer("ours", "file:///ours.zpl")
    with pytest.raises(Conflict) as refused:
        hand(dock, printer="ours")
    assert refused.value.code == "printer_without_station"
    for quantity, hours, name in ((10_001, 24, "p"), (1, 0, "p"), (1, 169, "p"), (1, 24, None)):
        with pytest.raises(InvalidInput):
            hand(dock, quantity, hours, name)


def test_a_line_asks_by_a_file_and_waits_for_the_answer(dock: Dock, printer: VirtualPrinter) -> None:
    batch = hand(dock, 5)
    with dock.station() as station:
        fetch(station)
        thread = threading.Thread(target=station.run)
        thread.start()
        try:
            said = requests.ask(station.directory, "k-1", LineRequest("M-1", "p", 2), 30)
            assert said["last_serial"] == dock.works.serials(batch)[1]
            assert printer.wait_for_labels(2, timeout=30)
            with pytest.raises(Conflict, match="at most 0 labels"):
                requests.ask(station.directory, "k-2", LineRequest("another", "p", 2), 30)
            with pytest.raises(InvalidInput):
                requests.ask(station.directory, "../k", LineRequest("M-1", "p", 2), 1)
        finally:
            station.stop()
            thread.join(30)
