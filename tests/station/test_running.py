"""A station beside a real web app: what it claims, prints, reports, and what it does where something is wrong."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection

from labelsvc import access
from labelsvc.domain.journal import chained
from labelsvc.domain.quality import VerifyScan
from labelsvc.errors import Conflict
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printers.virtual.engine import Personality
from labelsvc.printing import verifying
from labelsvc.printing.stations import stations
from labelsvc.station import ahead, printing
from labelsvc.station import journal as journals
from labelsvc.station.client import Refused, Unreachable
from labelsvc.storage import jobs as job_rows
from labelsvc.storage import outcomes
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


def out(dock: Dock, printer: VirtualPrinter) -> list[str]:
    return dock.works.settled(printer)


def test_a_station_prints_what_the_server_has_for_it_and_says_so(dock: Dock, printer: VirtualPrinter) -> None:
    batch = dock.works.issue(7)
    with dock.station() as station:
        work_off(station)
        assert not station.holdings
    job = dock.works.job(batch)
    assert (job.state, job.outcomes) == ("completed", {"confirmed": 7})
    assert {label.evidence for label in dock.works.labels(batch)} == {"echoed"}
    assert out(dock, printer) == dock.works.serials(batch)
    assert list((dock.directory / "one" / "claims").iterdir()) == []


def test_a_printer_that_was_never_certified_gets_its_labels_window_by_window(dock: Dock) -> None:
    with VirtualPrinter() as printer:
        dock.works.add_printer("p", printer.uri, station="dock")
        batch = dock.works.issue(45)
        with dock.station() as station:
            work_off(station)
        assert out(dock, printer) == dock.works.serials(batch)
    assert dock.works.job(batch).outcomes == {"sent": 45}
    assert dock.works.job(batch).state_reasons == ("queued-in-device",)


def test_without_the_network_it_prints_on_and_tells_later(dock: Dock, printer: VirtualPrinter) -> None:
    batch = dock.works.issue(30)
    with dock.station() as station:
        assert station.claim()
        (holding,) = station.holdings.values()
        holding.boot(station.boot, station.instance)
        station.report()
        dock.wire.cut = True
        step(station)
        assert out(dock, printer) == dock.works.serials(batch)
        assert dock.works.job(batch).outcomes == {"planned": 30}
    with dock.station() as station:  # started anew meanwhile, still without network
        step(station)
        dock.wire.cut = False
        work_off(station)
    assert dock.works.job(batch).outcomes == {"confirmed": 30}
    assert out(dock, printer) == dock.works.serials(batch)


def test_nothing_is_printed_before_the_server_heard_that_the_claim_arrived(dock: Dock, printer: VirtualPrinter) -> None:
    dock.works.issue(3)

    def no_reports(path: str) -> None:
        if path.endswith("/reports"):
            raise Unreachable("Expected a network, got none.")

    dock.wire.before = no_reports
    with dock.station() as station:
        for _ in range(3):
            step(station)
    assert out(dock, printer) == []


def test_an_answer_that_was_lost_is_asked_for_again_and_nothing_is_done_twice(
    dock: Dock, printer: VirtualPrinter
) -> None:
    batch = dock.works.issue(5)
    lost = [0]

    def lose(path: str) -> None:
        lost[0] += 1
        if lost[0] % 2:
            raise Unreachable("Expected an answer, got none.")

    dock.wire.after = lose
    with dock.station() as station:
        for _ in range(12):
            step(station)
    assert out(dock, printer) == dock.works.serials(batch)
    assert dock.works.job(batch).outcomes == {"confirmed": 5}


@pytest.fixture
def absent(dock: Dock) -> Callable[[], Any]:
    """Make a batch of thirty of whose labels twenty were on their way, and did not come out by the word of a person."""

    def made() -> Any:
        batch = dock.works.issue(30)

        def on_their_way(conn: Connection) -> None:
            job = job_rows.get(conn, batch.job_id)
            run = outcomes.Delivery(job.id, job.range_id, 1)
            outcomes.hold_in_doubt(conn, dock.works.call(), run, job.first, job.first + 19)
            job_rows.set_state(conn, job.id, "processing-stopped", ("x-labels-in-doubt",))

        dock.works.db.write(on_their_way)
        dock.works.resolve(batch, None, proceed=True)
        return batch

    return made


def scan(dock: Dock, serial: str) -> str:
    works = dock.works
    return verifying.verify_scan(works.db, works.issuer, works.call(), VerifyScan(f"VALVE/{serial}")).kind


def test_a_label_that_is_found_after_it_was_claimed_is_left_out(dock: Dock, absent: Any) -> None:
    """By a printer that confirms nothing; the server says so with its next answer, and a new start forgets it not."""
    with VirtualPrinter() as printer:
        dock.works.add_printer("p", printer.uri, station="dock")
        batch = absent()
        serials = dock.works.serials(batch)
        with dock.station() as station:
            assert station.claim()
            (holding,) = station.holdings.values()
            holding.boot(station.boot, station.instance)
            assert station.report()
            assert [scan(dock, serials[at]) for at in (5, 6, 11)] == ["right"] * 3
            assert not station.claim()
            assert holding.there == {6, 7, 12}
            printer.refuse_connections()
            assert printing.deliver(station.press, holding) == "retry"
        printer.accept_connections()
        with dock.station() as station:
            dock.wire.cut = True
            step(station)
            dock.wire.cut = False
            work_off(station)
        assert out(dock, printer) == [serial for at, serial in enumerate(serials) if at not in (5, 6, 11)]
    assert dock.works.job(batch).outcomes == {"sent": 27, "confirmed": 3}


def test_a_label_found_while_others_come_out_is_left_out(dock: Dock, printer: VirtualPrinter, absent: Any) -> None:
    batch = absent()
    serials = dock.works.serials(batch)
    with dock.station(answer_seconds=10) as station:  # the printer waits for the scan meanwhile, and says nothing

        def found(_: int) -> None:
            assert scan(dock, serials[9]) == "right"
            assert station.report()

        printer.at_label(3, found)
        work_off(station)
    assert out(dock, printer) == serials[:9] + serials[10:]
    assert (dock.works.job(batch).state, dock.works.job(batch).outcomes) == ("completed", {"confirmed": 30})


def test_a_cancel_reaches_a_station_that_waits_for_its_printer(dock: Dock, printer: VirtualPrinter) -> None:
    batch = dock.works.issue(5)
    printer.media_out()
    with dock.station() as station:
        step(station)
        step(station)
        assert dock.works.printer().state == "stopped"
        dock.works.cancel(batch)
        work_off(station)
    assert (dock.works.job(batch).state, dock.works.job(batch).outcomes) == ("canceled", {"held": 5})
    assert out(dock, printer) == []


def test_a_revoked_key_loses_nothing_and_a_new_one_goes_on(dock: Dock, printer: VirtualPrinter) -> None:
    batch = dock.works.issue(5)
    with dock.station() as station:
        station.claim()
        (holding,) = station.holdings.values()
        holding.boot(station.boot, station.instance)
        station.report()
        (key,) = [one for one in access.list_keys(dock.works.db) if one.name == "dock"]
        access.revoke_key(dock.works.db, dock.works.call(), key.id)
        with pytest.raises(Refused, match="401 key_invalid"):
            step(station)
        printing.print_all(station.press, holding)
        with pytest.raises(Refused, match="401"):
            station.report()
        assert dock.works.job(batch).outcomes == {"planned": 5}
        dock.wire.key = dock.key()
        work_off(station)
    assert dock.works.job(batch).outcomes == {"confirmed": 5}
    assert out(dock, printer) == dock.works.serials(batch)


def test_two_processes_cannot_work_in_one_directory(dock: Dock) -> None:
    with dock.station(), pytest.raises(Conflict, match="no other station"):
        dock.station()


def test_a_copied_directory_is_found_and_what_either_printed_is_in_doubt(dock: Dock, printer: VirtualPrinter) -> None:
    batch = dock.works.issue(6)
    printer.media_out()
    with dock.station() as station:
        step(station)  # it begins, and waits for media
        shutil.copytree(dock.directory / "one", dock.directory / "two")
        dock.wire.cut = True
        printer.load_media()
        step(station)
    with dock.station("two") as copy:
        step(copy)
    assert len(out(dock, printer)) == 12  # nobody could know
    dock.wire.cut = False
    with dock.station() as station:
        work_off(station)
    assert dock.works.job(batch).outcomes == {"confirmed": 6}
    with dock.station("two") as copy:
        step(copy)
        step(copy)
        assert not copy.holdings
    job = dock.works.job(batch)
    assert (job.state, job.outcomes) == ("completed", {"in_doubt": 6})
    (entry,) = [one for one in dock.works.audit("station:dock") if one["action"] == "station.fork"]
    assert entry["after"]["serials"] == dock.works.serials(batch)
    (aside,) = (dock.directory / "two" / "refused").iterdir()
    assert sorted(path.name for path in aside.iterdir()) == ["claim.json", "journal"]


def test_a_full_disk_stops_printing_before_a_byte_leaves_and_goes_on_when_there_is_room(
    dock: Dock, printer: VirtualPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = dock.works.issue(12)
    real = journals.os.pwrite
    full = [False]

    def pwrite(handle: int, data: bytes, at: int) -> int:
        if full[0]:
            raise OSError(28, "No space left on device")
        return real(handle, data, at)

    monkeypatch.setattr(journals.os, "pwrite", pwrite)
    with dock.station() as station:
        station.claim()
        (holding,) = station.holdings.values()
        holding.boot(station.boot, station.instance)
        station.report()
        append = holding.journal.append
        count = [0]

        def fill_up(do: str, **said: Any) -> Any:
            count[0] += 1
            full[0] = count[0] == 5
            return append(do, **said)

        monkeypatch.setattr(holding.journal, "append", fill_up)
        with pytest.raises(OSError, match="No space"):
            step(station)
        before = len(out(dock, printer))
        assert before < 12
        work_off(station)
    assert out(dock, printer) == dock.works.serials(batch)
    assert dock.works.job(batch).outcomes == {"confirmed": 12}


def test_labels_that_changed_on_the_disk_are_not_printed(dock: Dock, printer: VirtualPrinter) -> None:
    batch = dock.works.issue(3)
    with dock.station() as station:
        station.claim()
        (holding,) = station.holdings.values()
        holding.boot(station.boot, station.instance)
        station.report()
        path = holding.directory / "labels"
        data = path.read_bytes()
        at = data.index(b"^XA", data.index(b"^XA") + 1) + 3
        with path.open("r+b") as file:
            file.seek(at)
            file.write(b"x")
        work_off(station)
    assert dock.works.job(batch).state == "processing-stopped"
    assert set(out(dock, printer)) <= set(dock.works.serials(batch)[:1])


def test_what_reaches_the_station_has_no_key_in_it(dock: Dock, printer: VirtualPrinter) -> None:
    dock.works.issue(3)
    with dock.station() as station:
        station.claim()
        secret = dock.works.issuer.secret
        files = [path for path in (dock.directory / "one").rglob("*") if path.is_file()]
        assert len(files) >= 4
        for path in files:
            data = path.read_bytes()
            assert secret not in data
            assert secret.hex() not in data.decode("latin-1").lower()
        (holding,) = station.holdings.values()
        said = json.loads((holding.directory / "claim.json").read_text("utf-8"))["claim"]
        assert not [name for name in json.dumps(said).lower().split('"') if "secret" in name or name == "key"]


def test_a_station_that_runs_by_itself_prints_and_ends_when_it_is_told(dock: Dock, printer: VirtualPrinter) -> None:
    batch = dock.works.issue(5)
    with dock.station() as station:
        thread = threading.Thread(target=station.run)
        thread.start()
        assert printer.wait_for_labels(5, timeout=30)
        station.stop()
        thread.join(30)
        assert not thread.is_alive()
    with dock.station() as station:
        work_off(station)
    assert dock.works.job(batch).outcomes == {"confirmed": 5}
    assert out(dock, printer) == dock.works.serials(batch)


def test_the_first_claim_of_another_instance_is_refused_until_a_release(dock: Dock, printer: VirtualPrinter) -> None:
    dock.works.issue(30)
    printer.media_out()
    with dock.station() as station:
        step(station)
        step(station)
    with dock.station("reinstalled") as other, pytest.raises(Refused, match="station_other_instance"):
        other.claim()


def test_a_server_that_was_set_back_is_told_again_what_it_lost(dock: Dock, printer: VirtualPrinter) -> None:
    """It says which line it expects, as a restored backup does."""
    batch = dock.works.issue(4)
    printer.media_out()
    with dock.station() as station:
        step(station)
        (holding,) = station.holdings.values()
        told = holding.acknowledged
        assert told > 2
        gap = Refused(409, {"code": "journal_gap", "sequence": 2})
        answers = [gap]

        def lose(path: str) -> None:
            if path.endswith("/reports") and answers:
                raise answers.pop()

        dock.wire.before = lose
        printer.load_media()
        printing.print_all(station.press, holding)
        assert station.report()
        assert holding.acknowledged == 1
        work_off(station)
    assert dock.works.job(batch).outcomes == {"confirmed": 4}
    assert out(dock, printer) == dock.works.serials(batch)


def test_a_claim_that_was_released_while_nothing_was_told_is_not_printed(dock: Dock, printer: VirtualPrinter) -> None:
    batch = dock.works.issue(10)
    with dock.station() as station:
        station.claim()
        (holding,) = station.holdings.values()
        holding.boot(station.boot, station.instance)
        station.report()
        assert holding.to_print
        stations.release(dock.works.db, dock.works.call(), "dock", None, "it does not answer")
        station.claim()
        assert not holding.to_print
        work_off(station)
        assert not list(printer.labels)
    assert dock.works.job(batch).outcomes == {"in_doubt": 10}


def test_another_claim_of_the_same_number_takes_no_journal_away(dock: Dock, printer: VirtualPrinter) -> None:
    """As a server gives it that was restored from a backup."""
    dock.works.issue(3)
    with dock.station() as station:
        station.claim()
        (holding,) = station.holdings.values()
        holding.boot(station.boot, station.instance)
        written = (holding.directory / "journal").read_bytes()
        real = dock.wire.ask

        def restored(path: str, body: dict[str, object], *, patience: float = 0) -> dict[str, object]:
            claim = {"id": holding.terms.id, "links": {"labels": "/nowhere"}}
            known = {
                "id": holding.terms.id,
                "acknowledged": 0,
                "chain": "5" * 64,
                "canceled": False,
                "there": [],
                "printer": "p",
            }
            return {"claim": claim, "claims": [known]}

        dock.wire.ask = restored  # type: ignore[method-assign]
        station.claim()
        dock.wire.ask = real  # type: ignore[method-assign]
        assert not holding.to_print
        (kept,) = [holding.set_aside() / "journal"]
        station.holdings.clear()
        assert kept.read_bytes() == written


def test_a_journal_that_the_server_does_not_take_keeps_no_other_from_being_told(
    dock: Dock, printer: VirtualPrinter
) -> None:
    other = VirtualPrinter()
    with other, dock.station() as station:
        dock.works.add_printer("q", other.config_uri, station="dock")
        dock.works.issue(2)
        dock.works.issue(2, printer="q")
        station.claim()
        station.claim()
        first, second = station.holdings.values()
        for holding in (first, second):
            holding.boot(station.boot, station.instance)
        first.journal.append("use", key="k", first=1, last=1, age=0)  # no line for a job's claim
        station.report()
        assert second.acknowledged == 1
        with pytest.raises(Refused):
            station.report()


def test_a_journal_that_this_version_cannot_read_stops_no_other_claim(dock: Dock, printer: VirtualPrinter) -> None:
    dock.works.issue(2)
    with dock.station() as station:
        station.claim()
        (holding,) = station.holdings.values()
        line = '{"n":1,"at":"2026-11-30T08:00:00+00:00","do":"dance"}'
        (chain,) = chained(holding.terms.seed, [line])
        (holding.directory / "journal").write_text(f"{chain} {line}\n", "utf-8")
    with dock.station() as station:
        assert not station.holdings
        station.claim()  # no line of it was ever told, so it is handed out again; the odd journal is kept
        assert [holding.journal.lines for holding in station.holdings.values()] == [[]]
        assert len(list((station.directory / "refused").iterdir())) == 1


def test_a_fault_of_the_station_s_own_is_logged_and_ends_it_not(
    dock: Dock, printer: VirtualPrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = dock.works.issue(3)
    real, faults = ahead.serve, [RuntimeError("nobody thought of it")]

    def serve(*said: Any) -> None:
        if faults:
            raise faults.pop()
        real(*said)

    monkeypatch.setattr("labelsvc.station.ahead.serve", serve)
    with dock.station() as station:
        thread = threading.Thread(target=station.run)
        thread.start()
        try:
            assert printer.wait_for_labels(3, timeout=60)
        finally:
            station.stop()
            thread.join(60)
    assert not faults
    assert out(dock, printer) == dock.works.serials(batch)
