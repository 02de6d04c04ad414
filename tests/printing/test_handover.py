"""The bytes of a delivery: which label a byte belongs to, and the digests of what was handed over."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.issuer import Issuer
from labelsvc.domain.jobs import BLOCK
from labelsvc.errors import InvalidInput
from labelsvc.labels import fitting
from labelsvc.labels.compiling import compile_layout
from labelsvc.labels.formats import shipped
from labelsvc.labels.values import Values
from labelsvc.printing.handover import Handover, prepare
from labelsvc.storage import jobs, printers

NUMBERING = Issuer(bytes(32), "https://id.example.com").numbering("VALVE", "{prod:%y%j}{seq:6}", "26326", 1)
LAYOUT = compile_layout(
    shipped()["item-70x35"],
    Values(
        product_code="VALVE",
        product_kind="item",
        product_name="Ball valve",
        lot_number="M-1",
        production=date(2026, 11, 22),
        expiry=None,
        best_before=None,
        line=None,
        quantity=2_500,
        digital_link="https://id.example.com",
    ),
    NUMBERING.scheme.shape(NUMBERING.scope),
    8,
)


@pytest.fixture
def handover() -> Handover:
    """The handover of a job whose ordinals begin with 0."""
    return Handover(LAYOUT, NUMBERING, (0, 4_999))


@pytest.fixture(scope="module")
def first_labels() -> list[bytes]:
    """Its first labels."""
    return labels_of(written(Handover(LAYOUT, NUMBERING, (0, 4_999)), 0, 120))


def scheme_text(ordinal: int) -> str:
    """Return a serial by hand: day 326 of 2026, and six digits that begin with 1."""
    return f"26326{ordinal + 1:06}"


def written(handover: Handover, first: int, last: int) -> bytes:
    return b"".join(handover.chunks(first, last))


def labels_of(data: bytes) -> list[bytes]:
    """Cut bytes where a format begins."""
    return re.findall(rb"\^XA.*?\^XZ\n", data, re.DOTALL)


def digest(*labels: bytes) -> str:
    return hashlib.sha256(b"".join(labels)).hexdigest()


def test_every_byte_belongs_to_the_label_it_is_in(handover: Handover) -> None:
    data = written(handover, 40, 59)
    owners = [40 + at for at, label in enumerate(labels_of(data)) for _ in label]
    assert len(owners) == len(data)
    assert handover.touched(0) == (None, False)
    for count in range(1, len(data) + 1):
        assert handover.touched(count) == (owners[count - 1], data[:count].endswith((b"^XZ", b"^XZ\n")))


def test_a_byte_counts_from_the_window_that_is_on_its_way(handover: Handover) -> None:
    written(handover, 0, 19)
    written(handover, 500, 519)
    assert handover.touched(1)[0] == 500


def test_a_window_that_broke_off_half_way_counts_what_was_made_of_it(handover: Handover) -> None:
    chunks = handover.chunks(0, 2_499)
    first = next(chunks)
    assert handover.touched(len(first)) == (len(labels_of(first)) - 1, True)
    chunks.close()


def test_chunks_are_whole_labels_and_neither_many_nor_large(handover: Handover) -> None:
    chunks = list(handover.chunks(0, 2_499))
    assert sum(len(labels_of(chunk)) for chunk in chunks) == 2_500
    assert b"".join(label for chunk in chunks for label in labels_of(chunk)) == b"".join(chunks)
    longest = max(len(label) for chunk in chunks for label in labels_of(chunk))
    assert all(65_536 <= len(chunk) < 65_536 + longest for chunk in chunks[:-1])


def test_the_labels_carry_the_serials_of_their_ordinals(handover: Handover) -> None:
    labels = labels_of(written(handover, 995, 1_004))
    serials = [scheme_text(ordinal).encode() for ordinal in range(995, 1_005)]
    assert [serial in label for serial, label in zip(serials, labels, strict=True)] == [True] * 10


def test_digests_cover_each_block_as_it_grows(handover: Handover) -> None:
    assert handover.digests() == []
    labels = []
    for first in range(0, 1_000, 20):
        labels += labels_of(written(handover, first, first + 19))
        assert handover.digests() == [(0, first + 19, digest(*labels))]
    more = labels_of(written(handover, 1_000, 1_019))
    assert handover.digests() == [(0, 999, digest(*labels)), (1_000, 1_019, digest(*more))]
    more += labels_of(written(handover, 1_020, 1_039))
    assert handover.digests() == [(1_000, 1_039, digest(*more))]  # the block that is full is told once


def test_a_spool_gives_a_digest_a_block_at_once(handover: Handover) -> None:
    labels = labels_of(written(handover, 0, 2_499))
    assert handover.digests() == [
        (0, 999, digest(*labels[:1_000])),
        (1_000, 1_999, digest(*labels[1_000:2_000])),
        (2_000, 2_499, digest(*labels[2_000:])),
    ]


def test_a_delivery_that_begins_inside_a_block_has_the_digest_of_what_it_sent(handover: Handover) -> None:
    labels = labels_of(written(handover, 990, 1_009))
    assert handover.digests() == [(990, 999, digest(*labels[:10])), (1_000, 1_009, digest(*labels[10:]))]


@given(st.lists(st.integers(0, 120), min_size=2, max_size=8, unique=True).map(sorted))
def test_a_gap_begins_a_new_run(first_labels: list[bytes], edges: list[int]) -> None:
    handover = Handover(LAYOUT, NUMBERING, (0, 4_999))
    runs = list(zip(edges[::2], edges[1::2], strict=False))
    for first, last in runs:
        written(handover, first, last)
    # Two numbers that differ are at least one apart: runs touch where the next begins just behind.
    joined: list[tuple[int, int]] = []
    for first, last in runs:
        if joined and joined[-1][1] == first - 1:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    assert handover.digests() == [(first, last, digest(*first_labels[first : last + 1])) for first, last in joined]


def test_a_job_that_begins_elsewhere_counts_its_blocks_from_there() -> None:
    handover = Handover(LAYOUT, NUMBERING, (70, 2_569))
    labels = labels_of(written(handover, 70, 1_074))
    assert handover.digests() == [(70, 1_069, digest(*labels[:BLOCK])), (1_070, 1_074, digest(*labels[BLOCK:]))]


def job_and_printer(works, batch):
    with works.db.read() as conn:
        job = jobs.get(conn, batch.job_id)
        return job, printers.at_revision(conn, job.printer_id, job.printer_revision)


def test_a_job_is_laid_out_from_what_its_batch_froze(works) -> None:
    works.add_printer("p", "file:///line.zpl")
    works.issue(70)
    job, printer = job_and_printer(works, works.issue(3))
    labels = labels_of(written(prepare(works.db, works.issuer, job, printer), job.first, job.last))
    serials = [scheme_text(ordinal).encode() for ordinal in (70, 71, 72)]
    assert [serial in label for serial, label in zip(serials, labels, strict=True)] == [True] * 3


def test_labels_that_a_printer_cannot_make_are_refused_as_a_whole(works) -> None:
    works.add_printer("p", "file:///line.zpl")
    job, printer = job_and_printer(works, works.issue(1))
    with pytest.raises(InvalidInput):
        prepare(works.db, works.issuer, job, replace(printer, spec=replace(printer.spec, dpmm=1)))


def test_labels_that_an_echoing_printer_would_not_echo_are_refused_as_a_whole(works, monkeypatch) -> None:
    works.add_printer("p", "file:///line.zpl")
    job, printer = job_and_printer(works, works.issue(1))
    echoing = replace(printer, profile=replace(printer.profile, echo="movement"))
    assert prepare(works.db, works.issuer, job, echoing)
    monkeypatch.setattr(fitting, "drawn", lambda pieces, shape: True)
    with pytest.raises(InvalidInput, match="for the printer to echo"):
        prepare(works.db, works.issuer, job, echoing)
