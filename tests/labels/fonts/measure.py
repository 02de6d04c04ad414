"""Measures the type of all three devices and writes `labelsvc/labels/fonts/metrics.tsv`.

Run it with `python tests/labels/fonts/measure.py` after a font file changed. It lives beside the tests because it asks
zplkit how a printer draws its font 0, and other people's renderers are never imported by the service.
"""

from __future__ import annotations

import io
import math
import struct
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import zplkit
from PIL import Image
from reportlab.pdfbase.ttfonts import TTFontFile
from zplkit.rendering import RenderError

from labelsvc.labels import fonts

TABLE = Path(fonts.__file__).parent / "metrics.tsv"
HEADER = """\
# Widths of type, in 1/10000 of a line's size (see __init__.py). Made by tests/labels/fonts/measure.py; do not edit.
# character, drawn by font 0 (1) or not (0), then for sans and for bold: width, ink left of it, ink right of it
"""
UNITS = 10_000
WIDENED = 1.06
"""Room left for printers whose font 0 is wider than the one measured."""

PASSING = 0.0035
"""How far ink may pass the top or the bottom of a line's cell, in parts of the em: less than a dot of any type in use.
The accents of ΐ and ΰ do, which no Greek text does without."""

HEIGHTS = (*range(fonts.LEAST_DOTS, 64), 96, 160, 320)
"""Heights of font 0 to measure, in dots: whole dots make small type wider than its outline says."""

DRAWN_AS_ANOTHER = frozenset("\\")
"""What font 0 draws, but as something else: under ^CI28 a printer's backslash is a cent sign."""

BLOCKS = (range(0x20, 0x3D0), range(0x400, 0x590), range(0x10D0, 0x1100), range(0x1E00, 0x2800))
"""Scripts written from left to right without joining or stacking: Latin, Greek, Cyrillic, Armenian, Georgian, signs."""

PRINTED = {chr(code) for code in range(0x20, 0x100)}
"""Where to look for glyphs of font 0; farther up there are only a few that no one has seen on a printer."""

REPEAT = 16
TALLEST = 2_000
"""Dots of the tallest picture to ask for."""

Pixels = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character in one font, in parts of the em: advance, and its ink from the pen and the baseline."""

    advance: float
    left: float
    right: float
    top: float
    bottom: float


# DejaVu: the tables of the font file.


def dejavu(path: Path) -> dict[str, Glyph]:
    """Read every glyph's advance and ink from a TrueType file."""
    font = TTFontFile(str(path))
    head, maxp, hhea = font.get_table("head"), font.get_table("maxp"), font.get_table("hhea")
    (em,) = struct.unpack(">H", head[18:20])
    (long_offsets,) = struct.unpack(">h", head[50:52])
    (count,) = struct.unpack(">H", maxp[4:6])
    (metrics,) = struct.unpack(">H", hhea[34:36])
    hmtx, glyf, loca = font.get_table("hmtx"), font.get_table("glyf"), font.get_table("loca")
    if long_offsets:
        offsets = struct.unpack(f">{count + 1}I", loca[: 4 * count + 4])
    else:
        offsets = tuple(2 * half for half in struct.unpack(f">{count + 1}H", loca[: 2 * count + 2]))

    def glyph(index: int) -> Glyph:
        (advance,) = struct.unpack_from(">H", hmtx, 4 * min(index, metrics - 1))
        edges: tuple[int, ...] = (0, 0, advance, 0)
        if offsets[index] != offsets[index + 1]:
            edges = struct.unpack_from(">4h", glyf, offsets[index] + 2)
        left, bottom, right, top = (edge / em for edge in edges)
        return Glyph(advance / em, left, right, top, bottom)

    return {chr(code): glyph(index) for code, index in font.charToGlyph.items()}


# Font 0: pictures of it.


def field(text: str) -> str:
    """Write a text as a field in which every byte is given in hexadecimal."""
    return "^FH_^FD" + "".join(f"_{byte:02X}" for byte in text.encode()) + "^FS"


def picture(zpl: str) -> Pixels:
    """Render one label; True is black."""
    scene = zplkit.render(zpl.encode(), zplkit.Options(profile="zd621", dpi=300)).labels[0]
    return np.array(Image.open(io.BytesIO(scene.png())).convert("L")) < 128


def drawn_by_font0(char: str) -> bool:
    """Tell whether font 0 has a glyph for a character."""
    if char in DRAWN_AS_ANOTHER:
        return False
    try:
        picture(f"^XA^CI28^PW400^LL200^FO9,99^A0N,64,64{field(f'H{char}H')}^XZ")
    except RenderError:
        return False
    return True


