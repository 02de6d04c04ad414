"""reprint: ask, approve, refuse, list, policy."""

from __future__ import annotations

import sqlite3

import pytest

from labelsvc.cli import opening
from labelsvc.domain.actors import Actor


@pytest.fixture
def serials(shell) -> list[str]:
    """Three labels that were sent, and nobody looked at since."""
    shell.said("printers", "add", "line-3", "file:///line-3.zpl", "--media", "100x50")
    made = shell.said("issue", shell.lot(), 3, "--printer", "line-3")
    with sqlite3.connect(shell.data_dir / "labelsvc.sqlite") as conn:
        conn.execute("UPDATE outcomes SET outcome = 'sent', evidence = 'sent'")
        conn.execute("UPDATE print_jobs SET state = 'completed'")
    return made


GTIN = "09506000134352"


def ask(serial: str, *more: object) -> tuple[object, ...]:
    return ("reprint", "ask", serial, "--product", GTIN, "--reason", "torn", *more)


def test_a_label_is_asked_for_again(shell, serials) -> None:
    (line,) = shell.said(*ask(serials[0], "--destroyed"))
    who = line.split("\t")[6].partition(",")[0]
    assert line.split("\t") == ["1", GTIN, serials[0], "approved", "copy 1", "torn", f"{who}, -", "job 2 pending", "-"]
    assert shell.said("reprint", "list") == [line]
    assert shell.said("reprint", "list", "--state", "asked") == []
    assert shell.said("reprint", "list", "--lot", 1, "--after", 1) == []


def test_a_policy_is_shown_and_changed(shell, serials) -> None:
    usual = ["approval\tno", "destroyed\ttick", "per serial\t3", "per shift\t50"]
    assert shell.said("reprint", "policy", GTIN) == usual
    changed = ["approval\tyes", "destroyed\tscan", "per serial\t3", "per shift\t7"]
    options = ("--approval", "--destroyed", "scan", "--per-shift", 7)
    assert shell.said("reprint", "policy", GTIN, *options) == changed
    assert shell.said("reprint", "policy", GTIN, "--no-approval")[0] == "approval\tno"


def test_another_person_approves_or_refuses(shell, serials, monkeypatch) -> None:
    shell.said("reprint", "policy", GTIN, "--approval")
    for serial in serials[:2]:
        shell.said(*ask(serial, "--destroyed"))
    status, sentence = shell.refused("reprint", "approve", 1)
    assert (status, sentence.endswith("again. (reprint_own)")) == (77, True)
    monkeypatch.setattr(opening, "shell_actor", lambda: Actor("shell", "berta"))
    assert "\tapproved\tcopy 1\t" in shell.said("reprint", "approve", 1)[0]
    assert "\trefused\t-\t" in shell.said("reprint", "refuse", 2, "--reason", "label found")[0]


def test_a_site_has_its_own_reasons(shell, serials) -> None:
    words = ("reprint", "ask", serials[0], "--product", GTIN, "--reason", "forklift", "--destroyed")
    status, sentence = shell.refused(*words)
    assert (status, "(reprint_reason)" in sentence) == (65, True)
    assert "\tforklift\t" in shell.with_settings(REPRINT_REASONS="forklift").said(*words)[0]
