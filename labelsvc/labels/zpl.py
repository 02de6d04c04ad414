r"""ZPL II: a layout as the bytes that a label printer takes, one complete format for each serial.

A label is compiled once into constant text and the places where the serial, or a stretch of it, goes; printing a
million of them is joining. Every format is complete (`^XA` to `^XZ`, one label), so that its bytes are evidence of
what was printed: nothing is stored in the printer, nothing is counted by it, and no setting of it is touched.

What users typed reaches a printer only in hexadecimal: whatever is not in PLAIN is written as `_HH`, byte by byte in
UTF-8, under a `^FH` of its own. That holds for the prefixes `^` and `~` and as well for the control characters that
mean the same to a printer (RS, DLE, STX, ETX, SI).

Only what independent renderers read alike is used:

* Text stands on its baseline (`^FT`), in font 0; see labels/fonts for its size. Right-aligned text gives its right
  end, centred text a block (`^FB`) one line high, which ends in `\&`: without that a printer centres as if there were
  one more space.
* Text that font 0 lacks a character of is sent as the dots of its ink (labels/glyphs, `^GFA`), uncompressed. It is
  drawn once for all labels; only where the serial stands in it, for each.
* Code 128 is written with every code set and FNC1 spelled out (mode N), as the symbol's segments say.
* Data Matrix has its columns and rows fixed. Its own escape character is `_`, so its `^FH` uses `\` instead: with `_`
  the FNC1 `_1` would be taken for the start of a hexadecimal byte.
* QR is in byte mode, whose length in modules does not depend on how a printer would divide the text. A printer moves
  a QR down by the bar height that `^BY` gave, less one dot; so `^BY` gives one dot. It has no rotation; a printer
  chooses the mask itself.

Coordinates become dots here: mm times dots per mm, rounded.
"""

from __future__ import annotations

import math
import string
from collections.abc import Iterable, Iterator
from typing import assert_never

from labelsvc.errors import InvalidInput
from labelsvc.labels import fonts, glyphs
from labelsvc.labels.layout import Box, Element, Layout, Picture, PlacedSymbol, Rectangle, Rotation, TextLine
from labelsvc.labels.symbols import FNC1, Symbol

PLAIN = frozenset(string.ascii_letters + string.digits + " .,:/+()-")
"""Characters that mean nothing to any command and are sent as they are."""

Slot = tuple[int, int]
"""Where a stretch of the serial goes: its first position and the one after its last."""

Part = str | Slot | TextLine
"""Constant text, a stretch of the serial, or a line that is drawn with each serial."""

_ORIENTATION: dict[Rotation, str] = {0: "N", 90: "R", 180: "I", 270: "B"}

# ^BC in mode N: what begins with `>` is an invocation.
_CODE128_DATA = {FNC1: ">8", ">": ">0"}
_CODE128_START = {"B": ">:", "C": ">;"}
_CODE128_SWITCH = {"B": ">6", "C": ">5"}


def render(layout: Layout, serials: Iterable[str], *, echo: bool = False) -> Iterator[bytes]:
    """Write one label for each serial, in order, as they are asked for.

    Args:
        layout: compiled for ZPL, at the printer's resolution.
        serials: texts of `layout.serial_length` characters of `layout.serial_alphabet`.
        echo: have the printer send back, for each label it prints, the field that `echoes` names (`^HV`).

    Returns:
        A complete format (`^XA` to `^XZ` and a newline) for each serial, in ASCII.

    Raises:
        ValueError: a serial is not of the layout, or the layout lets a serial hold what would need an escape.
    """
    if not layout.serial_alphabet <= PLAIN:
        raise ValueError(f"Expected serials of plain characters, got {sorted(layout.serial_alphabet - PLAIN)}.")
    label: list[bytes] = []
    cuts: list[tuple[int, slice]] = []
    drawn: list[tuple[int, TextLine]] = []
    for part in _merged(_label(layout, echo=echo)):
        if isinstance(part, str):
            label.append(part.encode("ascii"))
            continue
        if isinstance(part, TextLine):
            drawn.append((len(label), part))
        else:
            cuts.append((len(label), slice(*part)))
        label.append(b"")
    known, length = layout.serial_alphabet, layout.serial_length
    for serial in serials:
        if len(serial) != length or not known.issuperset(serial):
            raise ValueError(f"Expected a serial of {length} characters of the layout's alphabet, got {serial!r}.")
        text = serial.encode("ascii")
        for place, cut in cuts:
            label[place] = text[cut]
        for place, line in drawn:
            label[place] = _drawn(line, serial, layout).encode("ascii")
        yield b"".join(label)


