"""The very bytes of every shipped format's labels belong to one renderer revision.

`digests.json` holds for each revision the sha256 of every golden: of the bytes of ZPL and PDF, of the pixels of PNG.
The goldens themselves lie beside it for people and for pictures of what changed. That they look right is not judged
by their digests: they are read by a decoder, against payloads written down by hand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from labelsvc.domain.gs1 import ProductKind
from labelsvc.domain.logistic_units import Content
from labelsvc.labels import RENDERER_REVISION, pdf, raster, zpl
from labelsvc.labels.compiling import compile_layout
from labelsvc.labels.formats import shipped
from labelsvc.labels.values import Values

HERE = Path(__file__).parent
DIGESTS = HERE / "digests.json"
SHAPE = ("23456789ABCDEFGHJKLMNPQRSTUVWXYZ",) * 10
SERIALS = ["7K3MZ9Q2XW", "4H8VDR5TBN"]
#: Extension digit 3, GS1 company prefix 0952012, serial references 1 and 2.
SSCCS = ["309520120000000015", "309520120000000022"]
VALUES = Values(
    product_code="09506000134352",
    product_kind="gtin",
    product_name="",
    lot_number="L-2026-118",
    production=date(2026, 11, 22),
    expiry=date(2028, 11, 21),
    best_before=None,
    line="3",
    quantity=2,
    digital_link="https://id.example.com",
)
ITEM = replace(VALUES, product_code="PUMP-4711", product_kind="item", expiry=None, best_before=date(2028, 5, 31))
UNIT = replace(
    VALUES,
    product_code="(00)",
    product_kind="sscc",
    content=Content("09506000134352", 48, "L-2026-118", best_before=date(2028, 5, 31)),
)
VALUES_OF: dict[ProductKind, Values] = {"gtin": VALUES, "item": ITEM, "sscc": UNIT}

NAMES = {"": "Pressure sensor 0-10 bar", "-greek": "Ιβουπροφαίνη 400 mg", "-czech": "Žluťoučký kůň úpěl"}
"""What the product is called, by the end of the goldens' names."""

Language = Literal["zpl", "pdf", "png"]
Pixels = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Golden:
    """One golden: a format's first labels in one language at one resolution."""

    format: str
    kind: ProductKind
    dpmm: Literal[8, 12]
    language: Language
    called: str = ""

    @property
    def name(self) -> str:
        return f"{self.format}-{self.kind}-{self.dpmm}{self.called}.{self.language}"

    @property
    def file(self) -> Path:
        """The golden itself; of a PDF, a picture of its first page."""
        return HERE / (f"{self.name}.png" if self.language == "pdf" else self.name)

    @property
    def serials(self) -> list[str]:
        return SSCCS if self.kind == "sscc" else SERIALS

    def render(self) -> bytes:
        """What the renderer gives now."""
        values = replace(VALUES_OF[self.kind], product_name=NAMES[self.called])
        shape = ("0123456789",) * 18 if self.kind == "sscc" else SHAPE
        layout = compile_layout(shipped()[self.format], values, shape, self.dpmm)
        if self.language == "zpl":
            return b"".join(zpl.render(layout, self.serials))
        if self.language == "pdf":
            return b"".join(pdf.write(layout, self.serials, len(self.serials)))
        return raster.draw(layout, self.serials[0])


GOLDENS = [
    Golden(name, kind, dpmm, language, called)
    for name, kind, called in (
        *((name, kind, "") for name, fmt in sorted(shipped().items()) for kind in fmt.kinds),
        ("unit-50x25", "gtin", "-greek"),
        ("item-70x35", "item", "-czech"),
    )
    for dpmm in (8, 12)
    for language in ("zpl", "pdf", "png")
]
every_golden = pytest.mark.parametrize("golden", GOLDENS, ids=lambda golden: golden.name)


def digest(golden: Golden, rendered: bytes, judges: Any) -> str:
    """The sha256 of the bytes; of a PNG, whose compression is not ours, of its size and pixels."""
    if golden.language != "png":
        return hashlib.sha256(rendered).hexdigest()
    pixels = judges.png(rendered)
    return hashlib.sha256(repr(pixels.shape).encode() + np.packbits(pixels, axis=1).tobytes()).hexdigest()


def picture(golden: Golden, rendered: bytes, judges: Any) -> Pixels:
    """What one sees of rendered bytes: the first label, or the first page."""
    pictures: dict[Language, Callable[[], Pixels]] = {
        "zpl": lambda: judges.zpl(rendered, golden.dpmm)[0],
        "pdf": lambda: judges.pdf(rendered, golden.dpmm)[0],
        "png": lambda: judges.png(rendered),
    }
    return pictures[golden.language]()


def recorded() -> dict[str, dict[str, str]]:
    """Digests by renderer revision and golden."""
    digests: dict[str, dict[str, str]] = json.loads(DIGESTS.read_text()) if DIGESTS.exists() else {}
    return digests


