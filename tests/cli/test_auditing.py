"""`labelsvc audit verify`: one changed, removed or reordered entry is found, and named."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from labelsvc.auditing import Sealer
from labelsvc.storage.database import Database


@pytest.fixture
def sealed(shell):
    """An installation with a product and a lot, whose audit is sealed."""
    shell.lot()
    with Database.open(f"sqlite:///{shell.data_dir / 'labelsvc.sqlite'}") as database:
        assert Sealer(database, lambda: datetime.now(UTC)).look() >= 2
    return shell


def behind_our_back(shell, *statements: str) -> None:
    with closing(sqlite3.connect(shell.data_dir / "labelsvc.sqlite")) as conn, conn:
        for statement in statements:
            assert conn.execute(statement).rowcount


def verified(shell) -> tuple[int, list[str]]:
    result = shell.run("audit", "verify")
    return result.exit_code, [line for line in result.stdout.splitlines() if line.startswith("DAMAGED")]


def test_an_audit_as_it_was_written_is_whole_and_has_a_checkpoint(sealed) -> None:
    assert verified(sealed) == (0, [])
    *_, end = sealed.said("audit", "verify")
    checkpoint = end.split("\t")[1]
    assert sealed.run("audit", "verify", "--checkpoint", checkpoint).exit_code == 0


def test_a_changed_entry_is_found(sealed) -> None:
    behind_our_back(sealed, "UPDATE audit SET actor_id = 'nobody' WHERE id = (SELECT max(id) FROM audit)")
    status, (line,) = verified(sealed)
    assert (status, line.endswith("was changed")) == (1, True)


def test_a_removed_entry_is_found(sealed) -> None:
    behind_our_back(sealed, "DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)")
    status, (line,) = verified(sealed)
    assert (status, line.endswith("was removed")) == (1, True)


def test_reordered_entries_are_found(sealed) -> None:
    with closing(sqlite3.connect(sealed.data_dir / "labelsvc.sqlite")) as conn:
        (one,), (two,) = conn.execute("SELECT id FROM audit ORDER BY id DESC LIMIT 2")
    moves = ((one, -1), (two, one), (-1, two))
    behind_our_back(sealed, *(f"UPDATE audit SET id = {to} WHERE id = {was}" for was, to in moves))
    status, damages = verified(sealed)
    assert (status, len(damages)) == (1, 2)


def test_a_chain_cut_at_its_end_is_found_by_a_checkpoint_written_down_before(sealed) -> None:
    *_, end = sealed.said("audit", "verify")
    cut = "WHERE sequence = (SELECT max(sequence) FROM audit_seals)"
    last = "(SELECT audit_id FROM audit_seals " + cut + ")"
    behind_our_back(sealed, f"DELETE FROM audit WHERE id = {last}", f"DELETE FROM audit_seals {cut}")
    result = sealed.run("audit", "verify", "--checkpoint", end.split("\t")[1])
    assert (result.exit_code, "the chain was cut" in result.stdout) == (1, True)


def test_a_checkpoint_that_is_none_is_one_sentence(sealed) -> None:
    status, line = sealed.refused("audit", "verify", "--checkpoint", "x")
    assert status != 0
    assert "checkpoint_malformed" in line
