"""A claim at the station: its terms, its labels and its journal in a directory of its own."""

from __future__ import annotations

import json
import secrets
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labelsvc.domain.delivery.claimed import Claimed
from labelsvc.domain.journal import Entry
from labelsvc.domain.outcomes import runs
from labelsvc.domain.profiles import Profile
from labelsvc.station.clock import elapsed, since_boot
from labelsvc.station.files import sync_directory, write_whole
from labelsvc.station.journal import Journal
from labelsvc.station.labels import StoredLabels

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a claim is, as the server said (`POST /api/v1/station/claims`)."""

    id: int
    kind: str
    printer: str
    uri: str
    dpmm: int
    window: int
    regulated: bool
    profile: Profile
    product: str
    lot_number: str
    spans: tuple[Span, ...]
    origin: int
    resumed: bool
    seed: str
    expires_in: float | None

    @classmethod
    def of(cls, said: dict[str, Any]) -> Terms:
        """Read what the server said.

        Raises:
            KeyError, TypeError, ValueError: it said something else.
        """
        printer = said["printer"]
        return cls(
            id=int(said["id"]),
            kind=str(said["kind"]),
            printer=str(printer["name"]),
            uri=str(printer["uri"]),
            dpmm=int(printer["dpmm"]),
            window=int(printer["window"]),
            regulated=bool(printer["regulated"]),
            profile=Profile(**printer["profile"]),
            product=str(said["product"]),
            lot_number=str(said["lot_number"]),
            spans=tuple((int(first), int(last)) for first, last in said["labels"]),
            origin=int(said["origin"]),
            resumed=bool(said["resumed"]),
            seed=str(said["seed"]),
            expires_in=None if said["expires_in"] is None else float(said["expires_in"]),
        )

    @property
    def numbers(self) -> Iterator[int]:
        """The numbers of the labels, in their order."""
        return (number for first, last in self.spans for number in range(first, last + 1))


class Holding:
    """A claim in the station's hands.

    Attributes:
        acknowledged: lines of the journal that the server has.
        booted: this process said that it works with the journal.
        canceled: someone asked for the end of its job; gone: it was taken away, and not a byte more may leave.
        there: numbers of its labels that somebody scanned since it was made, by the last word of the server.
        standing: of what is being printed: the whole claim, or the labels that a line took of a range handed ahead.
        used: numbers of such a range that were taken; returned: the rest was given back.
        taken_at: number of the line by which what is being printed was taken of such a range.
    """

    def __init__(self, directory: Path, now: Callable[[], datetime]) -> None:
        self.directory = directory
        said = json.loads((directory / "claim.json").read_text("utf-8"))
        self.terms = Terms.of(said["claim"])
        self._age = (float(said["age"]), (str(said["clock"][0]), float(said["clock"][1])), said["wall"])
        self.acknowledged = 0
        self.heard = False
        self.canceled = threading.Event()
        self.gone = threading.Event()
        self.there: frozenset[int] = frozenset()
        self.used: set[int] = set()
        self.keys: dict[str, Span] = {}
        self.returned = False
        self.taken_at = 0
        self.standing: Claimed | None = None
        if self.terms.kind == "job":
            self.standing = Claimed.of(self.terms.spans, resumed=self.terms.resumed)
        self.booted = False
        self.journal = Journal(directory / "journal", self.terms.seed, now)
        self.labels: StoredLabels | None = None
        try:
            for entry in self.journal.entries():
                self.take(entry)
            if not self.over:
                self.labels = StoredLabels(directory / "labels", self.terms.numbers, self.terms.origin)
        except BaseException:
            self.journal.close()
            raise

    @classmethod
    def keep(cls, root: Path, said: dict[str, Any], body: Iterable[bytes], now: Callable[[], datetime]) -> Holding:
        """Write a claim and its labels to the disk, and open it.

        Raises:
            OSError, Spoilt: they are not there; nothing is.
        """
        directory = root / str(int(said["id"]))
        if (directory / "journal").exists():  # of a claim that cannot be read: it is evidence
            aside = root.parent / "refused" / f"{directory.name}-{secrets.token_hex(6)}"
            aside.parent.mkdir(exist_ok=True)
            directory.rename(aside)
        directory.mkdir(parents=True, exist_ok=True)
        try:
            write_whole(directory / "labels", body)
            age = {"age": 0.0, "clock": list(since_boot()), "wall": now().isoformat()}
            write_whole(directory / "claim.json", [json.dumps({"claim": said, **age}).encode()])
            sync_directory(root)
            return cls(directory, now)
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise

    def boot(self, boot: str, instance: str) -> None:
        """Write down that this process works with the journal, once and before anything else that it writes.

        Raises:
            OSError: the disk does not take it.
        """
        if not self.booted and not self.over:
            self.take(self.journal.append("boot", boot=boot, instance=instance))
            self.booted = True

    def take(self, entry: Entry) -> None:
        """Take in a line of the journal."""
        said = entry.said
        if entry.do == "use":
            span = (said["first"], said["last"])
            self.used.update(range(span[0], span[1] + 1))
            self.keys[said["key"]] = span
            self.standing = Claimed.of([span], resumed=False)
            self.taken_at = entry.number
            self.canceled.clear()  # that was of what was printed before
        elif entry.do == "return":
            self.returned = True
        elif self.standing is not None:
            self.standing.take(entry)
        if entry.do != "boot":
            self.heard = True  # nothing else is written before the server has the first line

    def cancel(self, known: int) -> None:
        """Take note that someone wants an end of what is printed, as the server said that knows so many lines."""
        self.canceled.set()
        if known < self.taken_at:  # it does not know of this, so it was of what was printed before
            self.canceled.clear()

    def found(self, spans: Iterable[Span]) -> None:
        """Take note of labels that are there, as the server said: they are not to be printed."""
        mine = self.terms.spans
        within = (range(max(first, a), min(last, b) + 1) for first, last in spans for a, b in mine)
        self.there = self.there.union(*within)

    @property
    def begun(self) -> bool:
        """Something is being printed, and is not at its end."""
        return self.standing is not None and self.standing.ended is None and self.standing.attempts > 0

    @property
    def to_print(self) -> bool:
        """Something is to be printed, and the server knows that the claim arrived."""
        return (
            self.heard
            and self.booted
            and not self.gone.is_set()
            and self.standing is not None
            and self.standing.ended is None
        )

    @property
    def over(self) -> bool:
        """Nothing more will be written."""
        if self.terms.kind == "ahead":
            return self.returned
        return self.standing is not None and self.standing.ended is not None

    @property
    def unused(self) -> tuple[Span, ...]:
        """The labels of a range handed ahead that nobody took."""
        return runs(number for number in self.terms.numbers if number not in self.used)

    @property
    def written_age(self) -> float:
        """How old it is by what is on the disk, seconds."""
        return self._age[0]

    def age(self, now: datetime) -> float:
        """Return the seconds since the claim was handed over, by the machine's own clock.

        Where the machine was started anew the time it was off is known by its calendar clock only; one that was set
        back adds nothing, and the server looks at what was used after the end.
        """
        was, clock, wall = self._age
        passed = elapsed(clock)
        if passed is None:
            passed = max((now - datetime.fromisoformat(wall)).total_seconds(), 0.0)
        return was + passed

    def keep_age(self, now: datetime) -> None:
        """Write down how old it is, so that a new start of the machine does not make it younger.

        Raises:
            OSError: the disk does not take it.
        """
        said = json.loads((self.directory / "claim.json").read_text("utf-8"))
        said |= {"age": self.age(now), "clock": list(since_boot()), "wall": now.astimezone(UTC).isoformat()}
        write_whole(self.directory / "claim.json", [json.dumps(said).encode()])
        self._age = (said["age"], (said["clock"][0], said["clock"][1]), said["wall"])

    def expired(self, now: datetime) -> bool:
        """Whether it may not be used any more."""
        return self.terms.expires_in is not None and self.age(now) >= self.terms.expires_in

    def close(self) -> None:
        """Let go of the files."""
        if self.labels is not None:
            self.labels.close()
        self.journal.close()

    def drop_labels(self) -> None:
        """Delete the bytes of labels that nobody may print any more."""
        if self.labels is not None:
            self.labels.close()
            self.labels = None
        (self.directory / "labels").unlink(missing_ok=True)

    def forget(self) -> None:
        """Delete it: the server has all that it says."""
        self.drop_labels()
        self.journal.close()
        (self.directory / "claim.json").unlink(missing_ok=True)  # what is left without it is no claim
        sync_directory(self.directory)
        shutil.rmtree(self.directory, ignore_errors=True)

    def set_aside(self) -> Path:
        """Keep its journal as evidence, and delete its labels."""
        self.drop_labels()
        self.journal.close()
        aside = self.directory.parent.parent / "refused" / f"{self.directory.name}-{self.journal.chain[:12]}"
        aside.parent.mkdir(exist_ok=True)
        self.directory.rename(aside)
        return aside
