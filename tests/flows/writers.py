"""Writers for test_never_twice: each a process that asks for batches, writes down what it asked and heard, and may die.

    python writers.py DATABASE_URL DIRECTORY SEED LOT...

reads the number of a writer from each line of its input, starts that writer and prints its process id. It loads the
program, issues one batch and forks, so that a writer is at work in a moment. A writer that is started again goes on
where it was killed: it first asks again with the last key that it heard no answer for, as a client does.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.batches import BatchRequest
from labelsvc.domain.issuer import Issuer
from labelsvc.errors import Unavailable
from labelsvc.issuing import batches
from labelsvc.storage.database import Database

SECRET = bytes(range(32))
QUANTITY_AT_MOST = 5_000


class Writer:
    """A line that asks and asks; its log has `ask KEY LOT QUANTITY` before and `got KEY BATCH FIRST LAST` after."""

    def __init__(self, url: str, log: Path, lots: list[str]) -> None:
        self.issuer = Issuer(SECRET, "https://id.example.com")
        self.db = Database.open(url, connections=2)
        self.client = log.stem
        self.lots = lots
        lines = log.read_text().splitlines() if log.exists() else []
        self.asked = [line.split()[1:] for line in lines if line.startswith("ask ")]
        self.heard = {line.split()[1]: line for line in lines if line.startswith("got ")}
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def run(self, chance: random.Random) -> None:
        if self.asked and self.asked[-1][0] not in self.heard:
            self.ask(*self.asked[-1])
        while True:
            if self.asked and chance.random() < 0.1:
                self.ask(*chance.choice(self.asked))
                continue
            self.ask_new(chance.choice(self.lots), chance.randint(1, QUANTITY_AT_MOST))

    def ask_new(self, lot: str, quantity: int) -> None:
        question = [f"{self.client}-{len(self.asked)}", lot, str(quantity)]
        self.note(f"ask {' '.join(question)}")
        self.asked.append(question)
        self.ask(*question)

    def ask(self, key: str, lot: str, quantity: str) -> None:
        call = Call(Actor("key", self.client), datetime.now(UTC), key)
        while True:
            try:
                batch = batches.issue(self.db, self.issuer, call, int(lot), BatchRequest(int(quantity)))
                break
            except Unavailable:  # not now: the same again, a little later
                time.sleep(0.05)
        answer = f"got {key} {batch.id} {batch.first_serial} {batch.last_serial}"
        if self.heard.setdefault(key, answer) != answer:
            self.note(f"BROKEN {self.heard[key]} / {answer}")
            sys.exit(1)
        self.note(answer)

    def note(self, line: str) -> None:
        """Write a line in one piece, so that being killed cannot tear it; it survives the process."""
        os.write(self.log, f"{line}\n".encode())


def main() -> None:
    url, directory, seed, *lots = sys.argv[1:]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the killed
    first = Writer(url, Path(directory) / "first.log", lots)
    first.ask_new(lots[0], 1)
    first.db.close()
    for start, line in enumerate(sys.stdin):
        child = os.fork()
        if child == 0:
            writer = Writer(url, Path(directory) / f"writer{int(line)}.log", lots)
            writer.run(random.Random(f"{seed} {line.strip()} {start}"))
        print(child, flush=True)


if __name__ == "__main__":
    main()