def _merged(parts: Iterable[Part]) -> Iterator[Part]:
    """Join neighbouring texts, and neighbouring stretches of the serial that continue each other."""
    held: Part = ""
    for part in parts:
        if isinstance(held, str) and isinstance(part, str):
            held += part
        elif isinstance(held, tuple) and isinstance(part, tuple) and held[1] == part[0]:
            held = (held[0], part[1])
        else:
            yield held
            held = part
    yield held


def _label(layout: Layout, *, echo: bool) -> Iterator[Part]:
    yield f"^XA^CI28^PW{_dots(layout.width, layout.dpmm)}^LL{_dots(layout.height, layout.dpmm)}^LH0,0"
    echoed = _echoed(layout) if echo else None
    for element in layout.elements:
        parts = _element(element, layout)
        yield from _numbered(parts) if element is echoed else parts
        yield "^FS"
    if echoed is not None:
        length = len(_said(echoed).encode()) - 1 + layout.serial_length
        yield f"^FH_^HV1,{length},{_HEADER},{_TERMINATOR},L^FS"
    yield "^PQ1^XZ" + LINE_END


#: Behind every format; nothing to a printer, a line to a reader.
LINE_END = "\n"
#: What stands before and after an echo; ECHO_HEADER and ECHO_TERMINATOR as a `^FH_` field.
ECHO_HEADER, ECHO_TERMINATOR = "K:", "\r\n"
_HEADER, _TERMINATOR = ECHO_HEADER, "".join(f"_{ord(char):02X}" for char in ECHO_TERMINATOR)
#: The longest field that `^HV` sends back.
_ECHO_AT_MOST = 256


def echoes(layout: Layout, serials: Iterable[str]) -> Iterator[str]:
    """Give what a printer sends back for each label that was rendered with `echo`, without header and terminator."""
    before, _, after = _said(_echoed(layout)).partition(_SERIAL)
    for serial in serials:
        yield f"{before}{serial}{after}"


def check_echo(layout: Layout) -> None:
    """Check that a printer can echo the labels of a layout.

    Raises:
        InvalidInput: format_echo, no line of text that it prints in its own font has the serial.
    """
    if not _echoing(layout):
        raise InvalidInput(
            "format_echo",
            "Expected a line of text with the serial for the printer to echo, its other characters in the printer's own"
            " font, got none.",
            pointer="/label_format",
        )


_SERIAL = "\0"


def _echoed(layout: Layout) -> TextLine:
    """Return the line of text that is echoed: the shortest one that shows the serial once.

    Raises:
        ValueError: none does; what a printer would send back of a symbol's data is its own affair.
    """
    lines = _echoing(layout)
    if not lines:
        raise ValueError("Expected a line of text with the serial, for the printer to echo, got none.")
    return min(lines, key=lambda line: len("".join(line.pieces)))


def _echoing(layout: Layout) -> list[TextLine]:
    """List the lines that can be echoed; those that are centred only where there is no other."""
    texts = (line for line in layout.elements if isinstance(line, TextLine) and not line.drawn)
    lines = [line for line in texts if len(line.pieces) == 2]
    plain = [line for line in lines if line.align != "center"] or lines
    return [line for line in plain if len(_said(line).encode()) - 1 + layout.serial_length <= _ECHO_AT_MOST]