def edges(rows: Pixels) -> tuple[int, int, int, int]:
    """Find the ink: left, top, right and bottom, the last two exclusive."""
    across, down = np.flatnonzero(rows.any(axis=0)), np.flatnonzero(rows.any(axis=1))
    return int(across[0]), int(down[0]), int(across[-1]) + 1, int(down[-1]) + 1


def pictures(texts: list[str], height: int) -> Iterator[Pixels]:
    """Draw texts `height` dots high, each in a picture of its own with the pen at (height, 2 * height)."""
    at_once = TALLEST // (3 * height)
    for first in range(0, len(texts), at_once):
        some = texts[first : first + at_once]
        fields = "".join(
            f"^FT{height},{(3 * row + 2) * height}^A0N,{height},{height}{field(text)}" for row, text in enumerate(some)
        )
        drawn = picture(f"^XA^CI28^PW{(REPEAT + 6) * height}^LL{3 * height * len(some)}{fields}^XZ")
        yield from (drawn[3 * height * row : 3 * height * (row + 1)] for row in range(len(some)))


def font0(chars: list[str]) -> dict[str, Glyph]:
    """Measure font 0, in parts of the em: the widened advance, or what whole dots make of it, and the farthest ink."""
    greatest: dict[str, Glyph] = {}
    for height in HEIGHTS:
        for char, glyph in zip(chars, _font0_at(height, chars), strict=True):
            known = greatest.get(char, glyph)
            greatest[char] = Glyph(
                max(known.advance, glyph.advance * (WIDENED if height == HEIGHTS[-1] else 1)),
                min(known.left, glyph.left),
                max(known.right, glyph.right),
                max(known.top, glyph.top),
                min(known.bottom, glyph.bottom),
            )
    return greatest


def _font0_at(height: int, chars: list[str]) -> Iterator[Glyph]:
    """Measure font 0 at one height, in parts of the em."""
    (pair,) = (edges(rows) for rows in pictures(["HH"], height))
    many = (edges(rows) for rows in pictures([f"H{char * REPEAT}H" for char in chars], height))
    for row, rows in zip(many, pictures(chars, height), strict=True):
        left, top, right, bottom = edges(rows) if rows.any() else (height, 2 * height, height, 2 * height)
        yield Glyph(
            ((row[2] - row[0]) - (pair[2] - pair[0])) / REPEAT / height,
            left / height - 1,
            right / height - 1,
            2 - top / height,
            2 - bottom / height,
        )


# The table.


def plain(char: str) -> bool:
    """Tell whether a character stands by itself, from left to right: no mark, control, joiner or private use."""
    category = unicodedata.category(char)
    return (category[0] in "LNPS" or category == "Zs") and unicodedata.bidirectional(char) not in ("R", "AL", "AN")


def inside(glyph: Glyph, room: float) -> bool:
    """Tell whether ink stays inside a line's cell, with room (in parts of the em) for rounding to dots."""
    return glyph.top <= fonts.ASCENT / fonts.EM_SCALE - room and glyph.bottom >= -fonts.DESCENT / fonts.EM_SCALE + room


def row(char: str, faces: Iterable[Glyph], printed: Glyph | None) -> str:
    """Write a character's line of the table."""
    columns = [f"{ord(char):04X}", "1" if printed else "0"]
    for face in faces:
        devices = [face] if printed is None else [face, printed]
        width = max(glyph.advance for glyph in devices)
        left = max(0.0, *(-glyph.left for glyph in devices))
        right = max(0.0, face.right - face.advance, *(glyph.right - width for glyph in devices))
        columns += [str(math.ceil(part * fonts.EM_SCALE * UNITS)) for part in (width, left, right)]
    return "\t".join(columns)


def table() -> str:
    """Make the whole table."""
    faces = [dejavu(fonts.path(name)) for name in ("sans", "bold")]
    codes = [chr(code) for block in BLOCKS for code in block]
    chars = [
        char for char in codes if plain(char) and all(char in face and inside(face[char], -PASSING) for face in faces)
    ]
    printed = font0([char for char in chars if char in PRINTED and drawn_by_font0(char)])
    outside = [char for char, glyph in printed.items() if not inside(glyph, 0)]
    if outside:
        raise SystemExit(f"Expected font 0 inside a line's cell, got ink outside of it for {outside}.")
    lines = (row(char, (face[char] for face in faces), printed.get(char)) for char in chars)
    return HEADER + "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="ascii")
