"""The virtual printer between its line and its mechanism: bytes in, answers out, labels made. One thread uses it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from labelsvc.printers.virtual import answers
from labelsvc.printers.virtual.engine import Made, Mechanism, Waiting
from labelsvc.printers.virtual.events import Control, Format, Getvar, Setvar
from labelsvc.printers.virtual.personality import Personality
from labelsvc.printers.virtual.ports import Peer
from labelsvc.printers.virtual.received import PrintedLabel, Received
from labelsvc.printers.virtual.zpl import Stream


@dataclass(frozen=True, slots=True)
class PrinterState:
    """A moment of the printer, for tests and displays.

    Attributes:
        formats_waiting: complete formats in the receive buffer (eee of ~HS); `buffered` is their bytes.
        partial: a format has begun and not ended.
        labels_left: of the format being printed, the moving one included.
        label_length, print_width: dots.
        odometer: labels in its life; `spoiled`: torn by faults; `received`: bytes since the power-on.
        connections: open ones.

    """

    powered: bool
    paused: bool
    media_out: bool
    ribbon_out: bool
    head_open: bool
    formats_waiting: int
    buffered: int
    partial: bool
    labels_left: int
    label_length: int
    print_width: int
    odometer: int
    spoiled: int
    received: int
    connections: int


class Device:
    """Stream and mechanism of one printer, and the files of what they did."""

    def __init__(
        self,
        personality: Personality,
        made: Callable[[Sequence[PrintedLabel]], None],
        say: Callable[[Peer, bytes], None],
    ) -> None:
        """`made` is told of labels as they come out, torn pieces included; `say` sends what ^HV asks for."""
        self.personality = personality
        self.mechanism = Mechanism(personality)
        self.stream = Stream(personality.format_bytes, self.mechanism.variables.overrides)
        self.files = Received(None)
        self.last_byte = 0.0
        self._made = made
        self._say = say
        self._number = 0
        self.resets = False  # ~JR was asked for
        self.mute = False  # answers nothing, though it reads and prints
        self._booted = time.monotonic() - personality.on_for

    def room(self) -> int:
        """Bytes the receive buffer takes. With no complete format inside, an open one is worked off as it comes."""
        if self.mechanism.empty:
            return self.personality.buffer_bytes
        return max(0, self.personality.buffer_bytes - self.mechanism.buffered - self.stream.held)

    def received(self, peer: Peer, data: bytes) -> bytes:
        """Take bytes from a connection; gives the answers to what they asked."""
        if peer.opened_at < 0:
            peer.opened_at = self.stream.position
        self.last_byte = time.monotonic()
        overdue = self.files.take(data)
        begun = self.stream.begun
        reply = bytearray()
        for event in self.stream.receive(data):
            if isinstance(event, Format):
                self._file_for(peer)
                offset = event.start - peer.opened_at
                self.mechanism.push(Waiting(event, peer.job, offset if offset >= 0 else None, peer))
                if self.personality.echo == "image":
                    self._echo(peer, event, event.quantity)
            else:
                self.print_due()  # so that an answer never counts a label as waiting that takes no time
                answer = self._told(event) if isinstance(event, Setvar) else self._asked(event)
                reply += b"" if self.mute else answer
        if overdue or self.stream.begun > begun:
            self._file_for(peer)
        return bytes(reply)

    def ended(self, peer: Peer) -> None:
        """A connection is over."""
        if peer.opened_at >= 0:
            self.files.end()
            if not self.personality.keeps_partial:
                self.stream.forget_line()

    def print_due(self) -> None:
        """Make the labels that are due, and do what was to be done at one of them."""
        while True:
            made = self.mechanism.run(time.monotonic())
            torn, self.mechanism.extra = self.mechanism.extra, []
            self._note([*torn, *made])
            deeds, self.mechanism.reached = self.mechanism.reached, []
            if not deeds:
                return
            for deed in deeds:
                deed()
                torn, self.mechanism.extra = self.mechanism.extra, []
                self._note(torn)

    def _note(self, made: list[Made]) -> None:
        if not made:
            return
        now = datetime.now(UTC)
        labels = [self._label(one, now) for one in made]
        for label in labels:
            if label.whole and label.source != "feed":
                self.files.label(label)
        self._made(labels)
        for one in made:
            if one.torn or one.waiting.peer is None:
                continue
            last = one.copy == one.waiting.format.quantity
            if self.personality.echo == "movement":
                self._echo(one.waiting.peer, one.waiting.format, 1, whole=last)
            elif self.personality.echo == "image" and self.personality.echoes_again and one.again:
                self._echo(one.waiting.peer, one.waiting.format, 1, whole=False)

    def _echo(self, peer: Peer, taken: Format, labels: int, *, whole: bool = True) -> None:
        """Send what ^HV asks for so many labels of a format; `whole`: and what it asks for once a format."""
        if self.mute:
            return
        for echo in taken.echoes:
            for _ in range(min(labels, 100) if echo.each else whole):
                self._say(peer, echo.text)

    def tell(self, name: str, value: str) -> str | None:
        """Change an SGD variable or do what it stands for; gives its value then, None where it cannot be changed."""
        machine = self.mechanism
        prefix = {"zpl.caret": b"CC", "zpl.control_character": b"CT", "zpl.delimiter": b"CD"}.get(name)
        if prefix is not None:
            self.stream.change(prefix, value.encode("latin-1", "replace")[:1])
            return self.value(name)
        if name in ("device.pause", "device.unpause"):
            machine.paused = name == "device.pause"
            return value
        if name in ("device.reset", "device.prompted_network_reset"):
            self.resets = True
            return value
        if name == "media.printmode":
            machine.mode = next((mode for mode, said in answers.MODE_NAMES.items() if said == value), machine.mode)
            return self.value(name)
        return machine.variables.tell(name, value, machine.odometer)

    def value(self, name: str) -> str | None:
        """An SGD variable; None for no answer."""
        if self.mute:
            return None
        self.print_due()  # so that no answer is older than the question
        return answers.value_of(name, self.mechanism, self.stream, time.monotonic() - self._booted)

    def foreign(self, count: int, zpl: bytes = b"^XA^FO50,50^A0N,50,50^FDforeign^FS^XZ") -> None:
        """Print labels that another host sent."""
        taken = Format(data=zpl, start=-1, quantity=1)
        for _ in range(count):
            self.mechanism.push(Waiting(taken, 0, None, None, "foreign"))

    def reprint(self) -> bool:
        """Print the last label once more, where reprint mode is on."""
        return self.mechanism.variables.settings["ezpl.reprint_mode"] == "on" and self.mechanism.reprint()

    def lose_power(self) -> None:
        """Lose the buffer, the open format and changed prefixes."""
        self.mechanism.powered = False
        self.stream.reset()
        self.mechanism.lose_power()

    def boot(self) -> None:
        """Have power again."""
        self.mechanism.boot()
        self._booted = time.monotonic()

    def state(self, connections: int) -> PrinterState:
        """What it is like now."""
        machine = self.mechanism
        return PrinterState(
            powered=machine.powered,
            paused=machine.paused,
            media_out=machine.media_out,
            ribbon_out=machine.ribbon_out,
            head_open=machine.head_open,
            formats_waiting=len(machine.queue),
            buffered=machine.buffered,
            partial=self.stream.partial,
            labels_left=machine.left,
            label_length=machine.label_length,
            print_width=machine.print_width,
            odometer=machine.odometer,
            spoiled=machine.spoiled,
            received=self.stream.position,
            connections=connections,
        )

    def _label(self, made: Made, now: datetime) -> PrintedLabel:
        self._number += not made.torn and made.waiting.source != "feed"
        waiting = made.waiting
        return PrintedLabel(
            number=self._number,
            time=now,
            data=waiting.format.data,
            job=waiting.job,
            offset=waiting.offset,
            copy=made.copy,
            quantity=waiting.format.quantity,
            torn=made.torn,
            source=waiting.source,
            again=made.again,
        )

    def _file_for(self, peer: Peer) -> None:
        if not peer.job:
            peer.job = self.files.begin()

    def _asked(self, event: Getvar | Control) -> bytes:
        return self._answer(event) if isinstance(event, Getvar) else self._obey(event)

    def _told(self, event: Setvar) -> bytes:
        if self.personality.answers_sgd:
            self.tell(event.name, event.value)
        return b""  # a setvar has no answer

    def _answer(self, question: Getvar) -> bytes:
        return answers.variable(question.name, self.mechanism, self.stream, time.monotonic() - self._booted)

    def _obey(self, control: Control) -> bytes:
        """Carry out a control command; unknown ones are passed over, and ~JX is done by the stream."""
        machine = self.mechanism
        match control.name:
            case "HS":
                return answers.host_status(machine, partial=self.stream.partial, full=self.room() == 0)
            case "HI":
                return answers.host_identification(machine)
            case "HQES":
                return answers.error_status(machine)
            case "HD":
                return answers.diagnostics(self.stream)
            case "JA" | "JP" if machine.fault and not machine.personality.cancels_in_fault:
                return b""
        deed = {
            "JA": machine.cancel_all,
            "JP": machine.cancel_one,
            "JR": self._reset,
            "PH": machine.feed,
            "PP": machine.pause,
            "PR": self.reprint,
            "PS": machine.resume,
        }.get(control.name)
        if deed is not None:
            deed()
        return b""

    def _reset(self) -> None:
        self.resets = True
