"""formats: list, check, preview, add."""

from __future__ import annotations

import pytest

from labelsvc.data import data_dir

SHIPPED = ["carton-100x150", "item-70x35", "logistic-100x150", "sheet-a4-3x8", "unit-100x50", "unit-50x25"]

OWN = """
name = "tag"
title = "A tag"
width = 50
height = 25

[[text]]
value = "{serial}"
box = [2, 2, 46, 6]
size = 3
min_size = 1.6
"""


@pytest.fixture
def own(tmp_path):
    """A label format of a user, in a file."""
    file = tmp_path / "tag.toml"
    file.write_text(OWN)
    return file


def size(picture) -> tuple[int, int]:
    """Width and height out of a PNG's header."""
    head = picture.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    return int.from_bytes(head[16:20]), int.from_bytes(head[20:24])


def test_a_new_installation_has_the_shipped_formats(shell) -> None:
    lines = [line.split("\t") for line in shell.said("formats", "list")]
    assert sorted(line[0] for line in lines) == SHIPPED
    assert {line[2] for line in lines} == {"shipped"}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_format_passes_its_own_check(bare, name) -> None:
    """No installation is needed for it."""
    file = data_dir("label_formats") / f"{name}.toml"
    assert bare.said("formats", "check", file) == [f"{file}: right"]


def test_check_names_file_line_and_key_of_what_is_wrong_and_goes_on(bare, own, tmp_path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(OWN.replace("size = 3", "sise = 3"))
    result = bare.run("formats", "check", wrong, own)
    assert result.exit_code == 65
    assert result.stdout == f"{own}: right\n"
    (sentence,) = result.stderr.splitlines()
    assert sentence.startswith(f"{wrong}: ")
    assert "line 10" in sentence
    assert "sise" in sentence


def test_check_says_what_would_not_fit(bare, own) -> None:
    """The longest values that a format promises to take must find room."""
    own.write_text(OWN.replace("46, 6]", "3, 6]"))
    result = bare.run("formats", "check", own)
    assert (result.exit_code, result.stdout) == (65, "")
    assert "Expected" in result.stderr


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"name = [", b"\x00", b"name = 'x'\n" * 3])
def test_check_of_a_file_that_is_no_format_is_a_sentence(bare, own, content) -> None:
    own.write_bytes(content)
    result = bare.run("formats", "check", own)
    assert (result.exit_code, result.stdout) == (65, "")
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith(f"{own}: Expected")


def test_preview_draws_a_shipped_format_one_pixel_a_dot(bare, tmp_path) -> None:
    picture = tmp_path / "label.png"
    result = bare.run("formats", "preview", "unit-100x50", picture)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"{picture}: 100 x 50 mm at 12 dots per mm\n"
    assert size(picture) == (1200, 600)
    bare.said("formats", "preview", "unit-100x50", picture, "--dpmm", 8)
    assert size(picture) == (800, 400)


def test_preview_draws_a_file(bare, own, tmp_path) -> None:
    bare.said("formats", "preview", own, tmp_path / "label.png", "--dpmm", 8)
    assert size(tmp_path / "label.png") == (400, 200)


@pytest.mark.parametrize(
    ("name", "status", "code"), [("nobody", 66, "label_format_unknown"), ("nobody.toml", 74, "No such file")]
)
def test_preview_of_an_unknown_format_is_refused(bare, tmp_path, name, status, code) -> None:
    found, sentence = bare.refused("formats", "preview", name, tmp_path / "label.png")
    assert (found, code in sentence) == (status, True)
    assert not (tmp_path / "label.png").exists()


def test_an_added_format_is_for_batches_to_come_and_is_listed_as_ones_own(shell, own) -> None:
    (added,) = shell.said("formats", "add", own)
    name, revision = added.split("\t")
    assert (name, len(revision)) == ("tag", 64)
    assert f"tag\t{revision[:12]}\town" in shell.said("formats", "list")
    lot = shell.lot(shell.product(label_format="tag"))
    assert len(shell.said("issue", lot, 2)) == 2
    assert shell.said("formats", "add", own) == [added], "the same content is the same revision"


def test_a_format_that_breaks_a_rule_is_not_added(shell, own) -> None:
    own.write_text(OWN.replace("size = 3", "size = -3"))
    status, sentence = shell.refused("formats", "add", own)
    assert status == 65
    assert "format_" in sentence
    assert len(shell.said("formats", "list")) == len(SHIPPED)
