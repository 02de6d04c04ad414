"""printers, jobs."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime

import pytest

from labelsvc.cli import opening, printing
from labelsvc.domain.issuer import Issuer
from labelsvc.printers.discovery import Suggestion
from labelsvc.printing import delivery
from labelsvc.storage.database import Database
from labelsvc.storage.secret_file import read_secret


def add_printer(shell, name="line-3", uri="tcp://127.0.0.1:9", media="100x50") -> str:
    shell.said("printers", "add", name, uri, "--media", media)
    return name


def deliver(shell, now=lambda: datetime.now(UTC)) -> None:
    """Do once what a worker does all day."""
    data_dir = shell.data_dir
    with Database.open(f"sqlite:///{data_dir / 'labelsvc.sqlite'}") as db:
        issuer = Issuer(read_secret(data_dir / "secret"), "https://id.example.com")
        sender = delivery.Sender(db, issuer, data_dir, now, lambda: False)
        for printer_id in delivery.waiting(sender):
            delivery.serve(sender, printer_id, "tests")


class PowerCut(BaseException):
    """The sender's machine went dark."""


@pytest.fixture
def stopped(shell) -> list[str]:
    """Job 1 of 40 labels, whose sender went dark with labels on their way; its serials."""
    add_printer(shell, uri="file:///line-3.zpl")
    serials = shell.said("issue", shell.lot(), 40, "--printer", "line-3")
    printed = shell.data_dir / "printed" / "line-3.zpl"

    def now() -> datetime:
        if printed.exists() and printed.stat().st_size:
            raise PowerCut
        return datetime.now(UTC)

    with pytest.raises(PowerCut):
        deliver(shell, now)
    with sqlite3.connect(shell.data_dir / "labelsvc.sqlite") as conn:
        conn.execute("DELETE FROM printer_leases")  # a lease that its sender does not renew runs out
    deliver(shell)
    return serials


def test_a_printer_is_listed_with_what_it_is_and_how_it_is(shell) -> None:
    added = shell.said("printers", "add", "line-3", "tcp://10.0.0.7:9100", "--dpmm", 12, "--media", "100x50")
    assert added == ["line-3\ttcp://10.0.0.7:9100\trevision 1"]
    assert shell.said("printers", "list") == ["line-3\ttcp://10.0.0.7:9100\t12\t100x50\tidle\t-"]


def test_a_printer_is_changed_only_on_request(shell) -> None:
    add_printer(shell)
    status, sentence = shell.refused("printers", "add", "line-3", "tcp://10.0.0.8", "--media", "50x25")
    assert (status, "printer_exists" in sentence) == (73, True)
    changed = shell.said("printers", "add", "line-3", "tcp://10.0.0.8", "--media", "50x25", "--replace")
    assert changed == ["line-3\ttcp://10.0.0.8\trevision 2"]


@pytest.mark.parametrize(
    ("uri", "options", "code"),
    [
        ("tcp://10.0.0.7;reboot", ("--media", "100x50"), "printer_uri"),
        ("file:///../../etc/passwd", ("--media", "100x50"), "printer_uri"),
        ("queue:///$(reboot)", ("--media", "100x50"), "printer_uri"),
        ("http://10.0.0.7", ("--media", "100x50"), "printer_uri"),
        ("tcp://10.0.0.7", ("--media", "100"), "media_size"),
        ("tcp://10.0.0.7", ("--media", "x"), "media_size"),
        ("tcp://10.0.0.7", ("--media", "nanx50"), "media_size"),
        ("tcp://10.0.0.7", ("--media", "1e999x50"), "media_size"),
        ("tcp://10.0.0.7", ("--media", "0x50"), "media_size"),
        ("tcp://10.0.0.7", ("--media", "100x50", "--dpmm", "9"), "dpmm"),
    ],
)
def test_a_printer_that_breaks_a_rule_is_refused(shell, uri, options, code) -> None:
    status, sentence = shell.refused("printers", "add", "line-3", uri, *options)
    assert (status, code in sentence) == (65, True)
    assert shell.said("printers", "list") == []


def test_other_media_than_loaded_are_refused_before_anything_is_taken(shell) -> None:
    add_printer(shell, media="50x25")
    status, sentence = shell.refused("issue", shell.lot(), 5, "--printer", "line-3")
    assert (status, "media_differs" in sentence) == (73, True)
    assert shell.said("jobs", "list") == []


def test_issuing_to_a_printer_makes_a_job_that_can_be_shown_and_cancelled(shell) -> None:
    add_printer(shell)
    result = shell.run("issue", shell.lot(), 5, "--printer", "line-3")
    assert result.stderr == "Batch 1 of lot L-1: 5 serials, print job 1\n"
    pending = "1\tbatch 1\tline-3\tpending\tjob-queued\tplanned=5"
    assert shell.said("jobs", "list") == [pending] == shell.said("jobs", "show", 1)
    assert shell.said("jobs", "cancel", 1, "--reason", "line stopped") == [
        "1\tbatch 1\tline-3\tcanceled\tjob-canceled-by-user\theld=5"
    ]
    status, sentence = shell.refused("jobs", "cancel", 1)
    assert (status, "job_ended" in sentence) == (73, True)


