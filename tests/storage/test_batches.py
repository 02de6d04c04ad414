"""Batches in the books: found by id or by range, with the job they were made with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from labelsvc.printing import printers
from labelsvc.storage import batches, jobs, ranges, tables
from labelsvc.storage.jobs import NewJob


def test_a_batch_is_found_by_its_range(plant: Any) -> None:
    """It is the same row; a range that was not granted for a batch has none."""
    batch = plant.issue(plant.lot(), 5)
    (pool,) = plant.tables()["pools"]
    lost = plant.db.write(lambda conn: ranges.take(conn, plant.call(), pool[0], ranges.Grant(3, "lost")))
    with plant.db.read() as conn:
        row = batches.get(conn, batch.id)
        assert batches.of_range(conn, row.range_id) == row
        assert batches.of_range(conn, lost.id) is None
    assert (row.first, row.count, row.lot_revision, row.pattern, row.scope) == (0, 5, 1, "{rnd:10}", "")


def test_a_batch_keeps_the_job_it_was_made_with(plant: Any) -> None:
    """A later job on the same numbers, on a printer of another resolution, is not it."""
    printer = plant.printer("p", dpmm=8)
    batch = plant.issue(plant.lot(), 5, printer="p")
    other = printers.edit_printer(plant.db, plant.call(), replace(printer.spec, dpmm=12), plant.data_dir)
    with plant.db.read() as conn:
        row = batches.get(conn, batch.id)
    again = NewJob(batch.id, row.range_id, other.id, other.revision, row.first, row.first)
    later = plant.db.write(lambda conn: jobs.add(conn, plant.call(), again))
    assert later > batch.job_id
    with plant.db.read() as conn:
        assert batches.get(conn, batch.id) == row
    assert (row.printer, row.printer_dpmm, row.job_id) == ("p", 8, batch.job_id)


def test_what_a_batch_names_must_be_there(plant: Any) -> None:
    """Both databases hold it by foreign keys: a range, product, lot, format or printer cannot go from under it."""
    plant.issue(plant.lot(), 5)
    for table in (tables.ranges, tables.products, tables.lots, tables.label_formats):
        with pytest.raises(IntegrityError):
            plant.db.write(lambda conn, table=table: conn.execute(table.delete()))
