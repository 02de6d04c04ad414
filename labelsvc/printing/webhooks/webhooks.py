"""Use cases: who is told of events, and the telling: signed, tried again, and kept where it fails for good."""

from __future__ import annotations

import http.client
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from labelsvc import __version__, logs
from labelsvc.domain.actors import Call
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.pages import Page
from labelsvc.errors import Conflict, InvalidInput, LabelsvcError, Unavailable
from labelsvc.storage import audit, webhooks
from labelsvc.storage.database import Database
from labelsvc.storage.webhooks import EVENTS, Delivery, DeliveryState, Webhook
from labelsvc.webhooks import posting, signing, targets
from labelsvc.webhooks.targets import Reach

log = logs.logger(__name__)

WEBHOOKS_AT_MOST = 50
#: Tries until a delivery is dead, and the pauses between them: 5 s, 10 s, ... up to an hour, two and a half in all.
ATTEMPTS_AT_MOST = 12
_FIRST_PAUSE = timedelta(seconds=5)
_PAUSE_AT_MOST = timedelta(hours=1)
#: A try whose process died is made again after this; longer than any try lasts.
_CLAIM = timedelta(seconds=60)
#: What waits for one webhook, looked at every hour: who hangs is told so slowly that its queue would grow for ever.
WAITING_AT_MOST = 10_000
_TOO_MANY = f"Expected at most {WAITING_AT_MOST:,} that wait, got as many that came later."
#: How long what ended is kept for looking at.
_KEPT = timedelta(days=30)
_PRUNE_EVERY = timedelta(hours=1)
#: Receivers told at the same time; each of them one thing at a time.
_AT_ONCE = 8


def add_webhook(
    db: Database, issuer: Issuer, call: Call, what: tuple[str, tuple[str, ...]], reach: Reach
) -> tuple[Webhook, str]:
    """Tell someone of events from now on; return the webhook and its secret, which is shown this once.

    Args:
        what: the URL, and which of EVENTS.
        reach: where a webhook may lead.

    Raises:
        InvalidInput: the URL leads where it may not, or an event is unknown.
        Conflict: there are WEBHOOKS_AT_MOST already.
    """
    url, events = what
    targets.parse(url, reach)
    unknown = [event for event in events if event not in EVENTS]
    if unknown or not events:
        got = repr(unknown[0][:40]) if unknown else "none"
        raise InvalidInput("webhook_event", f"Expected some of {', '.join(EVENTS)}, got {got}.", pointer="/events")
    secret = secrets.token_bytes(signing.SECRET_BYTES)
    sealed = signing.sealed(issuer.secret, secret, secrets.token_bytes(signing.NONCE_BYTES))
    wanted = tuple(event for event in EVENTS if event in events)

    def work(conn: Connection) -> Webhook:
        if webhooks.count(conn) >= WEBHOOKS_AT_MOST:
            raise Conflict("webhooks_many", f"Expected at most {WEBHOOKS_AT_MOST} webhooks, got one more.")
        webhook_id = webhooks.add(conn, call, url, wanted, sealed)
        # A query may hold a key of the receiver's; the audit is for ever.
        after = {"url": url.partition("?")[0], "events": list(wanted)}
        audit.record(conn, call, "webhook.add", f"webhook:{webhook_id}", after=after)
        return webhooks.get(conn, webhook_id)

    return db.write(work), signing.shown(secret)


def remove_webhook(db: Database, call: Call, webhook_id: int) -> None:
    """Tell a webhook nothing more, not even what waits for it.

    Raises:
        NotFound: no such webhook.
    """

    def work(conn: Connection) -> None:
        found = webhooks.get(conn, webhook_id)
        webhooks.remove(conn, webhook_id, call.at)
        before = {"url": found.url.partition("?")[0], "events": list(found.events)}
        audit.record(conn, call, "webhook.remove", f"webhook:{webhook_id}", before=before)

    db.write(work)


def get_webhook(db: Database, webhook_id: int) -> Webhook:
    """Return a webhook.

    Raises:
        NotFound: no such webhook.
    """
    with db.read() as conn:
        return webhooks.get(conn, webhook_id)


def list_webhooks(db: Database, after: int, limit: int) -> Page[Webhook]:
    """Return webhooks in the order they came."""
    with db.read() as conn:
        return webhooks.listing(conn, after, limit)


def list_deliveries(
    db: Database, webhook_id: int, state: DeliveryState | None, after: int, limit: int
) -> Page[Delivery]:
    """Return what is, or was, to be told to a webhook, in one state where given; `dead` is the dead-letter list.

    Raises:
        NotFound: no such webhook.
    """
    with db.read() as conn:
        webhooks.get(conn, webhook_id)
        return webhooks.deliveries(conn, webhook_id, state, after, limit)


