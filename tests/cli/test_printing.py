"""printers, jobs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from labelsvc.cli import opening
from labelsvc.domain.issuer import Issuer
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printing import delivery
from labelsvc.storage.database import Database
from labelsvc.storage.secret_file import read_secret


def add_printer(shell, name="line-3", uri="tcp://127.0.0.1:9", media="100x50") -> str:
    shell.said("printers", "add", name, uri, "--media", media)
    return name


def deliver(shell) -> None:
    """Do once what a worker does all day."""
    data_dir = shell.data_dir
    with Database.open(f"sqlite:///{data_dir / 'labelsvc.sqlite'}") as db:
        issuer = Issuer(read_secret(data_dir / "secret"), "https://id.example.com")
        sender = delivery.Sender(db, issuer, data_dir, lambda: datetime.now(UTC), lambda: False)
        for printer_id in delivery.waiting(sender):
            delivery.serve(sender, printer_id, "tests")


@pytest.fixture
def stopped(shell) -> list[str]:
    """Job 1 of 2,000 labels, stopped with labels in doubt because the printer broke off; its serials."""
    with VirtualPrinter(window_bytes=2_048) as printer:
        add_printer(shell, uri=printer.uri)
        serials = shell.said("issue", shell.lot(), 2_000, "--printer", "line-3")
        printer.drop_after(20_000)
        deliver(shell)
    (line,) = [line for line in shell.said("jobs", "show", 1) if not line.startswith("\t")]
    assert "\tprocessing-stopped\t" in line
    assert "\tin doubt: " in line
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
    doubt = line.rpartition("\tin doubt: ")[2].split(" to ")
    assert set(doubt) <= set(stopped)
    assert message.startswith("\tExpected ")
    assert shell.said("printers", "list")[0].split("\t")[4] == "stopped"


def test_a_stopped_job_goes_on_after_the_last_good_label(shell, stopped) -> None:
    """What came out is confirmed; the rest is printed, each label once."""
    first_in_doubt = shell.said("jobs", "show", 1)[0].rpartition("\tin doubt: ")[2].split(" to ")[0]
    good = stopped.index(first_in_doubt) + 1
    (line,) = shell.said("jobs", "resolve", 1, "--last-good", first_in_doubt, "--continue", "--reason", "looked")
    assert "\tpending\t" in line
    assert f"confirmed={good}" in line
    with VirtualPrinter() as printer:
        shell.said("printers", "add", "line-5", printer.uri, "--media", "100x50")
    status, _ = shell.refused("jobs", "resolve", 1, "--continue")
    assert status == 73, "it is not stopped any more"


def test_a_stopped_job_ends_where_nothing_more_is_wanted(shell, stopped) -> None:
    (line,) = shell.said("jobs", "resolve", 1, "--end", "--key", "shift-2")
    assert "\tcanceled\t" in line
    assert "in_doubt" not in line
    assert shell.said("jobs", "resolve", 1, "--end", "--key", "shift-2") == [line], "the same key, the same answer"
    deliver(shell)
    assert shell.said("jobs", "show", 1) == [line]


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
