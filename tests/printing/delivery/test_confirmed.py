"""Jobs on printers that were certified: each label is confirmed, whatever happens on the way."""

from __future__ import annotations

import pytest

from labelsvc.printers.virtual import VirtualPrinter

QUICK = {"look_seconds": 0.02, "answer_seconds": 0.3}


@pytest.fixture
def certified(works):
    """Add a virtual printer as its certification would find it."""

    def add(printer: VirtualPrinter, **spec):
        works.add_printer("p", printer.config_uri, **spec)
        works.certify("p", printer.personality)

    return add


@pytest.mark.parametrize("counts", ["early", "late"])
@pytest.mark.parametrize("echo", ["image", "movement", None])
def test_every_label_is_confirmed(works, certified, counts, echo):
    with VirtualPrinter(counts=counts, echo=echo) as printer:
        certified(printer)
        batch = works.issue(7)
        works.send(**QUICK)
        job = works.job(batch)
        assert (job.state, job.state_reasons, job.outcomes) == (
            "completed",
            ("job-completed-successfully",),
            {"confirmed": 7},
        )
        assert works.read(printer.labels) == works.serials(batch)
