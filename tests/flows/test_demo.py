"""The demo's own check: it reads back what is right, and says so of nothing else."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pikepdf
import pytest

from labelsvc.domain.batches import BatchRequest, LotRequest
from labelsvc.domain.products import NewProduct
from labelsvc.issuing import batches, lots, products

COUNT = 6


@pytest.fixture
def dialect() -> str:
    """The demo is about SQLite."""
    return "sqlite"


@pytest.fixture(scope="module")
def demo() -> ModuleType:
    """tests/flows/demo.py, which is a program and no package."""
    spec = importlib.util.spec_from_file_location("labelsvc_demo", Path(__file__).with_name("demo.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=["09506000134352", "VALVE-DN25"])
def story(request, demo) -> Any:
    return next(story for story in demo.STORIES if story.code == request.param)


@pytest.fixture
def issued(story, plant, tmp_path) -> list[str]:
    """The serials of a batch of a story's product; its labels are in labels.pdf and labels.zpl."""
    told = story.product
    products.add_product(
        plant.db, plant.call(), NewProduct(story.code, told["name"], told["scheme"], told["label_format"], None)
    )
    asked = LotRequest(story.code, story.lot["number"], date(2026, 11, 20), date(2027, 11, 20))
    lot = lots.open_lot(plant.db, plant.call(), asked)
    batch = batches.issue(plant.db, plant.issuer, plant.call(), lot.id, BatchRequest(COUNT))
    for form in ("pdf", "zpl"):
        (tmp_path / f"labels.{form}").write_bytes(plant.labels(batch, form, dpmm=8))
    return plant.serials(batch)


@pytest.fixture
def read(demo, story, tmp_path) -> Callable[[str], list[str]]:
    """Read the labels of one form back, as the demo does."""

    def back(form: str) -> list[str]:
        file = tmp_path / f"labels.{form}"
        pictures = demo.pdf_pictures(file) if form == "pdf" else demo.zpl_pictures(file.read_bytes())
        return demo.read_back(pictures, story, demo.Bar("", COUNT))

    return back


@pytest.mark.parametrize("form", ["pdf", "zpl"])
def test_labels_as_they_were_issued_are_read_back(demo, issued, read, form) -> None:
    assert read(form) == issued
    assert demo.differences(form, issued, read(form)) == []


def test_one_other_character_in_one_symbol_is_found(demo, story, issued, read, tmp_path) -> None:
    """Be it in one symbol of two: they must agree."""
    formats = (tmp_path / "labels.zpl").read_bytes().split(b"^XZ")
    payload = {"09506000134352": b"21" + issued[3].encode(), "VALVE-DN25": b"VALVE-DN25/"}[story.code]
    # What a code set switch leaves of the serial in a Code 128 may be its first digits: the item's code is whole.
    assert payload in formats[3]
    other = payload[:-2] + (b"A" if payload[-2:-1] != b"A" else b"B") + payload[-1:]
    formats[3] = formats[3].replace(payload, other)
    (tmp_path / "labels.zpl").write_bytes(b"^XZ".join(formats))
    found = read("zpl")
    assert [n for n in range(COUNT) if found[n] != issued[n]] == [3]
    (wrong,) = demo.differences("labels.zpl", issued, found)
    assert wrong.startswith(f"labels.zpl label 4: Expected {issued[3]}, got ")


def test_two_labels_in_each_others_place_are_found(demo, issued, read, tmp_path) -> None:
    with pikepdf.open(tmp_path / "labels.pdf", allow_overwriting_input=True) as document:
        document.pages.insert(1, document.pages[4])
        del document.pages[5]
        document.save()
    assert len(demo.differences("labels.pdf", issued, read("pdf"))) == 4


def test_a_missing_label_and_one_too_many_are_found(demo, issued, read, tmp_path) -> None:
    with pikepdf.open(tmp_path / "labels.pdf", allow_overwriting_input=True) as document:
        del document.pages[-1]
        document.save()
    assert demo.differences("labels.pdf", issued, read("pdf")) == ["labels.pdf: Expected 6 labels, got 5."]
    zpl = (tmp_path / "labels.zpl").read_bytes()
    (tmp_path / "labels.zpl").write_bytes(zpl + zpl[: len(zpl) // COUNT])
    assert demo.differences("received/", issued, read("zpl")) == ["received/: Expected 6 labels, got 7."]


def test_a_label_without_its_symbol_is_found(demo, story, issued, read, tmp_path) -> None:
    """The text alone is no serial."""
    zpl = (tmp_path / "labels.zpl").read_bytes()
    for command in (b"^BX", b"^BC"):
        place = zpl.rfind(command)
        if place >= 0:
            zpl = zpl[:place] + b"^FX" + zpl[place + 3 :]
    (tmp_path / "labels.zpl").write_bytes(zpl)
    assert read("zpl") == [*issued[:-1], f"no label of {story.code}"]


@pytest.mark.slow
@pytest.mark.parametrize("tampered", [False, True])
def test_the_demo_ends_with_0_only_if_everything_reads_back(demo, tmp_path, monkeypatch, capsys, tampered) -> None:
    """The whole demo with few labels; in the second run someone puts a page of the PDF in another's place."""
    monkeypatch.setattr(demo, "QUANTITY", COUNT)
    fetch = demo.download

    def download(service: Any, batch: Any, folder: Path) -> Any:
        seconds = fetch(service, batch, folder)
        if tampered and folder.name == "VALVE-DN25":
            with pikepdf.open(folder / "labels.pdf", allow_overwriting_input=True) as document:
                document.pages[0] = document.pages[1]
                document.save()
        return seconds

    monkeypatch.setattr(demo, "download", download)
    assert demo.main(tmp_path / "out") == (1 if tampered else 0)
    told = capsys.readouterr().out
    assert ("labels.pdf label 1: Expected " in told) == tampered
    assert told.count("all as issued") == (1 if tampered else 2)
    for story in demo.STORIES:
        names = {path.name for path in (tmp_path / "out" / story.code).iterdir()}
        assert names == {"labels.pdf", "labels.zpl", "preview.png", "serials.csv", "received"}
    shutil.rmtree(tmp_path / "out")


def test_the_demo_leaves_a_directory_alone_that_it_did_not_make(demo, tmp_path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(SystemExit, match="It is left as it is"):
        demo.main(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
