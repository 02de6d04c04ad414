"""Long polls: few wait, for a bounded time, and nobody who comes besides is kept."""

from __future__ import annotations

import threading

from labelsvc.web.polls import Polls


def test_what_is_there_is_answered_at_once_and_what_comes_while_waiting() -> None:
    polls, looks = Polls(16), iter([False, False, True])
    assert polls.wait(lambda: True, 30)
    assert polls.wait(lambda: next(looks), 30)
    assert not polls.wait(lambda: False, 0)


def test_a_quarter_of_the_threads_wait_and_the_next_is_answered_at_once() -> None:
    polls, waiting, come = Polls(8), threading.Barrier(3), threading.Event()

    def look() -> bool:
        if not come.is_set() and threading.current_thread().name.startswith("waiter"):
            thread = threading.current_thread()
            if not getattr(thread, "seen", False):
                thread.seen = True  # type: ignore[attr-defined]
                return False
            if not getattr(thread, "met", False):
                thread.met = True  # type: ignore[attr-defined]
                waiting.wait(10)
        return come.is_set()

    found: list[bool] = []
    threads = [threading.Thread(target=lambda: found.append(polls.wait(look, 30)), name=f"waiter {n}") for n in (1, 2)]
    for thread in threads:
        thread.start()
    waiting.wait(10)  # both are inside
    assert not polls.wait(look, 30)
    come.set()
    for thread in threads:
        thread.join(10)
    assert found == [True, True]


def test_at_the_end_of_the_process_nobody_waits() -> None:
    polls = Polls(16)
    polls.close()
    assert not polls.wait(lambda: False, 30)
