"""A name in any script that the shipped font has is printed on a printer that lacks it, from the order to the label."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from labelsvc.domain.jobs import PrinterSpec
from labelsvc.errors import InvalidInput
from labelsvc.labels.elements import Text
from labelsvc.labels.formats import shipped
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printing import jobs, printers

judges = runpy.run_path(str(Path(__file__).parents[1] / "labels" / "conftest.py"))["judges"]


def reads_as_its_picture(judges: Any, plant: Any, batch: Any, received: list[bytes]) -> None:
    """What each label that came out shows where its product's name is, is what its picture shows there."""
    name = next(element for element in shipped()[batch.label_format].elements if isinstance(element, Text))
    left, top, right, bottom = judges.dots(name.stance.box, 8)
    assert len(received) == batch.quantity
    for number, label in enumerate(received, 1):
        (printed,) = judges.zpl(label + b"\n", 8)
        picture = judges.png(plant.labels(batch, "png", first=number, count=1, dpmm=8))
        assert (printed[top:bottom, left:right] == picture[top:bottom, left:right]).all()
        assert judges.ink(printed[top:bottom, left:right]) is not None


@pytest.mark.parametrize("name", ["Ιβουπροφαίνη 400 mg", "Žluťoučký kůň úpěl", "Ибупрофен"])
def test_a_name_in_any_script_comes_out_of_the_printer(plant: Any, judges: Any, name: str) -> None:
    """The virtual printer counts a label for each serial, and another renderer shows the name on every one."""
    lot = plant.lot(plant.product(name=name, label_format="unit-100x50"))
    with VirtualPrinter(dpmm=8) as printer:
        spec = PrinterSpec("p", printer.uri, "zpl", 8, 100.0, 50.0)
        printers.add_printer(plant.db, plant.call(), spec, plant.data_dir)
        batch = plant.issue(lot, 3, printer="p")
        plant.print()
        assert printer.wait_for_labels(3, timeout=20)
        received, payloads = list(printer.labels), [record.payloads for record in printer.records]
    assert jobs.get_job(plant.db, plant.issuer, batch.job_id).state == "completed"
    serials = plant.serials(batch)
    assert [read[0].rpartition("21")[2] for read in payloads] == serials
    reads_as_its_picture(judges, plant, batch, received)
    # What was downloaded is what was printed.
    assert plant.labels(batch, "zpl", dpmm=8) == b"".join(label + b"\n" for label in received)


@pytest.mark.parametrize("name", ["牛乳", "باراسيتامول", "पैरासिटामोल", "Tea 🍵"])
def test_a_name_that_no_label_can_show_takes_no_number(plant: Any, name: str) -> None:
    """Said when labels are asked for, with the character; nothing is stored, with a printer or without one."""
    lot = plant.lot(plant.product(name=name, label_format="unit-100x50"))
    plant.printer("p", media_width=100.0, media_height=50.0)
    before = plant.tables()
    for printer in ("p", None):
        with pytest.raises(InvalidInput, match=r"Expected characters of the shipped font, got .*U\+") as refusal:
            plant.issue(lot, 5, printer=printer)
        assert refusal.value.code == "format_glyph"
    assert plant.tables() == before
