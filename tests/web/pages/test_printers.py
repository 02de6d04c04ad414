"""/printers: how printers are, and what a person found at one that stopped."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.outcomes import Interval
from labelsvc.storage import fleet, jobs, outcomes, printers


@pytest.fixture
def stopped(site):
    """A job of ten labels, the first four handed over, the fifth to the seventh in doubt."""
    batch = site.batch(10, printer=site.printer()["name"])
    call = Call(Actor("station", "worker 1"), datetime.now(UTC))

    def stop(conn) -> None:
        job = jobs.get(conn, batch["job"])
        outcomes.append(conn, call, job.range_id, Interval(job.first, job.first + 3, "sent", "sent"))
        outcomes.append(conn, call, job.range_id, Interval(job.first + 4, job.first + 6, "in_doubt", "sent"))
        changes = {"message": "The connection broke.", "started_at": call.at}
        jobs.set_state(conn, job.id, "processing-stopped", ("printer-stopped",), **changes)
        printers.set_state(conn, job.printer_id, "stopped", ("media-empty-error",), call.at)

    site.db.write(stop)
    rows = site.client().get(f"/api/v1/batches/{batch['id']}/serials.csv").text.splitlines()[1:]
    return batch, [row.partition(",")[0] for row in rows]


def job_of(site, batch):
    return site.client().get(f"/api/v1/jobs/{batch['job']}").json


def test_every_printer_says_how_it_is_and_since_when(site, stopped, read) -> None:
    batch, _ = stopped
    shown = read(site.person("station").get("/printers"))
    for part in (batch["printer"], "stopped", "media-empty-error", "1 job, 3 labels", "UTC"):
        assert part in shown


def test_labels_that_were_not_ours_and_other_devices_are_told(site, read) -> None:
    printer = site.printer()
    now = datetime.now(UTC)

    def happen(conn) -> None:
        printer_id = printers.get(conn, printer["name"]).id
        fleet.note(conn, printer_id, "foreign-labels", {"count": 3}, now)
        fleet.note(conn, printer_id, "identity-changed", {"was": "ZD421 A", "is": "ZD421 B<"}, now)

    site.db.write(happen)
    shown = read(site.person("qa").get("/printers"))
    assert "3 labels, last" in shown
    assert "1 time, last ZD421 A → ZD421 B<" in shown


def test_what_stopped_is_said_first_with_what_is_in_doubt(site, stopped, read) -> None:
    _, serials = stopped
    shown = read(site.person("qa").get("/printers"))
    assert shown.index("Stopped: somebody has to look") < shown.index("All printers")
    assert f"3: {serials[4]} to {serials[6]}" in shown
    assert "The connection broke." in shown


def resolve(site, batch, **fields):
    path = f"/printers/jobs/{batch['job']}/resolve"
    return site.person("qa").post(path, **{"key": site.fresh("form"), **fields})


@pytest.mark.parametrize("how", ["serial", "element string", "link"])
def test_the_last_good_label_is_scanned_however_its_code_is_written(site, stopped, how) -> None:
    batch, serials = stopped
    code, serial = batch["product"], serials[5]
    scan = {
        "serial": serial,
        "element string": f"01{code}21{serial}\u241d10{batch['lot_number']}",
        "link": f"https://id.example.com/01/{code}/10/{batch['lot_number']}/21/{serial}",
    }[how]
    answer = resolve(site, batch, finding="last_good", last_good=scan, proceed="yes", reason="looked")
    assert (answer.status_code, answer.location) == (303, f"/printers/jobs/{batch['job']}")
    job = job_of(site, batch)
    assert job["state"] == "pending"
    assert job["outcomes"] == {"planned": 3, "absent": 1, "confirmed": 6}


def test_labels_are_scanned_one_by_one_and_the_job_ends(site, stopped) -> None:
    batch, serials = stopped
    scans = f"01{batch['product']}21{serials[4]}\r\n{serials[6]}\r\n"
    assert resolve(site, batch, finding="scanned", scanned=scans, proceed="no").status_code == 303
    job = job_of(site, batch)
    assert job["state"] == "canceled"
    assert job["outcomes"] == {"held": 3, "sent": 4, "absent": 1, "confirmed": 2}


def test_none_in_doubt_came_out(site, stopped) -> None:
    batch, _ = stopped
    assert resolve(site, batch, finding="none", proceed="yes").status_code == 303
    assert job_of(site, batch)["outcomes"] == {"planned": 3, "sent": 4, "absent": 3}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Expected finding, got nothing."),
        ({"finding": "perhaps", "proceed": "yes"}, "Expected one of last_good, scanned, none, nothing"),
        ({"finding": "none"}, "Expected proceed, got nothing."),
        ({"finding": "last_good", "proceed": "yes"}, "Expected a scan, got nothing."),
        ({"finding": "scanned", "proceed": "yes", "scanned": " \r\n"}, "Expected one scan a line, got nothing."),
        ({"finding": "last_good", "last_good": "https://x.example/y", "proceed": "yes"}, "Expected a label of ours"),
        (
            {"finding": "last_good", "last_good": "010950600013435221X", "proceed": "yes"},
            "Expected a label of product",
        ),
        ({"finding": "last_good", "last_good": "NEVERWAS", "proceed": "yes"}, "Expected"),
        ({"finding": "none", "last_good": "X", "proceed": "yes"}, "got a scan beside another finding"),
        ({"finding": "none", "scanned": "X", "proceed": "yes"}, "got scans beside another finding"),
    ],
)
def test_what_is_not_said_clearly_changes_nothing(site, stopped, read, fields, sentence) -> None:
    """Least of all an Enter that a scanner sends."""
    batch, _ = stopped
    before = job_of(site, batch)
    answer = resolve(site, batch, **fields)
    assert answer.status_code in (404, 422)
    assert sentence in read(answer)
    assert job_of(site, batch) == before


def test_a_label_that_was_never_sent_is_no_last_good_one(site, stopped, read) -> None:
    batch, serials = stopped
    answer = resolve(site, batch, finding="last_good", last_good=serials[9], proceed="yes")
    assert "Expected a serial that was handed to the printer" in read(answer)
    assert f'value="{serials[9]}"' in answer.text
    assert 'id="last_good-wrong"' in answer.text


def test_a_job_is_cancelled_with_a_reason(site, stopped) -> None:
    batch, _ = stopped
    answer = site.person("qa").post(f"/printers/jobs/{batch['job']}/cancel", reason="another lot first")
    assert answer.status_code == 303
    job = job_of(site, batch)
    assert job["state"] == "canceled"
    assert job["outcomes"]["in_doubt"] == 3


def test_what_is_in_doubt_after_the_end_can_still_be_said(site, stopped, read) -> None:
    batch, serials = stopped
    site.person("qa").post(f"/printers/jobs/{batch['job']}/cancel")
    assert "What came out?" in read(site.person("qa").get(f"/printers/jobs/{batch['job']}"))
    assert resolve(site, batch, finding="last_good", last_good=serials[6], proceed="no").status_code == 303
    assert job_of(site, batch)["outcomes"] == {"held": 3, "confirmed": 7}


def test_a_station_sees_and_changes_nothing(site, stopped, read) -> None:
    batch, _ = stopped
    shown = read(site.person("station").get(f"/printers/jobs/{batch['job']}"))
    assert "In doubt" in shown
    assert "What came out?" not in shown
    assert "Cancel" not in shown
