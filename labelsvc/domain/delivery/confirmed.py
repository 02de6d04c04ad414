"""Delivery to a printer that was certified, as a state machine: each label is confirmed before others may follow.

The plain way, label by label (W labels may be on their way at once):

    Connect -> Advance -> Send -> Watch -+-> Watch ...   nothing new
                  ^                      |
                  +----------------------+   a label came out, the next one may go
                                         |
                                         +-> Disconnect -> Complete   none is left

An Advance commits what came out and holds in doubt what goes next, in one transaction, before a byte is written. A
label is confirmed by its echo, where the printer echoes a label that has moved out, and by the odometer, where that can
be read: by both where both are granted. Whatever is not exactly as it should be ends in a stop, with at most W labels
in doubt, which a person resolves by scanning.

A fault that can tear a label (media, ribbon, head) pauses the sending. What is on its way is then seen to its end, the
label that the fault met stays in doubt until its torn piece is accounted for, and counting starts anew.

A lost link suspends the delivery; the next one counts, once the printer is at rest. It goes on by itself only where the
count leaves no doubt (`_recounted`). See the ladder of evidence in docs/architecture.md.
"""

from __future__ import annotations

from dataclasses import replace

from labelsvc.domain.delivery.proof import SETTLED, Signs, accounted, names, proven, tears
from labelsvc.domain.delivery.standing import Delivery, Inherited, Terms, echo_of, looked, with_back, with_more
from labelsvc.domain.delivery.steps import (
    Abandon,
    Advance,
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
    Interval,
    LeaseLost,
    LinkBroken,
    NotReady,
    Retry,
    Seen,
    Send,
    SendFailed,
    Sent,
    Stop,
    Suspend,
    Unfit,
    Watch,
)
from labelsvc.domain.readings import Reading

#: Looks at a printer that says it is idle, before what it has not confirmed by then is in doubt.
PATIENCE = 30
#: Looks at a printer that has no fault and makes no progress, before a person is asked.
_STUCK = 2_000
#: Looks at a printer when an end was asked for, before the labels on their way are left to whoever comes next.
_DRAIN = 60


Step = tuple[Delivery, Command]


def begin(terms: Terms, todo: tuple[Interval, ...], inherited: Inherited | None = None) -> Step:
    """Return the state before anything was done and the first command."""
    if terms.regulated and terms.profile.echo != "movement":
        message = "Expected a printer certified to echo each label as it comes out, got one that was not."
        doubt = inherited.way[-1] if inherited else None
        return Delivery(terms, todo), Stop(doubt, ("resources-are-not-ready",), message)
    if inherited is None:
        return Delivery(terms, todo), Connect(at_rest=True) if todo else Complete(_SUCCESS)
    delivery = Delivery(terms, todo, inherited.way, inherited.way, len(inherited.way), inherited=inherited)
    return delivery, Connect(at_rest=True)


_SUCCESS = ("job-completed-successfully",)
_WARNINGS = ("job-completed-with-warnings", "x-labels-in-doubt", "x-awaiting-scan")


def step(delivery: Delivery, fact: Fact) -> Step:  # noqa: C901, PLR0911, PLR0912  # one line a fact
    """Return what follows from a fact."""
    match fact:
        case Connected(reading, restarted):
            return _connected(delivery, reading, restarted=restarted)
        case NotReady(reasons, message):
            return _not_ready(delivery, reasons, message)
        case Unfit(reasons, message):
            return delivery, Stop(delivery.way[-1] if delivery.way else None, reasons, message)
        case Held():
            return _go(replace(delivery, held=delivery.way))
        case CancelAsked():
            return _wind_up(delivery, Cancel())
        case EndAsked():
            return _wind_up(delivery, GiveBack())
        case LeaseLost():
            return delivery, Abandon()
        case Sent():
            return _go(replace(delivery, sent=len(delivery.way), looks=0, idle=0))
        case SendFailed(touched, message, again, whole):
            return _send_failed(delivery, (touched, whole), message, again=again)
        case LinkBroken(message):
            return _broken(delivery, delivery.way[: delivery.sent], message)
        case Seen(echoes, reading, restarted):
            if restarted:
                message = "Expected a printer that stays on, got one that was off meanwhile."
                return _broken(delivery, delivery.way[: delivery.sent], message)
            return _seen(delivery, echoes, reading)
        case Disconnected() | BrokenOff():  # every label is accounted for, however the connection ends
            return delivery, delivery.ending or Complete(_WARNINGS if delivery.left_torn else _SUCCESS)
        case _:
            raise AssertionError("these facts follow other commands")


