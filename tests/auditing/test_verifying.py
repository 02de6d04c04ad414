"""The audit's seals: whoever changes, removes or reorders one entry behind our back is found, on both databases."""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import text

from labelsvc.auditing import sealing, verifying
from labelsvc.auditing.sealing import Sealer
from labelsvc.auditing.verifying import parse_checkpoint, verify
from labelsvc.domain.actors import Actor, Call
from labelsvc.errors import InvalidInput
from labelsvc.storage import audit, seals
from labelsvc.storage.database import Database

NOW = datetime(2026, 11, 20, 8, 30, 0, 123_456, tzinfo=UTC)


def write(db: Database, count: int = 1) -> None:
    for number in range(count):
        call = Call(Actor("key", "Žofie"), NOW + timedelta(seconds=number))
        after = {"ä": [70.0, 2**63 - 1, None, True], "Z": {"b": 'é\n"', "a": 1.5}}
        db.write(partial(audit.record, call=call, action="lot.open", subject=f"lot:{number}", after=after))


@pytest.fixture
def sealed(database: Database) -> Database:
    """A database with ten sealed entries."""
    write(database, 10)
    assert Sealer(database, lambda: NOW).look() == 10
    return database


def run(db: Database, *statements: str) -> None:
    for statement in statements:
        db.write(lambda conn, s=statement: conn.execute(text(s)))  # type: ignore[misc]


def id_of(db: Database, sequence: int) -> int:
    with db.read() as conn:
        found = conn.execute(text(f"SELECT audit_id FROM audit_seals WHERE sequence = {sequence}"))
        return int(found.scalar_one())


def named(db: Database) -> list[tuple[str, int, int | None]]:
    return [(found.damage, found.sequence, found.audit_id) for found in verify(db).found]


def test_an_outsider_can_compute_the_chain(sealed: Database) -> None:
    """By nothing but the description: written down here by hand, and digested with hashlib."""
    before = bytes(32)
    with sealed.read() as conn:
        found = list(conn.execute(text("SELECT audit_id, digest FROM audit_seals ORDER BY sequence")))
    for number, (audit_id, digest) in enumerate(found):
        entry = (
            '{"action":"lot.open","actor_id":"Žofie","actor_kind":"key",'
            '"after":{"Z":{"a":1.5,"b":"é\\n\\""},"ä":[70.0,9223372036854775807,null,true]},'
            f'"at":"2026-11-20T08:30:{number:02}.123456Z","before":null,"id":{audit_id},"reason":null,'
            f'"subject":"lot:{number}"}}'
        )
        before = hashlib.sha256(before + entry.encode()).digest()
        assert before.hex() == digest
    assert verify(sealed).end == seals.Seal(10, before.hex())


def test_a_whole_audit_verifies_and_what_is_not_sealed_is_named(sealed: Database) -> None:
    write(sealed, 2)
    report = verify(sealed)
    assert (report.sealed, report.damages, report.found) == (10, 0, ())
    newest = id_of(sealed, 10)
    assert (report.tail.count, report.tail.first, report.tail.last) == (2, newest + 1, newest + 2)
    assert Sealer(sealed, lambda: NOW).look() == 2
    assert Sealer(sealed, lambda: NOW).look() == 0
    assert verify(sealed).tail == seals.Tail(0, None, None)


@pytest.mark.parametrize("sequence", [1, 5, 10])
@pytest.mark.parametrize(
    "change",
    [
        "reason = 'x'",
        "actor_id = 'nobody'",
        "subject = 'lot:99'",
        "at = '2026-11-20 08:30:00.123457+00'",
        "after = NULL",
        """after = '{"Z": 1}'""",
    ],
)
def test_a_changed_entry_is_named_alone(sealed: Database, sequence: int, change: str) -> None:
    if sealed.dialect == "sqlite":
        change = change.replace("+00'", "'")
    entry = id_of(sealed, sequence)
    run(sealed, f"UPDATE audit SET {change.replace('after', chr(34) + 'after' + chr(34), 1)} WHERE id = {entry}")
    assert named(sealed) == [("changed", sequence, entry)]