def record(golden: Golden, rendered: bytes, judges: Any) -> None:
    """Keep a golden of the current revision."""
    digests = recorded()
    digests.setdefault(str(RENDERER_REVISION), {})[golden.name] = digest(golden, rendered, judges)
    DIGESTS.write_text(json.dumps(digests, indent=1, sort_keys=True) + "\n")
    if golden.language == "zpl":
        golden.file.write_bytes(rendered)
    else:
        Image.fromarray(~picture(golden, rendered, judges)).save(golden.file, optimize=True)


def difference(before: Pixels, after: Pixels) -> Image.Image:
    """Show two pictures as one: ink that went is red, ink that came is green, ink of both is grey."""
    rows, columns = (max(sides) for sides in zip(before.shape, after.shape, strict=True))
    old, new = (np.pad(side, ((0, rows - side.shape[0]), (0, columns - side.shape[1]))) for side in (before, after))
    shown = np.full((rows, columns, 3), 255, np.uint8)
    shown[old & new] = (160, 160, 160)
    shown[old & ~new] = (220, 0, 0)
    shown[new & ~old] = (0, 150, 0)
    return Image.fromarray(shown)


@every_golden
def test_bytes_change_only_with_the_renderer_revision(
    golden: Golden, judges: Any, updating: bool, tmp_path: Path
) -> None:
    """A reprint must give the very bytes that were printed, so every change of them has a revision of its own."""
    rendered = golden.render()
    known = recorded().get(str(RENDERER_REVISION), {})
    if updating and golden.name not in known:
        record(golden, rendered, judges)
        return
    how = "run `pytest tests/golden --update-golden -n0`"
    assert golden.name in known, f"No golden of {golden.name} in revision {RENDERER_REVISION}: {how}."
    if digest(golden, rendered, judges) != known[golden.name]:
        kept = golden.file.read_bytes()
        before = picture(golden, kept, judges) if golden.language == "zpl" else judges.png(kept)
        after = picture(golden, rendered, judges)
        shown = tmp_path / f"{golden.name}.difference.png"
        difference(before, after).save(shown)
        (tmp_path / golden.name).write_bytes(rendered)
        same = before.shape == after.shape and bool((before == after).all())
        pytest.fail(
            f"The bytes of {golden.name} are not those of renderer revision {RENDERER_REVISION}"
            f" ({'no dot differs' if same else f'what differs: {shown}'}). If that is meant, set RENDERER_REVISION"
            f" in labelsvc/labels/__init__.py to {RENDERER_REVISION + 1} and {how}."
        )


@every_golden
def test_goldens_read_as_what_they_should_say(golden: Golden, judges: Any) -> None:
    """A decoder reads from each golden, and nothing else, the payloads that GS1's rules give for this batch."""
    if golden.language == "zpl":
        labels = judges.zpl(golden.file.read_bytes(), golden.dpmm)
    else:
        labels = [judges.png(golden.file.read_bytes())]
    read = {(scan.identifier, scan.data.decode()) for label in labels for scan in judges.scan(label)}
    all_shown = golden.language == "zpl" or (golden.language == "pdf" and golden.format.startswith("sheet"))
    serials = golden.serials if all_shown else golden.serials[:1]
    assert read == {symbol for serial in serials for symbol in payloads(golden, serial)}


def payloads(golden: Golden, serial: str) -> set[tuple[str, str]]:
    """What the symbols of one label say, AIM identifiers included."""
    whole = ("]d2", f"01095060001343521728112110L-2026-118\x1d21{serial}")
    symbols = {
        ("carton-100x150", "gtin"): {
            ("]C1", "01095060001343521728112110L-2026-118"),
            ("]C1", f"010950600013435221{serial}"),
        },
        ("item-70x35", "item"): {("]C0", f"PUMP-4711/{serial}")},
        ("logistic-100x150", "sscc"): {
            ("]C1", "0209506000134352152805313748"),
            ("]C1", "10L-2026-118"),
            ("]C1", f"00{serial}"),
        },
        ("sheet-a4-3x8", "gtin"): {whole},
        ("sheet-a4-3x8", "item"): {("]Q1", f"PUMP-4711/{serial}")},
        ("unit-100x50", "gtin"): {
            whole,
            ("]Q1", f"https://id.example.com/01/09506000134352/10/L-2026-118/21/{serial}?17=281121"),
        },
        ("unit-50x25", "gtin"): {whole},
    }
    return symbols[golden.format, golden.kind]


def test_every_golden_is_of_a_shipped_format() -> None:
    """No golden outlives its format, and every digest of this revision has its golden."""
    assert recorded()[str(RENDERER_REVISION)].keys() == {golden.name for golden in GOLDENS}
    kept = {path for path in HERE.iterdir() if path.suffix in (".zpl", ".png")}
    assert kept == {golden.file for golden in GOLDENS}


def test_a_difference_is_shown() -> None:
    """The picture for people has what went in red, what came in green, and fits the larger of both."""
    before = np.array([[True, True, False]])
    after = np.array([[True, False, True], [False, False, False]])
    shown = np.array(difference(before, after))
    assert shown.shape == (2, 3, 3)
    assert shown[0].tolist() == [[160, 160, 160], [220, 0, 0], [0, 150, 0]]
    assert (shown[1] == 255).all()
