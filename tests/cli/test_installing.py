"""init, secret, db, key."""

from __future__ import annotations

import sqlite3
import stat
from datetime import UTC, datetime, timedelta

import pytest

from labelsvc import access
from labelsvc.errors import Unauthenticated
from labelsvc.storage import schema
from labelsvc.storage.database import Database

DAY = timedelta(days=1)


def database(shell) -> Database:
    return Database.open(f"sqlite:///{shell.data_dir / 'labelsvc.sqlite'}")


def test_init_makes_all_that_an_installation_needs_and_says_what_to_back_up(bare) -> None:
    made, upgraded, ready = bare.said("init")
    secret = bare.data_dir / "secret"
    assert made == f"Made the master secret {secret}: back it up first; without it no serial can be read."
    assert upgraded.startswith("Database sqlite:////")
    assert ready == "Ready. Next: labelsvc user add --role admin NAME; labelsvc serve"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert len(bare.said("formats", "list")) == 6


def test_init_again_changes_nothing(bare) -> None:
    bare.said("init")
    before = (bare.data_dir / "secret").read_bytes(), bare.said("formats", "list"), bare.said("secret", "fingerprint")
    upgraded, ready = bare.said("init")
    assert upgraded.startswith("Database ")
    assert ready.startswith("Ready.")
    after = (bare.data_dir / "secret").read_bytes(), bare.said("formats", "list"), bare.said("secret", "fingerprint")
    assert after == before


def test_init_makes_no_second_secret_for_a_database_that_has_one(shell) -> None:
    """On a second machine, or after the file was lost, a new secret could only issue duplicates."""
    (shell.data_dir / "secret").unlink()
    for command in (("init",), ("secret", "init")):
        status, sentence = shell.refused(*command)
        assert status == 75
        assert sentence == (
            f"labelsvc: Expected this database's master secret at {shell.data_dir / 'secret'}, got no file. "
            "Copy it there. (secret_missing)"
        )
        assert not (shell.data_dir / "secret").exists()


def test_init_refuses_a_digital_link_domain_that_no_label_may_carry(bare) -> None:
    """It is found before anything is made, not at the first label."""
    status, sentence = bare.with_settings(DIGITAL_LINK_DOMAIN="https://id.example.com/01").refused("init")
    assert status == 65
    assert "digital_link" in sentence
    assert not bare.data_dir.exists()


def test_init_says_what_it_could_not_make(bare, tmp_path) -> None:
    (tmp_path / "data").write_text("not a directory")
    status, sentence = bare.refused("init")
    assert (status, sentence) == (
        74,
        f"labelsvc: Expected to read or write {tmp_path / 'data'}, got: File exists.",
    )


def test_an_unknown_setting_is_an_error_of_every_command(shell) -> None:
    for command in (("product", "list"), ("init",), ("serve",), ("worker",), ("db", "version"), ("formats", "list")):
        status, sentence = shell.with_settings(DATBASE_URL="sqlite:///x").refused(*command)
        assert status == 65
        assert sentence == (
            "labelsvc: Expected a setting such as LABELSVC_DATABASE_URL, got LABELSVC_DATBASE_URL. (setting_unknown)"
        )


def test_a_missing_setting_is_named(bare) -> None:
    del bare.settings["LABELSVC_DIGITAL_LINK_DOMAIN"]
    status, sentence = bare.refused("init")
    assert status == 65
    assert "LABELSVC_DIGITAL_LINK_DOMAIN" in sentence


def test_before_init_every_command_says_to_run_it(bare) -> None:
    for command in (("product", "list"), ("issue", 1, 1), ("jobs", "list"), ("serve",), ("worker",)):
        status, sentence = bare.refused(*command)
        assert status == 75
        assert sentence.endswith("got none. Run: labelsvc init (installation_missing)")
        assert not bare.data_dir.exists(), "asking leaves nothing behind"


def test_a_missing_secret_is_an_error_that_says_where_it_should_be(shell) -> None:
    (shell.data_dir / "secret").unlink()
    status, sentence = shell.refused("product", "list")
    assert status == 75
    assert f"Expected the master secret at {shell.data_dir / 'secret'}, got no file." in sentence


def test_a_wrong_secret_is_refused_by_every_command_that_opens_the_installation(shell) -> None:
    (shell.data_dir / "secret").write_text("00" * 32 + "\n")
    for command in (("product", "list"), ("issue", 1, 1), ("key", "list"), ("serve",), ("worker",), ("init",)):
        status, sentence = shell.refused(*command)
        assert status == 75
        assert sentence.endswith("(secret_mismatch)")


def test_an_unreachable_database_is_one_sentence_without_its_password(bare) -> None:
    away = bare.with_settings(DATABASE_URL="postgresql://anna:hush@127.0.0.1:1/labelsvc")
    status, sentence = away.refused("product", "list")
    assert status == 75
    assert "database_unreachable" in sentence
    assert "hush" not in sentence


