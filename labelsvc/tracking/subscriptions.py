"""Use cases: who is told of what a query finds, and the telling: signed, tried again, nothing told twice without need.

There is no queue but the events themselves: a subscription knows how far it was told, and whoever does not answer is
told later from there on, after pauses that grow to an hour.
"""

from __future__ import annotations

import http.client
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from labelsvc import __version__, logs
from labelsvc.domain.actors import Call
from labelsvc.domain.epcis.documents import query_document
from labelsvc.domain.epcis.queries import EventQuery, parse_query
from labelsvc.domain.epcis.schedules import check_schedule, following
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.pages import Page
from labelsvc.errors import Conflict, InvalidInput, LabelsvcError, Unavailable
from labelsvc.storage import audit, event_queries, named_queries, subscriptions
from labelsvc.storage.database import Database
from labelsvc.storage.event_queries import Body, Mark
from labelsvc.storage.subscriptions import Subscription
from labelsvc.tracking import querying
from labelsvc.webhooks import posting, signing, targets
from labelsvc.webhooks.targets import Reach

log = logs.logger(__name__)

SUBSCRIPTIONS_AT_MOST = 50
#: Events of one message.
EVENTS_AT_ONCE = 100
_FIRST_PAUSE = timedelta(seconds=5)
_PAUSE_AT_MOST = timedelta(hours=1)
_DOUBLINGS_AT_MOST = 12
#: A try whose process died is made again after this; longer than any try lasts.
_CLAIM = timedelta(seconds=60)
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """Whom to tell, and when.

    Attributes:
        token: what messages are signed with; None: they are not.
        stream: whenever an event fits; schedule: when a clock shows this. One of both.
        since: events recorded from then on; None: from now on.
    """

    dest: str
    token: str | None = None
    stream: bool = False
    schedule: Mapping[str, Any] | None = None
    report_if_empty: bool = False
    since: datetime | None = None


def add_subscription(
    db: Database, issuer: Issuer, call: Call, query_name: str, asked: NewSubscription, reach: Reach
) -> Subscription:
    """Tell somebody what a query finds.

    Raises:
        NotFound: no query of this name.
        InvalidInput: subscription_controls, neither or both of stream and schedule; subscription_schedule; webhook_url.
        Conflict: subscriptions_many.
    """
    if asked.stream == (asked.schedule is not None):
        raise InvalidInput("subscription_controls", "Expected stream or schedule, got both or neither.")
    schedule = None if asked.schedule is None else check_schedule(asked.schedule)
    try:
        targets.parse(asked.dest, reach)
    except InvalidInput as error:
        error.pointer = "/dest"
        raise
    sealed = None
    if asked.token is not None:
        sealed = signing.sealed(issuer.secret, asked.token.encode(), secrets.token_bytes(signing.NONCE_BYTES))
    name = str(uuid4())

    def work(conn: Connection) -> Subscription:
        query = named_queries.get(conn, query_name)
        if subscriptions.count(conn) >= SUBSCRIPTIONS_AT_MOST:
            raise Conflict(
                "subscriptions_many", f"Expected at most {SUBSCRIPTIONS_AT_MOST} subscriptions, got one more."
            )
        made = subscriptions.add(
            conn,
            {
                "name": name,
                "query_id": query.id,
                "dest": asked.dest,
                "sealed_secret": sealed,
                "stream": asked.stream,
                "schedule": None if schedule is None else dict(schedule),
                "report_if_empty": asked.report_if_empty,
                "initial_record_time": asked.since or call.at,
                "last_id": 0,
                "due_at": call.at if schedule is None else following(schedule, call.at),
                "tries": 0,
                "created_at": call.at,
            },
        )
        audit.record(conn, call, "subscription.add", f"subscription:{name}", after=_audited(made))
        return made

    return db.write(work)


def remove_subscription(db: Database, call: Call, query_name: str, name: str) -> None:
    """Tell somebody nothing more.

    Raises:
        NotFound: no such query or subscription.
    """

    def work(conn: Connection) -> None:
        found = subscriptions.get(conn, named_queries.get(conn, query_name).id, name)
        subscriptions.remove(conn, found.id)
        audit.record(conn, call, "subscription.remove", f"subscription:{name}", before=_audited(found))

    db.write(work)


def _audited(found: Subscription) -> dict[str, Any]:
    # A URL's query may hold a key of the receiver's; the audit is for ever.
    return {"query": found.query_name, "dest": found.dest.partition("?")[0]}


def get_subscription(db: Database, query_name: str, name: str) -> Subscription:
    """Return a subscription.

    Raises:
        NotFound: no such query or subscription.
    """
    with db.read() as conn:
        return subscriptions.get(conn, named_queries.get(conn, query_name).id, name)


