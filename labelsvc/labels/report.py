"""Reports as PDF, for the file: figures, tables of who did what when; of a closed lot the digest to be scanned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from labelsvc.labels import fonts
from labelsvc.labels.symbols import qr

_MARGIN, _FOOT = 18 * mm, 10 * mm
_WIDTH = A4[0] - 2 * _MARGIN
_INK, _FAINT, _RULE, _SHADE = HexColor(0x1A1A1A), HexColor(0x5A5A5A), HexColor(0xB8B8B8), HexColor(0xF1F1F1)
_SYMBOL = 34 * mm
#: What reportlab's frames leave free inside.
_PADDING = 6
#: Bytes of the end-card's text that a symbol of ours has to hold; it is some 100.
_QR_AT_MOST = 300


@dataclass(frozen=True, slots=True)
class Listing:
    """A table of the report.

    Attributes:
        widths: of its columns, in parts of the page's.
        right: columns of numbers.
        none: what stands there where it has no rows.
        sums: so many rows at its end are sums.
    """

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    right: frozenset[int] = frozenset()
    none: str = "None."
    sums: int = 0


@dataclass(frozen=True, slots=True)
class CloseReport:
    """What the report says.

    Attributes:
        title, subtitle: of the sheet; the title is at the foot of each page.
        state: in a few words.
        facts: (name, value).
        card: text of the end-card's symbol; None: there is none.
        heading: what kind of report it is.
    """

    title: str
    subtitle: str
    state: str
    facts: Sequence[tuple[str, str]]
    listings: Sequence[Listing]
    card: str | None
    heading: str = "Close report"


def write(report: CloseReport) -> bytes:
    """Return the report as PDF; the same facts give the same bytes."""
    for name in ("sans", "bold"):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, str(fonts.path(name))))
    out = BytesIO()
    story: list[Flowable] = [_head(report)]
    for listing in report.listings:
        story += [Spacer(0, 6 * mm), *_listing(listing)]
    story += [Spacer(0, 12 * mm), KeepTogether([_signatures()])]
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=_MARGIN - _PADDING,
        rightMargin=_MARGIN - _PADDING,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN + _FOOT,
        title=report.title,
        invariant=1,
    )
    document.build(story, canvasmaker=lambda *args, **more: _Numbered(report.title, *args, **more))
    return out.getvalue()


class _Numbered(Canvas):  # type: ignore[misc]  # reportlab has no types
    """A canvas that knows how many pages there are before it writes their feet."""

    def __init__(self, foot: str, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._foot = foot
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802  # reportlab's name
        """Keep a page for later."""
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Write all pages with their feet."""
        for number, page in enumerate(self._pages, start=1):
            self.__dict__.update(page)
            self.setStrokeColor(_RULE)
            self.line(_MARGIN, _MARGIN + 4 * mm, A4[0] - _MARGIN, _MARGIN + 4 * mm)
            self.setFillColor(_FAINT)
            self.setFont("sans", 7.5)
            shown = _fitting(self._foot, _WIDTH - 30 * mm, 7.5)
            self.drawString(_MARGIN, _MARGIN, shown)
            self.drawRightString(A4[0] - _MARGIN, _MARGIN, f"Page {number} of {len(self._pages)}")
            super().showPage()
        super().save()


class _Symbol(Flowable):  # type: ignore[misc]  # reportlab has no types
    """A QR symbol with its quiet zone."""

    def __init__(self, text: str, side: float) -> None:
        super().__init__()
        self.width = self.height = side
        self._text = text

    def draw(self) -> None:
        """Draw it from its modules."""
        text, version = self._text, qr.version_for(len(self._text))
        assert version is not None and len(text) <= _QR_AT_MOST, "an end-card is short"  # noqa: PT018
        columns = qr.columns(version)
        stride, module = (columns + 7) // 8, self.width / (columns + 8)
        modules = qr.plain(text, version, qr.best_mask(text, version))
        outline = self.canv.beginPath()  # one path: no seams between modules
        for row in range(columns):
            for column in range(columns):
                if modules[row * stride + column // 8] >> (7 - column % 8) & 1:
                    outline.rect((column + 4) * module, self.height - (row + 5) * module, module, module)
        self.canv.setFillColorRGB(0, 0, 0)
        self.canv.drawPath(outline, stroke=0, fill=1)


def _text(text: str, size: float = 8.5, font: str = "sans", **more: Any) -> Paragraph:
    style = ParagraphStyle("", fontName=font, fontSize=size, leading=size * 1.3, **{"textColor": _INK, **more})
    return Paragraph(escape(text, quote=False), style)


def _head(report: CloseReport) -> Table:
    rows = [
        [_text(name, textColor=_FAINT), _text(value, font="bold" if not at else "sans")]
        for at, (name, value) in enumerate(report.facts)
    ]
    facts = Table(rows, colWidths=[34 * mm, _WIDTH - _SYMBOL - 38 * mm], hAlign="LEFT")
    facts.setStyle(_plain(("VALIGN", (0, 0), (-1, -1), "TOP"), ("TOPPADDING", (0, 0), (-1, -1), 1.2)))
    left = [
        _text(report.heading, 18, "bold", spaceAfter=2),
        _text(report.subtitle, 11, spaceAfter=4),
        _text(report.state, 11, "bold", spaceAfter=6),
        facts,
    ]
    symbol = "" if report.card is None else _Symbol(report.card, _SYMBOL)
    head = Table([[left, symbol]], colWidths=[_WIDTH - _SYMBOL, _SYMBOL])
    head.setStyle(_plain(("VALIGN", (0, 0), (-1, -1), "TOP")))
    return head


def _listing(listing: Listing) -> list[Flowable]:
    title = _text(listing.title, 11, "bold", spaceAfter=3)
    if not listing.rows:
        return [KeepTogether([title, _text(listing.none)])]
    rows: list[list[Flowable]] = [_cells(listing, listing.heads, "bold")]
    for at, row in enumerate(listing.rows):
        rows.append(_cells(listing, row, "bold" if at >= len(listing.rows) - listing.sums else "sans"))
    table = Table(rows, colWidths=[part * _WIDTH for part in listing.widths], repeatRows=1, hAlign="LEFT")
    lines = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, _RULE),
        ("BACKGROUND", (0, 0), (-1, 0), _SHADE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
    ]
    if listing.sums:
        first = len(rows) - listing.sums
        lines.append(("LINEABOVE", (0, first), (-1, first), 1, _INK))
    table.setStyle(TableStyle(lines))
    return [title, table]


def _cells(listing: Listing, row: Sequence[str], font: str) -> list[Flowable]:
    return [_text(cell, 8, font, alignment=2 if at in listing.right else 0) for at, cell in enumerate(row)]


def _signatures() -> Table:
    third = _WIDTH / 3
    signed = Table(
        [[_text(name, 7.5, textColor=_FAINT) for name in ("Name", "Date", "Signature")]], colWidths=[third] * 3
    )
    signed.setStyle(_plain(("LINEABOVE", (0, 0), (-1, 0), 0.6, _INK)))
    return signed


def _plain(*more: tuple[Any, ...]) -> TableStyle:
    return TableStyle([("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 4), *more])


def _fitting(text: str, width: float, size: float) -> str:
    """Shorten a text until it fits."""
    if pdfmetrics.stringWidth(text, "sans", size) <= width:
        return text
    while text and pdfmetrics.stringWidth(f"{text}…", "sans", size) > width:
        text = text[:-1]
    return f"{text}…"
