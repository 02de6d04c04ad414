"""Use case: find out by experiment what a printer can prove, with a person beside it (`labelsvc printers certify`).

Five labels are printed. Before the first the printer is paused, which tells whether it echoes an image or a label; at
the third the head is opened, at the fourth the media is pulled, and at the fifth the printer is switched off and on.
Counter, echo and clock are read around each, and the person scans what came out.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.certification import Findings, profile_of
from labelsvc.domain.jobs import Printer
from labelsvc.domain.profiles import Profile
from labelsvc.domain.readings import Reading
from labelsvc.errors import Conflict, Unavailable
from labelsvc.printers.confirming import ConfirmingTcp
from labelsvc.printers.connection import Way
from labelsvc.printers.transport import LinkLost, NotReady, SendFailed, Unfit
from labelsvc.printers.uris import ways_of
from labelsvc.printers.weblink.callers import Callers
from labelsvc.printing.leases import HeldLease
from labelsvc.printing.sender import LEASE_SECONDS
from labelsvc.storage import audit, jobs, printers
from labelsvc.storage.database import Database

#: As much as can be granted: what a printer is asked for while it is certified.
_ASKED = Profile(echo="movement", counter="late", uptime=True)
#: Labels to which nothing happens; those behind may be printed, and echoed, more than once.
_UNHARMED = 2
#: How often a person may be too late with the head.
_TRIES = 3
#: And before a label is out: some count, and echo, a moment after they are idle.
_SETTLED = 2
#: Looks in a row that find a printer idle, before nothing more is expected of it.
_QUIET = 10
_FAULTS = frozenset({"cover-open", "media-empty-error", "marker-supply-empty-error", "other-error"})


class Operator(Protocol):
    """The person beside the printer."""

    def do(self, what: str) -> None:
        """Ask for something to be done, and wait until it was."""

    def is_so(self, question: str) -> bool:
        """Ask a question that is answered by yes or no."""

    def scan(self, what: str) -> str:
        """Ask for a scan."""

    def tell(self, what: str) -> None:
        """Say what is to be done while the printer is watched."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, seconds.

    Attributes:
        label: for a label to come out.
        paused: for what may come from a paused printer.
        person: for something that a person does at the printer.
        look: between two looks.
        answer: for an answer.
    """

    label: float = 20.0
    paused: float = 3.0
    person: float = 180.0
    look: float = 0.05
    answer: float = 1.0


def certify(  # a use case, the person, and the time that both take
    db: Database,
    call: Call,
    name: str,
    data_dir: Path,
    operator: Operator,
    *,
    now: Callable[[], datetime],
    patience: Patience = Patience(),
    callers: Callers | None = None,
) -> Printer:
    """Find out what a printer can prove, and keep it as its profile.

    Args:
        callers: where printers dial in; None: not here.

    Raises:
        NotFound: no such printer.
        InvalidInput: its URI is none of a printer on the network.
        Conflict: it is printing, has labels in doubt, or did not do what a printer does.
        Unavailable: it cannot be reached.
    """
    with db.read() as conn:
        printer = printers.get(conn, name)
        head = jobs.head(conn, printer.id)
    if head is not None and head.state in ("processing", "processing-stopped"):
        raise Conflict("printer_busy", f"Expected a printer without a job, got {name} with job {head.id} under way.")
    lease = HeldLease.acquire(db, printer.id, f"certified by {call.actor.id}"[:80], now, LEASE_SECONDS)
    if lease is None:
        raise Conflict("printer_busy", f"Expected a printer that nobody sends to, got {name} with a sender.")
    with lease:
        profile = profile_of(_Run(printer, ways_of(printer.spec.uri, data_dir, callers), operator, patience).findings())

        def work(conn: Connection) -> Printer:
            lease.renew(conn)
            printers.set_profile(conn, call, printer.id, profile)
            audit.record(conn, call, "printer.certify", f"printer:{name}", after=asdict(profile))
            return printers.get(conn, name)

        return db.write(work)


class _Run:
    """One run at one printer."""

    def __init__(self, printer: Printer, ways: tuple[Way, Way], operator: Operator, patience: Patience) -> None:
        self._printer = printer
        self._operator = operator
        self._patience = patience
        self._dial, self._config = ways
        self._asks = False  # whether its JSON port was seen
        self._mark = secrets.token_hex(3).upper()
        self._link = self._connected()
        self._echoes: list[str] = []

    def findings(self) -> Findings:
        """Do the experiments."""
        try:
            return self._findings()
        except (NotReady, Unfit, LinkLost, SendFailed) as error:
            raise Unavailable("printer_unreachable", error.message) from None
        finally:
            self._link.abandon()

    def _findings(self) -> Findings:
        identity, first = self._link.identity, self._look()
        assert identity is not None, "a printer that does not say what it is was refused"
        echoed_paused, one = self._first()
        two = self._alone(2)
        silent, torn_count, three, torn, again = self._third()
        fourth_out = self._fourth()
        before, after, fifth_out = self._fifth()
        scanned = all(
            self._scanned(number) for number in (1, 2, *((3,) if again else ()), *((4,) if fourth_out else ()))
        )
        return Findings(
            model=identity.model,
            firmware=identity.version,
            unique_id=None if first is None else first.unique_id,
            echoed_paused=echoed_paused,
            echoed=(self._echoed(1), self._echoed(2), self._echoed(3), self._echoed(4)),
            counted=(one, two),
            counted_torn=torn_count,
            counted_again=three,
            torn=torn,
            printed_again=again,
            fourth_out=fourth_out,
            silent=silent,
            count_before=_count(before),
            count_after=_count(after),
            uptime_before=before.uptime if before else None,
            uptime_after=after.uptime if after else None,
            fifth_out=fifth_out,
            scanned=scanned,
        )

    def _first(self) -> tuple[bool, int | None]:
        """Print a label in a printer that is paused at first: does it echo what has not moved?"""
        start = _count(self._look())
        self._link.send([b"~PP\r\n", self._label(1)])
        self._listen(self._patience.paused)
        echoed = self._echoed(1)
        self._link.send([b"~PS\r\n"])
        return echoed, _difference(start, _count(self._rest()))

    def _alone(self, number: int) -> int | None:
        """Print a label to which nothing happens; return how much the count rose."""
        start = _count(self._look())
        self._link.send([self._label(number)])
        return _difference(start, _count(self._rest()))

    def _third(self) -> tuple[bool, int | None, int | None, bool, bool]:
        """Have the head opened while a label moves; return silence, counts, and what came out."""
        for _ in range(_TRIES):
            start = _count(self._look())
            self._operator.tell("Open the print head as soon as the next label begins to move.")
            self._link.send([self._label(3)])
            met = self._fault()
            self._operator.do("Wait until the printer stands. Then close the head, and press PAUSE if it asks for it.")
            counted = _difference(start, _count(self._rest()))
            if self._operator.is_so("Is there a torn or half printed piece of label 3?"):
                again = self._operator.is_so("Did a whole label 3 come out after it?")
                return _silent(met), _difference(start, _count(met)), counted, True, again
        return False, None, None, False, False

    def _fourth(self) -> bool:
        """Have the media pulled; return whether the label that met its end came out in the end."""
        self._operator.do("Take the media out (close the head again).")
        self._link.send([self._label(4)])
        self._fault()
        self._operator.do("Put the media in again, and press PAUSE if it asks for it.")
        self._rest()
        return self._operator.is_so("Did a whole label 4 come out?")

    def _fifth(self) -> tuple[Reading | None, Reading | None, bool]:
        """Have the power cut with a label in the printer; return readings before and after."""
        self._link.send([b"~PP\r\n"])
        before = self._look()
        with suppress(SendFailed):
            self._link.send([self._label(5)])
        self._operator.do("Switch the printer off at its plug, and on again; wait until it is ready.")
        self._link.abandon()
        deadline = time.monotonic() + self._patience.person
        while True:
            try:
                self._link = self._connected()
                break
            except Unavailable:
                if time.monotonic() > deadline:
                    raise
                time.sleep(self._patience.look)
        return before, self._rest(), self._operator.is_so("Did a label 5 come out?")

    def _scanned(self, number: int) -> bool:
        return self._operator.scan(f"Scan label {number}.").strip() == self._text(number)

    def _connected(self) -> ConfirmingTcp:
        """Connect; a printer without a JSON port is asked by ~HS only.

        Raises:
            Unavailable: it cannot be reached, or is not ready.
        """
        seconds = self._patience.answer
        config: Way | None = self._config
        try:
            self._config.connect(seconds).close()
            self._asks = True
        except OSError:
            if self._asks:  # it has one, and is not up yet
                raise Unavailable("printer_unreachable", f"Expected {self._config} to answer, got nothing.") from None
            config = None
        link = ConfirmingTcp(self._dial, config, self._printer.spec.dpmm, _ASKED, answer_seconds=seconds)
        try:
            link.open(at_rest=True)
        except (NotReady, Unfit) as error:
            raise Unavailable("printer_unreachable", error.message) from None
        return link

    def _look(self) -> Reading | None:
        return self._link.read()

    def _listen(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._echoes += self._link.listen(min(left, self._patience.look))

    def _rest(self) -> Reading | None:
        """Wait until what was sent came out; return how the printer is then.

        Raises:
            Conflict: it never came to rest.
        """
        deadline = time.monotonic() + self._patience.label
        idle = 0
        while time.monotonic() < deadline:
            self._listen(self._patience.look)
            found = self._look()
            idle = idle + 1 if found is not None and found.busy is False and not found.reasons else 0
            if idle > _SETTLED:
                return found
        message = "Expected the label to come out, got a printer that is not idle."
        raise Conflict("printer_not_certified", message)

    def _fault(self) -> Reading | None:
        """Wait until the printer stands; return what it says then, None where it is silent.

        Raises:
            Conflict: it did not stop.
        """
        deadline, idle = time.monotonic() + self._patience.person, 0
        while time.monotonic() < deadline:
            self._listen(self._patience.look)
            found = self._look()
            if found is None or set(found.reasons) & _FAULTS:
                self._listen(self._patience.look)
                return found
            idle = idle + 1 if found.busy is False else 0
            if idle > _QUIET:
                return found  # the label was out before the head was open: the person will say so
        raise Conflict("printer_not_certified", "Expected a fault of the printer, got none.")

    def _echoed(self, number: int) -> bool:
        """Whether a label was echoed behind those before it; one to which nothing happens is, once."""
        begun = [self._echoes.index(text) for n in range(1, number + 1) if (text := self._text(n)) in self._echoes]
        once = number > _UNHARMED or self._echoes.count(self._text(number)) == 1
        return self._text(number) in self._echoes and once and begun == sorted(begun)

    def _text(self, number: int) -> str:
        return f"CERT-{self._mark}-{number}"

    def _label(self, number: int) -> bytes:
        text, spec = self._text(number), self._printer.spec
        width, height = round(spec.media_width * spec.dpmm), round(spec.media_height * spec.dpmm)
        big = min(height // 6, 12 * spec.dpmm)
        return (
            f"^XA^CI28^PW{width}^LL{height}^LH0,0"
            f"^FO{2 * spec.dpmm},{2 * spec.dpmm}^A0N,{big},{big}^FD{number}^FS"
            f"^FO{2 * spec.dpmm},{2 * spec.dpmm + big}^A0N,{big // 2},{big // 2}^FN1^FD{text}^FS"
            f"^FO{2 * spec.dpmm},{3 * spec.dpmm + 2 * big}^BQN,2,{3 if spec.dpmm < 12 else 4}^FDMA,{text}^FS"
            f"^FH_^HV1,64,K:,_0D_0A,L^FS^PQ1^XZ\n"
        ).encode("ascii")


def _count(reading: Reading | None) -> int | None:
    return None if reading is None else reading.counter


def _silent(reading: Reading | None) -> bool:
    """Whether a printer gave no answer to device.host_status, at least."""
    return reading is None or reading.busy is None


def _difference(start: int | None, end: int | None) -> int | None:
    return None if start is None or end is None else end - start
