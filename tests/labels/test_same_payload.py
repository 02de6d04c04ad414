"""Every shipped format, printed on all three devices, carries the same payload and keeps its measures.

zplkit prints the ZPL, pdfium the PDF, the PNG is as it is; zxing-cpp reads all three. A decoder forgives a bad quiet
zone and a bad module width, so these are measured in dots.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from labelsvc.domain.logistic_units import Content
from labelsvc.labels import fonts, pdf, raster, zpl
from labelsvc.labels.compiling import compile_layout
from labelsvc.labels.formats import LabelFormat, shipped
from labelsvc.labels.layout import Layout, PlacedSymbol
from labelsvc.labels.symbols import Shape
from labelsvc.labels.values import Values

FORMATS = sorted(shipped())
IDENTIFIERS = {"gs1-datamatrix": "]d2", "gs1-128": "]C1", "qr": "]Q1", "code-128": "]C0"}

# GS1's character set 82 (General Specifications, 7.11), and those of its characters that mean something to ZPL.
CSET_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
FONT_0 = "".join(chr(code) for code in range(0x20, 0x250) if fonts.resident(chr(code)))
POSITIONS = (string.digits, "23456789ABCDEFGHJKLMNPQRSTUVWXYZ", string.digits + string.ascii_uppercase, "X", "-", "a.")

# Lengths of the values of the Application Identifiers that labels carry; the others are of variable length, up to FNC1.
FIXED = {"00": 18, "01": 14, "02": 14, "11": 6, "15": 6, "17": 6}
SSCC = (string.digits,) * 18


#: Logistic units; what they hold is for each test to say.
UNIT = Values(
    "(00)", "sscc", "", "30952012", date(2026, 11, 22), None, None, None, 1, "https://id.example.com", Content()
)


@dataclass(frozen=True)
class Batch:
    """What is on the labels of a batch, and one serial of it."""

    values: Values
    shape: Shape
    serial: str


def gtins() -> st.SearchStrategy[str]:
    """GTIN-14s with their check digit (General Specifications, 7.9)."""

    def complete(number: int) -> str:
        digits = f"{number:013d}"
        total = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(digits))
        return digits + str(-total % 10)

    return st.integers(1, 10**13 - 1).map(complete)


def items(longest: int) -> st.SearchStrategy[str]:
    """Own item codes."""
    characters = string.ascii_letters + string.digits + "._-"
    rest = st.text(st.sampled_from(characters), max_size=longest - 1)
    return st.builds(lambda first, rest: first + rest, st.sampled_from(string.ascii_letters), rest)


@st.composite
def logistic_units(draw: st.DrawFn, longest_lot: int) -> Batch:
    """Logistic units; what they hold is told or not."""
    days = st.one_of(st.none(), st.dates(date(2020, 1, 1), date(2045, 12, 31)))
    lots = st.one_of(st.none(), st.text(st.sampled_from(CSET_82), min_size=1, max_size=longest_lot))
    told = st.builds(Content, gtins(), st.integers(1, 99_999_999), lots, days, days)
    values = replace(UNIT, content=draw(st.one_of(st.just(Content()), told)))
    digits = f"{draw(st.integers(0, 10**17 - 1)):017d}"
    return Batch(values, SSCC, digits + str(-sum(int(d) * (3, 1)[n % 2] for n, d in enumerate(digits)) % 10))


@st.composite
def batches(draw: st.DrawFn, fmt: LabelFormat) -> Batch:
    """Batches within the limits that a format declares."""
    if fmt.kinds == ("sscc",):
        return draw(logistic_units(fmt.limits.lot_number))
    limits = fmt.limits
    kind = draw(st.sampled_from(fmt.kinds))
    production = draw(st.dates(date(2020, 1, 1), date(2040, 12, 31)))
    later = st.one_of(st.none(), st.dates(production, date(2045, 12, 31)))
    dates = [*sorted(filter(None, (draw(later), draw(later)))), None, None]
    printed = st.text(st.sampled_from(FONT_0), min_size=1)
    positions = st.lists(st.sampled_from(POSITIONS), min_size=1, max_size=limits.serial)
    shape = tuple(draw(positions.filter(lambda chosen: chosen[0] != "-")))
    host = draw(st.text(st.sampled_from(string.ascii_lowercase), min_size=1, max_size=limits.digital_link - 12))
    values = Values(
        product_code=draw(gtins() if kind == "gtin" else items(limits.product_code)),
        product_kind=kind,
        product_name=draw(st.text(st.sampled_from(FONT_0), min_size=1, max_size=limits.product_name)),
        lot_number=draw(st.text(st.sampled_from(CSET_82), min_size=1, max_size=limits.lot_number)),
        production=production,
        best_before=dates[0],
        expiry=dates[1],
        line=draw(st.one_of(st.none(), printed.filter(lambda text: len(text) <= limits.line))),
        quantity=draw(st.integers(1, limits.quantity)),
        digital_link=f"https://{host}.com",
    )
    return Batch(values, shape, "".join(draw(st.sampled_from(chars)) for chars in shape))


def expected(batch: Batch) -> dict[str, str]:
    """The Application Identifiers of a unit, as GS1 writes them."""
    values, content = batch.values, batch.values.content
    if content is not None:
        dates = {"15": content.best_before, "17": content.expiry}
        own = {"00": batch.serial, "02": content.gtin, "10": content.lot}
        count = None if content.count is None else str(content.count)
        written = {ai: day.strftime("%y%m%d") for ai, day in dates.items() if day}
        return {ai: value for ai, value in {**own, "37": count, **written}.items() if value}
    dates = {"11": values.production, "15": values.best_before, "17": values.expiry}
    written = {ai: day.strftime("%y%m%d") for ai, day in dates.items() if day}
    return {"01": values.product_code, "10": values.lot_number, "21": batch.serial, **written}


def element_pairs(data: str) -> Iterator[tuple[str, str]]:
    """Take a GS1 element string apart."""
    while data:
        ai, data = data[:2], data[2:]
        if ai in FIXED:
            value, data = data[: FIXED[ai]], data[FIXED[ai] :]
        else:
            value, _, data = data.partition("\x1d")
        yield ai, value


def digital_link_pairs(data: str, domain: str) -> Iterator[tuple[str, str]]:
    """Take a Digital Link apart."""
    assert data.startswith(f"{domain}/")
    parts = urlsplit(data)
    steps = [unquote(step) for step in parts.path.split("/")[1:]]
    yield from zip(steps[::2], steps[1::2], strict=True)
    yield from parse_qsl(parts.query)


def read(batch: Batch, identifier: str, data: bytes) -> dict[str, str]:
    """What one symbol says, as Application Identifiers."""
    text = data.decode()
    if identifier == "]Q1" and batch.values.product_kind == "gtin":
        return dict(digital_link_pairs(text, batch.values.digital_link))
    if identifier in ("]d2", "]C1"):
        return dict(element_pairs(text))
    item, _, serial = text.partition("/")
    return {"01": item, "21": serial}


def drawn(judges: Any, fmt: LabelFormat, batch: Batch, dpmm: int) -> Iterator[tuple[str, Layout, Any]]:
    """One label on the three devices, from one layout: language, layout, dots."""
    layout = compile_layout(fmt, batch.values, batch.shape, dpmm)
    yield "zpl", layout, judges.zpl(b"".join(zpl.render(layout, [batch.serial])), dpmm)[0]
    yield "png", layout, judges.png(raster.draw(layout, batch.serial))
    file = b"".join(pdf.write(layout, [batch.serial], 1))
    yield "pdf", layout, judges.pdf_label(file, layout)


def check(judges: Any, unpacked: Any, fmt: LabelFormat, batch: Batch, dpmm: int) -> None:
    """Print one label on all devices, measure and read every symbol of it."""
    for language, layout, pixels in drawn(judges, fmt, batch, dpmm):
        said: dict[str, str] = {}
        for placed in layout.elements:
            if not isinstance(placed, PlacedSymbol):
                continue
            symbol = placed.symbol
            modules = judges.modules(pixels, placed, dpmm)
            if language != "zpl":  # a printer encodes by itself; what it may do differently is the mask
                assert (modules == unpacked(symbol.modules(batch.serial), symbol.columns, symbol.rows)).all()
            scan = judges.scan_symbol(pixels, placed, dpmm)
            assert scan.identifier == IDENTIFIERS[symbol.symbology], language
            found = read(batch, scan.identifier, scan.data)
            assert found.items() <= expected(batch).items(), language
            said |= found
        if batch.values.content is not None:
            assert said == expected(batch)
        else:
            assert {"01", "21"} <= said.keys(), "a label that does not name its unit"
        judges.holds_its_ink(pixels, layout)


@pytest.mark.parametrize("dpmm", [8, 12])
@pytest.mark.parametrize("name", FORMATS)
# A label takes a tenth of a second on each device, so a failure is shown as it was found, not made smaller first.
@settings(max_examples=6, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_all_devices_carry_the_same_payload(judges: Any, unpacked: Any, name: str, dpmm: int, data: Any) -> None:
    """Whatever the values within a format's limits: one payload and identifier, measured symbols, ink in its boxes."""
    fmt = shipped()[name]
    check(judges, unpacked, fmt, data.draw(batches(fmt)), dpmm)


