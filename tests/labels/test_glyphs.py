"""A printer shows in any script what the preview shows: such a text is sent as the dots that the PNG has."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelsvc.errors import InvalidInput
from labelsvc.labels import fonts, glyphs, pdf, raster, zpl
from labelsvc.labels.layout import Align, Box, Element, FontName, Layout, Picture, Rotation, TextLine

NAMES = [
    *("Ιβουπροφαίνη 400 mg", "Žluťoučký kůň úpěl", "Größe 50 µg", "Ибупрофен"),
    *("πρωτεΐνη", "Հաբեր", "ტაბლეტი", "½ ÷ ≤ №", "C:\\"),
]
ROTATIONS: list[Rotation] = [0, 90, 180, 270]
ALIGNS: list[Align] = ["left", "center", "right"]
SHOWN = sorted(fonts.widths("sans"))
GRAPHIC = re.compile(rb"\^FO([0-9]+),([0-9]+),0\^GFA,([0-9]+),([0-9]+),([0-9]+),([0-9A-F]+)\^FS")


def layout(*elements: Element, dpmm: int = 8) -> Layout:
    """A label of 100 x 60 mm whose serials are three capitals."""
    return Layout(100, 60, dpmm, elements, frozenset("ABW"), 3)


def text(
    *pieces: str, align: Align = "left", rotation: Rotation = 0, size: float = 5, font: FontName = "sans"
) -> TextLine:
    """A line that is drawn, in a cell 56 mm long."""
    box = Box(20, 20, 56, size) if rotation in (0, 180) else Box(20, 2, size, 56)
    return TextLine(box, pieces, font, size, align, rotation, drawn=True)


def one(made: Layout, serial: str = "AAA") -> bytes:
    return next(zpl.render(made, [serial]))


def same(judges: Any, made: Layout, serial: str = "AAA") -> Any:
    """The dots that zplkit prints, proved to be those of the PNG; True is ink."""
    (printed,) = judges.zpl(one(made, serial), made.dpmm)
    assert (printed == judges.png(raster.draw(made, serial))).all()
    judges.holds_its_ink(printed, made)
    return printed


@pytest.mark.parametrize("dpmm", [8, 12])
@pytest.mark.parametrize("name", NAMES)
def test_a_printer_shows_a_text_dot_for_dot_as_the_preview(judges: Any, name: str, dpmm: int) -> None:
    """However it is turned and aligned, in both fonts, from the smallest size to a large one."""
    for rotation in ROTATIONS:
        for align, size, font in zip(ALIGNS, (1.6, 3.3, 7), ("sans", "bold", "sans"), strict=True):
            line = text(name[:12], align=align, rotation=rotation, size=size, font=font)
            assert judges.ink(same(judges, layout(line, dpmm=dpmm))) is not None


@pytest.mark.parametrize("name", NAMES)
def test_the_dots_are_the_letters_that_another_renderer_draws(judges: Any, name: str) -> None:
    """pdfium, which rounds no letter to dots, has ink at the same places, and nearly as much of it."""
    made = layout(text(name), dpmm=12)
    printed = same(judges, made)
    (page,) = judges.pdf(b"".join(pdf.write(made, ["AAA"], 1)), 12)
    ours, theirs = judges.ink(printed), judges.ink(page)
    assert max(abs(one - other) for one, other in zip(ours, theirs, strict=True)) <= 3
    assert printed.sum() == pytest.approx(page.sum(), rel=0.15)


@settings(max_examples=60)
@given(
    st.text(st.sampled_from(SHOWN), min_size=1, max_size=10),
    st.sampled_from(ALIGNS),
    st.sampled_from(ROTATIONS),
    st.sampled_from([8, 12]),
)
def test_any_text_of_the_shipped_font_is_shown(
    judges: Any, words: str, align: Align, rotation: Rotation, dpmm: int
) -> None:
    """Its ink is in its box, and no byte of what users typed is in the format."""
    made = layout(text(words, align=align, rotation=rotation, size=4), dpmm=dpmm)
    same(judges, made)
    label = one(made)
    assert re.fullmatch(rb"[ -~]*\n", label)
    graphics = GRAPHIC.findall(label)
    assert label.count(b"^GF") == len(graphics) == int(not words.isspace())
    for _, _, total, field, across, data in graphics:
        assert int(total) == int(field) == len(data) / 2
        assert int(total) % int(across) == 0


def test_every_character_of_the_shipped_font_is_drawn_inside_its_cell(judges: Any) -> None:
    """All there are, a hundred on a label."""
    for first in range(0, len(SHOWN), 100):
        lines = [
            TextLine(Box(2 + 9 * (at % 10), 2 + 5 * (at // 10), 8, 4), (char,), "bold", 4, "center", 0, drawn=True)
            for at, char in enumerate(SHOWN[first : first + 100])
        ]
        printed = same(judges, layout(*lines))
        for line in lines:
            left, top, right, bottom = judges.dots(line.box, 8)
            assert printed[top:bottom, left:right].any() is not np.bool_(line.pieces[0].isspace())


def test_a_text_with_the_serial_is_drawn_for_each_label(judges: Any) -> None:
    """What stands behind the serial moves with its width, as in the preview; the other fields stay as they are."""
    made = layout(
        text("č. ", " — ž", align="right"), text("Ω"), TextLine(Box(2, 2, 40, 5), ("", ""), "sans", 5, "left", 0)
    )
    labels = list(zpl.render(made, ["AAA", "WWW", "AAA"]))
    assert labels[0] == labels[2] != labels[1]
    for serial, label in zip(("AAA", "WWW"), labels, strict=False):
        (printed,) = judges.zpl(label, 8)
        picture = judges.png(raster.draw(made, serial))
        left, top, right, bottom = judges.dots(made.elements[0].box, 8)
        assert (printed[top:bottom, left:right] == picture[top:bottom, left:right]).all()
        assert f"^FD{serial}^FS".encode() in label


def test_what_is_the_same_on_all_labels_is_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where labels are asked for one by one, as a printer that confirms each gets them."""
    drawn: list[str] = []
    draw = glyphs._drawn

    def counted(line: TextLine, *rest: Any) -> Any:
        drawn.append(line.pieces[0])
        return draw(line, *rest)

    monkeypatch.setattr(glyphs, "_drawn", counted)
    made = layout(text("only here: Ω"), text("č. ", ""))
    assert len(list(zpl.render(made, ["AAA"] * 50))) == 50
    assert [one(made) for _ in range(50)]
    assert (drawn.count("only here: Ω"), drawn.count("č. ")) == (1, 100)


