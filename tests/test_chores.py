from __future__ import annotations

import threading
from typing import Any

from labelsvc.chores import Chores


def test_what_else_a_process_does_is_done_beside_and_once_more_at_the_end(plant: Any) -> None:
    done: list[str] = []
    looked = threading.Event()

    def look() -> None:
        done.append("looked")
        looked.set()
        raise RuntimeError  # a chore that fails is done again

    with Chores(plant.db, plant.issuer, "public", ("other", look, 3_600.0)):
        assert looked.wait(60)
        before = len(done)
    assert len(done) == before + 1
