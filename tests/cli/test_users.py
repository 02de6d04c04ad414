"""user: the people who sign in at the pages."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from labelsvc.access import passwords
from labelsvc.cli import main

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch) -> None:
    monkeypatch.setattr(passwords, "COST", passwords.Cost(2, 8, 1))


def typed(shell, *words, lines):
    return CliRunner().invoke(main, [str(word) for word in words], env=shell.settings, input=lines)


def test_a_password_is_asked_for_twice_and_never_shown(shell) -> None:
    result = typed(shell, "user", "add", "--role", "qa", "anna", lines=f"{PASSWORD}\n{PASSWORD}\n")
    assert (result.exit_code, result.stdout) == (0, "anna\tqa\n")
    assert PASSWORD not in result.output
    assert shell.said("user", "list") == ["anna\tqa\tenabled"]


def test_a_slip_of_the_finger_is_noticed(shell) -> None:
    lines = f"{PASSWORD}\n{PASSWORD}x\n{PASSWORD}\n{PASSWORD}\n"
    result = typed(shell, "user", "add", "--role", "qa", "anna", lines=lines)
    assert result.exit_code == 0
    assert "do not match" in result.stderr


def test_a_program_gives_the_password_by_standard_input(shell) -> None:
    result = typed(shell, "user", "add", "--role", "line", "--password-stdin", "boris", lines=f"{PASSWORD}\nrest\n")
    assert (result.exit_code, result.stdout) == (0, "boris\tline\n")
    again = typed(shell, "user", "password", "--password-stdin", "boris", lines=f"another {PASSWORD}\r\n")
    assert (again.exit_code, again.stdout) == (0, "boris has another password.\n")


def test_a_password_is_no_argument(shell) -> None:
    assert shell.run("user", "add", "--role", "qa", "anna", PASSWORD).exit_code == 2
    assert shell.run("user", "add", "--role", "qa", "--password", PASSWORD, "anna").exit_code == 2


@pytest.mark.parametrize("password", ["", "short", "x1" * 101, "x1" * 100_000])
def test_a_password_that_breaks_a_rule_makes_nobody(shell, password) -> None:
    result = typed(shell, "user", "add", "--role", "qa", "--password-stdin", "anna", lines=f"{password}\n")
    assert result.exit_code == 65
    assert "(password_length)" in result.stderr
    assert len(result.stderr) < 200
    assert shell.said("user", "list") == []


def test_who_is_disabled_is_shown_so(shell) -> None:
    typed(shell, "user", "add", "--role", "line", "--password-stdin", "boris", lines=f"{PASSWORD}\n")
    assert shell.said("user", "disable", "boris") == ["boris can sign in no more."]
    assert shell.said("user", "list") == ["boris\tline\tdisabled"]
    assert shell.said("user", "enable", "boris") == ["boris can sign in."]
    assert shell.said("user", "role", "boris", "qa") == ["boris\tqa"]
    assert shell.said("user", "list") == ["boris\tqa\tenabled"]


def test_nobody_by_that_name(shell) -> None:
    status, sentence = shell.refused("user", "disable", "carol")
    assert (status, sentence) == (66, "labelsvc: name: Expected the name of a user, got 'carol'. (user_unknown)")