def test_jobs_are_listed_by_printer_by_state_and_page_by_page(shell, monkeypatch) -> None:
    add_printer(shell)
    add_printer(shell, "line-4")
    lot = shell.lot()
    for printer in ("line-3", "line-4", "line-3"):
        shell.said("issue", lot, 1, "--printer", printer)
    shell.said("jobs", "cancel", 3)

    def ids(*options):
        return [line.split("\t")[0] for line in shell.said("jobs", "list", *options)]

    assert ids() == ["1", "2", "3"]
    assert ids("--printer", "line-3") == ["1", "3"]
    assert ids("--state", "pending") == ["1", "2"]
    assert ids("--printer", "line-3", "--state", "canceled") == ["3"]
    assert ids("--after", 2) == ["3"]
    monkeypatch.setattr("labelsvc.cli.printing._PAGE", 2)
    result = shell.run("jobs", "list")
    assert (len(result.stdout.splitlines()), result.stderr) == (2, "More: --after 2\n")
    status, sentence = shell.refused("jobs", "list", "--printer", "lime-3")
    assert (status, "printer_unknown" in sentence) == (66, True)


def test_a_stopped_job_says_why_and_which_labels_are_in_doubt(shell, stopped) -> None:
    line, message = shell.said("jobs", "show", 1)
    state, reasons = line.split("\t")[3:5]
    assert (state, reasons) == ("processing-stopped", "printer-stopped,x-labels-in-doubt")
    doubt = line.rpartition("\tin doubt: ")[2].split(" to ")
    assert doubt == [stopped[0], stopped[in_doubt(line) - 1]]
    assert message.startswith("\tExpected ")
    assert shell.said("printers", "list")[0].split("\t")[4] == "stopped"


def in_doubt(line: str) -> int:
    return int(re.search(r"in_doubt=(\d+)", line)[1])


def test_a_stopped_job_goes_on_after_the_last_good_label(shell, stopped) -> None:
    """What came out is confirmed; what did not is printed, and nothing else."""
    (shell.data_dir / "printed" / "line-3.zpl").unlink()  # a new roll
    (line,) = shell.said("jobs", "resolve", 1, "--last-good", stopped[11], "--continue", "--reason", "looked")
    assert "\tpending\t" in line
    assert "confirmed=12" in line
    deliver(shell)
    (line,) = shell.said("jobs", "show", 1)
    assert "\tcompleted\t" in line
    assert "confirmed=12" in line
    assert "sent=28" in line
    printed = (shell.data_dir / "printed" / "line-3.zpl").read_bytes()
    assert printed.count(b"^XA") == 28
    assert all((serial.encode() in printed) == (n >= 12) for n, serial in enumerate(stopped))


def test_a_job_that_has_not_stopped_cannot_be_resolved(shell) -> None:
    add_printer(shell)
    shell.said("issue", shell.lot(), 1, "--printer", "line-3")
    status, sentence = shell.refused("jobs", "resolve", 1, "--continue")
    assert (status, "job_not_stopped" in sentence) == (73, True)


def test_a_stopped_job_ends_where_nothing_more_is_wanted(shell, stopped) -> None:
    said = shell.said("jobs", "resolve", 1, "--end", "--key", "shift-2")
    assert "\tcanceled\t" in said[0]
    assert "in_doubt" not in said[0]
    assert shell.said("jobs", "resolve", 1, "--end", "--key", "shift-2") == said, "the same key, the same answer"
    deliver(shell)
    assert shell.said("jobs", "show", 1) == said


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (("jobs", "show", 77), 66, "job_unknown"),
        (("jobs", "cancel", 77), 66, "job_unknown"),
        (("jobs", "resolve", 77, "--end"), 66, "job_unknown"),
        (("jobs", "cancel", 1, "--reason", ""), 65, "name"),
        (("jobs", "resolve", 1, "--last-good", "A^XZ", "--end"), 65, "serial"),
        (("jobs", "resolve", 1, "--last-good", "2222222222", "--end"), 65, "serial"),
    ],
)
def test_what_is_refused_is_one_sentence(shell, stopped, words, status, code) -> None:
    found, sentence = shell.refused(*words)
    assert (found, code in sentence) == (status, True), sentence


@pytest.mark.parametrize(
    "words",
    [
        ("jobs", "resolve", 1),
        ("jobs", "show", "one"),
        ("jobs", "show", 2**63),
        ("jobs", "list", "--state", "funny"),
        ("jobs", "list", "--after", 10**30),
        ("printers", "add", "line-3", "tcp://10.0.0.7"),
    ],
)
def test_what_cannot_be_read_is_a_usage_error(shell, words) -> None:
    assert shell.run(*words).exit_code == 2


def test_who_sits_at_the_shell_stands_in_the_books(shell) -> None:
    assert opening.shell_actor().kind == "shell"


def test_what_printers_announce_is_shown_a_line_each(shell, monkeypatch) -> None:
    heard = []

    def discover(seconds: float) -> tuple[Suggestion, ...]:
        heard.append(seconds)
        return (
            Suggestion("Line 3", "ZD621", "_pdl-datastream._tcp", "d7j1.local", 9100, "tcp://192.0.2.7:9100"),
            Suggestion("Office", None, "_printer._tcp", "office.local", 515, None),
        )

    monkeypatch.setattr(printing, "discover", discover)
    assert shell.said("printers", "discover", "--seconds", "0.5") == [
        "Line 3\tZD621\t_pdl-datastream._tcp\td7j1.local:9100\ttcp://192.0.2.7:9100",
        "Office\t-\t_printer._tcp\toffice.local:515\t-",
    ]
    assert heard == [0.5]
