"""Use cases: documents of events are taken into the books, in small steps, beside everything else.

A document is kept before anything of it is taken, so that a process may be killed at any moment: whichever looks next
goes on. An event that is taken twice is one event, so nothing has to be known but how far the job had come.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from labelsvc import logs
from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.epcis.documents import Document, read_document, read_single_event
from labelsvc.domain.epcis.events import Event
from labelsvc.domain.epcis.limits import check_limits, epcs_of
from labelsvc.domain.epcis.reading import read_event
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.pages import Page
from labelsvc.errors import InvalidInput, LabelsvcError, TooLarge, TooMany, Unavailable
from labelsvc.storage import audit, captures
from labelsvc.storage.captures import Behaviour, Job
from labelsvc.storage.database import Database
from labelsvc.tracking.capturing import Captured, capture, capture_in

log = logs.logger(__name__)

#: Events of one document, and documents that may wait.
EVENTS_AT_MOST = 100_000
OPEN_AT_MOST = 20
#: What one transaction takes, so that whoever issues serials gets their turn between two.
EVENTS_AT_ONCE = 10
EPCS_AT_ONCE = 1_000
#: Wrong events that are named; the others are counted.
ERRORS_AT_MOST = 100
#: A process that is killed is believed to be at its job for as long.
_CLAIM = timedelta(seconds=20)
#: Events that are looked at between two signs of life.
_LOOKED_AT_ONCE = 10_000
#: A job that does not come on, however often it is tried, is ended.
_TRIES_AT_MOST = 10


def accept(db: Database, call: Call, document: Mapping[str, Any], behaviour: Behaviour) -> Job:
    """Keep a document, to be taken; its events are looked at later.

    Args:
        behaviour: `rollback`: one wrong event and none is taken; `proceed`: the others are.

    Raises:
        InvalidInput: as `read_document`.
        TooLarge: capture_limit, more than EVENTS_AT_MOST events.
        TooMany: captures_open, as many as OPEN_AT_MOST documents wait.
    """
    total = len(read_document(document).events)
    if total > EVENTS_AT_MOST:
        raise TooLarge("capture_limit", f"Expected at most {EVENTS_AT_MOST:,} events in a document, got {total:,}.")
    kept = zlib.compress(_written(document).encode(), 1)
    name = str(uuid4())

    def work(conn: Connection) -> Job:
        if captures.open_jobs(conn) >= OPEN_AT_MOST:
            raise TooMany("captures_open", f"Expected at most {OPEN_AT_MOST} documents that wait, got one more.")
        job = captures.add(conn, call, name, behaviour, (kept, total))
        audit.record(conn, call, "capture.accept", f"capture:{name}", after={"events": total, "behaviour": behaviour})
        return job

    return db.write(work)


def get_capture(db: Database, name: str, actor: Actor | None) -> Job:
    """Return a capture job.

    Args:
        actor: only if it is theirs.

    Raises:
        NotFound: there is none.
    """
    with db.read() as conn:
        return captures.get(conn, name, actor)


def list_captures(db: Database, actor: Actor | None, after: int, limit: int) -> Page[Job]:
    """Return capture jobs in the order they came; of one actor where one is given."""
    with db.read() as conn:
        return captures.listing(conn, actor, after, limit)


def capture_event(db: Database, issuer: Issuer, call: Call, document: Mapping[str, Any]) -> Captured:
    """Take one event that somebody handed in; it stands alone, with its own `@context`.

    Raises:
        InvalidInput: as `read_single_event` and `check_limits`.
    """
    _written(document)
    event = read_single_event(document)
    check_limits(event)
    return capture(db, issuer, call, (event,))[0]


class Taker:
    """Takes documents into the books; any number of processes may, each document is taken by one at a time.

    Args:
        now: the clock.
        stopping: tells that the process ends; a document is let go of between two steps.
    """

    def __init__(
        self, db: Database, issuer: Issuer, now: Callable[[], datetime], stopping: Callable[[], bool] = lambda: False
    ) -> None:
        self._db = db
        self._issuer = issuer
        self._now = now
        self._stopping = stopping

    def look(self) -> int:
        """Take what waits; return how many documents came to their end.

        Raises:
            Unavailable: the database did not answer; what was begun is gone on with later.
        """
        ended = 0
        while not self._stopping():
            now = self._now()
            job = self._db.write(lambda conn, now=now: captures.claim(conn, now, now + _CLAIM))  # type: ignore[misc]
            if job is None:
                break
            ended += self._serve(job)
        return ended

    def _serve(self, job: Job) -> bool:
        if job.tries >= _TRIES_AT_MOST:
            return self._give_up(job)
        with self._db.read() as conn:
            kept = captures.document_of(conn, job.id)
        document = read_document(json.loads(zlib.decompress(kept)))
        if job.state == "waiting":
            if not self._look_at(job, document):
                return False
            with self._db.read() as conn:
                job = captures.get(conn, job.name)
        if job.behaviour == "proceed" or not job.wrong:
            taken = _Taking(self._db, self._issuer, self._now, job).take(document, self._stopping)
            if not taken:
                return False
        self._db.write(lambda conn: captures.finish(conn, job.id, self._now()))
        return True

    def _look_at(self, job: Job, document: Document) -> bool:
        """Read every event before the first is taken; return whether we came to the end."""
        wrong = 0
        errors: list[Mapping[str, Any]] = []
        for place, body in enumerate(document.events):
            if place % _LOOKED_AT_ONCE == _LOOKED_AT_ONCE - 1:
                if self._stopping():
                    self._db.write(lambda conn: captures.hold(conn, job.id, None))
                    return False
                self._db.write(lambda conn: captures.hold(conn, job.id, self._now() + _CLAIM))
            try:
                _read(body, document.context)
            except LabelsvcError as error:
                wrong += 1
                if len(errors) < ERRORS_AT_MOST:
                    errors.append(_told(error, f"{document.pointer}/{place}"))
        self._db.write(lambda conn: captures.validated(conn, job.id, wrong, errors))
        return True

    def _give_up(self, job: Job) -> bool:
        message = f"Expected the document to be taken, got {_TRIES_AT_MOST} tries that failed."
        log.error("capture.given-up", capture=job.name)
        error = _told(Unavailable("capture_given_up", message), "")

        def work(conn: Connection) -> None:
            captures.failed(conn, job.id, [*job.errors, error], job.wrong + job.total - job.done)
            captures.finish(conn, job.id, self._now())

        self._db.write(work)
        return True


class _OvertakenError(Exception):
    """Another process is at this job."""


class _Taking:
    """The right events of one document on their way into the books."""

    def __init__(self, db: Database, issuer: Issuer, now: Callable[[], datetime], job: Job) -> None:
        self._db = db
        self._issuer = issuer
        self._now = now
        self._job = job

    def take(self, document: Document, stopping: Callable[[], bool]) -> bool:
        """Take them from where the job had come to; return whether it came to its end."""
        try:
            for first, end, events in _steps(document, self._job.done):
                if stopping():
                    self._db.write(lambda conn: captures.hold(conn, self._job.id, None))
                    return False
                self._step(first, end, events)
        except _OvertakenError:
            return False
        return True

    def _step(self, first: int, end: int, events: Sequence[Event]) -> None:
        now = self._now()
        call = Call(self._job.actor, now)

        def work(conn: Connection) -> None:
            if not captures.advance(conn, self._job, (first, end), now + _CLAIM):
                raise _OvertakenError
            for event in events:
                capture_in(conn, self._issuer, call, event, capture_id=self._job.id)

        self._db.write(work)


def _steps(document: Document, done: int) -> Iterator[tuple[int, int, list[Event]]]:
    """Yield from which event to which, and the right ones among them, as many as one transaction takes."""
    events: list[Event] = []
    first, epcs = done, 0
    for place in range(done, len(document.events)):
        try:
            event = _read(document.events[place], document.context)
        except LabelsvcError:
            continue  # it was counted when all were looked at
        if events and (len(events) >= EVENTS_AT_ONCE or epcs + epcs_of(event) > EPCS_AT_ONCE):
            yield first, place, events
            events, first, epcs = [], place, 0
        events.append(event)
        epcs += epcs_of(event)
    if first < len(document.events):
        yield first, len(document.events), events


def _written(document: Mapping[str, Any]) -> str:
    try:
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:  # 1e999 is JSON, but no number that can be kept
        raise InvalidInput("event_number", "Expected numbers below 1.8e308, got one above.") from None


def _read(document: Any, context: Any) -> Event:
    event = read_event(document, context)
    check_limits(event)
    return event


def _told(error: LabelsvcError, pointer: str) -> Mapping[str, Any]:
    """Return an error as a problem document (RFC 7807), as EPCIS wants those of a job."""
    kind = "ValidationException" if isinstance(error, InvalidInput) else "ImplementationException"
    where = {} if not pointer else {"pointer": pointer + (error.pointer or "")}
    return {
        "type": f"epcisException:{kind}",
        "title": "An event breaks a rule" if pointer else "Not now",
        "status": 400 if pointer else 503,
        "code": error.code,
        "detail": error.message[:500],
        **where,
    }