@pytest.mark.parametrize(
    "change",
    [
        "\"after\" = 'x'",
        '"after" = \'"\\ud800"\'',
        "\"after\" = x'ff'",
        "at = 'x'",
        "reason = x'ff00'",
        "subject = 7",
    ],
)
@pytest.mark.parametrize("dialect", ["sqlite"])
def test_an_entry_changed_into_what_is_no_value_is_named_alone(sealed: Database, change: str) -> None:
    """SQLite keeps anything in any column; the look at the whole audit must not end there."""
    run(sealed, f"UPDATE audit SET {change} WHERE id = {id_of(sealed, 4)}")
    assert named(sealed) == [("changed", 4, id_of(sealed, 4))]


@pytest.mark.parametrize("digest", ["''", "'zz'", "7", "x'ff'"])
@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_seal_that_is_no_digest_is_named_and_so_is_what_rests_on_it(sealed: Database, digest: str) -> None:
    run(sealed, f"UPDATE audit_seals SET digest = {digest} WHERE sequence = 4")
    assert named(sealed) == [("changed", 4, id_of(sealed, 4)), ("changed", 5, id_of(sealed, 5))]


@pytest.mark.parametrize("sequence", [1, 5, 10])
def test_a_removed_entry_is_named_alone(sealed: Database, sequence: int) -> None:
    entry = id_of(sealed, sequence)
    run(sealed, f"DELETE FROM audit WHERE id = {entry}")
    assert named(sealed) == [("removed", sequence, entry)]


def test_an_entry_removed_with_its_seal_leaves_a_gap(sealed: Database) -> None:
    entry = id_of(sealed, 5)
    run(sealed, f"DELETE FROM audit WHERE id = {entry}", "DELETE FROM audit_seals WHERE sequence = 5")
    assert named(sealed) == [("seal-removed", 5, None)]


def test_a_gap_that_was_closed_is_found_where_it_was(sealed: Database) -> None:
    entry = id_of(sealed, 5)
    run(sealed, f"DELETE FROM audit WHERE id = {entry}", "DELETE FROM audit_seals WHERE sequence = 5")
    for sequence in range(6, 11):
        run(sealed, f"UPDATE audit_seals SET sequence = {sequence - 1} WHERE sequence = {sequence}")
    assert [found.sequence for found in verify(sealed).found] == [5]


def test_reordered_entries_are_named(sealed: Database) -> None:
    """Their seals changed places: each is whole, none is in its own."""
    third, fourth = id_of(sealed, 3), id_of(sealed, 4)
    run(
        sealed,
        "UPDATE audit_seals SET audit_id = -1 WHERE sequence = 3",
        f"UPDATE audit_seals SET audit_id = {third} WHERE sequence = 4",
        f"UPDATE audit_seals SET audit_id = {fourth} WHERE sequence = 3",
    )
    assert named(sealed) == [("moved", 3, fourth), ("moved", 4, third)]


def test_contents_that_changed_places_are_named(sealed: Database) -> None:
    third, fourth = id_of(sealed, 3), id_of(sealed, 4)
    run(
        sealed,
        f"UPDATE audit SET id = -1 WHERE id = {third}",
        f"UPDATE audit SET id = {third} WHERE id = {fourth}",
        f"UPDATE audit SET id = {fourth} WHERE id = -1",
    )
    assert named(sealed) == [("changed", 3, third), ("changed", 4, fourth)]


def test_a_forged_digest_is_named_and_so_is_what_rests_on_it(sealed: Database) -> None:
    run(sealed, f"UPDATE audit_seals SET digest = '{'ab' * 32}' WHERE sequence = 5")
    assert [(found.damage, found.sequence) for found in verify(sealed).found] == [("changed", 5), ("changed", 6)]


def test_an_entry_slipped_in_is_not_sealed_and_then_stands_at_the_end(sealed: Database) -> None:
    """Nobody can put one where it was not; the seal says when it came."""
    run(sealed, "DELETE FROM audit WHERE id = (SELECT audit_id FROM audit_seals WHERE sequence = 5)")
    gone = id_of(sealed, 5)
    columns = "id, at, actor_kind, actor_id, action, subject"
    run(sealed, f"INSERT INTO audit ({columns}) VALUES ({gone}, '2026-11-20 08:30:00', 'key', 'x', 'a.b', 'a:1')")
    assert named(sealed) == [("changed", 5, gone)]


