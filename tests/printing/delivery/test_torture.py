"""Faults end to end, seeded: some at every run; `make torture` does ten thousand and more (torture.py)."""

from __future__ import annotations

import os
import random
import signal

import pytest

from tests.printing.killing import ProcessCase, signalled
from tests.printing.torture import LABEL_BYTES, Case, Tally, chance, drops_at, long_job, personalities, write_down

#: Jobs of each database, in parts that workers can share; the first of the seeds.
JOBS, PARTS = int(os.environ.get("TORTURE_JOBS", "80")), int(os.environ.get("TORTURE_PARTS", "8"))
SEED = int(os.environ.get("TORTURE_SEED", "1"))
#: Printers care little for databases: at every run PostgreSQL has some of the parts, in a long one all of them.
ON_POSTGRESQL = PARTS if "TORTURE_JOBS" in os.environ else 3
SHARED = [*(("sqlite", part) for part in range(PARTS)), *(("postgresql", part) for part in range(ON_POSTGRESQL))]
#: Long jobs of each database, and processes that are killed; 0: some, on one database each.
LONG, KILLS = int(os.environ.get("TORTURE_LONG", "0")), int(os.environ.get("TORTURE_KILLS", "0"))


@pytest.mark.slow
@pytest.mark.parametrize(("dialect", "part"), SHARED)
def test_whatever_happens_each_serial_comes_out_once(works, part: int) -> None:
    tally = Tally()
    for seed in range(SEED + part, SEED + JOBS, PARTS):
        case, happens = chance(works, seed)
        tally.add(case.run(*happens))
    write_down(tally)
    assert not tally.wrong, f"seeds from {SEED}: " + "\n".join(tally.wrong)
    assert tally.faults.total() > 0


@pytest.mark.slow
@pytest.mark.parametrize(("dialect", "part"), SHARED)
def test_a_connection_that_drops_anywhere_in_three_windows(works, dialect: str, part: int) -> None:
    """Here at some offsets; `make torture` takes each one on SQLite, and of the last none is left to strike."""
    kind = personalities()[0]
    step = int(os.environ.get("TORTURE_STEP", "401")) if dialect == "sqlite" else 401
    tally, offsets = Tally(), range(1 + part * step, 6 * LABEL_BYTES + 200, PARTS * step)
    for offset in offsets:
        tally.add(Case(works, kind, 6, name=f"p{offset}").run(drops_at(offset)))
    if part == 0:
        beyond = Case(works, kind, 6, name="beyond").run(drops_at(6 * LABEL_BYTES + 200))
        assert not beyond.faults
    write_down(tally)
    assert not tally.wrong, "\n".join(tally.wrong)


@pytest.mark.slow
@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"] if LONG else ["sqlite"])
@pytest.mark.parametrize("seed", range(LONG or 1))
def test_a_long_job_whose_connection_drops_again_and_again(works, seed: int) -> None:
    kind, quantity, happens = long_job(seed)
    tally = Case(works, kind, quantity).run(happens)
    write_down(tally)
    assert not tally.wrong, "\n".join(tally.wrong)
    assert tally.faults["drop"] > 4  # two may be one, and the last behind the end


KILLED, FROZEN = signal.SIGKILL, signal.SIGSTOP
#: What happens to senders on which database; half of it at every run.
STRUCK = [("sqlite", KILLED), ("postgresql", FROZEN), ("postgresql", KILLED), ("sqlite", FROZEN)]


@pytest.mark.slow
@pytest.mark.parametrize(("dialect", "number"), STRUCK if KILLS else STRUCK[:2])
@pytest.mark.parametrize("seed", range(KILLS or 1))
def test_a_sender_that_is_killed_or_frozen_past_its_lease(works, database_url: str, number: int, seed: int) -> None:
    """A process of its own, while another waits to take over."""
    dice = random.Random(seed)
    confirming = [kind for kind in personalities(label_seconds=0.05) if kind.echo == "movement" or kind.counts]
    kind = dice.choice(confirming)
    case = ProcessCase(works, kind, 12, window=dice.choice((1, 2, 5)), url=database_url)
    tally = case.run(signalled(number, dice.randint(1, 10)))
    write_down(tally)
    assert not tally.wrong, "\n".join(tally.wrong)
    assert tally.faults.total() == 1
