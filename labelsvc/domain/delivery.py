"""Delivery of a print job as a state machine: facts in, commands out; no socket, no database, no clock.

The plain way, window by window:

    Connect ─> HoldInDoubt ─> Send ─> RecordSent ─┐
                    ^                             │
                    └────── the next window ──────┤
                                                  └─ none is left ─> Disconnect ─> Complete

A window is committed as in doubt before its first byte is written, and as sent after its last. Up to the first byte
on a connection a failure means 'retry'. After it the job stops: labels of the window that were handed over, whole or in
part, stay in doubt, the rest of it is what it was before, and of the windows before nobody knows how many the printer
still took from the network. Only evidence or a person resolves that. So a sender that is asked to end, or to end the
job, between two windows sees the connection to its end as well before it leaves.
Whoever drives this (worker or station) does what a command says and answers with the fact it led to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from labelsvc.domain.jobs import BLOCK

Interval = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Connect:
    """Open the way to the printer and see that it is the one meant, and ready."""


@dataclass(frozen=True, slots=True)
class HoldInDoubt:
    """Commit that the labels first .. last may come out."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Send:
    """Write the labels first .. last."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class RecordSent:
    """Commit that the labels first .. last were handed over."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Retry:
    """Nothing was handed over on this connection: give the window back and try again later."""

    reasons: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop the job; it holds its printer until someone resolves it.

    Attributes:
        doubt_until: last label that may have been handed over; None: not one is in doubt.
    """

    doubt_until: int | None
    reasons: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Disconnect:
    """End the connection, and see whether the printer took all until then."""


@dataclass(frozen=True, slots=True)
class Complete:
    """All was handed over."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Someone asked for an end; what was not handed over is held again."""


@dataclass(frozen=True, slots=True)
class GiveBack:
    """The sender is to end: the next one goes on with what is left."""


@dataclass(frozen=True, slots=True)
class Abandon:
    """The lease went to another sender: do nothing more, write nothing more."""


Command = Connect | HoldInDoubt | Send | RecordSent | Disconnect | Retry | Stop | Complete | Cancel | GiveBack | Abandon


@dataclass(frozen=True, slots=True)
class Connected:
    """The printer is there, is the one meant and takes data."""


@dataclass(frozen=True, slots=True)
class NotReady:
    """The printer cannot be reached or cannot print now; nothing was written."""

    reasons: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Unfit:
    """The printer must not get this job as it is, so a person has to see to it; nothing was written."""

    reasons: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Held:
    """The window is committed as in doubt."""


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """No window was committed, for someone asked for the job's end."""


@dataclass(frozen=True, slots=True)
class EndAsked:
    """No window was committed, for someone asked for the sender's end."""


@dataclass(frozen=True, slots=True)
class LeaseLost:
    """No commit was made, for another sender has the printer."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Every byte of the window was handed over."""


@dataclass(frozen=True, slots=True)
class SendFailed:
    """Writing failed.

    Attributes:
        last_touched: last label of which a byte was handed over; None: not one byte was.
        again: it may go well another time.
    """

    last_touched: int | None
    message: str
    again: bool = True


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection ended as it should."""


@dataclass(frozen=True, slots=True)
class BrokenOff:
    """All was written, but the printer broke the connection off before we ended it, or did not take all."""

    message: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """The window is committed as sent."""


Fact = (
    Connected
    | NotReady
    | Unfit
    | Held
    | CancelAsked
    | EndAsked
    | LeaseLost
    | Sent
    | SendFailed
    | Recorded
    | Disconnected
    | BrokenOff
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is left to do.

    Attributes:
        origin: first ordinal of the job; blocks of digests are counted from it.
        window: labels at most between two commits; None: all that is left in one go (a spool).
        todo: intervals still to be printed, ascending.
        current: the window on its way.
        begun: a window was handed over on this connection.
        ending: what follows once the connection has ended as it should; None: the job is complete then.
    """

    origin: int
    window: int | None
    todo: tuple[Interval, ...]
    current: Interval | None = None
    begun: bool = False
    ending: Cancel | GiveBack | None = None


def begin(origin: int, window: int | None, todo: tuple[Interval, ...]) -> tuple[Delivery, Command]:
    """Return the state before anything was done and the first command."""
    delivery = Delivery(origin, window, todo)
    return delivery, Connect() if todo else Complete()


def step(delivery: Delivery, fact: Fact) -> tuple[Delivery, Command]:  # noqa: PLR0911  # one line a fact
    """Return what follows from a fact."""
    match fact:
        case Held() | Sent() | SendFailed() | Recorded():
            return _on(delivery, fact)
        case Connected():
            return _next_window(delivery)
        case NotReady(reasons, message):
            return delivery, Retry(reasons, message)
        case Unfit(reasons, message):
            return delivery, Stop(None, reasons, message)
        case CancelAsked():
            return _wind_up(delivery, Cancel())
        case EndAsked():
            return _wind_up(delivery, GiveBack())
        case Disconnected():
            return delivery, delivery.ending or Complete()
        case BrokenOff(message):
            return delivery, Stop(None, ("printer-stopped",), message)
        case LeaseLost():
            return delivery, Abandon()


def _on(delivery: Delivery, fact: Held | Sent | SendFailed | Recorded) -> tuple[Delivery, Command]:
    """Return what follows from a fact about the window on its way."""
    assert delivery.current is not None, "these facts can only follow a window"
    match fact:
        case Held():
            return delivery, Send(*delivery.current)
        case Sent():
            return delivery, RecordSent(*delivery.current)
        case Recorded():
            rest = _without(delivery.current[1], delivery.todo)
            return _next_window(replace(delivery, todo=rest, current=None, begun=True))
        case SendFailed(None, message, again=True) if not delivery.begun:
            return delivery, Retry(("connecting-to-device",), message)
        case SendFailed(touched, message):
            doubt = () if touched is None else ("x-labels-in-doubt",)
            return delivery, Stop(touched, ("printer-stopped", *doubt), message)


def _next_window(delivery: Delivery) -> tuple[Delivery, Command]:
    if not delivery.todo:
        return delivery, Disconnect()
    first, last = delivery.todo[0]
    if delivery.window is not None:
        # A window ends where its block of digests ends, so that a block's bytes are whole windows.
        end_of_block = delivery.origin + ((first - delivery.origin) // BLOCK + 1) * BLOCK - 1
        last = min(last, first + delivery.window - 1, end_of_block)
    return replace(delivery, current=(first, last)), HoldInDoubt(first, last)


def _wind_up(delivery: Delivery, ending: Cancel | GiveBack) -> tuple[Delivery, Command]:
    """End before the next window; where windows went before it, only once the printer has taken them."""
    delivery = replace(delivery, current=None, ending=ending)
    return delivery, Disconnect() if delivery.begun else ending


def _without(last: int, todo: tuple[Interval, ...]) -> tuple[Interval, ...]:
    """Return what is to be done after the window that ends at `last`."""
    (_, end), *others = todo
    return tuple(others) if last == end else ((last + 1, end), *others)