def test_a_chain_cut_at_its_end_shows_by_a_checkpoint_alone(sealed: Database) -> None:
    before = verify(sealed).end
    cut = "DELETE FROM audit WHERE id IN (SELECT audit_id FROM audit_seals WHERE sequence > 8)"
    run(sealed, cut, "DELETE FROM audit_seals WHERE sequence > 8")
    assert named(sealed) == [("tree", 10, None)]
    run(sealed, "DELETE FROM audit_tiles")  # whoever thinks of everything
    assert Sealer(sealed, lambda: NOW).look() == 0
    assert verify(sealed).damages == 0
    assert [(found.damage, found.sequence) for found in verify(sealed, before).found] == [("cut", 10)]
    write(sealed, 5)  # the chain goes on and is longer again
    assert Sealer(sealed, lambda: NOW).look() == 5
    assert [(found.damage, found.sequence) for found in verify(sealed, before).found] == [("cut", 10)]
    assert verify(sealed, verify(sealed).end).damages == 0
    assert verify(sealed, seals.Seal(0, seals.BEGINNING)).damages == 0


def test_an_entry_that_commits_behind_younger_ones_is_sealed(sealed: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_LOOK_BACK", 2)
    sealer = Sealer(sealed, lambda: NOW)
    sealer.look()
    newest = id_of(sealed, 10)
    columns = "id, at, actor_kind, actor_id, action, subject"
    values = "'2026-11-20 08:30:00', 'key', 'x', 'a.b', 'a:1'"
    run(sealed, f"INSERT INTO audit ({columns}) VALUES ({newest + 5}, {values})")
    assert sealer.look() == 1
    run(sealed, f"INSERT INTO audit ({columns}) VALUES ({newest + 4}, {values})")
    assert sealer.look() == 1
    run(sealed, f"INSERT INTO audit ({columns}) VALUES ({newest + 1}, {values})")  # further than is looked back
    assert sealer.look() == 0
    assert Sealer(sealed, lambda: NOW).look() == 1
    assert verify(sealed).damages == 0


def test_many_sealers_seal_everything_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_AT_ONCE", 7)
    failures: list[BaseException] = []

    def seal() -> None:
        sealer = Sealer(database, lambda: NOW)
        try:
            for _ in range(10):
                sealer.look()
        except BaseException as failure:  # noqa: BLE001
            failures.append(failure)

    threads = [threading.Thread(target=seal) for _ in range(4)]
    for thread in threads:
        thread.start()
    write(database, 40)
    for thread in threads:
        thread.join()
    Sealer(database, lambda: NOW).look()
    assert not failures
    report = verify(database)
    assert (report.sealed, report.damages, report.tail.count) == (40, 0, 0)


def test_the_log_has_checkpoints(sealed: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    class Log:
        def info(self, event: str, checkpoint: str) -> None:
            assert (event, parse_checkpoint(checkpoint)) == ("audit.checkpoint", verify(sealed).end)
            logged.append(event)

    logged: list[str] = []
    monkeypatch.setattr(sealing, "log", Log())
    sealer = Sealer(sealed, lambda: NOW)
    sealer.checkpoint()
    sealer.checkpoint()
    assert len(logged) == 1


@pytest.mark.parametrize(
    "said", ["", "x:1", "ab" * 32, "ab" * 32 + ":", "ab" * 32 + ":-1", "AB" * 32 + ":1", "ab" * 32 + ":٣"]
)
def test_a_checkpoint_has_one_form(said: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_checkpoint(said)
    assert refusal.value.code == "checkpoint_malformed"


def test_damage_is_named_up_to_a_bound_and_counted_beyond(database: Database) -> None:
    write(database, 120)
    Sealer(database, lambda: NOW).look()
    run(database, "UPDATE audit SET reason = 'x'")
    report = verify(database)
    assert (report.damages, len(report.found)) == (120, verifying.NAMED_AT_MOST)


def test_canonical_bytes_are_json() -> None:
    entry = {"id": 1, "at": NOW, "before": None}
    assert json.loads(seals.canonical(entry)) == {"id": 1, "at": "2026-11-20T08:30:00.123456Z", "before": None}
