"""A format file is read as a whole: its head, its sheet, its limits, its name for ever."""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path

import pytest
from PIL import Image

from labelsvc.data import data_dir
from labelsvc.errors import InvalidInput
from labelsvc.labels import fonts, formats
from labelsvc.labels.formats import LabelFormat, Limits
from labelsvc.labels.layout import Sheet

HEAD = 'name = "a"\ntitle = "A"\nwidth = 60\nheight = 30\n'
SERIAL = '[[text]]\nvalue = "{serial}"\nbox = [0, 0, 60, 3]\nsize = 3\n'
IMAGE = '[[image]]\nfile = "logo.png"\nbox = [1, 5, 50, 20]\n'
SHEET = "[sheet]\npage = [210, 297]\ngrid = [3, 8]\ncorner = [10, 10]\npitch = [62, 32]\n"
GS1 = (
    '[[barcode]]\nsymbology = "gs1-datamatrix"\nais = ["01", "21"]\nbox = [0, 5, 20, 20]\napplication = "healthcare"\n'
)
DOCUMENT = Path(formats.__file__).parents[2] / "docs" / "label-formats.md"


def png(colour: int = 0) -> bytes:
    """Write a small picture."""
    file = io.BytesIO()
    Image.new("L", (4, 4), colour).save(file, "PNG")
    return file.getvalue()


MISTAKES = [
    ("", "format_missing", "Expected the key width, which must be there, got none (line 1, key width of format)."),
    (HEAD.replace('name = "a"\n', "") + SERIAL, "format_missing", "Expected the key name"),
    (
        HEAD.replace('"a"', '"Ä"') + SERIAL,
        "format_value",
        "a name of a-z, 0-9 and - that is 1 to 40 characters long, got 'Ä'",
    ),
    (HEAD.replace('"a"', '"-a"') + SERIAL, "format_value", "got '-a' (line 1, key name of format)"),
    (HEAD.replace('"a"', '"../a"') + SERIAL, "format_value", "got '../a'"),
    (
        HEAD.replace("60", "501") + SERIAL,
        "format_value",
        "a length of 5 to 500 mm, got 501 (line 3, key width of format)",
    ),
    (HEAD.replace("30", "4") + SERIAL, "format_value", "a length of 5 to 500 mm, got 4 (line 4, key height of format)"),
    (
        HEAD + "colour = 3\n" + SERIAL,
        "format_key",
        "name, title, description, for, width, height, got 'colour' (line 5, key",
    ),
    (HEAD + "[text]\nsize = 3\n" + SERIAL.replace("[[text]]", "[[box]]"), "format_key", "got [text] (line 5, text)"),
    (
        HEAD + SERIAL + "[[circle]]\nr = 3\n",
        "format_key",
        "Expected one of the tables [limits], [sheet], [[text]], [[barcode]]",
    ),
    (HEAD + "[[limits]]\n" + SERIAL, "format_key", "got [[limits]]"),
    (
        HEAD + "text = [{ value = 'x' }]\n" + SERIAL.replace("text", "box"),
        "format_key",
        "got 'text' (line 5, key text of format)",
    ),
    (
        HEAD + 'for = ["gln"]\n' + SERIAL,
        "format_value",
        "a list of different ones of gtin, item, sscc, got ['gln'] (line 5, key for",
    ),
    (HEAD + "for = []\n" + SERIAL, "format_value", "a list of different ones of gtin, item"),
    (
        HEAD + 'for = ["item"]\n' + SERIAL + GS1,
        "format_rules",
        'or when = "product.gtin" in barcode 1, got own items too (line 5',
    ),
    (
        HEAD + "[limits]\nserial = 21\n" + SERIAL,
        "format_value",
        "a whole number of 1 to 20, got 21 (line 6, key serial of limits)",
    ),
    (HEAD + "[limits]\ngtin = 1\n" + SERIAL, "format_key", "got 'gtin' (line 6, key gtin of limits)"),
    (HEAD, "format_rules", "Expected the serial in a text or a barcode, got a label without it (line 1, format)."),
    (HEAD + SERIAL.replace("{serial}", "{lot.number}"), "format_rules", "Expected the serial in a text or a barcode"),
    (
        HEAD + SHEET.replace("3, 8", "4, 8") + SERIAL,
        "format_off_label",
        "labels on the page of 210 x 297 mm, got 256 x 264 mm (line 7",
    ),
    # 20 + 8 * 32 + 30 = 306 mm down
    (
        HEAD + SHEET.replace("3, 8", "3, 9").replace("[10, 10]", "[10, 20]") + SERIAL,
        "format_off_label",
        "got 194 x 306 mm",
    ),
    (HEAD + SHEET.replace("3, 8", "3.5, 8") + SERIAL, "format_value", "[columns, rows] in whole numbers"),
    (HEAD + SHEET.replace("3, 8", "0, 8") + SERIAL, "format_value", "[columns, rows] of 1 to 100 mm each"),
    (HEAD + SHEET.replace("62, 32", "59, 32") + SERIAL, "format_value", "a pitch of at least the label's 60 x 30 mm"),
    (
        HEAD + "[sheet]\npage = [210, 297]\n" + SERIAL,
        "format_missing",
        "Expected the key grid, which must be there, got none (line 5",
    ),
    (HEAD + SERIAL * 201, "format_too_large", "Expected at most 200 elements, got 201 (line 805, text 201)."),
    # (21) without (01): GS1 General Specifications 4.14, a serial needs the trade item it is of.
    (
        HEAD + GS1.replace('"01", "21"', '"21"'),
        "gs1_ai_requires",
        "Expected AI (01) or (03) or (8006) with AI (21), got none (line 5",
    ),
]


