"""End-cards on every label they may come out on: read by a decoder, all ink inside."""

from __future__ import annotations

import pytest

from labelsvc.errors import InvalidInput
from labelsvc.labels import end_card, pdf, zpl

DIGEST = "0f1e2d3c4b5a6978" * 4
CARD = f"labelsvc:lot/12345/480000/{DIGEST}"
WORDS = [
    ("END OF LOT", "bold"),
    ("L-2026-118", "bold"),
    ("09506000134352", "sans"),
    ("480,000 serials", "bold"),
    *((DIGEST[at : at + 16], "sans") for at in range(0, 64, 16)),
]


@pytest.mark.parametrize("size", [(100, 50), (50, 25), (70, 35), (100, 150), (25, 25), (30, 100), (300, 20)])
@pytest.mark.parametrize("dpmm", [8, 12])
def test_a_card_is_read_from_paper_and_from_a_label(judges, size, dpmm) -> None:
    layout = end_card.lay_out(CARD, WORDS, size, dpmm)
    printed = judges.zpl(b"".join(zpl.render(layout, ("",))), dpmm)
    drawn = judges.pdf(b"".join(pdf.write(layout, ("",), 1)), dpmm)
    for (pixels,) in (printed, drawn):
        assert pixels.shape == (size[1] * dpmm, size[0] * dpmm)
        assert [scan.data.decode() for scan in judges.scan(pixels)] == [CARD]
        judges.holds_its_ink(pixels, layout)


def test_what_does_not_fit_is_cut_off_and_what_no_font_has_is_marked() -> None:
    words = [("L" * 200, "bold"), ("Ιβουπροφαίνη", "sans"), ("布洛芬 x", "sans")]
    layout = end_card.lay_out(CARD, words, (100, 50), 8)
    lines = [element.pieces[0] for element in layout.elements[1:]]
    assert lines[0].endswith("...")
    assert lines[1:] == ["Ιβουπροφαίνη", "??? x"]


@pytest.mark.parametrize("size", [(10, 10), (100, 12), (15, 200)])
def test_a_label_on_which_the_symbol_has_no_room_is_refused(size) -> None:
    with pytest.raises(InvalidInput) as refused:
        end_card.lay_out(CARD, WORDS, size, 8)
    assert refused.value.code == "end_card_size"
