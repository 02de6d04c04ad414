"""Faults end to end, seeded: a few hundred at every run; `make torture` does ten thousand and more (torture.py)."""

from __future__ import annotations

import os

import pytest

from tests.printing.torture import LABEL_BYTES, Case, Tally, chance, drops_at, long_job, personalities, write_down

#: Jobs of each database, in parts that workers can share; the first of the seeds.
JOBS, PARTS = int(os.environ.get("TORTURE_JOBS", "80")), 8
SEED = int(os.environ.get("TORTURE_SEED", "1"))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_happens_each_serial_comes_out_once(works, part: int) -> None:
    tally = Tally()
    for seed in range(SEED + part, SEED + JOBS, PARTS):
        kind, quantity, happens = chance(seed)
        tally.add(Case(works, kind, quantity, name=f"p{seed}").run(*happens))
    write_down(tally)
    assert not tally.wrong, f"seeds from {SEED}: " + "\n".join(tally.wrong)
    assert tally.faults.total() > 0


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_a_connection_that_drops_anywhere_in_three_windows(works, dialect: str, part: int) -> None:
    """Here at some offsets; `make torture` takes each one on SQLite."""
    kind = personalities()[0]
    step = int(os.environ.get("TORTURE_STEP", "401")) if dialect == "sqlite" else 401
    tally = Tally()
    for offset in range(1 + part * step, 6 * LABEL_BYTES + 200, PARTS * step):
        tally.add(Case(works, kind, 6, name=f"p{offset}").run(drops_at(offset)))
    write_down(tally)
    assert not tally.wrong, "\n".join(tally.wrong)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(int(os.environ.get("TORTURE_LONG", "1"))))
def test_a_long_job_whose_connection_drops_again_and_again(works, seed: int) -> None:
    kind, quantity, happens = long_job(seed)
    tally = Case(works, kind, quantity).run(happens)
    write_down(tally)
    assert not tally.wrong, "\n".join(tally.wrong)
    assert tally.faults["drop"] > 4  # two may be one, and the last behind the end
