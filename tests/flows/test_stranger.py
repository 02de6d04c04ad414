"""A stranger hammers the resolver over real sockets while the line asks for labels: all of them are printed."""

from __future__ import annotations

import http.client
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from labelsvc import access
from labelsvc.app import create_app
from labelsvc.cli.listening import Listener
from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.batches import LotRequest
from labelsvc.domain.jobs import PrinterSpec
from labelsvc.domain.products import NewProduct
from labelsvc.issuing import lots, products
from labelsvc.printing import printers
from labelsvc.settings import Settings
from labelsvc.storage.tables import audit, resolver_hits
from labelsvc.tracking.hits import GUESS, Keeper
from labelsvc.web.house import house_of
from labelsvc.worker import Worker
from tests.web.conftest import found_site  # noqa: F401 -- a fixture

GTIN = "09506000134352"
STRANGERS = 8
BATCHES = 6
CALL = Call(Actor("shell", "tests"), datetime.now(UTC))


class Stranger(threading.Thread):
    """Asks for serials that never were, on one connection after the other, as fast as it is answered."""

    def __init__(self, port: int, number: int, stop: threading.Event) -> None:
        super().__init__()
        self._port, self._number, self._stop_now = port, number, stop
        self.answers: Counter[int] = Counter()
        self.refused = threading.Event()

    def run(self) -> None:
        """Ask until told to stop."""
        tries = 0
        while not self._stop_now.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
            for _ in range(50):
                tries += 1
                connection.request("GET", f"/verify/01/{GTIN}/21/GUESS{self._number}N{tries}")
                answer = connection.getresponse()
                answer.read()
                self.answers[answer.status] += 1
                if answer.status == 429:
                    self.refused.set()
                if self._stop_now.is_set():
                    break
            connection.close()


@contextmanager
def served(settings: Settings) -> Iterator[tuple[Any, int]]:
    app = create_app(settings)
    listener = Listener(app, ("127.0.0.1", 0), settings.threads, 1_000_000)
    worker = Worker(house_of(app).db, house_of(app).issuer, settings.data_dir)
    running = [threading.Thread(target=target) for target in (listener.run, worker.run)]
    for thread in running:
        thread.start()
    try:
        yield house_of(app), int(listener.urls[0].rpartition(":")[2])
    finally:
        listener.stop()
        worker.stop()
        for thread in running:
            thread.join()
        house_of(app).db.close()


@dataclass
class Line:
    """The line: asks for labels on a printer, and watches them come out."""

    port: int
    key: str
    lot_id: int

    def issue(self, number: int) -> tuple[int, dict[str, Any]]:
        """Ask for ten labels."""
        body = json.dumps({"quantity": 10, "printer": "line-3"})
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"k{number}"}
        return self._asked("POST", f"/api/v1/lots/{self.lot_id}/batches", body, headers)

    def printed(self, job: int) -> bool:
        """Ask for a print job until it has ended, or for so long that it never will."""
        for _ in range(5_000):
            _, found = self._asked("GET", f"/api/v1/jobs/{job}", None, {})
            if found["state"] == "completed":
                return True
        return False

    def _asked(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, {"Authorization": f"Bearer {self.key}", **headers})
        answer = connection.getresponse()
        found = answer.status, json.loads(answer.read())
        connection.close()
        return found


@pytest.mark.parametrize("rate", [50, 1_000_000], ids=["one address is refused", "as if from everywhere"])
def test_the_line_prints_while_a_stranger_hammers(
    found_site: Callable[[Path], Settings],  # noqa: F811 -- the fixture itself
    tmp_path: Path,
    rate: int,
) -> None:
    settings = replace(found_site(tmp_path), threads=4, resolver_rate=rate, guess_alarm=1)
    with served(settings) as (house, port):
        new = NewProduct(GTIN, "Rapeseed oil", "{rnd:10}", "unit-100x50")
        products.add_product(house.db, CALL, new)
        lot = lots.open_lot(house.db, CALL, LotRequest(GTIN, "L1", CALL.at.date()))
        spec = PrinterSpec("line-3", "file:///line-3.zpl", "zpl", 8, 100.0, 50.0)
        printers.add_printer(house.db, CALL, spec, settings.data_dir)
        line = Line(port, access.add_key(house.db, CALL, "line 3", "admin")[1], lot.id)
        stop = threading.Event()
        strangers = [Stranger(port, number, stop) for number in range(STRANGERS)]
        for stranger in strangers:
            stranger.start()
        try:
            # More strangers at once than there are threads, and one lane of four: somebody is refused before long.
            assert any(stranger.refused.wait(60) for stranger in strangers)
            made = [line.issue(number) for number in range(BATCHES)]
            assert all(line.printed(batch["job"]) for _, batch in made)
        finally:
            stop.set()
            for stranger in strangers:
                stranger.join()
        assert [status for status, _ in made] == [201] * BATCHES
        assert len({batch["first_serial"] for _, batch in made}) == BATCHES
        (printed,) = settings.data_dir.rglob("line-3.zpl")
        assert printed.read_text().count("^XA") >= 10 * BATCHES
        answers = sum((stranger.answers for stranger in strangers), Counter[int]())
        assert set(answers) == {404, 429}
        if rate == 50:
            assert answers[429] > 0
        Keeper(house.db, house.hits, settings.guess_alarm, house.now).look()
        with house.db.read() as conn:
            counted = conn.execute(select(resolver_hits.c.count).where(resolver_hits.c.outcome == GUESS)).scalars()
            assert sum(counted) == answers[404]  # every one that was answered, none that was refused
            alarms = conn.execute(select(audit.c.subject).where(audit.c.action == "product.guessed")).scalars().all()
        assert set(alarms) == {f"product:{GTIN}"}
