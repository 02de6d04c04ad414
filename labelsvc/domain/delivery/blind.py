"""Delivery to a printer that confirms nothing, as a state machine: facts in, commands out; no socket, no clock.

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
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from labelsvc.domain.delivery.steps import (
    Abandon,
    BrokenOff,
    Cancel,
    CancelAsked,
    Command,
    Complete,
    Connect,
    Connected,
    Disconnect,
    Disconnected,
    EndAsked,
    Fact,
    GiveBack,
    Held,
    HoldInDoubt,
    Interval,
    LeaseLost,
    NotReady,
    Recorded,
    RecordSent,
    Retry,
    Send,
    SendFailed,
    Sent,
    Stop,
    Unfit,
)
from labelsvc.domain.jobs import BLOCK


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


def begin(
    origin: int, window: int | None, todo: tuple[Interval, ...], *, resumed: bool = False
) -> tuple[Delivery, Command]:
    """Return the state before anything was done and the first command.

    Args:
        resumed: some of it was in doubt before, so that whatever the printer still holds must not come out.
    """
    delivery = Delivery(origin, window, todo)
    return delivery, Connect(at_rest=resumed) if todo else Complete()


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
        case Disconnected(reasons):
            return delivery, delivery.ending or (Complete(reasons) if reasons else Complete())
        case BrokenOff(message):
            return delivery, Stop(None, ("printer-stopped",), message)
        case LeaseLost():
            return delivery, Abandon()
        case _:
            raise AssertionError("nobody watches a printer that says nothing")


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