@pytest.mark.parametrize(("toml", "code", "message"), MISTAKES)
def test_a_mistake_in_the_file_is_named(toml: str, code: str, message: str) -> None:
    """Each with what was expected, and the line."""
    with pytest.raises(InvalidInput) as refusal:
        LabelFormat.parse(toml)
    assert (refusal.value.code, message in refusal.value.message) == (code, True), refusal.value.message
    assert "line" in refusal.value.facts


def test_a_format_is_read_with_what_is_left_out() -> None:
    """Both kinds of product, no sheet, the usual limits."""
    fmt = LabelFormat.parse(HEAD + SERIAL)
    assert (fmt.name, fmt.title, fmt.description, fmt.width, fmt.height) == ("a", "A", "", 60, 30)
    assert fmt.kinds == ("gtin", "item")
    assert fmt.sheet is None
    assert fmt.limits == Limits(40, 14, 20, 20, 10, 10_000_000, 36)


def test_a_gs1_barcode_makes_a_format_one_for_gtins() -> None:
    """Unless it is drawn for products with a GTIN only."""
    assert LabelFormat.parse(HEAD + SERIAL + GS1).kinds == ("gtin",)
    for condition in ('when = "product.gtin"', 'unless = "product.item"'):
        assert LabelFormat.parse(HEAD + SERIAL + GS1 + condition).kinds == ("gtin", "item")
    assert LabelFormat.parse(HEAD + 'for = ["item"]\n' + SERIAL + GS1 + 'when = "product.gtin"').kinds == ("item",)


def test_the_rules_of_identifiers_hold_over_all_barcodes_together() -> None:
    """(21) may stand alone in one symbol where another on the same label has (01)."""
    alone = GS1.replace('"01", "21"', '"21"').replace("[0, 5,", "[30, 5,")
    assert len(LabelFormat.parse(HEAD + GS1 + alone).elements) == 2


def test_a_sheet_is_read() -> None:
    """Eight rows of 32 mm from 10 mm down end at 264 mm."""
    assert LabelFormat.parse(HEAD + SHEET + SERIAL).sheet == Sheet(210, 297, 3, 8, 10, 10, 62, 32)


def test_a_serial_in_a_barcode_or_a_link_is_enough() -> None:
    """It need not be readable text."""
    barcode = '[[barcode]]\nsymbology = "qr"\ndata = "{digital_link}"\nbox = [0, 0, 30, 30]\nx = [0.25, 0.3, 0.5]\n'
    for element in (GS1, barcode):
        assert LabelFormat.parse(HEAD + element).elements


# Files and revisions.


def test_files_are_those_that_images_name() -> None:
    """A file that nothing draws would only change the revision."""
    assert LabelFormat.parse(HEAD + SERIAL + IMAGE, {"logo.png": png()}).files.keys() == {"logo.png"}
    with pytest.raises(InvalidInput, match=r"Expected files that an image names, got 'b\.png'"):
        LabelFormat.parse(HEAD + SERIAL + IMAGE, {"logo.png": png(), "b.png": png()})
    with pytest.raises(InvalidInput, match="Expected at most 20 files, got 21"):
        LabelFormat.parse(HEAD + SERIAL, {f"{number}.png": b"" for number in range(21)})