@pytest.mark.parametrize("dpmm", [8, 12])
@pytest.mark.parametrize("name", FORMATS)
def test_the_longest_values_print_on_all_devices(judges: Any, unpacked: Any, name: str, dpmm: int) -> None:
    """The longest values a format promises to take, in its widest characters, do not run out of their boxes."""
    fmt = shipped()[name]
    limits, gtin = fmt.limits, "gtin" in fmt.kinds
    if fmt.kinds == ("sscc",):
        day = date(2028, 12, 22)
        full = replace(UNIT, content=Content("09506000134352", 99_999_999, "W" * limits.lot_number, day, day))
        check(judges, unpacked, fmt, Batch(full, SSCC, "999999999999999997"), dpmm)
        return
    values = Values(
        product_code="09506000134352" if gtin else "W" * limits.product_code,
        product_kind="gtin" if gtin else "item",
        product_name="W" * limits.product_name,
        lot_number="W" * limits.lot_number,
        production=date(2026, 12, 22),
        expiry=date(2028, 12, 22),
        best_before=date(2028, 10, 22),
        line="W" * limits.line,
        quantity=limits.quantity,
        digital_link=f"https://{'w' * (limits.digital_link - 12)}.com",
    )
    shape = (string.digits + string.ascii_uppercase,) * limits.serial
    check(judges, unpacked, fmt, Batch(values, shape, "W" * limits.serial), dpmm)
    fewer = replace(values, expiry=None, best_before=None, line=None)
    check(judges, unpacked, fmt, Batch(fewer, shape, "1" * limits.serial), dpmm)


def test_formats_are_shipped() -> None:
    """The formats that a new installation finds."""
    trade_items = ["carton-100x150", "item-70x35"]
    assert [*trade_items, "logistic-100x150", "sheet-a4-3x8", "unit-100x50", "unit-50x25"] == FORMATS
