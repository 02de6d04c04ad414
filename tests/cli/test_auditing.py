"""`labelsvc audit verify`: one changed, removed or reordered entry is found, and named."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from labelsvc.auditing.sealing import Sealer
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


def test_somebody_else_checks_what_they_kept_without_the_installation(sealed, tmp_path, monkeypatch) -> None:
    (key,) = sealed.said("audit", "key")
    kept, proof, growth = (tmp_path / name for name in ("kept", "proof", "growth"))
    kept.write_text(sealed.run("audit", "checkpoint").stdout, "utf-8")
    size = kept.read_text("utf-8").split("\n")[1]
    assert sealed.run("audit", "verify", "--checkpoint", kept).exit_code == 0
    sealed.said("party", "add", "--gln", "9521141111116", "Wholesale")
    with Database.open(f"sqlite:///{sealed.data_dir / 'labelsvc.sqlite'}") as database:
        Sealer(database, lambda: datetime.now(UTC)).look()
    proof.write_text(sealed.run("audit", "proof", "--entry", 2).stdout, "utf-8")
    growth.write_text(sealed.run("audit", "proof", "--from", size).stdout, "utf-8")
    stranger = type(sealed)()  # no settings, no database
    check = ("audit", "verify", "--key", key, "--checkpoint", kept)
    lines = stranger.said(*check, "--proof", proof, "--proof", growth)
    assert [line.split("\t")[0] for line in lines] == ["checkpoint", "consistent", "included"]
    assert f"is number 2 of {int(size) + 1}" in lines[-1]
    status, line = stranger.refused(*check, "--proof", proof)
    assert status != 0
    assert "proof_wrong" in line
    kept.write_text(kept.read_text("utf-8").replace(f"\n{size}\n", f"\n{int(size) + 1}\n"), "utf-8")
    assert "checkpoint_unsigned" in stranger.refused(*check)[1]


def test_a_checkpoint_that_was_kept_finds_a_chain_that_was_written_anew(sealed, tmp_path) -> None:
    kept = tmp_path / "kept"
    kept.write_text(sealed.run("audit", "checkpoint").stdout, "utf-8")
    behind_our_back(
        sealed,
        "UPDATE audit SET actor_id = 'nobody' WHERE id = 1",
        "DELETE FROM audit_seals",
        "DELETE FROM audit_tiles",
    )
    with Database.open(f"sqlite:///{sealed.data_dir / 'labelsvc.sqlite'}") as database:
        Sealer(database, lambda: datetime.now(UTC)).look()
    assert verified(sealed) == (0, [])
    result = sealed.run("audit", "verify", "--checkpoint", kept)
    assert (result.exit_code, "written anew" in result.stdout) == (1, True)
