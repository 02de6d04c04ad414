"""Label formats: what a label looks like, as a TOML file in mm. docs/label-formats.md describes every key.

A format is read once and knows nothing of a batch or a resolution yet; labels.compiling fills it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType

from labelsvc.data import data_dir
from labelsvc.domain import gs1
from labelsvc.domain.gs1 import ProductKind
from labelsvc.errors import InvalidInput
from labelsvc.labels import elements, fonts, source
from labelsvc.labels.elements import Barcode, Element, Image, Text
from labelsvc.labels.expressions import SERIAL
from labelsvc.labels.layout import Box, Sheet
from labelsvc.labels.reading import Keys
from labelsvc.labels.source import Entry, Place

SIDES = (5.0, 500.0)
"""mm of a label's width and height."""

MOST_ELEMENTS = 200
MOST_FILES = 20

KEYS: Mapping[str, tuple[str, ...]] = {
    "format": ("name", "title", "description", "for", "width", "height"),
    "limits": ("product_name", "product_code", "lot_number", "serial", "line", "quantity", "digital_link"),
    "sheet": ("page", "grid", "corner", "pitch"),
    **elements.KEYS,
}
"""Every key of every table; `format` is the head of the file."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_TRADE_ITEMS: Sequence[ProductKind] = ("gtin", "item")
_KINDS: Sequence[ProductKind] = (*_TRADE_ITEMS, "sscc")


@dataclass(frozen=True, slots=True)
class Limits:
    """The longest values that a format promises to take; longer ones are taken where they fit.

    Attributes:
        product_name, product_code, lot_number, serial, line, digital_link: characters.
        quantity: labels in a batch.
    """

    product_name: int
    product_code: int
    lot_number: int
    serial: int
    line: int
    quantity: int
    digital_link: int


@dataclass(frozen=True, slots=True)
class LabelFormat:
    """One revision of a label format.

    Attributes:
        kinds: of the products it is for.
        width, height: of the label, mm.
        toml, files: what it was read from; pictures by name.
        revision: sha256 in hexadecimal of all that its labels depend on: text, pictures, fonts.
    """

    name: str
    title: str
    description: str
    kinds: tuple[ProductKind, ...]
    width: float
    height: float
    sheet: Sheet | None
    limits: Limits
    elements: tuple[Element, ...]
    toml: str
    files: Mapping[str, bytes]
    revision: str

    @classmethod
    def parse(cls, toml: str, files: Mapping[str, bytes] = MappingProxyType({})) -> LabelFormat:
        """Read a format and check all that can be checked without values.

        Args:
            files: PNG files by the name that the format gives them.

        Raises:
            InvalidInput: format_*, gs1_*; the message says line and key, the facts hold them as `line` and `key`.
        """
        head, *tables = source.read(toml)
        keys = Keys(head, KEYS["format"])
        limits, sheet, declared = _sorted(tables)
        label = Box(0, 0, keys.mm("width", SIDES), keys.mm("height", SIDES))
        parsed = tuple(elements.parse(entry, label, files) for entry in declared)
        _check_files(files, parsed)
        kinds = _kinds(keys, parsed)
        _check_serial(parsed)
        return cls(
            name=_name(keys),
            title=keys.text("title", 100),
            description=keys.text("description", 1000, ""),
            kinds=kinds,
            width=label.width,
            height=label.height,
            sheet=_sheet(Keys(sheet, KEYS["sheet"]), label) if sheet else None,
            limits=_limits(Keys(limits, KEYS["limits"])),
            elements=parsed,
            toml=toml,
            files=MappingProxyType(dict(files)),
            revision=_revision(toml, files),
        )


def _name(keys: Keys) -> str:
    if not _NAME.fullmatch(keys.text("name", 40)):
        raise keys.wrong("name", "a name of a-z, 0-9 and - that is 1 to 40 characters long")
    return keys.text("name", 40)


def _sorted(tables: Sequence[Entry]) -> tuple[Entry, Entry | None, list[Entry]]:
    """Tell limits, sheet and elements apart, and refuse other tables and too many of them."""
    single: dict[str, Entry] = {"limits": Entry("limits", 0, 1, {}, {})}
    declared: list[Entry] = []
    for entry in tables:
        if entry.kind in elements.KEYS and entry.number:
            declared.append(entry)
        elif entry.kind in ("limits", "sheet") and not entry.number:
            single[entry.kind] = entry
        else:
            known = ", ".join(["[limits]", "[sheet]", *(f"[[{kind}]]" for kind in elements.KEYS)])
            got = f"[[{entry.kind}]]" if entry.number else f"[{entry.kind}]"
            raise entry.place.error("format_key", f"one of the tables {known}", got)
    if len(declared) > MOST_ELEMENTS:
        raise declared[-1].place.error("format_too_large", f"at most {MOST_ELEMENTS} elements", f"{len(declared)}")
    return single["limits"], single.get("sheet"), declared


def _kinds(keys: Keys, parsed: Sequence[Element]) -> tuple[ProductKind, ...]:
    """Read what the format is for: one with AI (00) for logistic units, else trade items.

    Of those, only the ones with a GTIN, where a barcode always needs one.
    """
    if any("00" in element.ais for element in parsed if isinstance(element, Barcode)):
        kinds = keys.choices("for", _KINDS, ("sscc",))
        if kinds != ("sscc",):
            raise keys.at("for").error("format_rules", 'for = ["sscc"] with AI (00)', "trade items too")
        return kinds
    needing = [element.stance.place for element in parsed if isinstance(element, Barcode) and _needs_gtin(element)]
    kinds = keys.choices("for", _KINDS, ("gtin",) if needing else tuple(_TRADE_ITEMS))
    if needing and kinds != ("gtin",):
        others = "own items too" if "item" in kinds else "logistic units"
        raise keys.at("for").error(
            "format_rules", f'for = ["gtin"], or when = "product.gtin" in {needing[0].owner}', others
        )
    return tuple(kind for kind in _KINDS if kind in kinds)


def _needs_gtin(barcode: Barcode) -> bool:
    condition = barcode.stance.condition
    only_then = condition is not None and (condition.name, condition.there) in (
        ("product.gtin", True),
        ("product.item", False),
    )
    return bool(barcode.ais) and not only_then


def _check_serial(parsed: Sequence[Element]) -> None:
    """Check that the label shows its serial, and what its Application Identifiers ask of each other (R2)."""
    asked = [ai.removesuffix("?") for element in parsed if isinstance(element, Barcode) for ai in element.ais]
    expressed = [element.data for element in parsed if isinstance(element, Barcode) and element.data]
    expressed += [element.expression for element in parsed if isinstance(element, Text)]
    if not {"00", "21"} & set(asked) and not any(
        {SERIAL, "digital_link"} & expression.names for expression in expressed
    ):
        raise Place(1, "format").error("format_rules", "the serial in a text or a barcode", "a label without it")
    first = next((element.stance.place for element in parsed if isinstance(element, Barcode) and element.ais), None)
    if first:
        with first.within():
            gs1.check_item_carriers((ai, "") for ai in asked)


def _check_files(files: Mapping[str, bytes], parsed: Sequence[Element]) -> None:
    if len(files) > MOST_FILES:
        raise InvalidInput("format_too_large", f"Expected at most {MOST_FILES} files, got {len(files)}.")
    unused = files.keys() - {element.file for element in parsed if isinstance(element, Image)}
    if unused:
        raise InvalidInput("format_image", f"Expected files that an image names, got {min(unused)[:100]!r}.")


def _limits(keys: Keys) -> Limits:
    return Limits(
        product_name=keys.whole("product_name", (1, 200), 40),
        product_code=keys.whole("product_code", (1, 30), 14),
        lot_number=keys.whole("lot_number", (1, 20), 20),
        serial=keys.whole("serial", (1, 20), 20),
        line=keys.whole("line", (1, 40), 10),
        quantity=keys.whole("quantity", (1, 10_000_000), 10_000_000),
        digital_link=keys.whole("digital_link", (12, 100), 36),
    )


def _sheet(keys: Keys, label: Box) -> Sheet:
    page_width, page_height = keys.lengths("page", "width, height", (10, 2000))
    columns, rows = _grid(keys)
    left, top = keys.lengths("corner", "left, top", (0, 1000))
    across, down = keys.lengths("pitch", "across, down", (1, 1000))
    if across < label.width - 1e-6 or down < label.height - 1e-6:
        raise keys.wrong("pitch", f"a pitch of at least the label's {label.width:g} x {label.height:g} mm")
    right, bottom = left + (columns - 1) * across + label.width, top + (rows - 1) * down + label.height
    if right > page_width + 1e-6 or bottom > page_height + 1e-6:
        size = f"{page_width:g} x {page_height:g} mm"
        raise keys.at("grid").error("format_off_label", f"labels on the page of {size}", f"{right:g} x {bottom:g} mm")
    return Sheet(page_width, page_height, columns, rows, left, top, across, down)


def _grid(keys: Keys) -> tuple[int, int]:
    columns, rows = keys.lengths("grid", "columns, rows", (1, 100))
    if columns % 1 or rows % 1:
        raise keys.wrong("grid", "[columns, rows] in whole numbers")
    return int(columns), int(rows)


def _revision(toml: str, files: Mapping[str, bytes]) -> str:
    """Digest each part by itself first, so that no part can be taken for another."""
    total = hashlib.sha256(b"labelsvc label format 1\n")
    named = [part for name in sorted(files) for part in (name.encode(), files[name])]
    for part in (toml.encode(), fonts.digest().encode(), *named):
        total.update(hashlib.sha256(part).digest())
    return total.hexdigest()


@cache
def shipped() -> Mapping[str, LabelFormat]:
    """Read the formats that come with labelsvc, by name."""
    read = [LabelFormat.parse(path.read_text("utf-8")) for path in sorted(data_dir("label_formats").glob("*.toml"))]
    return MappingProxyType({fmt.name: fmt for fmt in read})


def parsed(toml: str, files: Mapping[str, bytes]) -> LabelFormat:
    """Read a format that was read before and proved right; the last few are kept, as every batch asks for one."""
    return _parsed(toml, tuple(sorted(files.items())))


@lru_cache(maxsize=64)
def _parsed(toml: str, files: tuple[tuple[str, bytes], ...]) -> LabelFormat:
    return LabelFormat.parse(toml, dict(files))
