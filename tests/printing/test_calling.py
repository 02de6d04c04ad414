"""Printers that dial in: only the worker they dialled serves them, and what is known of them is in the books."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from labelsvc.errors import Unavailable
from labelsvc.printers.weblink.callers import Callers
from labelsvc.printing import delivery, printers
from labelsvc.printing.calling import Calls


class Here(Callers):
    """What a worker knows of who dialled in; a test says it."""

    def __init__(self, *serials: str) -> None:
        super().__init__()
        self.here: dict[str, tuple[str, ...]] = dict.fromkeys(serials, ())
        self.expected: set[str] = set()

    def connected(self) -> dict[str, tuple[str, ...]]:
        return self.here

    def expect(self, serials: Any) -> None:
        self.expected = set(serials)


@pytest.fixture
def dialling(works: Any) -> Any:
    """A works with the printer p, which dials in as A1, and one that is dialled."""
    works.add_printer("p", "weblink://A1")
    works.add_printer("file", "file:///line.zpl")
    return works


def sender_at(works: Any, callers: Callers | None) -> delivery.Sender:
    return replace(works.sender(), callers=callers)


def test_a_printer_waits_for_the_worker_that_it_dialled_and_no_other_is_kept_waiting(dialling: Any) -> None:
    dialling.issue(2)
    dialling.issue(2, "file")
    dials, dialled = dialling.printer("p").id, dialling.printer("file").id
    assert delivery.waiting(sender_at(dialling, None)) == (dialled,)
    assert delivery.waiting(sender_at(dialling, Here())) == (dialled,)
    assert delivery.waiting(sender_at(dialling, Here("B2"))) == (dialled,)
    assert delivery.waiting(sender_at(dialling, Here("A1"))) == (dials, dialled)


def test_a_job_goes_where_it_was_asked_to_go_although_its_printer_has_another_address_since(dialling: Any) -> None:
    batch = dialling.issue(2)
    spec = replace(dialling.printer("p").spec, uri="file:///new.zpl")
    printers.edit_printer(dialling.db, dialling.call(), spec, dialling.data_dir)
    assert delivery.waiting(sender_at(dialling, Here())) == ()
    callers = Here("A1")
    Calls(sender_at(dialling, callers)).look()
    assert callers.expected == {"A1"}
    dialling.cancel(batch)
    Calls(sender_at(dialling, callers)).look()
    assert callers.expected == set()


def test_one_that_left_since_it_was_looked_for_costs_its_job_no_attempt(dialling: Any) -> None:
    batch = dialling.issue(2)
    assert delivery.serve(sender_at(dialling, Here()), dialling.printer("p").id, "worker") == 0
    job = dialling.job(batch)
    assert (job.state, job.state_reasons, job.started_at) == ("pending", ("job-queued",), None)


def test_a_job_whose_printer_is_nowhere_says_so_after_a_while_and_once(dialling: Any) -> None:
    batch = dialling.issue(2)
    calls = Calls(sender_at(dialling, Here()))
    calls.look()
    assert dialling.job(batch).state_reasons == ("job-queued",)
    dialling.pass_time(16)
    for _ in range(3):
        calls.look()
    job = dialling.job(batch)
    assert (job.state, job.state_reasons) == ("pending", ("job-queued", "connecting-to-device"))
    assert job.message == "Expected the printer A1 to dial in, got no connection of it."
    assert (dialling.printer().state, dialling.printer().state_reasons) == ("stopped", ("connecting-to-device",))
    assert dialling.printer("file").state_reasons == ()


def test_what_a_printer_tells_is_its_state_and_being_there_ends_being_away(dialling: Any) -> None:
    dialling.issue(2)
    callers = Here()
    calls = Calls(sender_at(dialling, callers))
    dialling.pass_time(16)
    calls.look()
    callers.here["A1"] = ("media-empty-error",)
    calls.look()
    assert (dialling.printer().state, dialling.printer().state_reasons) == ("stopped", ("media-empty-error",))
    callers.here["A1"] = ()
    calls.look()
    assert (dialling.printer().state, dialling.printer().state_reasons) == ("idle", ())


def test_while_it_is_served_its_delivery_says_how_it_is(dialling: Any) -> None:
    callers = Here("A1")
    calls = Calls(sender_at(dialling, callers))
    calls.look()
    callers.here["A1"] = ("cover-open",)
    dialling.overtake(dialling.printer().id, "someone")
    calls.look()
    assert dialling.printer().state_reasons == ()
    dialling.pass_time(61)  # its lease runs out
    calls.look()
    assert dialling.printer().state_reasons == ("cover-open",)


def test_a_job_whose_worker_died_is_stopped_or_ended_without_its_printer(dialling: Any) -> None:
    first, second = dialling.issue(30), dialling.issue(1)
    printer_id = dialling.printer("p").id
    with_printer = sender_at(dialling, Here("A1"))
    dying = replace(with_printer, db=Dying(dialling.db, 3))
    with pytest.raises(Unavailable):
        delivery.serve(dying, printer_id, "dies")  # it has the lease and the job, and is to send
    dialling.pass_time(61)
    elsewhere = sender_at(dialling, Here())
    assert delivery.waiting(elsewhere) == (printer_id,)
    delivery.serve(elsewhere, printer_id, "heir")
    job = dialling.job(first)
    assert (job.state, job.state_reasons) == ("pending", ("job-queued",))  # not a label was held in doubt
    assert delivery.waiting(elsewhere) == ()
    dialling.cancel(first)
    assert dialling.job(first).state == "canceled"
    assert dialling.job(second).state == "pending"


class Dying:
    """A database whose client loses it at a write."""

    def __init__(self, db: Any, left: int) -> None:
        self._db, self._left, self.read = db, left, db.read

    def write(self, work: Any) -> Any:
        self._left -= 1
        if self._left <= 0:
            raise Unavailable("database_lost", "Expected an answer from the database, got a lost connection.")
        return self._db.write(work)