def test_spaces_alone_are_nothing_to_draw(judges: Any) -> None:
    """A no-break space is not in the printer's font, and has no ink."""
    made = layout(text("\u00a0 \u2003"))
    assert b"^GF" not in one(made)
    assert judges.ink(same(judges, made)) is None


def test_ink_never_leaves_the_label(judges: Any) -> None:
    """A field has no place left of or above the label, so what rounding puts there is cut off."""
    for rotation in ROTATIONS:
        corner = TextLine(Box(0, 0, 3, 3), ("Ǻ",), "sans", 3, "left", rotation, drawn=True)
        same(judges, Layout(3, 3, 8, (corner,), frozenset("A"), 3))


def test_a_picture_too_large_for_a_field_is_cut_in_rows(judges: Any, unpacked: Any) -> None:
    """The guide counts at most 99,999 bytes in one ^GF and sets what is beyond to that."""
    rows, across = 1_500, 100
    checks = (np.arange(rows)[:, None] // 37 + np.arange(across)[None, :] // 7) % 2
    bits = (checks * 0xF5).astype(np.uint8).tobytes()
    made = Layout(100, 190, 8, (Picture(Box(0, 1, 100, rows / 8), 800, rows, bits),), frozenset("A"), 3)
    label = one(made)
    assert [int(field[2]) for field in GRAPHIC.findall(label)] == [99_900, 50_100]
    (printed,) = judges.zpl(label, 8)
    assert (printed[8 : 8 + rows] == unpacked(bits, 800, rows)).all()
    large = TextLine(Box(1, 1, 98, 90), ("ŽŽ",), "bold", 90, "left", 0, drawn=True)
    made = Layout(100, 95, 12, (large,), frozenset("A"), 3)
    assert len(GRAPHIC.findall(one(made))) > 1
    same(judges, made)


def test_no_picture_is_larger_than_its_label() -> None:
    """So a label's bytes have a bound: two for each eight dots of a text's box, and a cell's rounding."""
    line = text("ŽÅ" * 10, size=20)
    (field,) = GRAPHIC.findall(one(layout(line)))
    assert int(field[3]) <= (56 * 8 / 8 + 1) * (20 * 8 + 1)


def test_what_is_drawn_cannot_be_echoed() -> None:
    """A printer sends back text that it prints as such; where there is none, that is said before a number is taken."""
    plain = TextLine(Box(2, 2, 40, 5), ("S/N ", ""), "sans", 5, "left", 0)
    both = layout(text("č. ", ""), plain)
    zpl.check_echo(both)
    assert list(zpl.echoes(both, ["ABW"])) == ["S/N ABW"]
    assert b"^FN1^FH_^FDS/N ABW^FS" in next(zpl.render(both, ["ABW"], echo=True))
    with pytest.raises(
        InvalidInput, match="Expected a line of text with the serial for the printer to echo"
    ) as refusal:
        zpl.check_echo(layout(text("č. ", "")))
    assert refusal.value.code == "format_echo"
