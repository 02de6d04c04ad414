"""Use case: partners are sent the events that are for them, each at least once, and the same document by the same key.

Events are followed by their ids, a cursor for each connection that moves in the transaction which puts documents into
the queue: a process may be killed at any moment, and nothing is lost or comes into two documents. A document that was
sent and whose answer was not seen is sent again; an event that is captured twice is one event, by its hash.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from labelsvc import __version__, logs
from labelsvc.domain.epcis.documents import document
from labelsvc.domain.epcis.formats import PrefixLength, prefix_lengths, translated
from labelsvc.domain.issuer import Issuer
from labelsvc.errors import LabelsvcError, Unavailable
from labelsvc.storage import connections, event_queries
from labelsvc.storage.connections import Delivery, Link
from labelsvc.storage.database import Database
from labelsvc.storage.event_queries import Mark
from labelsvc.webhooks import posting, signing
from labelsvc.webhooks.targets import Reach

log = logs.logger(__name__)

#: Of one document: events, and characters of their bodies; one event alone may be longer.
EVENTS_AT_MOST = 100
_LENGTH_AT_MOST = 1_000_000
#: Tries until a document is dead, and the pauses between them: 5 s, 10 s, ... up to an hour, some four hours in all.
ATTEMPTS_AT_MOST = 14
_FIRST_PAUSE = timedelta(seconds=5)
_PAUSE_AT_MOST = timedelta(hours=1)
#: Documents that wait for one partner; beyond that events stay where they are, and none is given up.
WAITING_AT_MOST = 1_000
#: A try whose process died is made again after this; longer than any try lasts.
_CLAIM = timedelta(seconds=60)
_KEPT = timedelta(days=30)
_PRUNE_EVERY = timedelta(hours=1)
_CONNECTIONS_AT_ONCE = 100
_AT_ONCE = 4
_TOO_LARGE = 413


@dataclass(frozen=True, slots=True)
class _Answered:
    """What came of a try: a status, or why none came."""

    status: int | None
    error: str | None


class Pusher:
    """Sends partners what is for them; any number of processes may, a document is sent by one at a time.

    Args:
        reach: where a connection may lead.
        now: the clock.
        prefixes: our own company prefixes, without which our identifiers have no URN.
    """

    def __init__(
        self, db: Database, issuer: Issuer, reach: Reach, now: Callable[[], datetime], prefixes: Sequence[str] = ()
    ) -> None:
        self._db = db
        self._issuer = issuer
        self._reach = reach
        self._now = now
        self._lengths: PrefixLength = prefix_lengths(prefixes)
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="connection")
        self._busy: set[int] = set()
        self._lock = threading.Lock()
        self._mark: Mark | None = None
        self._top = 0
        self._pruned_at: datetime | None = None

    def look(self) -> int:
        """Queue what is new, and begin to send what is due; return how many tries were begun.

        Raises:
            Unavailable: the database did not answer.
        """
        now = self._now()
        if self._pruned_at is None or now - self._pruned_at >= _PRUNE_EVERY:
            self._pruned_at = now
            self._db.write(lambda conn: connections.prune(conn, now - _KEPT))
        with self._db.read() as conn:
            self._settle_top(conn)
            links = connections.listing(conn, 0, _CONNECTIONS_AT_ONCE).items
        for link in links:
            self._queue(link)
        by_id = {link.id: link for link in links}
        now = self._now()  # what was queued just now is due
        with self._db.read() as conn:
            due = connections.due(conn, now, _CONNECTIONS_AT_ONCE)
        begun = 0
        for found in due:
            with self._lock:
                if found.connection_id in self._busy or found.connection_id not in by_id:
                    continue
                if len(self._busy) >= _AT_ONCE:
                    break
                self._busy.add(found.connection_id)
            self._pool.submit(self._serve, by_id[found.connection_id], found)
            begun += 1
        return begun

    def close(self) -> None:
        """Let the tries that are under way end; their time is bounded."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _settle_top(self, conn: Connection) -> None:
        """Move on to events below which none can come any more: ids are given before their transactions commit."""
        if self._mark is not None and event_queries.is_settled(conn, self._mark):
            self._top, self._mark = max(self._top, self._mark.top), None
        if self._mark is None:
            mark = event_queries.mark(conn)
            if event_queries.is_settled(conn, mark):
                self._top = max(self._top, mark.top)
            else:
                self._mark = mark

    def _queue(self, link: Link) -> None:
        """Put what is new for a partner into the queue, one step of it."""
        if link.last_id >= self._top:
            return
        with self._db.read() as conn:
            if connections.open_of(conn, link.id) >= WAITING_AT_MOST:
                return
            found, reached = connections.step(conn, link, self._top)
        now = self._now()
        self._db.write(lambda conn: connections.queue(conn, link, _parted(found), reached, now))

    def _serve(self, link: Link, found: Delivery) -> None:
        try:
            until = self._now() + _CLAIM
            if self._db.write(lambda conn: connections.claim(conn, found, until)):
                answered = self._tried(link, found)
                self._db.write(lambda conn: self._settle(conn, found, answered))
        except Unavailable as error:  # its claim runs out, and it is sent again
            log.warning("connection.database", delivery=found.id, code=error.code)
        except Exception:
            log.exception("connection.failed", delivery=found.id)
        finally:
            with self._lock:
                self._busy.discard(link.id)

    def _tried(self, link: Link, found: Delivery) -> _Answered:
        try:
            return self._send(link, found)
        except Unavailable:
            raise
        except Exception:  # whatever is wrong with it, its tries come to an end
            log.exception("connection.document", delivery=found.id)
            return _Answered(None, "Expected a document of events, got a fault of ours; the log has it.")

    def _send(self, link: Link, found: Delivery) -> _Answered:
        body = self._document(link, found)
        key = f"labelsvc-{link.id}-{hashlib.sha256(body).hexdigest()[:32]}"
        timestamp = str(int(self._now().timestamp()))
        try:
            secret = signing.opened(self._issuer.secret, link.sealed_secret)
            headers = {
                "Content-Type": "application/json",
                "User-Agent": f"labelsvc/{__version__}",
                "GS1-EPCIS-Version": "2.0",
                "GS1-CBV-Version": "2.0",
                "GS1-Capture-Error-Behaviour": "proceed",
                "Idempotency-Key": key,
                "GS1-Signature": signing.of_body(secret, body),
                "webhook-id": key,
                "webhook-timestamp": timestamp,
                "webhook-signature": signing.signature(secret, key, timestamp, body),
            }
            if link.sealed_token is not None:
                token = signing.opened(self._issuer.secret, link.sealed_token).decode()
                headers["Authorization"] = f"Bearer {token}"
            return _Answered(posting.post(link.url, headers, body, self._reach), None)
        except LabelsvcError as error:
            return _Answered(None, error.message)
        except TimeoutError:
            return _Answered(None, "Expected an answer in time, got none.")
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            return _Answered(None, f"Expected an answer, got {type(error).__name__}.")

    def _document(self, link: Link, found: Delivery) -> bytes:
        """Return the same bytes at each try: events do not change, and the document is as old as its delivery."""
        with self._db.read() as conn:
            bodies = event_queries.bodies(conn, found.events)
        events = [
            (translated({**body.document, "eventID": body.event_id}, link.epc_format, self._lengths), body.context)
            for body in bodies
        ]
        made = document(events, found.created_at)
        return json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()

    def _settle(self, conn: Connection, tried: Delivery, answered: _Answered) -> None:
        now, attempts, status = self._now(), tried.attempts + 1, answered.status
        if status is not None and 200 <= status < 300:
            connections.settle(conn, tried.id, "sent", ended_at=now, status=status, last_error=None)
            return
        if status == _TOO_LARGE and len(tried.events) > 1:
            connections.halve(conn, tried, now)
            return
        error = (answered.error or f"Expected a status from 200 to 299, got {status}.")[:200]
        if attempts >= ATTEMPTS_AT_MOST or status == _TOO_LARGE:
            connections.settle(conn, tried.id, "dead", ended_at=now, status=status, last_error=error)
            log.warning("connection.dead", delivery=tried.id, connection=tried.connection_id, error=error)
        else:
            due = now + min(_FIRST_PAUSE * 2 ** (attempts - 1), _PAUSE_AT_MOST)
            connections.settle(conn, tried.id, "failed", due_at=due, status=status, last_error=error)


def _parted(found: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Return the events of each document.

    Args:
        found: ids, each with the length of its body.
    """
    documents: list[list[int]] = []
    length = 0
    for event_id, its_length in found:
        length += its_length
        if not documents or len(documents[-1]) >= EVENTS_AT_MOST or length > _LENGTH_AT_MOST:
            documents.append([])
            length = its_length
        documents[-1].append(event_id)
    return documents