def test_db_version_says_what_is_there_and_what_should_be(bare) -> None:
    assert bare.said("db", "version") == [f"has none, expected {schema.expected()}"]
    bare.said("init")
    assert bare.said("db", "version") == [f"has {schema.expected()}, expected {schema.expected()}"]


def test_db_upgrade_brings_an_empty_database_to_this_schema(bare) -> None:
    """It needs the secret, which binds the database."""
    bare.data_dir.mkdir()
    status, sentence = bare.refused("db", "upgrade")
    assert (status, sentence.endswith("Run: labelsvc secret init (secret_missing)")) == (75, True)
    bare.said("secret", "init")
    bare.said("db", "upgrade")
    assert bare.said("product", "list") == []


def test_secret_init_never_overwrites(bare) -> None:
    bare.data_dir.mkdir()
    bare.said("secret", "init")
    before = (bare.data_dir / "secret").read_bytes()
    status, sentence = bare.refused("secret", "init")
    assert status == 73
    assert sentence.endswith("It is left as it is. (secret_exists)")
    assert (bare.data_dir / "secret").read_bytes() == before


@pytest.mark.parametrize("role", access.ROLES)
def test_key_add_prints_the_key_alone_and_the_key_is_one(shell, role) -> None:
    """So that KEY=$(labelsvc key add ...) works."""
    party = ("--party", "9521141111116") if role == "partner" else ()
    (text,) = shell.said("key", "add", "--role", role, *party, "line-3")
    with database(shell) as db:
        client = access.authenticate(db, text, datetime.now(UTC))
    assert (client.name, client.role, client.party is None) == ("line-3", role, role != "partner")
    (line,) = shell.said("key", "list")
    assert line.split("\t")[4:] == (["https://id.gs1.org/417/9521141111116"] if party else [])


def test_a_key_with_days_expires_after_them(shell) -> None:
    (text,) = shell.said("key", "add", "--role", "line", "--days", 2, "line-3")
    with database(shell) as db:
        now = datetime.now(UTC)
        access.authenticate(db, text, now + 2 * DAY - timedelta(minutes=5))
        with pytest.raises(Unauthenticated):
            access.authenticate(db, text, now + 2 * DAY)


def test_key_list_shows_no_secret_and_which_keys_work(shell) -> None:
    (first,) = shell.said("key", "add", "--role", "line", "line-3")
    (second,) = shell.said("key", "add", "--role", "line", "line-3")
    assert shell.said("key", "revoke", 1) == ["Revoked key 1 of line-3."]
    lines = shell.said("key", "list")
    assert lines == ["1\tline-3\tline\trevoked", "2\tline-3\tline\tusable"]
    assert not any(secret in "".join(lines) for secret in (first, second))


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (("add", "--role", "line", ""), 65, "name"),
        (("add", "--role", "line", "a:b"), 65, "client_name"),
        (("revoke", 77), 66, "key_unknown"),
    ],
)
def test_what_is_wrong_with_a_key_command_is_one_sentence(shell, words, status, code) -> None:
    found, sentence = shell.refused("key", *words)
    assert found == status
    assert code in sentence


@pytest.mark.parametrize(
    "words", [("add", "--role", "king", "x"), ("revoke", 0), ("revoke", 2**63), ("revoke", "x"), ("add", "x"), ()]
)
def test_what_cannot_be_read_is_a_usage_error(shell, words) -> None:
    """Exit status 2, as of every command line tool."""
    assert shell.run("key", *words).exit_code == 2


def copied(source, target) -> None:
    """Copy a database as SQLite's own backup does, which may be done while it is in use."""
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)
    old.close()
    new.close()


def test_a_restored_database_goes_on_without_a_serial_twice(shell, tmp_path) -> None:
    books, backup = shell.data_dir / "labelsvc.sqlite", tmp_path / "backup.sqlite"
    lot = shell.lot(shell.product("VALVE", "A{seq:6}", "item-70x35"))

    def issued() -> list[str]:
        return shell.said("issue", lot, 3, "--key", "order-1")

    before = issued()
    copied(books, backup)
    shell.said("issue", lot, 5)
    copied(backup, books)
    (done,) = shell.said("db", "restored", "--skip", "1000")
    assert done == "Skipped 1000 numbers in 1 pools, and in every pool to come; stopped 0 print jobs."
    assert issued() == before
    assert "A001004" in "".join(shell.said("issue", lot, 2))
    assert shell.refused("lookup", "VALVE", "A000005") == (
        66,
        "labelsvc: Expected a serial with a record, got one that was issued and whose record is lost. (record_lost)",
    )
    assert shell.said("lookup", "VALVE", "A000002")[0].startswith("VALVE A000002: ")


def test_how_much_to_skip_must_be_said(shell) -> None:
    assert shell.run("db", "restored").exit_code == 2
    assert shell.run("db", "restored", "--skip", "0").exit_code == 2
