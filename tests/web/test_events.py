"""Server-sent events of a job: what is news and nothing else, for few readers and a bounded time."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import waitress.server
from waitress import wasyncore

from labelsvc.domain.outcomes import Interval
from labelsvc.errors import NotFound, TooMany
from labelsvc.storage import jobs, outcomes
from labelsvc.web import feeds
from labelsvc.web.feeds import Feeds, Look
from labelsvc.web.house import house_of


@pytest.fixture(scope="module")
def address(site: Any) -> Iterator[tuple[str, int]]:
    """The app behind a real server and a real socket."""
    sockets: dict[int, object] = {}
    server = waitress.server.create_server(site.app, map=sockets, host="127.0.0.1", port=0, threads=16)
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            wasyncore.loop(timeout=0.05, map=sockets, count=1)

    thread = threading.Thread(target=run)
    thread.start()
    yield "127.0.0.1", server.effective_port
    house_of(site.app).feeds.close()
    stop.set()
    thread.join()
    server.task_dispatcher.shutdown()
    wasyncore.close_all(sockets)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(feeds, "HEARTBEAT_SECONDS", 0.2)
    monkeypatch.setattr(feeds, "STREAM_SECONDS", 1.0)


class Reader:
    """An EventSource, as the HTML standard has it."""

    def __init__(self, site: Any, address: tuple[str, int], job: int, **headers: str) -> None:
        self.connection = http.client.HTTPConnection(*address, timeout=10)
        given = {"Authorization": f"Bearer {site.keys['line']}", "Accept": "text/event-stream"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request("GET", f"/api/v1/jobs/{job}/events", headers=given)
        self.answer = self.connection.getresponse()
        self.comments = 0

    def event(self) -> tuple[str, str, Any] | None:
        """Return the next event: its id, its name, its data; None at the end."""
        found: dict[str, str] = {}
        while line := self.answer.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if line == "\n" and "data" in found:
                return found.get("id", ""), found["event"], json.loads(found["data"])
            if name:
                found[name] = value
            elif line != "\n":
                self.comments += 1
        return None

    def close(self) -> None:
        self.answer.close()  # it holds the socket, too
        self.connection.close()


def progress(site: Any, job_id: int, sent: int) -> None:
    def work(conn: Any) -> None:
        job = jobs.get(conn, job_id)
        outcomes.append(conn, site.call(), job.range_id, Interval(job.first, job.first + sent - 1, "sent", "sent"))
        jobs.set_state(conn, job_id, "processing", ("job-printing",))

    site.db.write(work)


def test_a_reader_sees_each_change_once_and_the_end(site: Any, address: tuple[str, int], quick: None) -> None:
    job = site.batch(10, printer=site.printer()["name"])["job"]
    reader = Reader(site, address, job)
    assert (reader.answer.status, reader.answer.getheader("Content-Type")) == (200, "text/event-stream")
    first = reader.event()
    assert first is not None
    assert first[1:] == (
        "job",
        {
            "id": job,
            "state": "pending",
            "state_reasons": ["job-queued"],
            "message": None,
            "quantity": 10,
            "outcomes": {"planned": 10},
        },
    )
    progress(site, job, 4)
    second = reader.event()
    assert second is not None
    assert (second[2]["state"], second[2]["outcomes"]) == ("processing", {"planned": 6, "sent": 4})
    site.db.write(lambda conn: jobs.set_state(conn, job, "completed", ("queued-in-device",)))
    third, end = reader.event(), reader.event()
    assert third is not None
    assert end is not None
    assert (third[2]["state"], end[1], reader.event()) == ("completed", "end", None)
    reader.close()


def test_a_reader_that_comes_again_gets_only_what_is_news(site: Any, address: tuple[str, int], quick: None) -> None:
    job = site.batch(10, printer=site.printer()["name"])["job"]
    reader = Reader(site, address, job)
    seen = reader.event()
    assert seen is not None
    assert reader.event() is None  # the stream is over: it is bounded
    assert reader.comments >= 2
    reader.close()
    again = Reader(site, address, job, Last_Event_ID=seen[0])
    progress(site, job, 1)
    news = again.event()
    assert news is not None
    assert news[2]["state"] == "processing"
    again.close()


def test_one_too_many_is_told_to_poll_and_the_line_goes_on(
    site: Any, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixteen threads: four streams, whoever reads them; all else is answered."""
    monkeypatch.setattr(feeds, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(feeds, "HEARTBEAT_SECONDS", 0.1)
    end = time.monotonic() + 20
    while house_of(site.app).feeds._open:  # of the test before
        assert time.monotonic() < end
        time.sleep(0.05)
    job = site.batch(1, printer=site.printer()["name"])["job"]
    readers = [Reader(site, address, job) for _ in range(4)]
    refused = Reader(site, address, job)
    problem = json.loads(refused.answer.read())
    assert (refused.answer.status, problem["code"]) == (429, "streams_busy")
    refused.close()
    assert int(refused.answer.getheader("Retry-After") or 0) > 0
    assert site.client("qa").get(f"/api/v1/jobs/{job}").status_code == 200
    for reader in readers:
        reader.event()
        reader.close()
    while (again := Reader(site, address, job)).answer.status != 200:  # who left is noticed with a heartbeat
        again.close()
        assert time.monotonic() < end
        time.sleep(0.1)
    again.close()


def test_an_unknown_job_and_a_wrong_accept_are_refused_and_keep_no_stream(site: Any) -> None:
    for _ in range(10):
        assert site.client("qa").get("/api/v1/jobs/999999/events").json["code"] == "job_unknown"
    found = site.client("qa").get("/api/v1/jobs/999999/events", headers={"Accept": "application/json"})
    assert found.status_code == 406


def test_readers_of_one_thing_share_its_looks(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "LOOK_SECONDS", 0.2)
    looks: list[float] = []

    def look() -> Look:
        looks.append(time.monotonic())
        return Look({"n": 1}, ended=False)

    made = Feeds(threads=40)

    def read() -> None:
        stream, leave = made.follow("job", look, None)
        list(stream)
        leave()
        leave()

    threads = [threading.Thread(target=read) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(looks) <= 8  # ten readers for a second, five looks a second
    streams = [made.follow(1, look, None) for _ in range(10)]
    with pytest.raises(TooMany):
        made.follow(1, look, None)
    streams[0][1]()
    made.follow(1, look, None)


def test_a_closed_house_ends_its_streams_and_begins_none() -> None:
    made = Feeds(threads=8)
    stream, leave = made.follow(1, lambda: Look({}, ended=False), None)
    next(stream)
    next(stream)
    made.close()
    assert list(stream) == []
    leave()
    with pytest.raises(TooMany):
        made.follow(1, lambda: Look({}, ended=False), None)


def test_a_look_that_fails_ends_the_stream(quick: None) -> None:
    made = Feeds(threads=4)
    looks = iter([Look({"n": 1}, ended=False)])

    def look() -> Look:
        for found in looks:
            return found
        raise NotFound("job_unknown", "Expected the id of a print job, got 1.")

    stream, leave = made.follow(1, look, None)
    assert len(list(stream)) == 2
    leave()
    with pytest.raises(NotFound):
        made.follow(1, look, None)
    with pytest.raises(NotFound):  # the failed ones hold no place
        made.follow(1, look, None)


def test_few_threads_have_no_streams_at_all() -> None:
    with pytest.raises(TooMany):
        Feeds(threads=3).follow(1, lambda: Look({}, ended=False), None)
