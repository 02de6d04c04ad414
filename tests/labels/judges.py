"""Judges of labels: other people's renderers and decoder, and a ruler for pixels.

All pictures here are arrays of rows and columns in which True is ink; a box in a picture is (left, top, right,
bottom), the last two exclusive.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pypdfium2  # type: ignore[import-untyped]  # it has no types
import zplkit
import zxingcpp
from PIL import Image
from zplkit.rendering import Limits

from labelsvc.labels import fonts
from labelsvc.labels.layout import Box, Element, Layout, PlacedSymbol, TextLine

Pixels = npt.NDArray[np.bool_]
PixelBox = tuple[int, int, int, int]

_DPI = {8: 203, 12: 300}
_CARRIED = zxingcpp.BarcodeFormats(
    (zxingcpp.BarcodeFormat.Code128, zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix)
)
_EXPECTED_WARNING = "Resident fonts use captured bitmap strikes"


@dataclass(frozen=True, slots=True)
class Scan:
    """What a decoder read: AIM identifier, the payload's bytes; of a matrix symbol error correction and version too."""

    identifier: str
    data: bytes
    error_correction: str
    version: str


class Judges:
    """What is asked about printed labels. Nothing in here is labelsvc's own, except that it reads a layout."""

    def zpl(self, formats: bytes, dpmm: int) -> list[Pixels]:
        """Print ZPL as a ZD621 does; whatever zplkit does not read is an error.

        zplkit prints each format once and knows no quantity, so the `^PQ1` that must end every format is taken off.
        """
        once = re.compile(rb"\^PQ1\^XZ\n")
        assert len(once.findall(formats)) == formats.count(b"^XA")
        document = zplkit.render(
            once.sub(b"^XZ", formats),
            zplkit.Options(profile="zd621", dpi=_DPI[dpmm]),
            limits=Limits(labels=formats.count(b"^XA"), graphic_bytes=99_999),
        )
        assert [warning for warning in document.warnings if _EXPECTED_WARNING not in warning] == []
        rasters = [scene.rasterize() for scene in document.labels]
        return [np.frombuffer(raster.pixels, np.uint8).reshape(raster.height, raster.width) < 128 for raster in rasters]

    def pdf(self, file: bytes, dpmm: int) -> list[Pixels]:
        """Rasterise every page of a PDF."""
        document = pypdfium2.PdfDocument(file)
        pages = [page.render(scale=dpmm * 25.4 / 72, grayscale=True).to_numpy() for page in document]
        document.close()
        return [page.reshape(page.shape[:2]) < 128 for page in pages]

    def pdf_label(self, file: bytes, layout: Layout) -> Pixels:
        """Rasterise the first label of a PDF: the first page, or the first place on a sheet."""
        page, dpmm, sheet = self.pdf(file, layout.dpmm)[0], layout.dpmm, layout.sheet
        size = (sheet.page_width, sheet.page_height) if sheet else (layout.width, layout.height)
        assert page.shape == (round(size[1] * dpmm), round(size[0] * dpmm)), "a page of another size"
        left, top = (round(sheet.left * dpmm), round(sheet.top * dpmm)) if sheet else (0, 0)
        return page[top : top + round(layout.height * dpmm), left : left + round(layout.width * dpmm)]

    def png(self, file: bytes) -> Pixels:
        """Open a picture file."""
        return np.array(Image.open(io.BytesIO(file)).convert("L")) < 128

    def scan(self, pixels: Pixels) -> list[Scan]:
        """Decode every symbol in a picture, as a reader that is set to the symbologies that labels carry.

        One that takes every symbology makes an EAN-13 out of a few bars of one in thousands of long Code 128 symbols.
        """
        grey = np.where(pixels, 0, 255).astype(np.uint8)
        return [
            Scan(found.symbology_identifier, found.bytes, *_qr_facts(found.extra))
            for found in zxingcpp.read_barcodes(Image.fromarray(grey), _CARRIED, text_mode=zxingcpp.TextMode.Plain)
        ]

    def scan_symbol(self, pixels: Pixels, placed: PlacedSymbol, dpmm: int) -> Scan:
        """Decode one symbol, from nothing but its own dots and its quiet zone."""
        left, top, right, bottom = self.with_quiet_zone(placed, dpmm)
        (scan,) = self.scan(pixels[top:bottom, left:right])
        return scan

    def ink(self, pixels: Pixels) -> PixelBox | None:
        """Measure where ink is, None where there is none."""
        rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
        if not rows.size:
            return None
        return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1

    def dots(self, box: Box, dpmm: int) -> PixelBox:
        """Give the dots that a box in mm covers, edges rounded to whole dots."""
        return (
            round(box.x * dpmm),
            round(box.y * dpmm),
            round((box.x + box.width) * dpmm),
            round((box.y + box.height) * dpmm),
        )

    def with_quiet_zone(self, placed: PlacedSymbol, dpmm: int) -> PixelBox:
        """Give the dots that a symbol covers together with its quiet zone, which turns with it."""
        quiet, x = placed.symbol.quiet, placed.dots
        # Clockwise from the left side; a turn of 90 degrees brings what was below to the left.
        sides = [quiet.left, quiet.top, quiet.right, quiet.bottom]
        turns = placed.rotation // 90
        left, top, right, bottom = (sides[(side - turns) % 4] * x for side in range(4))
        box = self.dots(placed.box, dpmm)
        return box[0] - left, box[1] - top, box[2] + right, box[3] + bottom

    def modules(self, pixels: Pixels, placed: PlacedSymbol, dpmm: int) -> Pixels:
        """Measure a symbol on a label and give its modules, turned upright.

        Its ink fills its declared box from edge to edge, its quiet zone is free of ink, and every module is one
        square (a bar: one column) of `placed.dots` whole dots.
        """
        left, top, right, bottom = self.dots(placed.box, dpmm)
        around = self.with_quiet_zone(placed, dpmm)
        assert min(around) >= 0, "a quiet zone off the label"
        assert around[2] <= pixels.shape[1], "a quiet zone off the label"
        assert around[3] <= pixels.shape[0], "a quiet zone off the label"
        area = pixels[around[1] : around[3], around[0] : around[2]]
        expected = (left - around[0], top - around[1], right - around[0], bottom - around[1])
        assert self.ink(area) == expected, "ink outside the declared box, or a quiet zone that is not quiet"
        upright = np.rot90(pixels[top:bottom, left:right], placed.rotation // 90)
        rows, columns, x = placed.symbol.rows, placed.symbol.columns, placed.dots
        height = upright.shape[0] if rows == 1 else x
        assert upright.shape == (rows * height, columns * x), "a module that is not whole dots"
        cells = upright.reshape(rows, height, columns, x)
        dark: Pixels = np.asarray(cells.any(axis=(1, 3)))
        assert (dark == cells.all(axis=(1, 3))).all(), "a module whose dots differ"
        return dark

    def holds_its_ink(self, pixels: Pixels, layout: Layout) -> None:
        """Check that every mark on a label lies in the box of an element."""
        rest = pixels.copy()
        for element in layout.elements:
            left, top, right, bottom = self.dots(_with_overhangs(element, layout), layout.dpmm)
            rest[max(0, top) : bottom, max(0, left) : right] = False
        assert self.ink(rest) is None, "ink outside all declared boxes"


def _with_overhangs(element: Element, layout: Layout) -> Box:
    """Give the box of an element, that of a text with what its first or last character may pass it by."""
    box = element.box
    if not isinstance(element, TextLine):
        return box
    passing = fonts.overhangs(element.font)
    sides = [passing.get(char, (0.0, 0.0)) for char in "".join(element.pieces) + "".join(layout.serial_alphabet)]
    more = max(map(max, sides), default=0.0) * element.size
    if element.rotation in (90, 270):
        return Box(box.x, box.y - more, box.width, box.height + 2 * more)
    return Box(box.x - more, box.y, box.width + 2 * more, box.height)


def _qr_facts(extra: object) -> tuple[str, str]:
    facts = extra if isinstance(extra, dict) else {}
    return str(facts.get("ECLevel", "")), str(facts.get("Version", ""))
