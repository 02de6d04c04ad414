"""PDF: labels of 100 x 50 mm with six texts, a Digital Link QR and a GS1-128, beside reportlab's own widgets.

python -m bench.pdf
"""

from __future__ import annotations

import io
import sys
import time
from collections import deque
from statistics import median

from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.code128 import Code128Auto
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from bench.rows import Row, table
from bench.zpl import ALPHABET, FORMAT, VALUES
from labelsvc.labels import fonts, pdf
from labelsvc.labels.compiling import compile_layout
from labelsvc.labels.formats import LabelFormat

LABELS = 2_000
PEERS_LABELS = 20
ROUNDS = 5
_FNC1 = "\xf1"  # as reportlab spells it


def run() -> list[Row]:
    """Measure ours, compiling and font included, and the peer in turn, so that a slow moment hits both."""
    pdfmetrics.registerFont(TTFont("label", str(fonts.path("sans"))))
    fmt = LabelFormat.parse(FORMAT)
    rounds = [(_ours(fmt), _peer()) for _ in range(ROUNDS)]
    ours, peer = median(ours for ours, _ in rounds), median(peer for _, peer in rounds)
    return [
        Row(
            name="PDF labels, 100 x 50 mm",
            ours=f"{ours:,.0f} /s",
            peer=f"{peer:,.1f} /s",
            ratio=median(ours / peer for ours, peer in rounds),
            goal=20,
            note=f"reportlab's QrCodeWidget and Code128Auto, {PEERS_LABELS} labels, its font read beforehand; ours "
            f"{LABELS:,}, compiling and font included; median of {ROUNDS} rounds",
        )
    ]


def _serials(count: int) -> list[str]:
    return ["".join(ALPHABET[n * 7919 >> 5 * place & 31] for place in range(9, -1, -1)) for n in range(count)]


def _ours(fmt: LabelFormat) -> float:
    """Give labels a second."""
    serials = _serials(LABELS)
    start = time.perf_counter()
    layout = compile_layout(fmt, VALUES, (ALPHABET,) * 10, 8)
    deque(pdf.write(layout, serials, LABELS), maxlen=0)
    return LABELS / (time.perf_counter() - start)


def _peer() -> float:
    serials = _serials(PEERS_LABELS)
    start = time.perf_counter()
    canvas = Canvas(io.BytesIO(), pagesize=(100 * mm, 50 * mm))
    for serial in serials:
        _peers_label(canvas, serial)
    canvas.save()
    return PEERS_LABELS / (time.perf_counter() - start)


def _peers_label(canvas: Canvas, serial: str) -> None:
    """Draw the same label as reportlab's guide shows; its y runs up."""
    texts = (
        VALUES.product_name,
        f"GTIN {VALUES.product_code}",
        f"LOT {VALUES.lot_number}",
        f"PROD {VALUES.production}",
        f"EXP {VALUES.expiry}",
        f"SN {serial}",
    )
    canvas.setFont("label", fonts.EM_SCALE * 4 * mm)
    for number, text in enumerate(texts):
        canvas.drawString(4 * mm, (50 - 6 - 5 * number) * mm, text)
    url = f"{VALUES.digital_link}/01/{VALUES.product_code}/10/{VALUES.lot_number}/21/{serial}"
    side = 28 * mm
    drawing = Drawing(side, side)
    drawing.add(QrCodeWidget(url, barLevel="M", barWidth=side, barHeight=side, barBorder=4))
    renderPDF.draw(drawing, canvas, 70 * mm, 20 * mm)
    bars = Code128Auto(f"{_FNC1}01{VALUES.product_code}21{serial}", barWidth=0.25 * mm, barHeight=14 * mm, quiet=0)
    bars.drawOn(canvas, 10 * mm, 2 * mm)
    canvas.showPage()


def main() -> int:
    """Print the table; 1 when a goal is missed."""
    rows = run()
    print(table(rows))
    return 0 if all(row.reached for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