def _connected(delivery: Delivery, reading: Reading | None, *, restarted: bool) -> Step:
    counter = reading.counter if reading is not None else None
    if delivery.terms.profile.counter is not None and counter is None:
        message = "Expected the printer's odometer, as its certification grants, got no count."
        doubt = delivery.way[-1] if delivery.way else None
        return delivery, Stop(doubt, ("resources-are-not-ready",), message)
    if delivery.inherited is not None:
        return _recounted(delivery, delivery.inherited, counter, restarted=restarted)
    return _go(replace(delivery, zero=counter), zero=counter)


def _recounted(delivery: Delivery, was: Inherited, counter: int | None, *, restarted: bool) -> Step:
    """Say by the odometer what became of the labels that a lost link or sender left in doubt; the printer is at rest.

    The count is trusted where it cannot mislead: a label that a power loss met was counted already by a printer that
    counts early, and is not yet by one that counts late, and may be torn in both cases.
    """
    profile, regulated = delivery.terms.profile, delivery.terms.regulated
    whole = len(was.way) - was.partial
    counted = None if counter is None or was.zero is None else counter - was.zero
    trusted = counted is not None and not was.faulted and (profile.counter_survives or not restarted)
    none_out = trusted and counted == 0 and not (restarted and profile.counter == "late")
    all_out = trusted and counted == whole and not regulated and not (restarted and profile.counter == "early")
    if none_out or (all_out and whole):
        done = was.way[:whole] if all_out and whole else ()
        absent = was.way[len(done) :]
        fresh = replace(delivery, way=(), held=was.way, sent=0, inherited=None, zero=counter, done=len(done))
        back = replace(fresh, todo=with_back(absent, delivery.todo))
        return _go(back, done=done, absent=absent, zero=counter, counted=True)
    found = "no count" if counted is None else f"{counted}"
    reasons = ("x-foreign-labels-printed",) if counted is not None and counted > len(was.way) else ()
    message = f"Expected 0 or {whole} labels more on the odometer, got {found}; scan what came out."
    return delivery, Stop(was.way[-1], ("printer-stopped", "x-labels-in-doubt", *reasons), message)


def _not_ready(delivery: Delivery, reasons: tuple[str, ...], message: str) -> Step:
    if not delivery.way:
        return delivery, Retry(reasons, message)
    was = delivery.inherited
    assert was is not None, "a delivery connects once"
    faulted = was.faulted or tears(reasons)  # while nobody watched
    return delivery, Suspend(was.way[-1], reasons, message, faulted, was.partial)


def _go(
    delivery: Delivery,
    *,
    done: tuple[int, ...] = (),
    torn: tuple[int, ...] = (),
    absent: tuple[int, ...] = (),
    zero: int | None = None,
    counted: bool = False,
) -> Step:
    """Say what became known, and what may go next; else wait, or end.

    Args:
        zero: start counting anew here, where none of the labels named before is left to be counted.
        counted: known by the odometer alone.
    """
    kept = len(delivery.way)
    delivery = with_more(delivery)
    if done or torn or absent or zero is not None or delivery.way != delivery.held:
        evidence = "counted" if counted else delivery.terms.profile.evidence
        span = (delivery.way[0], delivery.way[-1]) if delivery.way else None
        base = None if zero is None else zero - delivery.done
        return delivery, Advance(done, evidence, torn, absent, span, kept, base)
    if len(delivery.way) > delivery.sent and not delivery.fault:
        return delivery, Send(delivery.way[delivery.sent], delivery.way[-1])
    if delivery.way or (delivery.todo and delivery.ending is None) or _unsettled(delivery):
        return delivery, Watch()
    return delivery, Disconnect()


def _unsettled(delivery: Delivery) -> bool:
    """Whether a printer that does not say which label came out may still move one, when all that went is confirmed.

    One that was not ours, printed again at the panel for instance, was counted for it then; once the printer rests,
    the odometer says so.
    """
    profile = delivery.terms.profile
    if profile.counter is None or names(profile) or not delivery.done or delivery.fault or delivery.ending:
        return False
    return delivery.idle < SETTLED and delivery.looks <= _STUCK


def _seen(delivery: Delivery, echoes: tuple[int | None, ...], reading: Reading | None) -> Step:
    for ordinal in echoes:
        echoed = echo_of(delivery, ordinal)
        if echoed is None:
            what = "another" if ordinal is None else "that of another label"
            message = f"Expected the echo of each label in its turn, got {what}."
            reasons = ("x-foreign-labels-printed",) if ordinal is None else ()
            return _stopped(delivery, reasons, message)
        delivery = replace(delivery, echoed=echoed)
    delivery, signs = looked(delivery, reading)
    profile = delivery.terms.profile
    if delivery.torn:
        return _drained(delivery, reading, signs)
    if signs.counted is not None and signs.counted > signs.sent and not delivery.fault:
        extra = signs.counted - signs.sent
        message = f"Expected at most {signs.sent} labels on the odometer, got {signs.counted}: {extra} were not ours."
        return _stopped(delivery, ("x-foreign-labels-printed",), message)
    out = proven(profile, signs)
    return _confirmed(delivery, out) if out else _waited(delivery)


