"""What people do to a virtual printer: open and close it, load it, press its keys, pull its plug."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar

from labelsvc.printers.virtual.device import Device
from labelsvc.printers.virtual.line import Line

T = TypeVar("T")


class Panel(ABC):
    """The part of a VirtualPrinter for people. Every method may be called from any thread."""

    _device: Device
    _open: bool  # takes connections while powered

    @property
    @abstractmethod
    def _wire(self) -> Line:
        """Its line; raises Conflict before it was started."""

    @abstractmethod
    def _do(self, command: Callable[[], T]) -> T:
        """Have the printer's own thread do something, and wait until it is done."""

    def media_out(self) -> None:
        """Run out of media now; a moving label is spoiled."""
        self._do(lambda: self._device.mechanism.set_fault(media_out=True))

    def load_media(self, labels: int | None = None) -> None:
        """Put in a roll of so many labels (None: endless)."""
        self._do(lambda: setattr(self._device.mechanism, "media_left", labels))

    def ribbon_out(self) -> None:
        """Run out of ribbon now; a moving label is spoiled."""
        self._do(lambda: self._device.mechanism.set_fault(ribbon_out=True))

    def load_ribbon(self) -> None:
        """Put in a new ribbon."""
        self._do(lambda: setattr(self._device.mechanism, "ribbon_out", False))

    def open_head(self) -> None:
        """Open the print head; a moving label is spoiled."""
        self._do(lambda: self._device.mechanism.set_fault(head_open=True))

    def close_head(self) -> None:
        """Close the print head; a printer that calibrates feeds blanks then."""
        self._do(self._device.mechanism.close_head)

    def overheat(self) -> None:
        """Let the print head be too hot: the moving label comes out, the next waits."""
        self._do(lambda: setattr(self._device.mechanism, "too_hot", True))

    def cool_down(self) -> None:
        """Let it be cool again."""
        self._do(lambda: setattr(self._device.mechanism, "too_hot", False))

    def pause(self) -> None:
        """Press PAUSE: stop after the moving label."""
        self._do(self._device.mechanism.pause)

    def resume(self) -> None:
        """Press PAUSE again."""
        self._do(self._device.mechanism.resume)

    def cancel(self) -> None:
        """Press CANCEL: the oldest format that waits, else the one being printed, is gone."""
        self._do(self._device.mechanism.cancel_next)

    def cancel_all(self) -> None:
        """Hold CANCEL: all that waits is gone; a moving label is finished."""
        self._do(self._device.mechanism.cancel_all)

    def feed(self) -> bool:
        """Press FEED: a blank label, which is counted nowhere; False where it cannot."""
        return self._do(self._device.mechanism.feed)

    def press_reprint(self) -> bool:
        """Press the key that prints the last label again; False where reprint mode is off or there is none."""
        return self._do(self._device.reprint)

    def foreign_job(self, labels: int = 1, zpl: bytes | None = None) -> None:
        """Print labels that another host sent: those of `zpl`, one format, or some of its own."""
        self._do(lambda: self._device.foreign(labels, zpl) if zpl else self._device.foreign(labels))

    def set_variable(self, name: str, value: str) -> None:
        """Change an SGD variable at the panel; `device.unique_id` makes another device of it."""

        def change() -> None:
            if name == "device.unique_id":
                self._device.mechanism.variables.unique_id = value
            else:
                self._device.tell(name, value)

        self._do(change)

    def power_off(self) -> None:
        """Pull the plug: buffer, open format and changed prefixes are lost, connections reset, new ones refused."""
        self._do(self._power_off)

    def power_on(self) -> None:
        """Switch on again, on the same ports; uptime begins at 0, the odometer goes on."""
        self._do(self._power_on)

    def refuse_connections(self) -> None:
        """Refuse new connections; those open stay."""
        self._do(lambda: self._take_connections(on=False))

    def accept_connections(self) -> None:
        """Take new connections again."""
        self._do(lambda: self._take_connections(on=True))

    def _power_off(self) -> None:
        self._wire.refuse()
        self._wire.reset_all()
        self._device.lose_power()

    def _power_on(self) -> None:
        if not self._device.mechanism.powered:
            self._device.boot()
            self._take_connections(on=self._open)

    def _take_connections(self, *, on: bool) -> None:
        self._open = on
        if not on:
            self._wire.refuse()
        elif self._device.mechanism.powered:
            self._wire.listen()
