"""^HV echoes in pieces, merged, among other answers, and what is none."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from labelsvc.printers.zebra.echoes import Echoes

#: What a printer sends for three labels, with an answer to ~HS between them.
SAID = b"K:SN 0001\r\n\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\nK:SN 0002\r\nK:SN 0003\r\n"
TEXTS = ["SN 0001", "SN 0002", "SN 0003"]


@given(st.lists(st.integers(0, len(SAID)), max_size=8).map(sorted))
def test_echoes_come_in_any_pieces(cuts: list[int]) -> None:
    echoes = Echoes()
    ends = [0, *cuts, len(SAID)]
    assert [text for at, end in itertools.pairwise(ends) for text in echoes.feed(SAID[at:end])] == TEXTS


def test_an_echo_is_whole_with_its_terminator_only() -> None:
    echoes = Echoes()
    assert echoes.feed(b"K:SN 0001\r") == []
    assert echoes.feed(b"\nK:SN") == ["SN 0001"]


def test_a_field_of_the_greatest_length_that_hv_gives() -> None:
    assert Echoes().feed(b"K:" + b"x" * 256 + b"\r\n") == ["x" * 256]


def test_names_come_back_as_they_are() -> None:
    assert Echoes().feed("K:Žluť 0001\r\n".encode()) == ["Žluť 0001"]


def test_a_line_without_an_end_is_neither_kept_nor_an_echo() -> None:
    echoes = Echoes()
    for _ in range(1_000):
        assert echoes.feed(b"z" * 1_000) == []
    assert echoes.feed(b"K:SN 0001\r\n") == []  # the end of that line
    assert echoes.feed(b"K:SN 0002\r\n") == ["SN 0002"]


@given(st.lists(st.binary(max_size=600), max_size=10))
def test_nothing_that_a_printer_says_is_too_much(pieces: list[bytes]) -> None:
    echoes = Echoes()
    for piece in pieces:
        assert all(0 < len(text) <= 256 for text in echoes.feed(piece))
