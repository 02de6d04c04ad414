"""Where a confirmed delivery stands, and what a look at the printer, an echo or room on the way changes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from labelsvc.domain.delivery.proof import Signs, names, struck, tears
from labelsvc.domain.delivery.steps import Cancel, GiveBack, Interval
from labelsvc.domain.profiles import Profile
from labelsvc.domain.readings import Reading


@dataclass(frozen=True, slots=True)
class Terms:
    """What a delivery may rely on.

    Attributes:
        window: labels that may be on their way at once.
        regulated: a count alone confirms nothing.
    """

    profile: Profile
    window: int
    regulated: bool = False


@dataclass(frozen=True, slots=True)
class Inherited:
    """What the delivery before this one left in doubt.

    Attributes:
        way: the labels, ascending.
        zero: the count at which none of them had come out; None: unknown.
        faulted, partial: as in `steps.Suspend`.
    """

    way: tuple[int, ...]
    zero: int | None
    faulted: bool = False
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a delivery stands.

    Attributes:
        todo: intervals still to be printed, ascending.
        way: labels that go now or are on their way, ascending and without a gap.
        held: those that are committed as in doubt; None: whoever asked for an end saw to that.
        sent: how many of `way` were handed over.
        echoed: how many of `way`, from its beginning, were echoed.
        zero: the count at which none of `way` had come out.
        done: labels that this delivery confirmed.
        fault: what keeps the printer from printing at this moment.
        struck: labels that the fault of this moment may have torn.
        torn: labels that earlier faults may have torn; while there are some, nothing new is sent.
        faults: how many faults those were.
        left_torn: some label is in doubt for that reason when the job ends.
        looks: at the printer since something was last confirmed; `idle`: those in a row that found it idle.
        ending: what someone asked for.
        inherited: what is to be counted before anything else.
    """

    terms: Terms
    todo: tuple[Interval, ...]
    way: tuple[int, ...] = ()
    held: tuple[int, ...] | None = ()
    sent: int = 0
    echoed: int = 0
    zero: int | None = None
    done: int = 0
    fault: tuple[str, ...] = ()
    struck: tuple[int, ...] = ()
    torn: tuple[int, ...] = ()
    faults: int = 0
    left_torn: bool = False
    looks: int = 0
    idle: int = 0
    ending: Cancel | GiveBack | None = None
    inherited: Inherited | None = None


def with_more(delivery: Delivery) -> Delivery:
    """Take from `todo` what there is room for on the way."""
    way, todo = delivery.way, delivery.todo
    if delivery.ending or delivery.fault or delivery.torn or not todo:
        return delivery
    (first, last), *others = todo
    if way and (first != way[-1] + 1 or not names(delivery.terms.profile)):
        return delivery
    room = delivery.terms.window - len(way)
    if room <= 0:
        return delivery
    more = tuple(range(first, min(last, first + room - 1) + 1))
    rest = tuple(others) if more[-1] == last else ((more[-1] + 1, last), *others)
    return replace(delivery, way=way + more, todo=rest)


def with_back(labels: tuple[int, ...], todo: tuple[Interval, ...]) -> tuple[Interval, ...]:
    """Put labels without a gap back before what is to be done."""
    if not labels:
        return todo
    if todo and todo[0][0] == labels[-1] + 1:
        return ((labels[0], todo[0][1]), *todo[1:])
    return ((labels[0], labels[-1]), *todo)


def echo_of(delivery: Delivery, ordinal: int | None) -> int | None:
    """Return how many of the way are echoed after this echo; None where it should not have come."""
    way, echoed = delivery.way, delivery.echoed
    may_be_torn = {*delivery.torn, *delivery.struck}
    if ordinal in way[:echoed] and ordinal in may_be_torn:
        return echoed  # the label that a fault tore was printed again
    while echoed < delivery.sent:
        if way[echoed] == ordinal:
            return echoed + 1
        if way[echoed] not in may_be_torn or delivery.terms.profile.reprints_partial:
            return None
        echoed += 1  # the label that a fault tore is not printed again, nor echoed
    return None


def looked(delivery: Delivery, reading: Reading | None) -> tuple[Delivery, Signs]:
    """Take in how the printer is: a fault pauses the sending, its end lets what it tore be accounted for."""
    fault = ("other-error",) if reading is None else reading.reasons
    idle = delivery.idle + 1 if reading is not None and reading.busy is False and not fault else 0
    seen = replace(delivery, fault=fault, looks=delivery.looks + 1, idle=idle)
    counted = None
    if delivery.terms.profile.counter is not None and reading is not None and reading.counter is not None:
        assert delivery.zero is not None, "counted since the connection was made"
        counted = reading.counter - delivery.zero
    signs = Signs(delivery.sent, delivery.echoed, counted, idle)
    if tears(fault):
        # While the printer stands, labels that were out before may still be echoed: the last look tells which it met.
        met = struck(delivery.terms.profile, signs, delivery.faults)
        return replace(seen, struck=delivery.way[met.start : met.stop]), signs
    if delivery.struck and not fault:
        torn = tuple(sorted({*delivery.torn, *delivery.struck}))
        return replace(seen, struck=(), torn=torn, faults=delivery.faults + 1), signs
    return seen, signs