def test_the_revision_changes_with_everything_that_labels_depend_on() -> None:
    """Text, even a space of it, and pictures by name and content."""
    toml = HEAD + SERIAL + IMAGE
    two = toml + IMAGE.replace("logo", "b")
    revisions = [
        LabelFormat.parse(toml, {"logo.png": png()}).revision,
        LabelFormat.parse(toml + " ", {"logo.png": png()}).revision,
        LabelFormat.parse(toml, {"logo.png": png(1)}).revision,
        LabelFormat.parse(two, {"logo.png": png(1), "b.png": png()}).revision,
        LabelFormat.parse(two, {"logo.png": png(), "b.png": png(1)}).revision,
    ]
    assert len(set(revisions)) == 5
    assert all(re.fullmatch("[0-9a-f]{64}", revision) for revision in revisions)


def test_the_revision_is_a_digest_of_digests() -> None:
    """Kept in databases for ever, so its framing is pinned: header, text, fonts, then name and content by name."""
    toml, picture = HEAD + SERIAL + IMAGE, png()
    parts = [toml.encode(), fonts.digest().encode(), b"logo.png", picture]
    framed = b"labelsvc label format 1\n" + b"".join(hashlib.sha256(part).digest() for part in parts)
    assert LabelFormat.parse(toml, {"logo.png": picture}).revision == hashlib.sha256(framed).hexdigest()


def test_the_order_of_files_does_not_matter() -> None:
    """The same files are the same revision, however they were uploaded."""
    toml = HEAD + SERIAL + IMAGE + IMAGE.replace("logo", "b")
    files = {"logo.png": png(), "b.png": png(9)}
    again = dict(reversed(files.items()))
    assert LabelFormat.parse(toml, files).revision == LabelFormat.parse(toml, again).revision


def test_a_format_read_before_is_the_same_format() -> None:
    """What is kept goes by text and pictures, so another picture is another format."""
    toml = HEAD + SERIAL + IMAGE
    first = formats.parsed(toml, {"logo.png": png()})
    assert formats.parsed(toml, {"logo.png": png()}) == first == LabelFormat.parse(toml, {"logo.png": png()})
    assert formats.parsed(toml, {"logo.png": png(1)}).revision != first.revision


# What is shipped, and what is documented.


def test_the_shipped_formats_are_named_as_their_files() -> None:
    """Six of them, for units, own items, cartons, logistic units and office printers."""
    shipped = ["carton-100x150", "item-70x35", "logistic-100x150", "sheet-a4-3x8", "unit-100x50", "unit-50x25"]
    assert list(formats.shipped()) == shipped
    assert {path.stem for path in data_dir("label_formats").iterdir()} == formats.shipped().keys()


def test_every_key_is_documented() -> None:
    """Each key stands in the section of its table in docs/label-formats.md."""
    sections = re.split(r"^##+ ", DOCUMENT.read_text("utf-8"), flags=re.MULTILINE)
    titles = {"format": "The file", "limits": "`[limits]`", "sheet": "`[sheet]`"}
    common = next(section for section in sections if section.startswith("Elements"))
    for table, keys in formats.KEYS.items():
        title = titles.get(table, f"`[[{table}]]`")
        section = next(section for section in sections if section.startswith(title)) + (
            common if table not in titles else ""
        )
        assert [key for key in keys if f"`{key}`" not in section] == [], table


def test_the_examples_in_the_documentation_are_formats() -> None:
    """The first is a whole one; the others are parts that go into one."""
    first, *parts = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text("utf-8"), flags=re.DOTALL)
    LabelFormat.parse(first)
    label = 'name = "a"\ntitle = "A"\nwidth = 60\nheight = 30\n'
    for part in parts:
        head = label.replace("60", "70").replace("30", "37") if "[sheet]" in part else label
        LabelFormat.parse(head + SERIAL + part, {"logo.png": png()} if "logo.png" in part else {})
    used = {key for text in (first, *parts) for key in re.findall(r"^(\w+) =", text, flags=re.MULTILINE)}
    unused = {key for keys in formats.KEYS.values() for key in keys} - used
    assert unused == {"product_code", "line", "quantity", "digital_link"}
