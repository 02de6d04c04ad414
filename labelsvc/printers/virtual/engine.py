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

from labelsvc.errors import InvalidInput
from labelsvc.printers.virtual.zpl import Format

SETTINGS_AT_MOST = 100  # characters of a setting, and commands that can be overridden
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
        counts: when odometer.total_label_count rises, as a label begins to move or when it is out; None: it has none.
        counts_torn: a printer that counts late counts a torn piece, too.
        counter_survives: a sudden loss of power leaves the count as it is; else it falls back to that of the power-on.
        says_uptime: device.uptime is known.
        echo: when ^HV answers, as the image is made or when the label is out; None: never.
        json_port: has the port of JSON questions (9200).
        closes_json: ends a connection there after each answer.
        single_connection: refuses a second client while it has one (port 9300).
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
    counts: Literal["early", "late"] | None = "late"
    counts_torn: bool = False
    counter_survives: bool = True
    says_uptime: bool = True
    echo: Literal["image", "movement"] | None = "movement"
    json_port: bool = True
    closes_json: bool = False
    single_connection: bool = False
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


Source = Literal["host", "panel", "foreign"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A complete format in the receive buffer, and where it came from.

    Attributes:
        job: number of the connection that completed it.
        offset: of its first byte on that connection; None when it began on an earlier one.
        peer: that connection, for what ^HV sends back.
        source: the host, somebody at the panel, or another host behind our back.

    """

    format: Format
    job: int
    offset: int | None
    peer: Any = None
    source: Source = "host"


@dataclass(frozen=True, slots=True)
class Made:
    """One physical label or torn piece of one: which format, and which copy of it (from 1)."""

    waiting: Waiting
    copy: int
    torn: bool = False


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
        self.torn: list[Made] = []  # pieces that nobody has taken note of yet
        self.last: Waiting | None = None  # the label that came out last
        self.done_at: float | None = None  # when the moving label will be out
        self.unique_id = personality.unique_id
        #: SGD settings that can be changed; they keep their value without power.
        self.settings = {"ezpl.reprint_mode": "off", "device.command_override.active": "no"}
        self.overridden: list[str] = []  # commands that are not obeyed (device.command_override)
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
        self.reprints_partial = True  # ^JZY
        self.paused = False
        self.queue: deque[Waiting] = deque()  # bounded by the receive buffer
        self.buffered = 0  # bytes of the formats in the queue
        self.current: Waiting | None = None
        self.made = 0  # labels made of the current format
        self.left = 0  # and still to be made
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
            if self.personality.counts == "early":
                self.odometer += 1
        return True

    def _apply(self, taken: Format) -> None:
        self.made, self.left = 0, taken.quantity
        self.label_length = taken.label_length or self.label_length
        self.print_width = taken.print_width or self.print_width
        self.mode = taken.mode or self.mode
        if taken.reprints in ("Y", "N"):
            self.reprints_partial = taken.reprints == "Y"

    def _finish(self) -> Made:
        assert self.current is not None, "a label moves only for a format"
        self.done_at = None
        self.made += 1
        self.left -= 1
        if self.personality.counts == "late":
            self.odometer += 1
        self.last = self.current
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
            self._tear()
            if not self.reprints_partial:
                self.made += 1
                self.left -= 1
                if self.left == 0:
                    self.current = None

    def _tear(self) -> None:
        assert self.current is not None, "a label moves only for a format"
        self.done_at = None
        self.spoiled += 1
        if self.personality.counts == "late" and self.personality.counts_torn:
            self.odometer += 1
        self.torn.append(Made(self.current, self.made + 1, torn=True))

    def reprint(self) -> bool:
        """Print the last label again, as a key at the panel does where reprint mode is on; False: there is none."""
        if self.last is None:
            return False
        again = replace(self.last, format=replace(self.last.format, quantity=1, echoes=()), source="panel")
        self.queue.appendleft(again)
        self.buffered += len(again.format.data)
        return True

    def overrides(self, command: bytes) -> bool:
        """Whether a command (b"^CC") is not to be obeyed (device.command_override)."""
        return self.settings["device.command_override.active"] == "yes" and command.decode("latin-1") in self.overridden

    def tell(self, name: str, value: str) -> str | None:
        """Change an SGD variable; return what it is then, None where it cannot be changed."""
        if name == "device.command_override.add":
            if len(self.overridden) < SETTINGS_AT_MOST and value not in self.overridden:
                self.overridden.append(value)
            return value
        if name == "device.command_override.clear":
            self.overridden.clear()
            return value
        if name not in self.settings:
            return None
        self.settings[name] = value[:SETTINGS_AT_MOST]
        return self.settings[name]

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