def redeliver(db: Database, call: Call, webhook_id: int, delivery_id: int) -> Delivery:
    """Tell something again that is dead or was delivered; the receiver knows it by the same id.

    Raises:
        NotFound: no such webhook or delivery.
        Conflict: it is on its way.
    """

    def work(conn: Connection) -> Delivery:
        webhooks.get(conn, webhook_id)
        found = webhooks.delivery(conn, webhook_id, delivery_id)
        if found.state == "waiting":
            raise Conflict("delivery_waiting", "Expected a delivery that has ended, got one that is still tried.")
        webhooks.settle(conn, delivery_id, "waiting", attempts=0, due_at=call.at, ended_at=None)
        before, after = {"state": found.state}, {"state": "waiting", "delivery": delivery_id}
        audit.record(conn, call, "webhook.redeliver", f"webhook:{webhook_id}", before=before, after=after)
        return webhooks.delivery(conn, webhook_id, delivery_id)

    return db.write(work)


@dataclass(frozen=True, slots=True)
class _Try:
    webhook: Webhook
    delivery: Delivery


class Teller:
    """Tells webhooks what waits for them; any number of processes may, a delivery is tried by one at a time.

    Args:
        reach: where a webhook may lead.
        now: the clock.
    """

    def __init__(self, db: Database, issuer: Issuer, reach: Reach, now: Callable[[], datetime]) -> None:
        self._db = db
        self._issuer = issuer
        self._reach = reach
        self._now = now
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="webhook")
        self._busy: set[int] = set()
        self._lock = threading.Lock()
        self._pruned_at: datetime | None = None

    def look(self) -> int:
        """Begin to tell what is due; return how many tries were begun. A receiver that hangs delays no other.

        Raises:
            Unavailable: the database did not answer.
        """
        now = self._now()
        if self._pruned_at is None or now - self._pruned_at >= _PRUNE_EVERY:
            self._pruned_at = now
            self._db.write(lambda conn: self._tidy(conn, now))
        with self._db.read() as conn:
            due = [found for found in webhooks.due(conn, now, 10 * _AT_ONCE) if found.webhook_id not in self._busy]
            tries = [_Try(webhooks.get(conn, found.webhook_id), found) for found in due]
        begun = 0
        for each in tries:
            with self._lock:
                if len(self._busy) >= _AT_ONCE:
                    break
                self._busy.add(each.webhook.id)
            self._pool.submit(self._serve, each)
            begun += 1
        return begun

    @staticmethod
    def _tidy(conn: Connection, now: datetime) -> None:
        given_up = webhooks.give_up(conn, WAITING_AT_MOST, now, _TOO_MANY)
        if given_up:
            log.warning("webhook.given-up", deliveries=given_up)
        webhooks.prune(conn, now - _KEPT)

    def close(self) -> None:
        """Let the tries that are under way end; their time is bounded."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _serve(self, each: _Try) -> None:
        try:
            until = self._now() + _CLAIM
            if self._db.write(lambda conn: webhooks.claim(conn, each.delivery, until)):
                error = self._tell(each)
                self._db.write(lambda conn: self._settle(conn, each.delivery, error))
        except Unavailable as error:  # its claim runs out, and it is told again
            log.warning("webhook.database", delivery=each.delivery.id, code=error.code)
        except Exception:
            log.exception("webhook.failed", delivery=each.delivery.id)
        finally:
            with self._lock:
                self._busy.discard(each.webhook.id)

    def _tell(self, each: _Try) -> str | None:
        """Send a message; return why it was not taken, or None where it was."""
        body = each.delivery.body.encode()
        message_id, timestamp = each.delivery.message_id, str(int(self._now().timestamp()))
        try:
            secret = signing.opened(self._issuer.secret, each.webhook.sealed_secret)
            headers = {
                "Content-Type": "application/json",
                "User-Agent": f"labelsvc/{__version__}",
                "webhook-id": message_id,
                "webhook-timestamp": timestamp,
                "webhook-signature": signing.signature(secret, message_id, timestamp, body),
            }
            status = posting.post(each.webhook.url, headers, body, self._reach)
        except LabelsvcError as error:
            return error.message
        except TimeoutError:
            return "Expected an answer in time, got none."
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            return f"Expected an answer, got {type(error).__name__}."
        return None if 200 <= status < 300 else f"Expected a status from 200 to 299, got {status}."

    def _settle(self, conn: Connection, tried: Delivery, error: str | None) -> None:
        now, attempts = self._now(), tried.attempts + 1
        if error is None:
            webhooks.settle(conn, tried.id, "delivered", ended_at=now, last_error=None)
        elif attempts >= ATTEMPTS_AT_MOST:
            webhooks.settle(conn, tried.id, "dead", ended_at=now, last_error=error[:200])
            log.warning("webhook.dead", delivery=tried.id, webhook=tried.webhook_id, error=error)
        else:
            due = now + min(_FIRST_PAUSE * 2 ** (attempts - 1), _PAUSE_AT_MOST)
            webhooks.settle(conn, tried.id, "waiting", due_at=due, last_error=error[:200])