def _said(line: TextLine) -> str:
    """Return a line as the printer gets it, with a mark for the serial."""
    before, after = line.pieces
    ending = "\\&" if line.align == "center" else ""
    return f"{before}{_SERIAL}{after}{ending}"


def _numbered(parts: Iterator[Part]) -> Iterator[Part]:
    """Give a field the number 1, by which `^HV` knows it."""
    for part in parts:
        yield part.replace("^FH", "^FN1^FH") if isinstance(part, str) else part


def _element(element: Element, layout: Layout) -> Iterator[Part]:
    match element:
        case TextLine(drawn=True):
            return iter((_drawn(element, "", layout) if len(element.pieces) == 1 else element,))
        case TextLine():
            return _text(element, layout)
        case PlacedSymbol():
            return _symbol(element, layout.dpmm)
        case Rectangle():
            return _rectangle(element, layout.dpmm)
        case Picture():
            return iter((_graphic(_corner(element.box, layout.dpmm), element.columns, element.rows, element.bits),))
        case _:
            assert_never(element)


def _dots(mm: float, dpmm: int) -> int:
    return round(mm * dpmm)


def _corner(box: Box, dpmm: int) -> tuple[int, int]:
    return _dots(box.x, dpmm), _dots(box.y, dpmm)


def _origin(corner: tuple[int, int]) -> str:
    return f"^FO{corner[0]},{corner[1]},0"


def _pieces(pieces: tuple[str, ...], serial: Slot) -> Iterator[Part]:
    """Put the serial between pieces of field data."""
    yield pieces[0]
    for piece in pieces[1:]:
        yield serial
        yield piece


def _field_data(text: str, indicator: str = "_") -> str:
    """Write text as the data of a field that begins with `^FH` and this indicator."""
    return "".join(
        char if char in PLAIN else "".join(f"{indicator}{byte:02X}" for byte in char.encode()) for char in text
    )


def _text(line: TextLine, layout: Layout) -> Iterator[Part]:
    dpmm = layout.dpmm
    (start_x, start_y), (end_x, end_y) = _baseline(line)
    height = math.floor(fonts.EM_SCALE * line.size * dpmm)
    x, y, pieces, block, ending = start_x, start_y, line.pieces, "", ""
    if line.align == "right":
        x, y = end_x, end_y
    elif line.align == "center":
        # Rounded up: a block narrower than its text breaks the line.
        length = math.ceil((abs(end_x - start_x) + abs(end_y - start_y)) * dpmm)
        # A block reads `\&` and the like as its own.
        pieces = tuple(piece.replace("\\", "\\\\") for piece in pieces)
        block, ending = f"^FB{length},1,0,C,0", "\\&"
    yield f"^FT{_dots(x, dpmm)},{_dots(y, dpmm)},{int(line.align == 'right')}"
    yield f"^A0{_ORIENTATION[line.rotation]},{height},{height}{block}^FH_^FD"
    yield from _pieces(tuple(_field_data(piece) for piece in pieces), (0, layout.serial_length))
    yield ending


def _baseline(line: TextLine) -> tuple[tuple[float, float], tuple[float, float]]:
    """Find the two ends of the baseline across the line's box, in reading order, in mm."""
    box, ascent = line.box, fonts.ASCENT * line.size
    right, bottom = box.x + box.width, box.y + box.height
    match line.rotation:
        case 0:
            return (box.x, box.y + ascent), (right, box.y + ascent)
        case 90:
            return (right - ascent, box.y), (right - ascent, bottom)
        case 180:
            return (right, bottom - ascent), (box.x, bottom - ascent)
        case 270:
            return (box.x + ascent, bottom), (box.x + ascent, box.y)


