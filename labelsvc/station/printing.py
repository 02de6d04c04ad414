"""Prints what a claim holds: one delivery after another, by the same machine and the same transports as a worker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labelsvc import logs
from labelsvc.domain.delivery import blind, confirmed, steps
from labelsvc.domain.delivery.claimed import Base, Claimed
from labelsvc.domain.delivery.standing import Terms
from labelsvc.domain.jobs import WINDOW
from labelsvc.domain.profiles import Profile
from labelsvc.domain.readings import Reading
from labelsvc.errors import InvalidInput
from labelsvc.printers.uris import ANSWER_SECONDS, transport_for
from labelsvc.printing.driving import LOOK_SECONDS, Driver
from labelsvc.station.books import JournalBooks
from labelsvc.station.clock import elapsed
from labelsvc.station.holding import Holding

log = logs.logger(__name__)

#: Tries to reach a printer before the job stops and asks for a person, and the longest pause between two.
ATTEMPTS_AT_MOST = 500
BACKOFF_AT_MOST = 60.0
#: What a reading of the printer's own clock may be off, seconds.
_CLOCKS_APART = 10.0


@dataclass(frozen=True, slots=True)
class Press:
    """What printing works with.

    Attributes:
        data_dir: files are written to its folder `printed`, authorities are files in `certificates`.
        stopping: the process is to end.
        pause: seconds before the second try; doubled after each.
    """

    data_dir: Path
    stopping: threading.Event
    look_seconds: float = LOOK_SECONDS
    answer_seconds: float = ANSWER_SECONDS
    pause: float = 1.0


def print_all(press: Press, holding: Holding) -> None:
    """Print what a claim holds, to its end, or until the process is to end or the claim is taken away.

    Raises:
        OSError: the journal could not be written; nothing that it does not say has left.
    """
    while holding.to_print and not press.stopping.is_set():
        how = deliver(press, holding)
        if how in ("retry", "suspend"):
            _wait(press, holding)


def _wait(press: Press, holding: Holding) -> None:
    assert holding.standing is not None, "something is to be printed"
    left = min(press.pause * 2 ** min(holding.standing.attempts - 1, 6), BACKOFF_AT_MOST)
    while left > 0 and not (holding.canceled.is_set() or holding.gone.is_set()):
        if press.stopping.wait(min(left, 0.2)):
            return
        left -= 0.2


def deliver(press: Press, holding: Holding) -> str | None:
    """Make one delivery; return how it ended.

    Raises:
        OSError: as `print_all`.
    """
    standing, labels = holding.standing, holding.labels
    assert standing is not None, "something is to be printed"
    assert labels is not None, "and its labels are there"
    wishes = (holding.gone.is_set, holding.canceled.is_set, press.stopping.is_set)
    books = JournalBooks(holding.journal, standing, labels, *wishes, lambda: holding.there)
    why = _why_not(standing)
    if why is not None:
        return books.end(why)
    if holding.canceled.is_set():
        return books.end(steps.Cancel())
    books.leave_out()
    books.write("begin")
    try:
        driver, begun = _prepared(press, holding, books)
    except InvalidInput as error:
        return books.end(steps.Stop(None, ("resources-are-not-ready",), error.message))
    return books.end(driver.drive(*begun))


def _why_not(standing: Claimed) -> steps.Stop | None:
    """Return why nobody but a person may go on."""
    why = standing.why_not()
    if why is None and standing.attempts >= ATTEMPTS_AT_MOST:
        message = f"Expected a delivery within {ATTEMPTS_AT_MOST} attempts, got none."
        inherited = standing.inherited()
        doubt = ("x-labels-in-doubt",) if inherited else ()
        return steps.Stop(inherited.way[-1] if inherited else None, ("printer-stopped", *doubt), message)
    return why


def _prepared(press: Press, holding: Holding, books: JournalBooks) -> tuple[Driver, Any]:
    """Return what drives a delivery, and the state, command and step it begins with."""
    terms, standing = holding.terms, books.standing
    profile, seconds = terms.profile, press.answer_seconds
    transport = transport_for(terms.uri, terms.dpmm, press.data_dir, profile, answer_seconds=seconds)
    was_up = _was_up(profile, standing.base)
    driver = Driver(books, books.labels, transport, profile.counter is not None, was_up, press.look_seconds)
    if hasattr(transport, "read"):
        window = 1 if terms.regulated else terms.window
        relied_on = Terms(profile, window, terms.regulated)
        return driver, (*confirmed.begin(relied_on, standing.todo(), standing.inherited()), confirmed.step)
    window_at_most = WINDOW if transport.windowed else None
    begun = blind.begin(terms.origin, window_at_most, standing.todo(), resumed=standing.resumed())
    return driver, (*begun, blind.step)


def _was_up(profile: Profile, base: Base | None) -> Callable[[Reading], bool]:
    """Return what tells, by a reading, whether a printer was on since its labels were last counted.

    How long ago that is says the machine's own clock, which nobody sets; after a new start of the machine nothing does.
    """
    ago = None if base is None else elapsed(base.clock)

    def was_up(reading: Reading) -> bool:
        if ago is None or reading.uptime is None or not profile.uptime:
            return False
        return reading.uptime > ago + _CLOCKS_APART

    return was_up
