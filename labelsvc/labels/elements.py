"""The elements of a label format as it declares them: texts, barcodes, lines, boxes, images. Lengths are in mm."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from labelsvc.labels import expressions, images
from labelsvc.labels.applications import ApplicationName, application
from labelsvc.labels.expressions import Expression
from labelsvc.labels.layout import Align, Box, FontName, Rotation
from labelsvc.labels.reading import Keys
from labelsvc.labels.source import Entry, Place
from labelsvc.labels.symbols import Symbology
from labelsvc.labels.values import Values

VerticalAlign = Literal["top", "middle", "bottom"]
Break = Literal["words", "anywhere"]
Carrier = Literal["code-128", "gs1-128", "qr", "digital-link-qr", "gs1-datamatrix"]

LEAST_SIZE = 1.6
"""Of type, mm: a printer's font 0 is at least 10 dots high, which at 8 dots per mm is a line of 1.5625 mm."""

_ALIGNS: Sequence[Align] = ("left", "center", "right")
_VERTICAL_ALIGNS: Sequence[VerticalAlign] = ("top", "middle", "bottom")
_BREAKS: Sequence[Break] = ("words", "anywhere")
_FONTS: Sequence[FontName] = ("sans", "bold")
_ROTATIONS: Sequence[Rotation] = (0, 90, 180, 270)
_SIDES = (0.0, 500.0)

SYMBOLOGIES: Mapping[Carrier, Symbology] = {
    "code-128": "code-128",
    "gs1-128": "gs1-128",
    "qr": "qr",
    "digital-link-qr": "qr",
    "gs1-datamatrix": "gs1-datamatrix",
}
"""What each kind of barcode is encoded as."""

_CARRIERS: Sequence[Carrier] = tuple(SYMBOLOGIES)
_WITH_AIS: frozenset[Carrier] = frozenset({"gs1-128", "digital-link-qr", "gs1-datamatrix"})
_APPLICATIONS: Sequence[ApplicationName] = ("own", "healthcare", "general-distribution", "retail")


@dataclass(frozen=True, slots=True)
class Condition:
    """When an element is drawn: where a batch has a value, or where it has it not."""

    name: str
    there: bool

    def holds(self, values: Values) -> bool:
        """Tell whether the element is drawn for a batch."""
        return expressions.present(self.name, values) == self.there


@dataclass(frozen=True, slots=True)
class Stance:
    """What every element has: where it is declared, when it is drawn, where it is and how it stands there.

    Attributes:
        box: where the ink falls, after rotation.
        rotation: clockwise.
    """

    place: Place
    condition: Condition | None
    box: Box
    rotation: Rotation = 0
    align: Align = "left"
    vertical_align: VerticalAlign = "top"


@dataclass(frozen=True, slots=True)
class Text:
    """A text.

    Attributes:
        size, min_size: height of a line; set as large as fits between the two.
        lines: it is wrapped on at most so many.
        spacing: from line to line, in parts of the size.
        breaking: where a line may end; `anywhere` only where `words` does not fit at all.
    """

    stance: Stance
    expression: Expression
    font: FontName
    size: float
    min_size: float
    lines: int
    spacing: float
    breaking: Break


@dataclass(frozen=True, slots=True)
class ModuleWidth:
    """Least, preferred and greatest width of a module."""

    least: float
    target: float
    most: float


