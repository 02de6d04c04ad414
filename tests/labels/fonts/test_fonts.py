"""The table of widths is not less than what any device sets, and ink stays inside a line's cell."""

from __future__ import annotations

import hashlib
import io
import math
import unicodedata

import numpy as np
import pytest
import zplkit
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFont

from labelsvc.labels import fonts
from labelsvc.labels.layout import FontName

NAMES: tuple[FontName, ...] = ("sans", "bold")
EM = 2048
FACES = {name: ImageFont.truetype(str(fonts.path(name)), EM, layout_engine=ImageFont.Layout.BASIC) for name in NAMES}
FONT_0 = [chr(code) for code in range(0x20, 0x100) if fonts.resident(chr(code))]


@pytest.mark.parametrize("name", NAMES)
def test_dejavu_is_not_wider_than_the_table(name: FontName) -> None:
    """FreeType's advance of every character, at the size of the em, is at most what the table says."""
    widths = fonts.widths(name)
    too_wide = [char for char in widths if FACES[name].getlength(char) / EM * fonts.EM_SCALE > widths[char] + 1e-9]
    assert too_wide == []


@pytest.mark.parametrize("name", NAMES)
def test_dejavu_ink_stays_in_the_cell(name: FontName) -> None:
    """FreeType's outline of every covered character lies between the top and the bottom of the line's cell.

    To the left and right it passes its width by no more than its overhang; upwards, the cell by less than a dot.
    """
    widths, overhangs = fonts.widths(name), fonts.overhangs(name)
    for char in widths:
        left, top, right, bottom = (edge / EM * fonts.EM_SCALE for edge in FACES[name].getbbox(char, anchor="ls"))
        before, behind = overhangs.get(char, (0.0, 0.0))
        rounding = 2 / EM
        assert -top <= fonts.ASCENT + 0.003 + rounding, char
        assert bottom <= fonts.DESCENT + 0.003 + rounding, char
        assert -left <= before + rounding, char
        assert right <= widths[char] + behind + rounding, char


def font0(text: str, height: int) -> tuple[int, int, int, int]:
    """Measure ink that zplkit prints: left and right of the pen, above and below the baseline, in dots."""
    data = "".join(f"_{byte:02X}" for byte in text.encode())
    pen, wide = 3 * height, (len(text) + 8) * height
    zpl = f"^XA^CI28^PW{wide}^LL{6 * height}^FT{pen},{pen}^A0N,{height},{height}^FH_^FD{data}^FS^XZ"
    scene = zplkit.render(zpl.encode(), zplkit.Options(profile="zd621", dpi=300)).labels[0]
    ink = np.array(Image.open(io.BytesIO(scene.png())).convert("L")) < 128
    if not ink.any():
        return 0, 0, 0, 0
    across, down = np.flatnonzero(ink.any(axis=0)), np.flatnonzero(ink.any(axis=1))
    return pen - int(across[0]), int(across[-1]) + 1 - pen, pen - int(down[0]), int(down[-1]) + 1 - pen


@settings(deadline=None, max_examples=150)
@given(
    st.text(st.sampled_from(FONT_0), min_size=1, max_size=30),
    st.sampled_from(NAMES),
    st.floats(1.6, 12),
    st.sampled_from([8, 12]),
)
def test_no_text_in_font_0_is_wider_than_the_table(text: str, name: FontName, size: float, dpmm: int) -> None:
    """At any size and resolution a printer sets a text in the room that the table gives it, within half a dot."""
    height = math.floor(fonts.EM_SCALE * size * dpmm)
    left, right, above, below = font0(text, height)
    room = math.fsum(fonts.widths(name)[char] for char in text) * size * dpmm
    before = fonts.overhangs(name).get(text[0], (0.0, 0.0))[0] * size * dpmm
    behind = fonts.overhangs(name).get(text[-1], (0.0, 0.0))[1] * size * dpmm
    assert left <= before + 0.5
    assert right <= room + behind + 0.5
    assert above <= fonts.ASCENT * size * dpmm + 0.5
    assert below <= fonts.DESCENT * size * dpmm + 0.5


@pytest.mark.parametrize("name", NAMES)
def test_font_0_is_widened_by_six_percent(name: FontName) -> None:
    """A capital H is 0.625 em in font 0, measured by hand on a printout 320 dots high (200 dots from H to H)."""
    pair, many = font0("HH", 320), font0("H" * 12, 320)
    advance = ((many[1] + many[0]) - (pair[1] + pair[0])) / 10 / 320
    assert advance == pytest.approx(0.625)
    assert fonts.widths(name)["H"] >= advance * 1.06 * fonts.EM_SCALE - 1e-9


def test_the_printers_font_has_ascii_and_six_more() -> None:
    """What zplkit's capture of a printer draws as itself: under ^CI28 a backslash comes out as a cent sign."""
    ascii_drawn = set(map(chr, range(0x20, 0x7F))) - {"\\"}
    assert {char for char in fonts.widths("sans") if fonts.resident(char)} == ascii_drawn | set("¢·ÀÂéð")


def test_both_fonts_cover_the_same_characters() -> None:
    """A text that can be set in one can be set in the other, in PDF and PNG alike."""
    assert fonts.widths("sans").keys() == fonts.widths("bold").keys()
    assert fonts.covers("ž")


@pytest.mark.parametrize(
    "text", ["Größe Ñandú Łódź Šišmiš ÅÄÖ Ģēģi", "Тест ЩЙ Ђорђе", "Ελληνικά, πρωτεΐνη", "Հայ", "ქართული", "№ € ≤ µ ½ °"]
)
def test_european_scripts_are_covered(text: str) -> None:
    """Latin, Cyrillic, Greek, Armenian and Georgian texts can be printed."""
    assert [char for char in text if not fonts.covers(char)] == []


def test_what_needs_shaping_is_not_covered() -> None:
    """Letters that join, marks that stack and what runs from right to left would come out wrong, so it is refused."""
    for char in ("\u0301", "\u0627", "\u05d0", "\u200d", "\u202e", "\u00ad", "\u0000", "\n", "\ue000", "中", "😀"):
        assert not fonts.covers(char)
    for char in fonts.widths("sans"):
        assert unicodedata.category(char)[0] in "LNPSZ"
        assert unicodedata.bidirectional(char) not in ("R", "AL", "AN")


def test_the_cell_is_one_size_high() -> None:
    """Ascent and descent share the cell; the smallest type is one a printer still draws."""
    assert pytest.approx(1) == fonts.ASCENT + fonts.DESCENT
    assert math.floor(1.6 * fonts.EM_SCALE * 8) == fonts.LEAST_DOTS


def test_the_digest_covers_table_and_font_files() -> None:
    """A format's revision changes when any of the three files does."""
    files = [fonts.path("sans").parent / "metrics.tsv", fonts.path("sans"), fonts.path("bold")]
    digests = [hashlib.sha256(path.read_bytes()).digest() for path in files]
    assert fonts.digest() == hashlib.sha256(b"".join(digests)).hexdigest()
