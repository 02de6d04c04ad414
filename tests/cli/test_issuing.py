"""product, lot, issue, render, lookup."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime

import pypdfium2
import pytest

from labelsvc.domain.gs1 import check_digit

GTIN = "09506000134352"
SERIAL = re.compile(r"[2-9A-HJ-NP-Z]{10}")  # GS1's 32 characters


def books(shell, statement: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(shell.data_dir / "labelsvc.sqlite") as conn:
        return conn.execute(statement).fetchall()


def test_a_product_is_shown_by_its_gtin_of_14_digits(shell) -> None:
    added = shell.said("product", "add", GTIN[1:], "Rapeseed oil", "--scheme", "{rnd:10}", "--format", "unit-100x50")
    assert added == [f"{GTIN}\t{{rnd:10}}\tunit-100x50\tRapeseed oil"] == shell.said("product", "list")


def test_every_product_is_listed_however_many_there_are(shell, monkeypatch) -> None:
    """They are read page by page; the list goes on to its end."""
    monkeypatch.setattr("labelsvc.cli.issuing._PAGE", 2)
    codes = [shell.product(f"PUMP-{number}", label_format="item-70x35") for number in range(7)]
    assert [line.split("\t")[0] for line in shell.said("product", "list")] == codes
    lots = [shell.lot(codes[0], f"L-{number}") for number in range(5)]
    assert [line.split("\t")[0] for line in shell.said("lot", "list")] == lots


def test_every_lot_is_listed_and_those_of_one_product_on_request(shell) -> None:
    oil, pump = shell.product(), shell.product("PUMP-7", label_format="item-70x35")
    shell.lot(oil, "L-1")
    shell.lot(pump, "L-1", best_before="2027-01-01")
    assert shell.said("lot", "list") == [
        f"1\t{GTIN}\tL-1\t2026-11-20\t2028-11-19\t-",
        "2\tPUMP-7\tL-1\t2026-11-20\t2028-11-19\t2027-01-01",
    ]
    assert [line.split("\t")[0] for line in shell.said("lot", "list", "--product", pump)] == ["2"]


def test_a_lot_is_produced_today_and_expires_by_the_shelf_life_where_nothing_else_is_said(shell) -> None:
    shell.said("product", "add", GTIN, "Oil", "--scheme", "{rnd:10}", "--format", "unit-100x50", "--shelf-life", 10)
    before = datetime.now(UTC).astimezone().date()
    assert shell.said("lot", "open", GTIN, "L-1") == ["1"]
    after = datetime.now(UTC).astimezone().date()
    _, _, _, produced, expires, _ = shell.said("lot", "list")[0].split("\t")
    assert before.isoformat() <= produced <= after.isoformat()
    assert (datetime.fromisoformat(expires) - datetime.fromisoformat(produced)).days in (9, 10, 11)


def test_opening_a_lot_prints_its_id_alone_and_warns_on_stderr(shell) -> None:
    result = shell.run("lot", "open", shell.product(), "L-1", "--production", "2020-01-01", "--expiry", "2021-01-01")
    assert (result.exit_code, result.stdout) == (0, "1\n")
    assert result.stderr.startswith("labelsvc: warning: ")


def test_a_product_gets_another_scheme_only_if_their_serials_cannot_meet(shell) -> None:
    shell.product()
    assert shell.said("product", "scheme", GTIN, "{rnd:9}") == ["{rnd:9}\tcurrent"]
    status, sentence = shell.refused("product", "scheme", GTIN, "{seq:9}")
    assert status == 73
    assert "schemes_collide" in sentence


def test_issue_prints_the_serials_alone_one_a_line(shell) -> None:
    result = shell.run("issue", shell.lot(), 30)
    serials = result.stdout.splitlines()
    assert len(serials) == len(set(serials)) == 30
    assert all(map(SERIAL.fullmatch, serials))
    assert result.stderr == "Batch 1 of lot L-1: 30 serials. Labels: labelsvc render 1 labels.pdf\n"


def test_issue_prints_them_in_the_order_of_their_labels_beyond_one_piece(shell) -> None:
    lot = shell.lot(shell.product(scheme="{seq:6}"))
    assert shell.said("issue", lot, 2_501) == [f"{number:06}" for number in range(1, 2_502)]


def test_issue_with_a_key_gives_the_same_serials_again(shell) -> None:
    lot = shell.lot()
    first = shell.said("issue", lot, 5, "--key", "order-4711")
    assert shell.said("issue", lot, 5, "--key", "order-4711") == first
    assert not set(shell.said("issue", lot, 5, "--key", "order-4712")) & set(first)
    status, sentence = shell.refused("issue", lot, 6, "--key", "order-4711")
    assert status == 73
    assert "order-4711" in sentence or "key" in sentence


def test_issue_to_a_reader_that_has_enough_ends_quietly(shell, ended) -> None:
    """labelsvc issue 1 100000 | head -1"""
    with ended(shell.start("issue", shell.lot(), 200_000)) as issuing:
        assert SERIAL.fullmatch(issuing.stdout.readline().strip())
        issuing.stdout.close()
        assert "Traceback" not in issuing.stderr.read()
        assert issuing.wait(60) == 1


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (("issue", 77, 1), 66, "lot_unknown"),
        (("issue", 1, 0), 65, "quantity"),
        (("issue", 1, 10**30), 65, "quantity"),
        (("issue", 1, 1, "--printer", "nobody"), 66, "printer_unknown"),
        (("issue", 1, 1, "--format", "nobody"), 66, "label_format_unknown"),
        (("issue", 1, 1, "--line", "x" * 81), 65, "name"),
        (("lot", "open", GTIN, "L-1"), 73, "lot_exists"),
        (("lot", "open", "PUMP-9", "L-1"), 66, "product_unknown"),
        (("lot", "open", GTIN, "L" * 21), 65, "lot_number"),
        (("lot", "open", GTIN, "L^XZ"), 65, "lot_number"),
        (("lot", "open", GTIN, "L-2", "--production", "2026-11-20", "--expiry", "2026-11-19"), 65, "lot_expiry"),
        (("lot", "list", "--product", "PUMP-9"), 66, "product_unknown"),
        (
            ("product", "add", "9506000134353", "X", "--scheme", "{rnd:10}", "--format", "unit-100x50"),
            65,
            "check_digit",
        ),
        (("product", "add", "A/B", "X", "--scheme", "{rnd:10}", "--format", "item-70x35"), 65, "item"),
        (("product", "add", "A", "", "--scheme", "{rnd:10}", "--format", "item-70x35"), 65, "name"),
        (("product", "add", "A", "X", "--scheme", "{rnd:1}", "--format", "item-70x35"), 65, "scheme"),
        (("product", "add", "A", "X", "--scheme", "{rnd:10}", "--format", "nobody"), 66, "label_format_unknown"),
        (("product", "add", GTIN, "X", "--scheme", "{rnd:10}", "--format", "unit-100x50"), 73, "product_exists"),
        (("product", "scheme", "PUMP-9", "{rnd:10}"), 66, "product_unknown"),
        (("render", 77, "labels.pdf"), 66, "batch_unknown"),
        (("lookup", GTIN, "A^XZ"), 65, "serial"),
        (("lookup", GTIN, "2222222222"), 66, "never_issued"),
        (("lookup", "PUMP-9", "1"), 66, "product_unknown"),
    ],
)
def test_what_is_refused_is_one_sentence_and_takes_nothing(shell, words, status, code) -> None:
    shell.lot()
    before = books(shell, "SELECT count(*) FROM batches"), books(shell, "SELECT count(*) FROM products")
    found, sentence = shell.refused(*words)
    assert found == status, sentence
    assert code in sentence
    assert re.fullmatch(r"labelsvc: .*\([a-z0-9_]+\)", sentence)
    assert before == (books(shell, "SELECT count(*) FROM batches"), books(shell, "SELECT count(*) FROM products"))


@pytest.mark.parametrize(
    "words",
    [
        ("issue", 1),
        ("issue", 1, -1),
        ("issue", 1, "ten"),
        ("issue", 1, "1.5"),
        ("issue", 2**63, 1),
        ("issue", 0, 1),
        ("lot", "open", GTIN, "L-1", "--production", "2026-02-30"),
        ("lot", "open", GTIN, "L-1", "--production", "yesterday"),
        ("render", 1, "labels.doc"),
        ("render", 1, "labels"),
        ("render", 1, "."),
        ("render", 1, "label.png", "--count", 2),
        ("render", 1, "serials.csv", "--first", 2),
        ("render", 10**30, "labels.pdf"),
        ("nothing",),
    ],
)
def test_what_cannot_be_read_is_a_usage_error(shell, words) -> None:
    assert shell.run(*words).exit_code == 2


@pytest.fixture
def batch(shell) -> list[str]:
    """The serials of batch 1."""
    return shell.said("issue", shell.lot(), 5)


def test_render_writes_a_pdf_of_one_page_a_label(shell, batch, tmp_path) -> None:
    result = shell.run("render", 1, tmp_path / "labels.pdf")
    size = (tmp_path / "labels.pdf").stat().st_size
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"{tmp_path / 'labels.pdf'}: {size} bytes\n")
    with pypdfium2.PdfDocument(tmp_path / "labels.pdf") as document:
        assert len(document) == 5


def test_render_writes_the_labels_asked_for(shell, batch, tmp_path) -> None:
    shell.said("render", 1, tmp_path / "all.zpl")
    shell.said("render", 1, tmp_path / "some.ZPL", "--first", 2, "--count", 3)
    formats = re.findall(rb"\^XA.*?\^XZ\n", (tmp_path / "all.zpl").read_bytes(), re.DOTALL)
    assert len(formats) == 5
    assert (tmp_path / "some.ZPL").read_bytes() == b"".join(formats[1:4])


def test_render_draws_one_label_at_the_resolution_asked_for(shell, batch, tmp_path) -> None:
    shell.said("render", 1, tmp_path / "label.png", "--first", 5, "--dpmm", 8)
    assert (tmp_path / "label.png").read_bytes()[:4] == b"\x89PNG"
    shell.said("render", 1, tmp_path / "fine.png", "--first", 5)
    wide = [int.from_bytes((tmp_path / name).read_bytes()[16:20]) for name in ("label.png", "fine.png")]
    assert wide == [800, 1200]


def test_render_writes_all_serials_as_csv(shell, batch, tmp_path) -> None:
    shell.said("render", 1, tmp_path / "serials.csv")
    lines = (tmp_path / "serials.csv").read_text().splitlines()
    assert lines == ["serial,label,outcome", *(f"{serial},{n},held" for n, serial in enumerate(batch, 1))]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--first", 6), "label_outside_batch"),
        (("--first", 0), "label_outside_batch"),
        (("--count", 6), "count_outside_batch"),
        (("--count", 0), "count_outside_batch"),
        (("--dpmm", 9), "dpmm"),
        (("--first", 10**30), "label_outside_batch"),
    ],
)
def test_labels_that_are_not_there_are_refused_and_no_file_appears(shell, batch, tmp_path, options, code) -> None:
    (tmp_path / "out").mkdir()
    status, sentence = shell.refused("render", 1, tmp_path / "out" / "labels.pdf", *options)
    assert (status, code in sentence) == (65, True)
    assert list((tmp_path / "out").iterdir()) == []


def test_render_into_a_directory_that_is_not_there_is_one_sentence(shell, batch, tmp_path) -> None:
    status, sentence = shell.refused("render", 1, tmp_path / "nowhere" / "labels.pdf")
    assert (status, sentence) == (
        74,
        f"labelsvc: Expected to read or write {tmp_path / 'nowhere' / 'labels.pdf'}, got: No such file or directory.",
    )


@pytest.mark.parametrize("there", [True, False])
def test_a_full_disk_leaves_the_file_as_it_was(shell, tmp_path, there) -> None:
    """Half a file of labels would look like a whole one. A limit on the size of files stands in for the full disk."""
    shell.said("issue", shell.lot(), 500)
    (tmp_path / "out").mkdir()
    file = tmp_path / "out" / "labels.zpl"
    if there:
        file.write_text("labels of yesterday")
    # SIGXFSZ is ignored by Python, so that a write beyond the limit fails with an error.
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (250_000, 250_000)); "
    main = "import sys; from labelsvc.cli import main; sys.exit(main(prog_name='labelsvc'))"
    status, out, err = shell.process("render", 1, file, program=limit + main)
    assert (status, out) == (74, "")
    assert err == f"labelsvc: Expected to read or write {file}, got: File too large.\n"
    left = {path.name: path.read_text() for path in file.parent.iterdir()}
    assert left == ({"labels.zpl": "labels of yesterday"} if there else {})


def test_lookup_reads_a_serial_back_to_its_lot_batch_and_label(shell, batch) -> None:
    assert shell.said("lookup", GTIN, batch[2]) == [
        f"{GTIN} {batch[2]}: Rapeseed oil",
        "lot L-1, produced 2026-11-20, expires 2028-11-19",
        "batch 1, label 3 of 5, held",
    ]


def test_a_code_of_the_wrong_length_for_a_gtin_is_an_item(shell) -> None:
    """10 digits are no GTIN, so they may be a company's own code."""
    assert check_digit("950600013435") == 2  # GS1's own example: the GTIN above is one
    shell.product("4711471147", label_format="item-70x35")
    assert shell.said("product", "list")[0].startswith("4711471147\t")
