"""Scans without a network: kept with their time, sent when there is one, each once, whatever happens on the way."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from werkzeug.serving import make_server

from labelsvc.station.client import Server, Unreachable
from labelsvc.station.scans import Journal, send
from labelsvc.storage.tables import events, scans
from tests.web.conftest import found_site, site

__all__ = ["found_site", "site"]  # fixtures of the neighbours

THEN = datetime(2026, 11, 24, 6, 15, tzinfo=UTC)


@pytest.fixture
def server(site, tmp_path):
    """The service at a real port, and a warehouse's key."""
    key_file = tmp_path / "key"
    key_file.write_text(site.keys["warehouse"], "ascii")
    listening = make_server("127.0.0.1", 0, site.app, threaded=True)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield Server(f"http://127.0.0.1:{listening.server_port}", key_file)
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.fixture
def file(tmp_path, site):
    """Three scans: two things of somebody else, and something that is none."""
    path = tmp_path / "scans.jsonl"
    journal = Journal(path)
    for text in (b"]d2010952132100001821Q1", b"]d2010952132100001821Q2", b"no thing"):
        journal.keep(text, "receive", "9521321000001", THEN)
    journal.close()
    return path


def kept(site, file) -> list:
    """Return what the server has of a file's scans."""
    ids = [json.loads(line)["id"] for line in file.read_text("utf-8").splitlines()]
    with site.db.read() as conn:
        return conn.execute(select(scans).where(scans.c.name.in_(ids)).order_by(scans.c.id)).all()


def happened(site, found) -> list:
    """Return the events of scans."""
    with site.db.read() as conn:
        return conn.execute(select(events).where(events.c.id.in_([row.event_id for row in found]))).all()


def test_each_comes_once_with_its_own_time(site, server, file) -> None:
    assert [(one.line, one.result) for one in send(file, server)] == [(1, "done"), (2, "done"), (3, "unknown")]
    assert list(send(file, server)) == []
    found = kept(site, file)
    assert {row.at for row in found} == {THEN}
    assert {row.event_time for row in happened(site, found)} == {THEN}
    file.with_name(file.name + ".sent").unlink()  # as if the answers had been lost
    assert [one.result for one in send(file, server)] == ["done", "done", "unknown"]
    assert kept(site, file) == found
    assert len(happened(site, found)) == 2


def test_it_goes_on_where_the_network_broke_off(site, server, file) -> None:
    sending = send(file, server)
    assert next(sending).line == 1
    sending.close()
    unreachable = Server("http://127.0.0.1:9", server.key_file)
    with pytest.raises(Unreachable):
        list(send(file, unreachable))
    # The first answer had come, but not been written down: it is asked for again, and is the same.
    assert [one.line for one in send(file, server)] == [1, 2, 3]
    assert len(kept(site, file)) == 3


def test_a_line_that_the_power_cut_short_costs_no_other_one(site, server, file) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    journal = Journal(file)
    journal.keep(b"]d2010952132100001821Q3", "receive", None, THEN)
    journal.close()
    assert [one.result for one in send(file, server)] == ["done", "done", "unreadable", "done"]


def test_what_the_server_refuses_is_said_and_holds_up_nothing(site, server, file) -> None:
    journal = Journal(file)
    journal.keep(b"]d2010952132100001821Q4", "receive", "9521321000007", THEN)  # a wrong check digit
    journal.keep(b"]d2010952132100001821Q5", "receive", None, THEN)
    journal.close()
    assert [one.result for one in send(file, server)][3:] == ["refused", "done"]