def _symbol(placed: PlacedSymbol, dpmm: int) -> Iterator[Part]:
    symbol, dots, orientation = placed.symbol, placed.dots, _ORIENTATION[placed.rotation]
    serial = (0, symbol.serial_length)
    yield _origin(_corner(placed.box, dpmm))
    match symbol.symbology:
        case "code-128" | "gs1-128":
            height = _dots(placed.bar_height, dpmm)
            yield f"^BY{dots},3,{height}^BC{orientation},{height},N,N,N,N^FH_^FD"
            yield from _code128(symbol)
        case "gs1-datamatrix":
            yield f"^BX{orientation},{dots},200,{symbol.columns},{symbol.rows},,_^FH\\^FD_1"
            yield from _pieces(tuple(_datamatrix(piece) for piece in symbol.pieces), serial)
        case "qr":
            length = len("".join(symbol.pieces).encode()) + (len(symbol.pieces) - 1) * symbol.serial_length
            yield f"^BY{dots},3,1^BQN,2,{dots}^FH_^FD{symbol.ecc}M,B{length:04d}"
            yield from _pieces(tuple(_field_data(piece) for piece in symbol.pieces), serial)
        case _:
            assert_never(symbol.symbology)


def _datamatrix(piece: str) -> str:
    r"""Write a piece of a GS1 payload for `^BX` with the escape `_` under `^FH` with the indicator `\`."""
    own = {FNC1: "_1", "_": "__"}
    return "".join(own.get(char) or _field_data(char, "\\") for char in piece)


def _code128(symbol: Symbol) -> Iterator[Part]:
    """Write a payload for `^BC` in mode N: the code set of every segment, then its characters."""
    characters = list(_characters(symbol))
    for number, segment in enumerate(symbol.segments):
        yield (_CODE128_SWITCH if number else _CODE128_START)[segment.code_set]
        if number == 0 and symbol.symbology == "gs1-128":
            yield _CODE128_DATA[FNC1]
        yield from characters[segment.start : segment.stop]


def _characters(symbol: Symbol) -> Iterator[Part]:
    """Give what stands for each character of the payload in the data of `^BC`."""
    for number, piece in enumerate(symbol.pieces):
        if number:
            yield from ((position, position + 1) for position in range(symbol.serial_length))
        yield from (_CODE128_DATA.get(char) or _field_data(char) for char in piece)


def _rectangle(rectangle: Rectangle, dpmm: int) -> Iterator[Part]:
    box = rectangle.box
    left, top = _corner(box, dpmm)
    # Edges are rounded, not sizes, so that what touches in mm touches in dots; a thin line is never lost.
    width = max(1, _dots(box.x + box.width, dpmm) - left)
    height = max(1, _dots(box.y + box.height, dpmm) - top)
    thickness = min(width, height)
    if rectangle.thickness is not None:
        thickness = min(thickness, max(1, _dots(rectangle.thickness, dpmm)))
    yield f"{_origin((left, top))}^GB{width},{height},{thickness},B,0"


def _drawn(line: TextLine, serial: str, layout: Layout) -> str:
    """Draw a line with this serial; nothing where there is no ink in it."""
    ink = glyphs.draw(line, serial, layout)
    return "" if ink is None else _graphic((ink.left, ink.top), ink.columns, ink.rows, ink.bits)


#: Bytes of the largest picture that one ^GF takes.
_GRAPHIC_AT_MOST = 99_999


def _graphic(corner: tuple[int, int], columns: int, rows: int, bits: bytes) -> str:
    """Place a picture; one that is too large for a field in fields below each other."""
    (left, top), across = corner, math.ceil(columns / 8)
    high = _GRAPHIC_AT_MOST // across
    parts = ((row, bits[row * across : (row + high) * across]) for row in range(0, rows, high))
    return "^FS".join(
        f"{_origin((left, top + row))}^GFA,{len(part)},{len(part)},{across},{part.hex().upper()}" for row, part in parts
    )
