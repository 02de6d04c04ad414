"""The virtual printer's mechanism: receive buffer, print engine, media, ribbon, head, pause, counter.

No thread, no clock, no socket: whoever owns it says what time it is. A format leaves the receive buffer when its
first label starts to move. A fault while a label moves leaves a torn piece, and the same label is printed again once
the fault is gone (^JZY, the power-up default) or is lost (^JZN). When the odometer counts, when ^HV answers and whether
the count survives a sudden loss of power the guide leaves open: there each printer is a Personality of its own.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Any, Literal

from labelsvc.printers.virtual.events import Format
from labelsvc.printers.virtual.personality import Personality
from labelsvc.printers.virtual.variables import Variables

AT_ONCE = 256  # labels made in one go before the line is looked at again

Source = Literal["host", "panel", "foreign", "feed"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A complete format in the receive buffer, and where it came from.

    Attributes:
        job: number of the connection that completed it.
        offset: of its first byte on that connection; None when it began on an earlier one.
        peer: that connection, for what ^HV sends back.
        source: the host, somebody at the panel, another host behind our back, or nobody: a blank that was fed.

    """

    format: Format
    job: int
    offset: int | None
    peer: Any = None
    source: Source = "host"


BLANK = Waiting(Format(b"", start=-1, quantity=1), job=0, offset=None, source="feed")