def list_subscriptions(db: Database, query_name: str, after: int, limit: int) -> Page[Subscription]:
    """Return the subscriptions of a query in the order they came.

    Raises:
        NotFound: no such query.
    """
    with db.read() as conn:
        return subscriptions.listing(conn, named_queries.get(conn, query_name).id, after, limit)


class Reporter:
    """Tells subscribers what their queries find; any number of processes may, each subscriber is told by one at a time.

    Args:
        reach: where a subscription may lead.
        now: the clock.
    """

    def __init__(self, db: Database, issuer: Issuer, reach: Reach, now: Callable[[], datetime]) -> None:
        self._db = db
        self._issuer = issuer
        self._reach = reach
        self._now = now
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="subscription")
        self._busy: set[int] = set()
        self._lock = threading.Lock()
        self._mark: Mark | None = None
        self._top = 0

    def look(self) -> int:
        """Begin to tell what is due; return how many tries were begun.

        Raises:
            Unavailable: the database did not answer.
        """
        with self._db.read() as conn:
            self._settle_top(conn)
            found = subscriptions.due(conn, self._now(), SUBSCRIPTIONS_AT_MOST)
        begun = 0
        for each in found:
            with self._lock:
                if each.id in self._busy or (each.stream and each.last_id >= self._top):
                    continue
                if len(self._busy) >= _AT_ONCE:
                    break
                self._busy.add(each.id)
            self._pool.submit(self._serve, each, self._top)
            begun += 1
        return begun

    def close(self) -> None:
        """Let the tries that are under way end; their time is bounded."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _settle_top(self, conn: Connection) -> None:
        """Move on to events below which none can come any more: ids are given before their transactions commit."""
        mark = event_queries.mark(conn)
        if self._mark is not None and event_queries.is_settled(conn, self._mark):
            self._top, self._mark = max(self._top, self._mark.top), None
        if event_queries.is_settled(conn, mark):
            self._top, self._mark = max(self._top, mark.top), None
        elif self._mark is None:
            self._mark = mark

    def _serve(self, found: Subscription, top: int) -> None:
        try:
            until = self._now() + _CLAIM
            if self._db.write(lambda conn: subscriptions.claim(conn, found, until)):
                self._report(found, top)
        except Unavailable as error:  # its claim runs out, and it is told again
            log.warning("subscription.database", subscription=found.name, code=error.code)
        except Exception:
            log.exception("subscription.failed", subscription=found.name)
        finally:
            with self._lock:
                self._busy.discard(found.id)

    def _report(self, found: Subscription, top: int) -> None:
        with self._db.read() as conn:
            events, end = querying.page(conn, _query_of(found), (found.last_id, top), None, EVENTS_AT_ONCE)
        error = None
        if events or (end is None and found.report_if_empty and not found.stream):
            error = self._tell(found, events)
        now = self._now()
        if error is not None:
            pause = min(_FIRST_PAUSE * 2 ** min(found.tries, _DOUBLINGS_AT_MOST), _PAUSE_AT_MOST)
            changes: dict[str, Any] = {"tries": found.tries + 1, "last_error": error[:200], "due_at": now + pause}
        else:
            again = now if end is not None or found.schedule is None else following(found.schedule, now)
            reached = max(found.last_id, top if end is None else end.id)
            changes = {"tries": 0, "last_error": None, "due_at": again, "last_id": reached}
        self._db.write(lambda conn: subscriptions.settle(conn, found.id, **changes))

    def _tell(self, found: Subscription, events: list[Body]) -> str | None:
        """Send a message; return why it was not taken, or None where it was."""
        told = [querying.shown(body) for body in events]
        document = query_document(told, self._now(), found.query_name, subscription=found.name)
        body = json.dumps(document, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "User-Agent": f"labelsvc/{__version__}"}
        headers |= {"GS1-EPCIS-Version": "2.0", "GS1-CBV-Version": "2.0"}
        try:
            if found.sealed_secret is not None:
                secret = signing.opened(self._issuer.secret, found.sealed_secret)
                headers["GS1-Signature"] = signing.of_body(secret, body)
            status = posting.post(found.dest, headers, body, self._reach)
        except LabelsvcError as error:
            return error.message
        except TimeoutError:
            return "Expected an answer in time, got none."
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            return f"Expected an answer, got {type(error).__name__}."
        return None if 200 <= status < 300 else f"Expected a status from 200 to 299, got {status}."


def _query_of(found: Subscription) -> EventQuery:
    """Return what is asked for a subscriber: in the order of the books, from when they wanted to be told."""
    query = parse_query(found.definition)
    since = max(found.initial_record_time, query.times.get(("record_time", "ge"), found.initial_record_time))
    return replace(query, times={**query.times, ("record_time", "ge"): since}, order=None, limit=None, most=None)
