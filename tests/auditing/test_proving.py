"""Proofs of the audit, on both databases: checked by nothing but the public key and a checkpoint that was kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from labelsvc.auditing import notes, proofs, proving
from labelsvc.auditing.proofs import Consistency, Inclusion
from labelsvc.auditing.sealing import Sealer
from labelsvc.auditing.verifying import verify, vouched
from labelsvc.domain import merkle
from labelsvc.domain.epcis.events import Event
from labelsvc.domain.epcis.hashing import event_hash
from labelsvc.domain.merkle import leaf_hash
from labelsvc.errors import LabelsvcError, Unavailable
from labelsvc.storage import audit, audit_tree, seals
from labelsvc.tracking import capturing
from labelsvc.tracking.own_events import Why, object_event
from tests.plant import NOW


def write(plant: Any, count: int) -> None:
    def work(conn: Any) -> None:
        for number in range(count):
            audit.record(conn, plant.call(), "lot.open", f"lot:{number}")

    plant.db.write(work)


def seal(plant: Any) -> None:
    Sealer(plant.db, lambda: NOW).look()


def step(number: int) -> Event:
    """Return an event of one unit, that many seconds after now."""
    epc = "https://id.gs1.org/01/09520123456788/21/A"
    return object_event(NOW + timedelta(seconds=number), "OBSERVE", [epc], Why("inspecting", None))


def made(plant: Any, count: int) -> list[str]:
    """Capture events; return their eventIDs."""
    steps = [step(number) for number in range(count)]
    capturing.capture(plant.db, plant.issuer, plant.call(), steps)
    return [event.event_id or event.uri for event in steps]


def first(plant: Any) -> int:
    """Return the id of the first event."""
    with plant.db.read() as conn:
        return int(conn.execute(text("SELECT min(id) FROM events")).scalar_one())


def refused(proof: Callable[[], object]) -> str:
    with pytest.raises(LabelsvcError) as refusal:
        proof()
    return refusal.value.code


def checked(plant: Any, kept: str, *given: Inclusion | Consistency) -> list[proofs.Included]:
    """Check as somebody else does: from the texts alone."""
    who = notes.parse_verifier(str(notes.verifier(plant.issuer)))
    return proofs.check(who, kept, [proofs.parse(str(one)) for one in given])


def test_an_event_is_proved_to_a_partner_who_kept_a_checkpoint(plant: Any) -> None:
    """They computed its hash by themselves, and find it in an entry of the tree that they hold the root of."""
    ids = made(plant, 3)
    seal(plant)
    kept = proving.checkpoint(plant.db, plant.issuer)
    proof = proving.prove_event(plant.db, plant.issuer, ids[1])
    (found,) = checked(plant, kept, proof)
    assert found.entry["action"] == "event.seal"
    assert event_hash(step(1).document, None) in [one["hash"] for one in vouched(found.entry)]


def test_a_later_proof_is_led_back_to_what_was_kept(plant: Any) -> None:
    write(plant, 5)
    seal(plant)
    kept = proving.checkpoint(plant.db, plant.issuer)
    size = notes.open_note(kept, notes.verifier(plant.issuer)).size
    (new,) = made(plant, 1)
    seal(plant)
    later = proving.prove_event(plant.db, plant.issuer, new)
    assert refused(lambda: checked(plant, kept, later)) == "proof_wrong"
    growth = proving.prove_growth(plant.db, plant.issuer, size)
    assert checked(plant, kept, later, growth)[0].entry["subject"].startswith("event:")
    early = proving.prove_entry(plant.db, plant.issuer, plant.audit()[0]["id"], size)
    assert early.note == kept
    assert checked(plant, kept, early)[0].index == 0


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_history_that_was_written_anew_does_not_lead_back(plant: Any) -> None:
    """Somebody with the database, and even with the key, changes an entry and makes chain and tree fit again."""
    write(plant, 9)
    seal(plant)
    kept = proving.checkpoint(plant.db, plant.issuer)
    size = notes.open_note(kept, notes.verifier(plant.issuer)).size
    for statement in (
        "UPDATE audit SET subject = 'lot:77' WHERE subject = 'lot:4'",
        "DELETE FROM audit_seals",
        "DELETE FROM audit_tiles",
    ):
        plant.db.write(lambda conn, s=statement: conn.execute(text(s)))  # type: ignore[misc]
    write(plant, 1)
    seal(plant)
    assert verify(plant.db).damages == 0
    growth = proving.prove_growth(plant.db, plant.issuer, size)
    assert refused(lambda: checked(plant, kept, growth)) == "proof_wrong"
    report = verify(plant.db, notes.open_note(kept, notes.verifier(plant.issuer)))
    assert [(one.damage, one.sequence) for one in report.found] == [("cut", size)]
    now = notes.open_note(proving.checkpoint(plant.db, plant.issuer), notes.verifier(plant.issuer))
    assert verify(plant.db, now).damages == 0


@pytest.mark.parametrize(
    "change",
    [
        "record_time = '2026-11-19 08:30:00.000000+00'",
        "body = '{}'",
        "event_id = 'urn:x:1'",
        "hash = 'ab'",
    ],
)
def test_an_event_that_was_back_dated_or_changed_is_named(plant: Any, change: str) -> None:
    made(plant, 2)
    seal(plant)
    assert verify(plant.db).damages == 0
    if plant.db.dialect == "sqlite":
        change = change.replace("+00'", "'")
    changed = first(plant)
    plant.db.write(lambda conn: conn.execute(text(f"UPDATE events SET {change} WHERE id = {changed}")))
    (found,) = verify(plant.db).found
    assert (found.damage, found.action, found.subject) == ("event", "event.seal", f"event:{changed}")


def test_a_removed_event_is_named(plant: Any) -> None:
    made(plant, 2)
    seal(plant)
    gone = first(plant)
    for table, column in (("unit_events", "event_id"), ("findings", "event_id"), ("events", "id")):
        removal = text(f"DELETE FROM {table} WHERE {column} = {gone}")
        plant.db.write(lambda conn, removal=removal: conn.execute(removal))  # type: ignore[misc]
    assert [(one.damage, one.subject) for one in verify(plant.db).found] == [("event", f"event:{gone}")]


def test_events_are_vouched_for_once_and_some_at_a_time(plant: Any) -> None:
    ids = made(plant, 60)
    seal(plant)
    seal(plant)
    entries = plant.audit("event.seal")
    assert [len(vouched(entry)) for entry in entries] == [50, 10]
    proof = proving.prove_event(plant.db, plant.issuer, ids[55])
    assert checked(plant, proof.note, proof)[0].entry["id"] == entries[1]["id"]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_what_cannot_be_proved_is_said(plant: Any) -> None:
    db, issuer = plant.db, plant.issuer
    write(plant, 2)
    seal(plant)
    size = notes.open_note(proving.checkpoint(db, issuer), notes.verifier(issuer)).size
    last = plant.audit()[-1]["id"]
    (new,) = made(plant, 1)
    assert refused(lambda: proving.prove_event(db, issuer, new)) == "audit_unsealed"
    assert refused(lambda: proving.prove_event(db, issuer, "urn:x:none")) == "event_unknown"
    assert refused(lambda: proving.prove_entry(db, issuer, plant.audit()[-1]["id"])) == "audit_unsealed"
    assert refused(lambda: proving.prove_entry(db, issuer, 10_000)) == "audit_entry_unknown"
    assert refused(lambda: proving.prove_entry(db, issuer, last, size - 1)) == "tree_size"
    assert refused(lambda: proving.prove_entry(db, issuer, last, size + 1)) == "tree_size"
    assert refused(lambda: proving.prove_growth(db, issuer, size + 1)) == "tree_size"
    assert refused(lambda: proving.prove_growth(db, issuer, 0, size + 1)) == "tree_size"


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_tree_with_a_gap_proves_nothing(plant: Any) -> None:
    """Nobody signs what they cannot read."""
    leaves = [leaf_hash(bytes([number])) for number in range(200)]
    plant.db.write(lambda conn: audit_tree.append(conn, leaves * 3))
    plant.db.write(lambda conn: conn.execute(text("DELETE FROM audit_tiles WHERE level = 0 AND number = 1")))
    with pytest.raises(Unavailable):
        proving.prove_growth(plant.db, plant.issuer, 300)


def test_a_tree_of_many_leaves_reads_few_rows(plant: Any) -> None:
    """70,000 leaves: their root is computed leaf by leaf beside, a proof reads some tiles of 256."""
    leaves = [leaf_hash(number.to_bytes(4, "big")) for number in range(70_000)]
    frontier = merkle.Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    for start in range(0, len(leaves), 10_000):
        plant.db.write(lambda conn, start=start: audit_tree.append(conn, leaves[start : start + 10_000]))  # type: ignore[misc]
    with plant.db.read() as conn:
        counting = _Counting(conn)
        assert audit_tree.size(conn) == 70_000
        assert merkle.root(audit_tree.subtrees(counting), 70_000) == frontier.root
        for index, size in ((0, 70_000), (69_999, 70_000), (65_535, 65_537), (255, 256), (12_345, 54_321)):
            counting.asked = 0
            subtrees = audit_tree.subtrees(counting)
            path = merkle.inclusion(subtrees, index, size)
            assert merkle.includes(merkle.root(subtrees, size), size, index, leaves[index], path)
            assert counting.asked <= 6
        subtrees = audit_tree.subtrees(conn)
        old, new = ((size, merkle.root(subtrees, size)) for size in (54_321, 70_000))
        assert merkle.grew(old, new, merkle.consistency(subtrees, old[0], new[0]))


class _Counting:
    """A connection that counts what is asked."""

    def __init__(self, conn: Any) -> None:
        self._conn = conn
        self.asked = 0

    def execute(self, statement: Any) -> Any:
        self.asked += 1
        return self._conn.execute(statement)


def test_the_tree_ends_before_a_gap(plant: Any) -> None:
    write(plant, 6)
    plant.db.write(lambda conn: seals.seal(conn, 0, NOW, 1_000))
    with plant.db.read() as conn:
        end = seals.last(conn).sequence
    plant.db.write(lambda conn: conn.execute(text(f"DELETE FROM audit_seals WHERE sequence = {end - 2}")))
    assert plant.db.write(lambda conn: audit_tree.grow(conn, 1_000)) == end - 3
    assert plant.db.write(lambda conn: audit_tree.grow(conn, 1_000)) == 0


@pytest.mark.parametrize(
    "given",
    [
        "",
        "x\n\ny",
        "old x\n\nnote",
        "old 1\nAAAA\n\nnote",
        "c2sp.org/tlog-proof@v1\nindex 1\n\nnote",
        "c2sp.org/tlog-proof@v1\nextra AA==\n\nnote",
        "c2sp.org/tlog-proof@v1\nextra AA==\nindex 01\n\nnote",
        "c2sp.org/tlog-proof@v1\nextra %\nindex 1\n\nnote",
        "old 1\n" + "A" * 43 + "=\n" * 1 + ("A" * 43 + "=\n") * 200 + "\nnote",
    ],
)
def test_a_proof_that_is_none_is_refused(given: str) -> None:
    assert refused(lambda: proofs.parse(given)) == "proof_malformed"


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_proof_with_one_thing_changed_proves_nothing(plant: Any) -> None:
    write(plant, 9)
    seal(plant)
    entry = plant.audit("lot.open")[3]["id"]
    proof = proving.prove_entry(plant.db, plant.issuer, entry)
    other = proving.prove_entry(plant.db, plant.issuer, entry + 1)
    assert checked(plant, proof.note, proof)[0].entry["id"] == entry
    for changed in (
        replace(proof, index=proof.index + 1),
        replace(proof, content=proof.content.replace(b"lot:3", b"lot:4")),
        replace(proof, content=other.content),
        replace(proof, path=proof.path[:-1]),
        replace(proof, path=proof.path[::-1]),
    ):
        assert refused(lambda changed=changed: checked(plant, proof.note, changed)) == "proof_wrong"  # type: ignore[misc]
    stranger = plant.issuer.__class__(bytes(32), plant.issuer.digital_link)
    assert refused(lambda: checked(replace(plant, issuer=stranger), proof.note, proof)) == "checkpoint_unsigned"
