"""ZPL: labels of 100 x 50 mm with six texts, a Digital Link QR and a GS1-128, beside PyPI `zpl`.

python -m bench.zpl
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterator
from datetime import date
from statistics import median

import zpl as peers_zpl

from bench.rows import Row, table
from labelsvc.labels import zpl
from labelsvc.labels.compiling import compile_layout
from labelsvc.labels.formats import LabelFormat
from labelsvc.labels.values import Values

LABELS = 20_000
PEERS_LABELS = 1_000
ROUNDS = 5
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

FORMAT = """
name = "bench"
title = "Six texts, a QR and a GS1-128"
width = 100
height = 50

[[text]]
value = "{product.name}"
box = [4, 3, 60, 5]
size = 5

[[text]]
value = "GTIN {product.gtin}"
box = [4, 9, 60, 4]
size = 4

[[text]]
value = "LOT {lot.number}"
box = [4, 14, 60, 4]
size = 4

[[text]]
value = "PROD {lot.production}"
box = [4, 19, 60, 4]
size = 4

[[text]]
value = "EXP {lot.expiry}"
box = [4, 24, 60, 4]
size = 4

[[text]]
value = "SN {serial}"
box = [4, 29, 60, 4]
size = 4

[[barcode]]
symbology = "digital-link-qr"
ais = ["01", "10", "21"]
x = [0.25, 0.5, 0.5]
box = [70, 2, 28, 28]

[[barcode]]
symbology = "gs1-128"
ais = ["01", "21"]
x = [0.25, 0.25, 0.5]
box = [1, 34, 98, 14]
"""
VALUES = Values(
    product_code="09506000134352",
    product_kind="gtin",
    product_name="Pressure sensor 10 bar",
    lot_number="L-2026-118",
    production=date(2026, 11, 22),
    expiry=date(2028, 11, 22),
    best_before=None,
    line=None,
    quantity=LABELS,
    digital_link="https://id.example.com",
)


def run() -> list[Row]:
    """Measure ours, compiling included, and the peer in turn, so that a slow moment of the machine hits both."""
    fmt = LabelFormat.parse(FORMAT)
    rounds = [(_ours(fmt), _peer()) for _ in range(ROUNDS)]
    ours, peer = median(ours for ours, _ in rounds), median(peer for _, peer in rounds)
    return [
        Row(
            name="ZPL labels, 100 x 50 mm",
            ours=f"{ours:,.0f} /s",
            peer=f"{peer:,.0f} /s",
            ratio=median(ours / peer for ours, peer in rounds),
            goal=20,
            note=f"zpl 0.1.13, {PEERS_LABELS:,} labels; ours {LABELS:,}, compiling included; median of {ROUNDS} rounds",
        )
    ]


def _serials(count: int) -> list[str]:
    return ["".join(ALPHABET[n * 7919 >> 5 * place & 31] for place in range(9, -1, -1)) for n in range(count)]


def _ours(fmt: LabelFormat) -> float:
    """Give labels a second."""
    serials = _serials(LABELS)
    start = time.perf_counter()
    layout = compile_layout(fmt, VALUES, (ALPHABET,) * 10, 8)
    deque(zpl.render(layout, serials), maxlen=0)
    return LABELS / (time.perf_counter() - start)


def _peer() -> float:
    serials = _serials(PEERS_LABELS)
    start = time.perf_counter()
    deque(_peers_labels(serials), maxlen=0)
    return PEERS_LABELS / (time.perf_counter() - start)


def _peers_labels(serials: list[str]) -> Iterator[bytes]:
    """Make the same labels as the peer's documentation shows."""
    for serial in serials:
        label = peers_zpl.Label(50, 100, 8)
        for number, text in enumerate(
            (
                VALUES.product_name,
                f"GTIN {VALUES.product_code}",
                f"LOT {VALUES.lot_number}",
                f"PROD {VALUES.production}",
                f"EXP {VALUES.expiry}",
                f"SN {serial}",
            )
        ):
            label.origin(4, 3 + 5 * number)
            label.write_text(text, char_height=4, char_width=4)
            label.endorigin()
        label.origin(70, 2)
        url = f"{VALUES.digital_link}/01/{VALUES.product_code}/10/{VALUES.lot_number}/21/{serial}"
        label.barcode("Q", url, magnification=4, errorCorrection="M")
        label.endorigin()
        label.barcode_field_default(0.25, 3, 14)
        label.origin(4, 34)
        label.barcode(
            "C", f"(01){VALUES.product_code}(21){serial}", height=112, print_interpretation_line="N", mode="D"
        )
        label.endorigin()
        yield label.dumpZPL().encode()


def main() -> int:
    """Print the table; 1 when a goal is missed."""
    rows = run()
    print(table(rows))
    return 0 if all(row.reached for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
