"""Jobs on printers that were certified: each label is confirmed, whatever happens on the way."""

from __future__ import annotations

import pytest

from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.storage import jobs as job_rows

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


def test_a_link_that_breaks_again_and_again_is_come_back_to_soon_while_labels_come_out(works, certified):
    """Each connection brings some labels out, so each pause is as short as the first: one second."""
    with VirtualPrinter(counts="late", echo="movement", on_for=3_600.0) as printer:
        certified(printer, window=1)  # so the count never leaves a doubt
        batch = works.issue(30)
        pauses = []
        while len(pauses) < 5:
            printer.drop_after(1_500, "rst")
            works.send(**QUICK)
            if works.job(batch).state == "completed":
                break
            with works.db.read() as conn:
                pauses.append((job_rows.get(conn, batch.job_id).not_before - works.clock()).total_seconds())
            works.pass_time(1)
        assert len(pauses) == 5
        assert set(pauses) == {1.0}
