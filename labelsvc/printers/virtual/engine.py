"""The virtual printer's mechanism: receive buffer, print engine, media, ribbon, head, pause, counter.

No thread, no clock, no socket: whoever owns it says what time it is. A format leaves the receive buffer when its
first label starts to move; a label is made, and counted, when it has come out whole. A fault while a label moves
spoils that label and the same one is printed again once the fault is gone (^JZY, the power-up default).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from labelsvc.errors import InvalidInput
from labelsvc.printers.virtual.zpl import Format

AT_ONCE = 256  # labels made in one go before the line is looked at again


@dataclass(frozen=True, slots=True)
class Personality:
    """What kind of printer this is.

    Attributes:
        model, firmware, memory_kb, options: what ~HI says, with `dpmm` (dots per mm: 6, 8, 12 or 24).
        unique_id: the device's serial number.
        label_seconds: time one label takes; 0: at once.
        buffer_bytes: size of the receive buffer; full, the line is no longer read.
        format_bytes: memory for one format; a longer one is given up.
        window_bytes: the socket's receive buffer, None for the system's own. Small ones (2,048) make back-pressure
            felt after few bytes, and are slow.
        silent_on_fault: ~HS gets no answer while media or ribbon is out or the head open, as the guide says.
        keeps_partial: a format half received stays open when its connection ends, until ~JX, ~JA or its ^XZ.
        answers_sgd: whether "! U1 getvar" is understood.
        thermal_transfer: prints with a ribbon.
        odometer: labels printed in its life before.
        keep_labels: made labels kept for inspection; the oldest are forgotten beyond.
        max_connections: clients at once; a further one is closed as soon as it connects.

    """

    model: str = "ZD621-203dpi"
    firmware: str = "V84.20.23Z"
    dpmm: int = 8
    memory_kb: int = 8176
    options: str = "X"
    unique_id: str = "VIRTUAL00001"
    label_seconds: float = 0.0
    buffer_bytes: int = 65_536
    format_bytes: int = 16 * 1024 * 1024
    window_bytes: int | None = None
    silent_on_fault: bool = True
    keeps_partial: bool = True
    answers_sgd: bool = True
    thermal_transfer: bool = False
    odometer: int = 0
    keep_labels: int = 100_000
    max_connections: int = 16

    def __post_init__(self) -> None:
        if self.dpmm not in (6, 8, 12, 24):
            raise InvalidInput("virtual_printer_dpmm", f"Expected 6, 8, 12 or 24 dots per mm, got {self.dpmm}.")
        if not 0 <= self.label_seconds <= 3600:
            message = f"Expected 0 to 3600 seconds a label, got {self.label_seconds}."
            raise InvalidInput("virtual_printer_label_seconds", message)
        if min(self.buffer_bytes, self.format_bytes, self.keep_labels, self.max_connections) < 1:
            raise InvalidInput("virtual_printer_size", "Expected sizes of at least 1, got a smaller one.")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A complete format in the receive buffer, and where it came from.

    Attributes:
        job: number of the connection that completed it.
        offset: of its first byte on that connection; None when it began on an earlier one.

    """

    format: Format
    job: int
    offset: int | None


@dataclass(frozen=True, slots=True)
class Made:
    """One physical label: which format, and which copy of it (from 1)."""

    waiting: Waiting
    copy: int


class Mechanism:
    """Everything behind the line; state in plain attributes, changed through the methods."""

    def __init__(self, personality: Personality) -> None:
        self.personality = personality
        self.powered = True
        self.media_left: int | None = None  # labels on the roll; None: endless
        self.ribbon_out = False
        self.head_open = False
        self.odometer = personality.odometer
        self.spoiled = 0  # labels torn by a fault while they moved
        self.lose_power()

    def lose_power(self) -> None:
        """Empty the receive buffer and forget what is volatile; the roll, the ribbon and the head stay as they are."""
        self.paused = False
        self.queue: deque[Waiting] = deque()  # bounded by the receive buffer
        self.buffered = 0  # bytes of the formats in the queue
        self.current: Waiting | None = None
        self.made = 0  # labels made of the current format
        self.left = 0  # and still to be made
        self.done_at: float | None = None  # when the moving label will be out
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
        return self.media_out or self.ribbon_out or self.head_open

    @property
    def empty(self) -> bool:
        """Whether there is no complete format in the printer."""
        return self.current is None and not self.queue

    @property
    def stalled(self) -> bool:
        """Whether it will not print before somebody comes."""
        return not self.powered or self.paused or self.fault

    def deadline(self) -> float | None:
        """When `run` has something to do: a time, 0.0 for now, None for not before something else happens."""
        if self.done_at is not None:
            return self.done_at
        return None if self.empty or self.stalled else 0.0

    def push(self, waiting: Waiting) -> None:
        """Take a complete format into the receive buffer."""
        self.queue.append(waiting)
        self.buffered += len(waiting.format.data)

    def run(self, now: float) -> list[Made]:
        """Print what can be out by `now` (seconds of any steady clock); at most AT_ONCE labels."""
        made: list[Made] = []
        moment = now
        while len(made) < AT_ONCE:
            if self.done_at is not None:
                if self.done_at > now:
                    break
                moment = self.done_at  # the next label follows without a gap
                made.append(self._finish())
            elif not self._start(moment):
                break
        return made

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
        return True

    def _apply(self, taken: Format) -> None:
        self.made, self.left = 0, taken.quantity
        self.label_length = taken.label_length or self.label_length
        self.print_width = taken.print_width or self.print_width
        self.mode = taken.mode or self.mode

    def _finish(self) -> Made:
        assert self.current is not None, "a label moves only for a format"
        self.done_at = None
        self.made += 1
        self.left -= 1
        self.odometer += 1
        if self.media_left is not None:
            self.media_left -= 1
        made = Made(self.current, self.made)
        group = self.current.format.group
        if self.left == 0:
            self.current = None
        elif group and self.made % group == 0:
            self.paused = True
        return made

    def set_fault(self, *, media_out: bool = False, ribbon_out: bool = False, head_open: bool = False) -> None:
        """Raise faults; a moving label is spoiled."""
        if media_out:
            self.media_left = 0
        self.ribbon_out = self.ribbon_out or ribbon_out
        self.head_open = self.head_open or head_open
        if self.done_at is not None:
            self.done_at = None
            self.spoiled += 1

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
