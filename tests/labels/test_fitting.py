"""Text fits its box by the table of widths, or it is refused; the serial is as wide as it can ever be."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelsvc.labels import fitting, fonts
from labelsvc.labels.fitting import Room
from labelsvc.labels.layout import Box, FontName, Pieces, TextLine
from labelsvc.labels.symbols import Shape
from labelsvc.labels.turning import Frame

WIDTH = fonts.widths("sans")
DIGITS = "0123456789"

texts = st.text(st.sampled_from("aW.Jj -ďÅ\n"), max_size=60)
pieces = st.lists(texts, min_size=1, max_size=3).map(tuple)
shapes = st.lists(st.sampled_from(["7", "J", DIGITS, "ABJW."]), min_size=1, max_size=20).map(tuple)
names = st.sampled_from(["sans", "bold"])


def lines(text: str, room: float, *, anywhere: bool = False) -> list[str] | None:
    """Wrap a text without a serial; the room is given in widths of the letter m."""
    atoms = fitting.atoms((text,), (), "sans")
    wrapped = fitting.wrap(atoms, room * WIDTH["m"] + 1e-9, anywhere=anywhere)
    return None if wrapped is None else ["".join(fitting.written(line)) for line in wrapped]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [""]),
        ("mmm", ["mmm"]),
        ("mm mm", ["mm", "mm"]),
        ("m m mm", ["m m", "mm"]),
        ("mmm   mmm", ["mmm", "mmm"]),
        ("mm ", ["mm "]),
        ("mmm ", ["mmm", ""]),
        ("m\nm", ["m", "m"]),
        ("m\n\nmm mm", ["m", "", "mm", "mm"]),
        ("mmmm", None),
        ("m mmmm", None),
    ],
)
def test_lines_end_at_spaces(text: str, expected: list[str] | None) -> None:
    """On lines of three m: words stay whole, spaces at the end of a full line go, line breaks stay."""
    assert lines(text, 3) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("mmmm", ["mmm", "m"]), ("m mmmmm", ["m m", "mmm", "m"]), ("mmm mmm", ["mmm", "mmm"]), ("m", ["m"])],
)
def test_words_are_broken_where_that_is_allowed(text: str, expected: list[str]) -> None:
    """Anywhere fills each line."""
    assert lines(text, 3, anywhere=True) == expected


def test_a_serial_is_never_broken() -> None:
    """It is one thing: its line must hold the widest serial of the shape."""
    atoms = fitting.atoms(("No ", ""), (DIGITS,) * 10, "sans")
    digit = max(WIDTH[char] for char in DIGITS)
    serial = 10 * digit + 0.01
    wrapped = fitting.wrap(atoms, serial, anywhere=True)
    assert wrapped is not None
    assert [fitting.written(line) for line in wrapped] == [("No",), ("", "")]
    assert fitting.wrap(atoms, serial - 0.02, anywhere=True) is None


@settings(deadline=None)
@given(pieces, shapes, names, st.data())
def test_what_fits_is_never_wider_for_any_serial(
    text: Pieces, shape: Shape, font: FontName, data: st.DataObject
) -> None:
    """However a text was set, no serial makes a line wider than the room, counting ink that passes its width."""
    room = Room(data.draw(st.floats(3, 60)), data.draw(st.floats(1.6, 40)), 6, 1.6, 8, 1.2, data.draw(st.booleans()))
    setting = fitting.fit(fitting.atoms(text, shape, font), room)
    if setting is None:
        return
    serial = "".join(data.draw(st.sampled_from(chars)) for chars in shape)
    widths, overhangs = fonts.widths(font), fonts.overhangs(font)
    assert 1.6 <= setting.size <= 6
    assert len(setting.lines) <= 8
    assert setting.size * (1 + 1.2 * (len(setting.lines) - 1)) <= room.height + 1e-5
    for line in setting.lines:
        written = serial.join(fitting.written(line))
        before = overhangs.get(written[:1], (0.0, 0.0))[0]
        behind = overhangs.get(written[-1:], (0.0, 0.0))[1]
        ink = (before + math.fsum(widths[char] for char in written) + behind) * setting.size
        assert ink <= room.width + 1e-5


@settings(deadline=None)
@given(pieces, shapes, st.floats(0.5, 20), st.booleans())
def test_wrapping_loses_nothing_but_spaces(text: Pieces, shape: Shape, room: float, anywhere: bool) -> None:
    """All characters come out in order, the serial too; only spaces and line breaks go."""
    wrapped = fitting.wrap(fitting.atoms(text, shape, "sans"), room, anywhere=anywhere)
    if wrapped is not None:
        out = "".join("{}".join(fitting.written(line)) for line in wrapped)
        kept = str.maketrans("", "", " \n")
        assert out.translate(kept) == "{}".join(text).translate(kept)


@given(st.integers(1, 300), st.floats(10, 80), st.sampled_from("iJW<ď"))
def test_so_many_characters_fit_in_any_order_of_spaces(count: int, width: float, char: str) -> None:
    """Broken anywhere, a text fits as soon as its widest characters fit by count: [limits] can be proved."""
    passing = 2 * max(max(sides) for sides in fonts.overhangs("sans").values())
    each = math.floor((width / 2 - passing) / WIDTH[char])
    room = Room(width, 6, 2, 2, 3, 1, anywhere=True)
    setting = fitting.fit(fitting.atoms((char * count,), (), "sans"), room)
    if count <= 3 * each:
        assert setting is not None


def test_text_is_as_large_as_fits() -> None:
    """From 5 mm down in steps of 0.1 mm: ten m in 30 mm."""
    room = Room(30, 10, 5, 2, 1, 1, anywhere=False)
    setting = fitting.fit(fitting.atoms(("m" * 10,), (), "sans"), room)
    assert setting is not None
    size = math.floor(30 / (10 * WIDTH["m"]) * 10) / 10
    assert setting.size == pytest.approx(size)


def test_the_height_of_the_box_limits_the_size_too() -> None:
    """Two lines, 1.5 apart, in 10 mm: 2.5 sizes, so 4 mm."""
    room = Room(100, 10, 9, 2, 2, 1.5, anywhere=False)
    setting = fitting.fit(fitting.atoms(("m\nm",), (), "sans"), room)
    assert setting is not None
    assert setting.size == pytest.approx(4.0)


def test_sizes_end_with_the_smallest() -> None:
    """Also where it is no whole step away."""
    assert list(fitting.sizes(3, 2.75)) == [3, 2.9, 2.8, 2.75]
    assert list(fitting.sizes(3, 3)) == [3]
    assert list(fitting.sizes(0.3, 0.1)) == [0.3, 0.2, 0.1]


def test_ink_that_passes_its_width_stays_in_the_box() -> None:
    """A J begins before its pen, so its pen is moved in by as much; at 90 degrees that is down."""
    left, _ = fonts.overhangs("sans")["J"]
    assert left > 0
    atoms = fitting.atoms(("Ja",), (), "sans")
    frame = Frame(Box(10, 20, 30, 8), 0)
    assert fitting.text_line(atoms, ("sans", "left"), (1, 4), frame, drawn=False) == TextLine(
        Box(10 + left * 4, 21, 30 - left * 4, 4), ("Ja",), "sans", 4, "left", 0
    )
    turned = fitting.text_line(atoms, ("sans", "left"), (1, 4), Frame(Box(10, 20, 8, 30), 90), drawn=True)
    assert turned.drawn
    assert turned.box == Box(10 + 8 - 1 - 4, 20 + left * 4, 4, 30 - left * 4)


def test_the_first_character_without_a_glyph_is_found() -> None:
    """Among the fixed text and, where there is a serial in it, among all that the serial can hold."""
    assert fitting.missing(("Tee", ""), ("A", "B")) is None
    assert fitting.missing(("Čaj\nж",), ()) is None
    assert fitting.missing(("Čaj 茶 水",), ()) == "茶"
    assert fitting.missing(("a", ""), ("A", "茶")) == "茶"
    assert fitting.missing(("a",), ("A", "茶")) is None


def test_a_text_is_drawn_where_the_printer_lacks_one_of_its_characters() -> None:
    """The backslash is one; a line break is no character; what only a serial could hold counts where it is shown."""
    assert not fitting.drawn(('Tee\n"~^_{|}', ""), ("AB",))
    assert fitting.drawn(("Teë",), ())
    assert fitting.drawn(("C:\\",), ())
    assert fitting.drawn(("a", ""), ("A", "ж"))
    assert not fitting.drawn(("a",), ("A", "ж"))


def test_accents_are_composed() -> None:
    """A letter and a combining accent are one character in the fonts (Unicode normalisation form C)."""
    assert fitting.composed(("Ca\u0301f", "e\u0301")) == ("Cáf", "é")


def test_errors_show_a_long_text_shortened() -> None:
    """With the serial by its name."""
    assert fitting.shown(("SN ", "")) == '"SN {serial}"'
    assert len(fitting.shown(("x" * 500,))) == 82
