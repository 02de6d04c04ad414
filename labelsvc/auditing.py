"""Use cases: seal the audit, and prove that no sealed entry was changed, removed or reordered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from labelsvc import logs
from labelsvc.errors import InvalidInput
from labelsvc.storage import seals
from labelsvc.storage.database import Database
from labelsvc.storage.seals import Seal, Sealed, Tail

log = logs.logger(__name__)

#: How often unsealed entries are looked for.
SEAL_SECONDS = 1.0
#: Ids are given before commits, so an entry may turn up behind younger ones that are sealed: this far is looked back
#: every time, and all the way at the first time and once an hour.
_LOOK_BACK = 2_000
_LOOKS_UNTIL_ALL = 3_600
_AT_ONCE = 1_000
#: Seals until one is written into the log, where it can be compared with.
_CHECKPOINT_EVERY = 1_000
#: Damages that a report names.
NAMED_AT_MOST = 100


class Sealer:
    """Seals what is not sealed yet; any number may run, one seals at a time.

    Args:
        now: the clock.
    """

    def __init__(self, db: Database, now: Callable[[], datetime]) -> None:
        self._db = db
        self._now = now
        self._looks = 0
        self._logged = -1

    def look(self) -> int:
        """Seal all that is not sealed; return how many entries that were.

        Raises:
            Unavailable: the database did not answer.
        """
        everything = self._looks % _LOOKS_UNTIL_ALL == 0
        with self._db.read() as conn:
            since = 0 if everything else max(0, seals.newest_sealed(conn) - _LOOK_BACK)
            if not seals.any_unsealed(conn, since):
                self._looks += 1
                return 0
        sealed, count, end = 0, _AT_ONCE, Seal(0, seals.BEGINNING)
        while count == _AT_ONCE:
            count, end = self._seal(since)
            sealed += count
        self._looks += 1
        if self._logged < 0 or end.sequence - self._logged >= _CHECKPOINT_EVERY or (everything and sealed):
            self._log(end)
        return sealed

    def _seal(self, since: int) -> tuple[int, Seal]:
        def work(conn: Connection) -> tuple[int, Seal]:
            seals.take_turn(conn)
            return seals.seal(conn, since, self._now(), _AT_ONCE)

        return self._db.write(work)

    def checkpoint(self) -> None:
        """Write the chain's end into the log."""
        with self._db.read() as conn:
            self._log(seals.last(conn))

    def _log(self, end: Seal) -> None:
        if end.sequence != self._logged:
            self._logged = end.sequence
            log.info("audit.checkpoint", checkpoint=f"{end.digest}:{end.sequence}")


Damage = Literal["changed", "moved", "removed", "seal-removed", "cut"]


@dataclass(frozen=True, slots=True)
class Found:
    """Something that is not as it was sealed.

    Attributes:
        damage: `changed`: the entry or its seal; `moved`: entries or seals were put in another order; `removed`: the
            entry; `seal-removed`: the seal itself; `cut`: the chain no longer leads to the checkpoint.
        sequence: of the seal.
        audit_id: of the entry; None where its seal is gone.
    """

    damage: Damage
    sequence: int
    audit_id: int | None = None
    action: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a look at the whole audit found.

    Attributes:
        sealed: how many seals there are.
        found: the first damages, at most NAMED_AT_MOST.
        damages: how many there are.
        end: the chain's end, to be written down as a checkpoint.
        tail: entries that are not sealed yet.
    """

    sealed: int
    found: tuple[Found, ...]
    damages: int
    end: Seal
    tail: Tail


def parse_checkpoint(text: str) -> Seal:
    """Read a checkpoint: DIGEST:SEQUENCE.

    Raises:
        InvalidInput: it is none.
    """
    digest, _, sequence = text.partition(":")
    well = len(digest) == 64 and set(digest) <= set("0123456789abcdef") and sequence.isascii() and sequence.isdigit()
    if not well or len(sequence) > 18:
        message = "Expected a checkpoint: 64 hexadecimal digits, a colon and a whole number, got another text."
        raise InvalidInput("checkpoint_malformed", message)
    return Seal(int(sequence), digest)


def verify(db: Database, checkpoint: Seal | None = None) -> Report:
    """Compute the whole chain anew, page by page, and compare; entries that are added meanwhile do not disturb it.

    Args:
        checkpoint: an end of the chain that was written down before: one that cut the chain behind it shows.
    """
    walk = _Walk(checkpoint)
    for link in _links(db):
        walk.add(link)
    with db.read() as conn:
        tail = seals.tail(conn)
    return walk.report(tail)


def _links(db: Database) -> Iterator[Sealed]:
    after = 0
    while True:
        with db.read() as conn:  # a snapshot for each page: none is held while the digests are made
            page = seals.read(conn, after, _AT_ONCE)
        yield from page
        if len(page) < _AT_ONCE:
            return
        after = page[-1].sequence


class _Walk:
    """Follows the chain; of a broken link the stored digest is believed for the next, so one damage is named once."""

    def __init__(self, checkpoint: Seal | None) -> None:
        self._checkpoint = checkpoint
        self._reached = checkpoint is None or checkpoint == Seal(0, seals.BEGINNING)
        self._end = Seal(0, seals.BEGINNING)
        self._count = 0
        self._damages = 0
        self._found: list[Found] = []
        self._misfits: list[tuple[Sealed, str]] = []  # with the digest before each

    def add(self, link: Sealed) -> None:
        """Look at the next link."""
        self._count += 1
        for missing in range(self._end.sequence + 1, min(link.sequence, self._end.sequence + 1 + NAMED_AT_MOST)):
            self._name(Found("seal-removed", missing))
        if link.content is None:
            self._name(Found("removed", link.sequence, link.audit_id))
        elif link.sequence == self._end.sequence + 1 and not seals.fits(self._end.digest, link.content, link.digest):
            self._name(Found("changed", link.sequence, link.audit_id, link.action, link.subject))
            if len(self._misfits) < NAMED_AT_MOST:
                self._misfits.append((link, self._end.digest))
        self._end = Seal(link.sequence, link.digest)
        self._reached = self._reached or self._end == self._checkpoint

    def _name(self, found: Found) -> None:
        self._damages += 1
        if len(self._found) < NAMED_AT_MOST:
            self._found.append(found)

    def report(self, tail: Tail) -> Report:
        """Return what was found."""
        if self._checkpoint is not None and not self._reached:
            self._name(Found("cut", self._checkpoint.sequence))
        moved = self._moved()
        found = tuple(
            Found("moved", each.sequence, each.audit_id, each.action, each.subject) if each.sequence in moved else each
            for each in self._found
        )
        return Report(self._count, found, self._damages, self._end, tail)

    def _moved(self) -> set[int]:
        """Return the sequences of misfits whose entries are whole, but fit elsewhere in the chain."""
        digests = {link.digest for link, _ in self._misfits}
        befores = {one for one in {before for _, before in self._misfits} | digests if seals.is_digest(one)}
        return {
            link.sequence
            for link, _ in self._misfits
            if link.content and any(seals.digest(before, link.content) in digests for before in befores)
        }
