"""Every mistake in a format is an error that names its line and its key."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from labelsvc.errors import InvalidInput
from labelsvc.labels import elements
from labelsvc.labels.applications import application
from labelsvc.labels.elements import Barcode, Condition, ModuleWidth, Stroke, Text
from labelsvc.labels.formats import LabelFormat
from labelsvc.labels.layout import Box

HEAD = 'name = "a"\ntitle = "A"\nwidth = 60\nheight = 30\n[[text]]\nvalue = "{serial}"\nbox = [0, 0, 60, 3]\nsize = 3\n'
"""Eight lines; what is tested begins in line 9."""


def png() -> bytes:
    """Write a small picture."""
    file = io.BytesIO()
    Image.new("L", (4, 4)).save(file, "PNG")
    return file.getvalue()


def read(fragment: str) -> elements.Element:
    """Read a format that ends with a fragment, and give its last element."""
    files = {"logo.png": png()} if "logo.png" in fragment else {}
    return LabelFormat.parse(HEAD + fragment, files).elements[-1]


TEXT = '[[text]]\nvalue = "x"\nbox = [0, 5, 60, 5]\nsize = 4\n'
QR = '[[barcode]]\nsymbology = "qr"\ndata = "{serial}"\nbox = [0, 5, 20, 20]\nx = [0.25, 0.3, 0.5]\n'
GS1 = (
    '[[barcode]]\nsymbology = "gs1-datamatrix"\nais = ["01", "21"]\nbox = [0, 5, 20, 20]\napplication = "healthcare"\n'
)
LINE = "[[line]]\nfrom = [1, 10]\nto = [50, 10]\n"
BOX = "[[box]]\nbox = [1, 5, 50, 20]\n"
IMAGE = '[[image]]\nfile = "logo.png"\nbox = [1, 5, 50, 20]\n'

MISTAKES = [
    # every element
    (
        TEXT + "colour = 1",
        "format_key",
        13,
        "colour",
        "Expected one of the keys value, box, font, size, min_size, lines",
    ),
    (
        TEXT.replace("5, 60, 5", "5, 61, 5"),
        "format_off_label",
        11,
        "box",
        "on the label of 60 x 30 mm, got one from 0, 5 to 61",
    ),
    (TEXT.replace("5, 60, 5", "26, 60, 5"), "format_off_label", 11, "box", "to 60, 31"),
    (TEXT.replace("[0, 5", "[-1, 5"), "format_value", 11, "box", "[x, y, width, height] of 0 to 1000 mm each"),
    (TEXT.replace("5, 60, 5", "5, 60"), "format_value", 11, "box", "[x, y, width, height] in mm, got [0, 5, 60]"),
    (TEXT.replace("5, 60, 5", "5, nan, 5"), "format_value", 11, "box", "in mm, got [0, 5, nan, 5]"),
    (TEXT.replace("5, 60, 5", "5, inf, 5"), "format_value", 11, "box", "in mm"),
    (TEXT.replace("5, 60, 5", "5, 0, 5"), "format_value", 11, "box", "a box wider and higher than 0 mm"),
    (TEXT.replace("5, 60, 5", "5, true, 5"), "format_value", 11, "box", "in mm"),
    (TEXT.replace("[0, 5, 60, 5]", '"all"'), "format_value", 11, "box", "got 'all'"),
    (TEXT + "rotation = 45", "format_value", 13, "rotation", "Expected one of 0, 90, 180, 270, got 45"),
    (TEXT + "rotation = true", "format_value", 13, "rotation", "got True"),
    (TEXT + 'align = "top"', "format_value", 13, "align", "Expected one of left, center, right, got 'top'"),
    (TEXT + 'valign = "left"', "format_value", 13, "valign", "Expected one of top, middle, bottom"),
    (
        TEXT + 'when = "lot.number"',
        "format_value",
        13,
        "when",
        "Expected one of product.gtin, product.item, lot.expiry",
    ),
    (
        TEXT + 'when = "lot.expiry"\nunless = "batch.line"',
        "format_value",
        14,
        "unless",
        "Expected when or unless, got both",
    ),
    # texts
    (
        "[[text]]\nbox = [0, 5, 60, 5]\nsize = 4",
        "format_missing",
        9,
        "value",
        "the key value, which must be there, got none",
    ),
    (TEXT.replace("size = 4\n", ""), "format_missing", 9, "size", "Expected the key size"),
    (TEXT.replace("size = 4", "size = 1.5"), "format_value", 12, "size", "a length of 1.6 to 200 mm, got 1.5"),
    (TEXT.replace("size = 4", 'size = "4"'), "format_value", 12, "size", "got '4'"),
    (TEXT.replace("size = 4", "size = true"), "format_value", 12, "size", "got True"),
    (TEXT.replace("size = 4", "size = " + "9" * 400), "format_value", 12, "size", "999..."),
    (TEXT + "min_size = 5", "format_value", 13, "min_size", "a length of 1.6 to 4 mm, got 5"),
    (TEXT.replace("size = 4", "size = 6"), "format_value", 11, "box", "Expected room for a line of 6 mm, got 5 mm"),
    (TEXT + "lines = 0", "format_value", 13, "lines", "a whole number of 1 to 50, got 0"),
    (TEXT + "lines = 2.0", "format_value", 13, "lines", "got 2.0"),
    (TEXT + "spacing = 0.5", "format_value", 13, "spacing", "a number of 0.8 to 3"),
    (TEXT + 'font = "serif"', "format_value", 13, "font", "Expected one of sans, bold"),
    (TEXT + 'break = "never"', "format_value", 13, "break", "Expected one of words, anywhere"),
    (TEXT.replace('"x"', '""'), "format_value", 10, "value", "a text of 1 to 500 characters, got ''"),
    (TEXT.replace('"x"', '"{lot}"'), "format_expression", 10, "value", "in braces, got 'lot'"),
    # barcodes
    (
        QR.replace('"qr"', '"aztec"'),
        "format_value",
        10,
        "symbology",
        "Expected one of code-128, gs1-128, qr, digital-link-qr",
    ),
    (QR.replace('data = "{serial}"\n', ""), "format_missing", 9, "data", "Expected the key data"),
    (QR + 'ais = ["01"]', "format_value", 14, "ais", "Expected the key data with qr, got ais"),
    (QR.replace('"{serial}"', '"{serial"'), "format_expression", 11, "data", "Expected {{ or }}"),
    (QR.replace("x = [0.25, 0.3, 0.5]\n", ""), "format_missing", 9, "x", "Expected the key x"),
    (QR.replace("0.25, 0.3, 0.5", "0.3, 0.25, 0.5"), "format_value", 13, "x", "[least, target, most] in this order"),
    (QR.replace("0.25, 0.3, 0.5", "0.25, 0.5"), "format_value", 13, "x", "[least, target, most] in mm"),
    (QR + "bar_height = 10", "format_value", 14, "bar_height", "no bar_height with a matrix symbol"),
    (QR + "hri_size = 3", "format_value", 14, "hri_size", "Expected hri = true with hri_size, got none"),
    (QR + "hri = 1", "format_value", 14, "hri", "Expected true or false, got 1"),
    (
        QR + 'application = "healthcare"',
        "format_value",
        14,
        "application",
        "an application that uses qr, got healthcare",
    ),
    (GS1 + "x = [0.2, 0.3, 0.4]", "format_value", 14, "x", "Expected no x, for the application healthcare says it"),
    (
        GS1.replace('"01", "21"', '"01", "22"'),
        "format_value",
        11,
        "ais",
        "a list of different ones of 00, 01, 01?, 02, 02?, 10, 10?, 11, 15, 15?, 17, 17?, 21, 37, 37?",
    ),
    (GS1.replace('"01", "21"', '"01", "21?"'), "format_value", 11, "ais", "a list of different ones"),
    (GS1.replace('"01", "21"', '"01", "01"'), "format_value", 11, "ais", "a list of different ones"),
    (GS1.replace('"01", "21"', '"01", "17", "17?"'), "format_value", 11, "ais", "every Application Identifier once"),
    (GS1.replace('"01", "21"', ""), "format_value", 11, "ais", "a list of different ones"),
    (GS1.replace('["01", "21"]', '"01"'), "format_value", 11, "ais", "a list of different ones"),
    (GS1.replace('"01", "21"', "1, 21"), "format_value", 11, "ais", "a list of different ones"),
    (GS1 + 'data = "{serial}"', "format_value", 14, "data", "Expected the key ais with gs1-datamatrix, got data"),
    (
        GS1.replace("gs1-datamatrix", "digital-link-qr")
        .replace("healthcare", "retail")
        .replace('"01", "21"', '"21", "01"'),
        *("format_value", 11, "ais", "Expected 01 first in a Digital Link"),
    ),
    (
        GS1.replace("gs1-datamatrix", "gs1-128") + "bar_height = 12",
        "format_value",
        14,
        "bar_height",
        "12.7 to 500 mm, got 12",
    ),
    # lines and boxes
    (
        LINE.replace("[50, 10]", "[50, 11]"),
        "format_value",
        11,
        "to",
        "Expected a line across or down, got one from 1, 10 to 50, 11",
    ),
    (LINE.replace("[50, 10]", "[1, 10]"), "format_value", 11, "to", "Expected a line across or down"),
    (LINE.replace("10]", "0]"), "format_off_label", 10, "from", "on the label"),
    (LINE + "thickness = 0", "format_value", 12, "thickness", "a length of 0.1 to 50 mm"),
    (
        LINE + "rotation = 90",
        "format_key",
        12,
        "rotation",
        "Expected one of the keys from, to, thickness, when, unless",
    ),
    (BOX + "fill = true\nthickness = 1", "format_value", 12, "thickness", "Expected fill or thickness, got both"),
    (BOX + "thickness = 11", "format_value", 11, "thickness", "a length of 0.1 to 10 mm"),
    # images
    (
        IMAGE.replace("logo.png", "other.png"),
        "format_image",
        10,
        "file",
        "Expected a file of the format (no files), got 'other.png'",
    ),
    (IMAGE + "threshold = 2", "format_value", 12, "threshold", "a number of 0 to 1"),
    (IMAGE.replace("50, 20", "50, 0.5"), "format_value", 11, "box", "a box of at least 1 x 1 mm"),
]


@pytest.mark.parametrize(("fragment", "code", "line", "key", "message"), MISTAKES)
def test_a_mistake_is_named_with_its_line_and_key(fragment: str, code: str, line: int, key: str, message: str) -> None:
    """The message says what was expected, and line, key and element; so do the facts."""
    with pytest.raises(InvalidInput) as refusal:
        read(fragment)
    assert refusal.value.code == code
    assert message in refusal.value.message
    assert refusal.value.message.startswith("Expected ")
    found = re.search(r"\(line (\d+), key (\w+) of (\w+) \d\)\.$", refusal.value.message)
    assert found
    assert (int(found[1]), found[2]) == (line, key)
    assert (refusal.value.facts["line"], refusal.value.facts["key"]) == (line, key)


def test_a_text_is_read_with_what_is_left_out() -> None:
    """Sans, one line, no shrinking, top left, whole words, always."""
    text = read(TEXT)
    assert isinstance(text, Text)
    assert (text.font, text.size, text.min_size, text.lines, text.spacing, text.breaking) == (
        "sans",
        4,
        4,
        1,
        1,
        "words",
    )
    stance = text.stance
    assert (stance.box, stance.rotation, stance.align, stance.vertical_align) == (Box(0, 5, 60, 5), 0, "left", "top")
    assert stance.condition is None


def test_a_turned_text_needs_its_room_across() -> None:
    """At 90 degrees the line's height is along the box's width."""
    assert isinstance(read(TEXT.replace("5, 60, 5", "5, 4, 25") + "rotation = 90"), Text)
    with pytest.raises(InvalidInput, match="Expected room for a line of 4 mm, got 3 mm"):
        read(TEXT.replace("5, 60, 5", "5, 3, 25") + "rotation = 90")


def test_a_barcode_takes_its_limits_from_its_application() -> None:
    """Module width and height of bars of GS1's table, or the format's own."""
    gs1 = read(GS1.replace("gs1-datamatrix", "gs1-128"))
    row = application("healthcare", "gs1-128")
    assert isinstance(gs1, Barcode)
    assert row is not None
    assert gs1.x == ModuleWidth(row.x_min or 0, row.x_target or 0, row.x_max or 0)
    assert gs1.least_bar_height == row.bar_height
    own = read(QR)
    assert isinstance(own, Barcode)
    assert own.x == ModuleWidth(0.25, 0.3, 0.5)
    assert own.hri_size is None


def test_a_digital_link_is_a_qr() -> None:
    """With the limits of a QR in retail."""
    link = read(GS1.replace("gs1-datamatrix", "digital-link-qr").replace("healthcare", "retail"))
    assert isinstance(link, Barcode)
    assert (link.symbology, link.x) == ("qr", ModuleWidth(0.396, 0.495, 0.990))


def test_a_line_has_its_thickness_on_both_sides() -> None:
    """From 1 to 50 at y = 10, 0.25 mm thick: a rectangle from 9.875; down it is the other way round."""
    across, down = read(LINE), read(LINE.replace("[50, 10]", "[1, 2]") + "thickness = 0.5")
    assert isinstance(across, Stroke)
    assert isinstance(down, Stroke)
    assert (across.stance.box, across.thickness) == (Box(1, 9.875, 49, 0.25), None)
    assert (down.stance.box, down.thickness) == (Box(0.75, 2, 0.5, 8), None)


def test_a_box_is_a_frame_or_filled() -> None:
    """0.25 mm thick unless it says otherwise."""
    frame, filled = read(BOX), read(BOX + "fill = true")
    assert isinstance(frame, Stroke)
    assert isinstance(filled, Stroke)
    assert (frame.thickness, filled.thickness) == (0.25, None)


def test_an_element_can_depend_on_a_value() -> None:
    """On its being there, or not."""
    assert read(TEXT + 'when = "lot.expiry"').stance.condition == Condition("lot.expiry", there=True)
    assert read(LINE + 'unless = "lot.expiry"').stance.condition == Condition("lot.expiry", there=False)


def test_an_image_needs_its_file() -> None:
    """It is read when the format is, so that a broken file is found then."""
    read(IMAGE)
    with pytest.raises(
        InvalidInput, match=r"Expected a whole PNG file, got a broken one .* \(line 10, key file of image 1\)"
    ):
        LabelFormat.parse(HEAD + IMAGE, {"logo.png": png()[:45]})