def _confirmed(delivery: Delivery, proven: int) -> Step:
    done = delivery.way[:proven]
    zero = None if delivery.zero is None else delivery.zero + proven
    went = replace(
        delivery,
        way=delivery.way[proven:],
        sent=delivery.sent - proven,
        echoed=max(delivery.echoed - proven, 0),
        zero=zero,
        done=delivery.done + proven,
        looks=0,
        idle=0,
    )
    return _go(went, done=done)


def _drained(delivery: Delivery, reading: Reading | None, signs: Signs) -> Step:
    """After a fault: see what is on its way to its end, and start counting anew."""
    profile, torn = delivery.terms.profile, delivery.torn
    on_way = delivery.way[: delivery.sent]
    silent = on_way[delivery.echoed :]
    missing = profile.echo is not None and any(one not in torn or profile.reprints_partial for one in silent)
    if missing or not accounted(profile, signs, delivery.faults):
        return _waited(delivery)
    done = tuple(one for one in on_way if one not in torn)
    zero = None if reading is None else reading.counter
    went = replace(
        delivery,
        way=delivery.way[delivery.sent :],
        sent=0,
        echoed=0,
        zero=zero,
        done=delivery.done + len(done),
        torn=(),
        faults=0,
        left_torn=True,
        looks=0,
        idle=0,
    )
    return _go(went, done=done, torn=torn, zero=zero)


def _waited(delivery: Delivery) -> Step:
    """Go on waiting for what is on its way, unless that has no sense any more."""
    if delivery.ending is not None and delivery.looks > _DRAIN:
        return _left(delivery, delivery.ending)
    if delivery.sent and delivery.idle > PATIENCE:
        message = f"Expected {delivery.sent} labels to be confirmed, got a printer that is idle; scan what came out."
        return _stopped(delivery, ("x-awaiting-scan",), message)
    if delivery.sent and not delivery.fault and delivery.looks > _STUCK:
        return _stopped(delivery, ("x-awaiting-scan",), "Expected labels to come out, got no progress.")
    return _go(delivery)


def _left(delivery: Delivery, ending: Cancel | GiveBack) -> Step:
    """End with labels on their way: they stay in doubt."""
    last = delivery.way[delivery.sent - 1]
    if isinstance(ending, Cancel):
        return delivery, ending
    if delivery.terms.profile.counter is None:
        return _stopped(delivery, (), "Expected every label to be echoed before the sender ends, got a fault.")
    faulted = bool(delivery.struck or delivery.torn)
    return delivery, Suspend(last, ("printer-stopped",), "The sender ended with labels on their way.", faulted)


def _wind_up(delivery: Delivery, ending: Cancel | GiveBack) -> Step:
    """Send nothing more, and see what is on its way to its end."""
    kept, unsent = delivery.way[: delivery.sent], delivery.way[delivery.sent :]
    todo = with_back(unsent, delivery.todo)
    ending = delivery.ending or ending
    return _go(replace(delivery, ending=ending, way=kept, held=None, todo=todo, looks=0, idle=0))


def _send_failed(delivery: Delivery, touched: tuple[int | None, bool], message: str, *, again: bool) -> Step:
    last, whole = touched
    on_way = delivery.way[: delivery.sent] if last is None else tuple(one for one in delivery.way if one <= last)
    if again:
        return _broken(delivery, on_way, message, partial=last is not None and not whole)
    doubt = ("x-labels-in-doubt",) if on_way else ()
    return delivery, Stop(on_way[-1] if on_way else None, ("printer-stopped", *doubt), message)


def _broken(delivery: Delivery, on_way: tuple[int, ...], message: str, *, partial: bool = False) -> Step:
    """The link is gone."""
    if not on_way:
        return delivery, Retry(("connecting-to-device",), message)
    if delivery.terms.profile.counter is None:
        return delivery, Stop(on_way[-1], ("printer-stopped", "x-labels-in-doubt"), message)
    faulted = bool(delivery.struck or delivery.torn)
    return delivery, Suspend(on_way[-1], ("connecting-to-device",), message, faulted, partial)


def _stopped(delivery: Delivery, reasons: tuple[str, ...], message: str) -> Step:
    """Stop with what is on its way in doubt."""
    if not delivery.sent:
        return delivery, Stop(None, ("printer-stopped", *reasons), message)
    last = delivery.way[delivery.sent - 1]
    return delivery, Stop(last, ("printer-stopped", "x-labels-in-doubt", *reasons), message)
