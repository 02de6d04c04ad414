"""Senders that are processes: killed with -9, or frozen past their lease while another takes over.

What torture.py does to a sender inside one process at an exact write is done here from outside, wherever it just is.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from labelsvc.printers.virtual import VirtualPrinter
from tests.printing.torture import Case, Happens

LEASE_SECONDS = 1.5
PROGRAM = """
import signal, sys
from pathlib import Path
from labelsvc.domain.issuer import Issuer
from labelsvc.storage.database import Database
from labelsvc.worker import Worker

url, data_dir, lease_seconds = sys.argv[1:]
with Database.open(url) as db:
    issuer = Issuer(bytes(range(32)), "https://id.example.com")
    worker = Worker(db, issuer, Path(data_dir), lease_seconds=float(lease_seconds))
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())
    print("ready", flush=True)
    worker.run()
"""


class ProcessCase(Case):
    """A job whose senders are processes: one that the misfortune is for, and an heir beside it."""

    def __init__(self, *arguments: Any, url: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.url = url
        self.victim: subprocess.Popen[str] | None = None
        self.frozen = 0.0

    def strike(self, number: int) -> None:
        """Send a signal to the first sender, if it still runs."""
        assert self.victim is not None
        if self.victim.poll() is None:
            self.faults.append({signal.SIGKILL: "kill -9", signal.SIGSTOP: "kill -STOP"}[signal.Signals(number)])
            os.kill(self.victim.pid, number)
            self.frozen = time.monotonic()

    def _serve(self) -> None:
        """Let both send until the job waits for a person or has ended, or the printer for one.

        Who is frozen goes on when another has had its lease for a while. Until then it keeps the printer's only parser.
        Once that is over it is a case like others.
        """
        if self.faults:
            super()._serve()
            return
        with ExitStack() as stack:
            # One after the other: were the heir up first, its labels would have the victim struck before it is ready.
            for role in ("victim", "heir"):
                process = stack.enter_context(self._worker())
                assert process.stdout is not None
                said = process.stdout.readline()
                assert said == "ready\n", f"Expected the {role} to be ready, got {said!r}."
                if role == "victim":
                    self.victim = process
            until = time.monotonic() + 60
            while self.works.job(self.batch).state in ("pending", "processing"):
                assert time.monotonic() < until, "the job never came to an end"
                if self.frozen and time.monotonic() > self.frozen + 3 * LEASE_SECONDS and self.victim.poll() is None:
                    os.kill(self.victim.pid, signal.SIGCONT)
                time.sleep(0.05)
            if self.victim.poll() is None:
                os.kill(self.victim.pid, signal.SIGCONT)

    @contextmanager
    def _worker(self) -> Iterator[subprocess.Popen[str]]:
        arguments = [self.url, str(self.works.data_dir), str(LEASE_SECONDS)]
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            yield process
            process.terminate()
            process.wait(30)
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


def signalled(number: int, label: int) -> Happens:
    """Send a signal to the sender as a label comes out."""

    def happen(case: Case, printer: VirtualPrinter) -> None:
        assert isinstance(case, ProcessCase)
        printer.at_label(label, lambda _: case.strike(number))

    return happen