@dataclass(frozen=True, slots=True)
class Made:
    """One physical label or torn piece of one: which format, and which copy of it (from 1).

    Attributes:
        again: the label was torn before.

    """

    waiting: Waiting
    copy: int
    torn: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment at which `run` stops so that something can be done.

    Attributes:
        share: of the label's movement that is over; 1: it is out.

    """

    deed: Any
    share: float


class Mechanism:
    """Everything behind the line; state in plain attributes, changed through the methods."""

    def __init__(self, personality: Personality) -> None:
        self.personality = personality
        self.powered = True
        self.media_left: int | None = None  # labels on the roll; None: endless
        self.ribbon_out = False
        self.head_open = False
        self.too_hot = False
        self.odometer = personality.odometer
        self.spoiled = 0  # labels torn by a fault while they moved
        self.extra: list[Made] = []  # torn pieces and blanks that nobody has taken note of yet
        self.last: Waiting | None = None  # the label that came out last
        self.done_at: float | None = None  # when the moving label will be out
        self.variables = Variables(personality)
        self.begun = 0  # labels that began to move, ever
        self.out = 0  # labels that came out whole, ever
        self.gaps = 0  # between labels, that passed the sensor
        self.reached: list[Any] = []  # deeds whose moment has come
        self._moving: dict[int, list[Mark]] = {}  # what is to happen to the label that moves as the n-th
        self._behind: dict[int, list[Any]] = {}  # and once n are out
        self._ahead: list[Mark] = []  # what is to happen to the one that moves
        self._count_at_power_on = personality.odometer
        self.lose_power()

    def lose_power(self) -> None:
        """Empty the receive buffer and forget what is volatile; the roll, the ribbon and the head stay as they are."""
        if self.done_at is not None:
            self._tear()
        if self.personality.counter_survives:
            self._count_at_power_on = self.odometer
        self.odometer = self._count_at_power_on
        self.last = None
        self.jz = True  # ^JZY
        self.paused = False
        self.too_hot = False
        self.queue: deque[Waiting] = deque()  # bounded by the receive buffer
        self.buffered = 0  # bytes of the formats in the queue
        self.current: Waiting | None = None
        self.made = 0  # labels made of the current format
        self.left = 0  # and still to be made
        self.again = False  # the next one was torn before
        self.done_at = None
        self.label_length = 150 * self.personality.dpmm  # dots
        self.print_width = 104 * self.personality.dpmm  # dots
        self.mode = "T"

    @property
    def media_out(self) -> bool:
        """Whether the roll is used up."""
        return self.media_left == 0

    @property
    def fault(self) -> bool:
        """Whether media, ribbon or head keeps it from printing."""
        return self.media_out or self.ribbon_out or self.head_open or self.too_hot

    @property
    def empty(self) -> bool:
        """Whether there is no complete format in the printer."""
        return self.current is None and not self.queue

    @property
    def stalled(self) -> bool:
        """Whether it will not print before somebody comes."""
        return not self.powered or self.paused or self.fault

    @property
    def reprints_torn(self) -> bool:
        """Whether a label torn by a fault is printed again once the fault is gone."""
        return self.jz if self.personality.jz == "obeyed" else self.personality.jz == "always"

    def deadline(self) -> float | None:
        """When `run` has something to do: a time, 0.0 for now, None for not before something else happens."""
        if self.done_at is not None:
            return self._moment_of(self._ahead[0], self.done_at) if self._ahead else self.done_at
        return None if self.empty or self.stalled else 0.0

    def push(self, waiting: Waiting) -> None:
        """Take a complete format into the receive buffer."""
        self.queue.append(waiting)
        self.buffered += len(waiting.format.data)
        if self.personality.counts == "image":
            self.odometer += waiting.format.quantity

    def mark(self, number: int, deed: object, share: float) -> None:
        """Stop as the `number`-th label from now has moved that far; it counts whoever sent it, torn pieces, too.

        With a share of 1, once the `number`-th whole one is out.
        """
        if share >= 1:
            self._behind.setdefault(self.out + number, []).append(deed)
            return
        marks = self._moving.setdefault(self.begun + number, [])
        marks.append(Mark(deed, share))
        marks.sort(key=lambda mark: mark.share)

    def forget_marks(self) -> None:
        """Stop nowhere."""
        self._moving.clear()
        self._behind.clear()
        self._ahead.clear()

    @property
    def marks(self) -> int:
        """Marks not reached yet."""
        marks = [*self._moving.values(), *self._behind.values(), self._ahead]
        return sum(len(some) for some in marks)

    def run(self, now: float) -> list[Made]:
        """Print what can be out by `now` (seconds of any steady clock); at most AT_ONCE labels.

        Stops at a mark, with its deed in `reached`.
        """
        made: list[Made] = []
        moment = now
        while len(made) < AT_ONCE and not self.reached:
            if self.done_at is not None:
                if self._ahead:
                    if self._moment_of(self._ahead[0], self.done_at) > now:
                        break
                    self.reached.append(self._ahead.pop(0).deed)
                    break
                if self.done_at > now:
                    break
                moment = self.done_at  # the next label follows without a gap
                made.append(self._finish())
            elif not self._start(moment):
                break
        return made

    def _moment_of(self, mark: Mark, done_at: float) -> float:
        return done_at - (1 - mark.share) * self.personality.label_seconds

    def _start(self, moment: float) -> bool:
        """Let the next label move; False when there is none, or something is in the way."""
        if self.stalled:
            return False
        if self.current is None:
            if not self.queue:
                return False
            self.current = self.queue.popleft()
            self.buffered -= len(self.current.format.data)
            self._apply(self.current.format)
        if self.left == 0:
            self.current = None
        else:
            self.done_at = moment + self.personality.label_seconds
            self.begun += 1
            self._ahead = self._moving.pop(self.begun, [])
            if self.personality.counts == "early" and (self.personality.counts_again or not self.again):
                self.odometer += 1
        return True

    def _apply(self, taken: Format) -> None:
        self.made, self.left, self.again = 0, taken.quantity, False
        self.label_length = taken.label_length or self.label_length
        self.print_width = taken.print_width or self.print_width
        if self.variables.settings["zpl.zpl_override"] != "enabled":
            self.mode = taken.mode or self.mode
        if taken.reprints in ("Y", "N"):
            self.jz = taken.reprints == "Y"

    def _finish(self) -> Made:
        assert self.current is not None, "a label moves only for a format"
        self.done_at = None
        self.made += 1
        self.left -= 1
        self.out += 1
        if self.personality.counts == "late":
            self.odometer += 1
        self.last = self.current
        self._use_media()
        made = Made(self.current, self.made, again=self.again)
        self.again = False
        group = self.current.format.group
        if self.left == 0:
            self.current = None
        elif group and self.made % group == 0:
            self.paused = True
        self.reached += self._behind.pop(self.out, [])
        return made

    def _use_media(self) -> None:
        self.gaps += 1
        if self.media_left:
            self.media_left -= 1

    def set_fault(self, *, media_out: bool = False, ribbon_out: bool = False, head_open: bool = False) -> None:
        """Raise faults; a moving label is spoiled."""
        if media_out:
            self.media_left = 0
        self.ribbon_out = self.ribbon_out or ribbon_out
        if head_open and not self.head_open:
            self.head_open = True
            self.variables.latch_opened += 1
        if self.done_at is not None:
            self._tear()
            if self.personality.counts == "late" and self.personality.counts_torn:
                self.odometer += 1
            if not self.reprints_torn:
                self.made += 1
                self.left -= 1
                self.again = False
                if self.left == 0:
                    self.current = None

    def close_head(self) -> None:
        """Close the head; a printer that calibrates feeds blanks then."""
        was, self.head_open = self.head_open, False
        if was and self.powered:
            self._calibrate("ezpl.head_close_action")

    def boot(self) -> None:
        """Have power again."""
        self.powered = True
        self._calibrate("ezpl.power_up_action")

    def _calibrate(self, action: str) -> None:
        blanks = {"calibrate": 2, "feed": 1}.get(self.variables.settings[action], 0)
        for _ in range(blanks):
            self.feed()

    def feed(self) -> bool:
        """Feed one blank label, which no odometer of labels counts; False where it cannot."""
        if self.done_at is not None or not self.powered or self.fault:
            return False
        self._use_media()
        self.extra.append(Made(BLANK, 1))
        return True

    def _tear(self) -> None:
        assert self.current is not None, "a label moves only for a format"
        self.done_at = None
        self._ahead = []
        self.spoiled += 1
        self.extra.append(Made(self.current, self.made + 1, torn=True, again=self.again))
        self.again = True

    def reprint(self) -> bool:
        """Print the last label again, as a key at the panel does where reprint mode is on; False: there is none."""
        if self.last is None:
            return False
        again = replace(self.last, format=replace(self.last.format, quantity=1, echoes=()), source="panel")
        self.queue.appendleft(again)
        self.buffered += len(again.format.data)
        self.odometer += self.personality.counts == "image"
        return True

    def pause(self) -> None:
        """Stop after the moving label."""
        self.paused = True

    def resume(self) -> None:
        """Go on after a pause."""
        self.paused = False

    def cancel_next(self) -> None:
        """Cancel as a key at the panel does: the oldest format that waits, else the one being printed."""
        if self.queue:
            self.buffered -= len(self.queue.popleft().format.data)
        elif self.current is not None:
            self._cancel_current()

    def cancel_all(self) -> None:
        """~JA: empty the buffer and end the batch; a moving label is finished."""
        self.queue.clear()
        self.buffered = 0
        self._cancel_current()

    def cancel_one(self) -> None:
        """~JP: pause, and cancel the format being printed or else the oldest in the buffer."""
        self.paused = True
        if self.current is not None:
            self._cancel_current()
        elif self.queue:
            self.buffered -= len(self.queue.popleft().format.data)

    def _cancel_current(self) -> None:
        if self.done_at is not None:
            self.left = 1
        else:
            self.current, self.left = None, 0
