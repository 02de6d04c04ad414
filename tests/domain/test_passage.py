"""Labels on their way: which one a byte belongs to, and what their blocks are digested to."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.passage import Passage

A, B = b"^XA^FDone^FS^XZ\n", b"^XA^FDtwo^FS^XZ\n"


def passed(*labels: bytes, first: int = 1, origin: int = 1) -> Passage:
    passage = Passage(origin)
    passage.begin(first)
    for label in labels:
        passage.add(label)
    return passage


@pytest.mark.parametrize(
    ("handed_over", "touched"),
    [
        (0, (None, False)),
        (1, (7, False)),
        (len(A) - 2, (7, False)),
        (len(A) - 1, (7, True)),  # all but the line end
        (len(A), (7, True)),
        (len(A) + 1, (8, False)),
        (len(A) + len(B), (8, True)),
    ],
)
def test_a_label_can_come_out_with_its_last_command(handed_over, touched) -> None:
    assert passed(A, B, first=7).touched(handed_over) == touched


def test_bytes_are_counted_from_the_label_that_goes_first_now() -> None:
    passage = passed(A, B)
    passage.begin(9)
    passage.add(B)
    assert passage.touched(1) == (9, False)


@given(st.lists(st.binary(min_size=1, max_size=5), min_size=1, max_size=40), st.integers(0, 2_990))
def test_each_run_inside_a_block_has_the_digest_of_its_bytes(labels, before) -> None:
    first = 5 + before
    runs = passed(*labels, first=first, origin=5).digests()
    for start, end, digest in runs:
        assert (start - 5) // 1_000 == (end - 5) // 1_000
        assert digest == hashlib.sha256(b"".join(labels[start - first : end + 1 - first])).hexdigest()
    assert [n for start, end, _ in runs for n in range(start, end + 1)] == list(range(first, first + len(labels)))


def test_a_gap_ends_a_run() -> None:
    passage = passed(A)
    passage.begin(3)
    passage.add(B)
    assert [run[:2] for run in passage.digests()] == [(1, 1), (3, 3)]


def test_a_run_that_grew_is_told_again_and_what_is_over_comes_in_portions() -> None:
    passage = Passage(1)
    for first in (1, 3, 5):
        passage.begin(first)
        passage.add(A)
    assert [run[:2] for run in passage.digests(2)] == [(1, 1), (3, 3)]
    assert [run[:2] for run in passage.digests(2)] == [(5, 5)]
    passage.add(B)
    assert [run[:2] for run in passage.digests(2)] == [(5, 6)]
