"""A print job on a real IPP printer: what its own word for the job makes of the labels."""

from __future__ import annotations

import threading
import time

from labelsvc.printing import delivery
from tests.ippeveprinter import bus, ipp_printer

__all__ = ["bus", "ipp_printer"]


def printed(works, printer) -> list[str]:
    return works.read(part + b"^XZ" for document in printer.documents() for part in document.split(b"^XZ")[:-1])


def wait_until(true) -> None:
    until = time.monotonic() + 20
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_job_that_the_printer_completes_was_handed_over_and_is_no_more_than_that(works, ipp_printer):
    printer = ipp_printer()
    works.add_printer("p", printer.uri)
    batch = works.issue(1_100)
    works.send()
    job = works.job(batch)
    assert (job.state, job.state_reasons) == ("completed", ("job-completed-successfully",))
    assert job.outcomes == {"sent": 1_100}
    assert printed(works, printer) == works.serials(batch)
    assert works.printer().state == "idle"


def test_a_job_that_the_printer_gives_up_is_in_doubt_until_a_person_looked(works, ipp_printer, tmp_path):
    mended = tmp_path / "mended"
    printer = ipp_printer(f'[ -e "{mended}" ] || exit 1')
    works.add_printer("p", printer.uri)
    batch = works.issue(50)
    works.send()
    job = works.job(batch)
    assert (job.state, job.state_reasons) == ("processing-stopped", ("printer-stopped", "x-labels-in-doubt"))
    assert job.message == "Expected the printer to complete job 1, got aborted (aborted-by-system)."
    assert job.outcomes == {"in_doubt": 50}
    mended.touch()
    serials = works.serials(batch)
    works.resolve(batch, serials[9], proceed=True)  # so many came out, a person says
    works.send()
    assert works.job(batch).state == "completed"
    assert printed(works, printer) == serials[10:]


def test_a_fault_while_the_printer_prints_is_in_the_books_as_long_as_it_lasts(works, ipp_printer, tmp_path):
    roll = tmp_path / "roll"
    script = f'echo "STATE: +media-empty" >&2; while [ ! -e "{roll}" ]; do sleep 0.05; done'
    printer = ipp_printer(script + '; echo "STATE: -media-empty" >&2; sleep 0.1')
    works.add_printer("p", printer.uri)
    batch = works.issue(5)
    sending = threading.Thread(target=works.send)
    sending.start()
    wait_until(lambda: works.printer().state_reasons == ("media-empty-warning",))
    assert works.printer().state == "stopped"
    assert works.job(batch).state_reasons == ("printer-stopped", "media-empty-warning")
    roll.touch()
    sending.join(30)
    assert works.job(batch).state == "completed"
    assert (works.printer().state, works.printer().state_reasons) == ("idle", ())


def test_a_job_that_is_cancelled_is_cancelled_at_the_printer_and_leaves_its_labels_in_doubt(
    works, ipp_printer, tmp_path, monkeypatch
):
    monkeypatch.setattr("labelsvc.printing.driving._ASK_SECONDS", 0.0)
    begun, go_on = tmp_path / "begun", tmp_path / "go on"
    printer = ipp_printer(f'touch "{begun}"; while [ ! -e "{go_on}" ]; do sleep 0.05; done')
    works.add_printer("p", printer.uri)
    batch = works.issue(5)
    sending = threading.Thread(target=works.send)
    sending.start()
    wait_until(begun.exists)  # one that is cancelled before it begins, this printer prints all the same
    assert works.job(batch).outcomes == {"in_doubt": 5}
    works.cancel(batch)
    wait_until(lambda: b"Cancel-Job" in (printer.home / "log").read_bytes())
    go_on.touch()
    sending.join(30)
    job = works.job(batch)
    assert job.state == "processing-stopped"
    assert job.message.startswith("Expected the printer to complete job 1, got canceled (job-canceled-by-user")
    assert job.outcomes == {"in_doubt": 5}


def test_a_sender_that_is_to_end_leaves_the_job_with_the_printer_and_claims_nothing(
    works, ipp_printer, tmp_path, monkeypatch
):
    monkeypatch.setattr("labelsvc.printing.driving._ASK_SECONDS", 0.0)
    go_on = tmp_path / "go on"
    printer = ipp_printer(f'while [ ! -e "{go_on}" ]; do sleep 0.05; done')
    works.add_printer("p", printer.uri)
    batch = works.issue(5)
    ending = iter([False, False])
    delivery.serve(works.sender(stopping=lambda: next(ending, True)), works.printer().id, "w")
    job = works.job(batch)
    assert (job.state, job.state_reasons, job.outcomes) == ("completed", ("queued-in-device",), {"sent": 5})
    go_on.touch()
    wait_until(lambda: printed(works, printer) == works.serials(batch))


def test_a_printer_without_paper_gets_nothing_and_says_so(works, ipp_printer, tmp_path):
    roll = tmp_path / "roll"
    printer = ipp_printer(f'echo "STATE: +media-empty" >&2; while [ ! -e "{roll}" ]; do sleep 0.05; done')
    works.add_printer("p", printer.uri)
    works.add_printer("other name of it", printer.uri)
    batch, second = works.issue(5), works.issue(5, "other name of it")
    sending = threading.Thread(target=delivery.serve, args=(works.sender(), works.printer().id, "w"))
    sending.start()
    wait_until(lambda: works.printer().state_reasons == ("media-empty-warning",))
    delivery.serve(works.sender(), works.printer("other name of it").id, "v")
    job = works.job(second)
    assert (job.state, job.state_reasons) == ("pending", ("job-queued", "media-empty-warning"))
    assert job.outcomes == {"planned": 5}
    roll.touch()
    sending.join(30)
    assert works.job(batch).state == "completed"
