"""The close report of a lot: one sheet for the file, and the end-card that its digest is scanned from, as PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from labelsvc.labels import fonts
from labelsvc.labels.symbols import qr

_SIZE, _LEADING = 9.0, 13.0
_MARGIN = 20 * mm
_CARD = (100 * mm, 50 * mm)
#: Bytes of the end-card's text that a symbol of ours has to hold; it is some 100.
_QR_AT_MOST = 300


@dataclass(frozen=True, slots=True)
class CloseReport:
    """What the report says.

    Attributes:
        title: of the sheet.
        facts: (name, value), as lines.
        figures: (outcome, count).
        rows: lines of the list behind, each (when, who, what).
        card: text of the end-card's symbol.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    figures: Sequence[tuple[str, int]]
    rows: Sequence[tuple[str, str, str]]
    card: str


def write(report: CloseReport) -> bytes:
    """Return the report as PDF; the same facts give the same bytes."""
    out = BytesIO()
    canvas = _canvas(out, A4, report.title)
    page = _Sheet(canvas, report.title)
    for name, value in report.facts:
        page.line((0, name), (55, value))
    page.gap()
    for outcome, count in report.figures:
        page.line((0, outcome), (55, f"{count:,}"))
    page.gap()
    for when, who, what in report.rows:
        page.line((0, when), (40, who), (80, what))
    page.gap()
    page.symbol(report.card)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def end_card(report: CloseReport) -> bytes:
    """Return the control label of the lot, 100 by 50 mm, as PDF."""
    out = BytesIO()
    canvas = _canvas(out, _CARD, report.title)
    _draw(canvas, report.card, 5 * mm, 5 * mm, 40 * mm)
    canvas.setFont("sans", _SIZE)
    for at, (name, value) in enumerate(report.facts[:6]):
        canvas.drawString(50 * mm, 42 * mm - at * _LEADING, _fitting(f"{name}: {value}", 47 * mm))
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _canvas(out: BytesIO, size: tuple[float, float], title: str) -> Canvas:
    for name in ("sans", "bold"):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, str(fonts.path(name))))
    canvas = Canvas(out, pagesize=size, invariant=1)
    canvas.setTitle(title)
    return canvas


class _Sheet:
    """A sheet that goes on to the next where it is full."""

    def __init__(self, canvas: Canvas, title: str) -> None:
        self._canvas = canvas
        self._y = A4[1] - _MARGIN
        canvas.setFont("bold", 14)
        canvas.drawString(_MARGIN, self._y, _fitting(title, A4[0] - 2 * _MARGIN, 14, "bold"))
        self._y -= 2 * _LEADING
        canvas.setFont("sans", _SIZE)

    def line(self, *texts: tuple[float, str]) -> None:
        """Write a line; texts begin so many mm from the margin."""
        self._room(_LEADING)
        for at, (left, text) in enumerate(texts):
            end = texts[at + 1][0] if at + 1 < len(texts) else (A4[0] - 2 * _MARGIN) / mm
            self._canvas.drawString(_MARGIN + left * mm, self._y, _fitting(text, (end - left - 1) * mm))
        self._y -= _LEADING

    def gap(self) -> None:
        """Leave a line out."""
        self._y -= _LEADING

    def symbol(self, text: str) -> None:
        """Draw a QR symbol."""
        self._room(45 * mm)
        _draw(self._canvas, text, _MARGIN, self._y - 40 * mm, 40 * mm)
        self._y -= 45 * mm

    def _room(self, height: float) -> None:
        if self._y - height < _MARGIN:
            self._canvas.showPage()
            self._canvas.setFont("sans", _SIZE)
            self._y = A4[1] - _MARGIN


def _fitting(text: str, width: float, size: float = _SIZE, font: str = "sans") -> str:
    """Shorten a text until it fits."""
    if pdfmetrics.stringWidth(text, font, size) <= width:
        return text
    while text and pdfmetrics.stringWidth(f"{text}…", font, size) > width:
        text = text[:-1]
    return f"{text}…"


def _draw(canvas: Canvas, text: str, x: float, y: float, side: float) -> None:
    version = qr.version_for(len(text))
    assert version is not None and len(text) <= _QR_AT_MOST, "an end-card is short"  # noqa: PT018
    columns = qr.columns(version)
    stride = (columns + 7) // 8
    modules = qr.plain(text, version, qr.best_mask(text, version))
    module = side / (columns + 8)
    for row in range(columns):
        for column in range(columns):
            if modules[row * stride + column // 8] >> (7 - column % 8) & 1:
                left, top = x + (column + 4) * module, y + side - (row + 4) * module
                canvas.rect(left, top - module, module, module, stroke=0, fill=1)
