"""The virtual printer between its line and its mechanism: bytes in, answers out, labels made. One thread uses it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from labelsvc.printers.virtual import answers
from labelsvc.printers.virtual.engine import Made, Mechanism, Personality, Waiting
from labelsvc.printers.virtual.line import Peer
from labelsvc.printers.virtual.received import PrintedLabel, Received
from labelsvc.printers.virtual.zpl import Control, Format, Getvar, Setvar, Stream


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
        self.stream = Stream(personality.format_bytes, self.mechanism.overrides)
        self.files = Received(None)
        self.last_byte = 0.0
        self._made = made
        self._say = say
        self._number = 0
        self.resets = False  # ~JR was asked for
        self._booted = time.monotonic()

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
                reply += self._told(event) if isinstance(event, Setvar) else self._asked(event)
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
        """Make the labels that are due."""
        torn, self.mechanism.torn = self.mechanism.torn, []
        made = [*torn, *self.mechanism.run(time.monotonic())]
        if made:
            now = datetime.now(UTC)
            labels = [self._label(one, now) for one in made]
            for label in labels:
                if not label.torn:
                    self.files.label(label)
            self._made(labels)
            if self.personality.echo == "movement":
                for one in made:
                    if not one.torn and one.waiting.peer is not None:
                        self._echo(one.waiting.peer, one.waiting.format, 1)

    def _echo(self, peer: Peer, taken: Format, labels: int) -> None:
        for echo in taken.echoes:
            for _ in range(min(labels, 100) if echo.each else 1):
                self._say(peer, echo.text)

    def value(self, name: str) -> str | None:
        """An SGD variable; None for no answer."""
        self.print_due()  # so that no answer is older than the question
        return answers.value_of(name, self.mechanism, self.stream, time.monotonic() - self._booted)

    def foreign(self, count: int) -> None:
        """Print labels that another host sent."""
        taken = Format(data=b"^XA^FO50,50^A0N,50,50^FDforeign^FS^XZ", start=-1, quantity=1)
        for _ in range(count):
            self.mechanism.push(Waiting(taken, 0, None, None, "foreign"))

    def lose_power(self) -> None:
        """Lose the buffer, the open format and changed prefixes."""
        self.mechanism.powered = False
        self.stream.reset()
        self.mechanism.lose_power()

    def boot(self) -> None:
        """Have power again."""
        self.mechanism.powered = True
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
        self._number += not made.torn
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
        )

    def _file_for(self, peer: Peer) -> None:
        if not peer.job:
            peer.job = self.files.begin()

    def _asked(self, event: Getvar | Control) -> bytes:
        return self._answer(event) if isinstance(event, Getvar) else self._obey(event)

    def _told(self, event: Setvar) -> bytes:
        self.mechanism.tell(event.name, event.value)  # a setvar has no answer
        return b""

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
            case "JA":
                machine.cancel_all()
            case "JP":
                machine.cancel_one()
            case "JR":
                self.resets = True
            case "PP":
                machine.paused = True
            case "PS":
                machine.paused = False
        return b""