@dataclass(frozen=True, slots=True)
class Barcode:
    """A barcode; its box holds the symbol, its quiet zone and the human-readable lines.

    Attributes:
        ais: what it carries where it is GS1's; `17?` where the batch has an expiry.
        data: what it carries where it is not.
        bar_height: of a linear one; None for all that the box leaves.
        least_bar_height: what the application asks for.
        hri_size: height of the human-readable lines, None without.
    """

    stance: Stance
    carrier: Carrier
    ais: tuple[str, ...]
    data: Expression | None
    x: ModuleWidth
    bar_height: float | None
    least_bar_height: float
    hri_size: float | None

    @property
    def symbology(self) -> Symbology:
        """What it is encoded as."""
        return SYMBOLOGIES[self.carrier]


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line (filled), a frame of `thickness`, or a filled box (None)."""

    stance: Stance
    thickness: float | None


@dataclass(frozen=True, slots=True)
class Image:
    """A picture in black and white.

    Attributes:
        threshold: pixels darker than this are black; 0 is black, 1 is white.
    """

    stance: Stance
    file: str
    threshold: float


Element = Text | Barcode | Stroke | Image

_EVERY = ("when", "unless")
KEYS: Mapping[str, tuple[str, ...]] = {
    "text": (
        *("value", "box", "font", "size", "min_size", "lines", "break", "spacing", "align", "valign", "rotation"),
        *_EVERY,
    ),
    "barcode": (
        *("symbology", "ais", "data", "box", "application", "x", "bar_height", "hri", "hri_size"),
        *("align", "valign", "rotation"),
        *_EVERY,
    ),
    "line": ("from", "to", "thickness", *_EVERY),
    "box": ("box", "thickness", "fill", *_EVERY),
    "image": ("file", "box", "threshold", "align", "valign", "rotation", *_EVERY),
}
"""Every key of every kind of element."""


def parse(entry: Entry, label: Box, files: Mapping[str, bytes]) -> Element:
    """Read an element.

    Args:
        label: the whole label.
        files: pictures by name.

    Raises:
        InvalidInput: format_*.
    """
    keys = Keys(entry, KEYS[entry.kind])
    if entry.kind == "image":
        return _image(keys, label, files)
    readers: Mapping[str, Callable[[Keys, Box], Element]] = {
        "text": _text,
        "barcode": _barcode,
        "line": _line,
        "box": _box,
    }
    return readers[entry.kind](keys, label)


def _stance(keys: Keys, box: Box, align: Align, vertical_align: VerticalAlign) -> Stance:
    return Stance(
        keys.place,
        _condition(keys),
        box,
        rotation=keys.choice("rotation", _ROTATIONS, 0),
        align=keys.choice("align", _ALIGNS, align),
        vertical_align=keys.choice("valign", _VERTICAL_ALIGNS, vertical_align),
    )


def _condition(keys: Keys) -> Condition | None:
    if keys.has("when") and keys.has("unless"):
        raise keys.at("unless").error("format_value", "when or unless", "both")
    for key in _EVERY:
        if keys.has(key):
            return Condition(keys.choice(key, expressions.OPTIONAL), there=key == "when")
    return None


def _text(keys: Keys, label: Box) -> Text:
    box = keys.box("box", label)
    stance = _stance(keys, box, "left", "top")
    size = keys.mm("size", (LEAST_SIZE, 200))
    min_size = keys.mm("min_size", (LEAST_SIZE, size), size)
    height = box.width if stance.rotation in (90, 270) else box.height
    if min_size > height + 1e-6:
        raise keys.at("box").error("format_value", f"room for a line of {min_size:g} mm", f"{height:g} mm")
    return Text(
        stance,
        expressions.parse(keys.text("value", expressions.LONGEST), keys.at("value")),
        font=keys.choice("font", _FONTS, "sans"),
        size=size,
        min_size=min_size,
        lines=keys.whole("lines", (1, 50), 1),
        spacing=keys.number("spacing", (0.8, 3), 1),
        breaking=keys.choice("break", _BREAKS, "words"),
    )


def _barcode(keys: Keys, label: Box) -> Barcode:
    carrier = keys.choice("symbology", _CARRIERS)
    ais, data = _content(keys, carrier)
    x, least_bar_height = _module_width(keys, SYMBOLOGIES[carrier])
    linear = carrier in ("code-128", "gs1-128")
    if keys.has("bar_height") and not linear:
        raise keys.wrong("bar_height", "no bar_height with a matrix symbol")
    if keys.has("hri_size") and not keys.flag("hri"):
        raise keys.at("hri_size").error("format_value", "hri = true with hri_size", "none")
    return Barcode(
        _stance(keys, keys.box("box", label), "center", "middle"),
        carrier,
        ais,
        data,
        x,
        bar_height=keys.mm("bar_height", (least_bar_height, 500)) if keys.has("bar_height") else None,
        least_bar_height=least_bar_height if linear else 0,
        hri_size=keys.mm("hri_size", (LEAST_SIZE, 20), 2.5) if keys.flag("hri") else None,
    )


def _content(keys: Keys, carrier: Carrier) -> tuple[tuple[str, ...], Expression | None]:
    wanted, other = ("ais", "data") if carrier in _WITH_AIS else ("data", "ais")
    if keys.has(other):
        raise keys.at(other).error("format_value", f"the key {wanted} with {carrier}", other)
    if wanted == "data":
        return (), expressions.parse(keys.text("data", expressions.LONGEST), keys.at("data"))
    named = [*expressions.AIS.items(), *expressions.UNIT_AIS.items()]
    known = sorted({ai for ai, _ in named} | {f"{ai}?" for ai, name in named if name in expressions.OPTIONAL})
    ais = keys.choices("ais", known)
    if len({ai.removesuffix("?") for ai in ais}) != len(ais):
        raise keys.wrong("ais", "every Application Identifier once")
    if carrier == "digital-link-qr" and ais[0] != "01":
        raise keys.wrong("ais", "01 first in a Digital Link")
    return ais, None


def _module_width(keys: Keys, symbology: Symbology) -> tuple[ModuleWidth, float]:
    """Read the limits of the module width and the least height of bars."""
    name = keys.choice("application", _APPLICATIONS, "own")
    row = application(name, symbology)
    if row is None:
        raise keys.at("application").error("format_value", f"an application that uses {symbology}", name)
    if row.x_min is None or row.x_target is None or row.x_max is None:
        least, target, most = keys.lengths("x", "least, target, most", (0.05, 5))
        if not least <= target <= most:
            raise keys.wrong("x", "[least, target, most] in this order")
        return ModuleWidth(least, target, most), row.bar_height or 0
    if keys.has("x"):
        raise keys.at("x").error("format_value", f"no x, for the application {name} says it", "one")
    return ModuleWidth(row.x_min, row.x_target, row.x_max), row.bar_height or 0


def _line(keys: Keys, label: Box) -> Stroke:
    (x0, y0), (x1, y1) = keys.lengths("from", "x, y", _SIDES), keys.lengths("to", "x, y", _SIDES)
    thickness = keys.mm("thickness", (0.1, 50), 0.25)
    if (x0 == x1) == (y0 == y1):
        raise keys.at("to").error("format_value", "a line across or down", f"one from {x0:g}, {y0:g} to {x1:g}, {y1:g}")
    across, half = y0 == y1, thickness / 2
    left, top = min(x0, x1) - (0 if across else half), min(y0, y1) - (half if across else 0)
    width, height = (abs(x1 - x0), thickness) if across else (thickness, abs(y1 - y0))
    box = keys.on_label("from", Box(left, top, width, height), label)
    return Stroke(Stance(keys.place, _condition(keys), box), None)


def _box(keys: Keys, label: Box) -> Stroke:
    box, fill = keys.box("box", label), keys.flag("fill")
    if fill and keys.has("thickness"):
        raise keys.at("thickness").error("format_value", "fill or thickness", "both")
    thickness = None if fill else keys.mm("thickness", (0.1, max(0.1, min(box.width, box.height) / 2)), 0.25)
    return Stroke(Stance(keys.place, _condition(keys), box), thickness)


def _image(keys: Keys, label: Box, files: Mapping[str, bytes]) -> Image:
    file = keys.text("file", 100)
    if file not in files:
        given = ", ".join(sorted(files)) or "no files"
        raise keys.at("file").error("format_image", f"a file of the format ({given})", repr(file))
    images.read(files[file], keys.at("file"))
    stance = _stance(keys, keys.box("box", label), "center", "middle")
    if min(stance.box.width, stance.box.height) < 1:
        raise keys.wrong("box", "a box of at least 1 x 1 mm")
    return Image(stance, file, keys.number("threshold", (0, 1), 0.5))
