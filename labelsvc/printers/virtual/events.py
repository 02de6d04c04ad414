"""What the virtual printer hears: complete label formats, control commands, and lines of SGD."""

from __future__ import annotations

from dataclasses import dataclass

from labelsvc.printers.virtual.fields import Echo


@dataclass(frozen=True, slots=True)
class Format:
    """One complete label format.

    Attributes:
        data: its bytes from ^XA to ^XZ as received, control commands taken out.
        start: where its first byte stood in the stream, counted from the power-on.
        quantity: labels it asks for, 0 when it moves no media (settings alone, or ^DF stores it).
        group: labels between two pauses (^PQ's second parameter), 0 for no pause.
        label_length: dots, from ^LL; None when not given. The others likewise.
        print_width: dots, from ^PW.
        mode: letter of ^MM.
        reprints: letter of ^JZ: Y or N.
        echoes: what it asks to be sent back (^HV).

    """

    data: bytes
    start: int
    quantity: int
    group: int = 0
    label_length: int | None = None
    print_width: int | None = None
    mode: str | None = None
    reprints: str | None = None
    echoes: tuple[Echo, ...] = ()


@dataclass(frozen=True, slots=True)
class Control:
    """A control command without its prefix, in capitals: "HS", "HQES", "JA"."""

    name: str


@dataclass(frozen=True, slots=True)
class Getvar:
    """A question for the value of an SGD variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Setvar:
    """A new value of an SGD variable, or an action ("do") with its argument."""

    name: str
    value: str


Event = Format | Control | Getvar | Setvar
