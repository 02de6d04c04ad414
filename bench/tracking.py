"""Tracking: a unit's history over HTTP beside the bare SQL of the same rows, and events captured beside bare inserts.

python -m bench.tracking            a million units
UNITS=10000000 python -m bench.tracking
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.rows import Row, table
from labelsvc.access import add_key
from labelsvc.app import create_app
from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.epcis.documents import read_document
from labelsvc.domain.epcis.reading import read_event
from labelsvc.domain.issuer import Issuer
from labelsvc.settings import Settings
from labelsvc.storage import installation, schema
from labelsvc.storage.database import Database
from labelsvc.storage.secret_file import create_secret
from labelsvc.storage.sqlite import PRAGMAS
from labelsvc.tracking.capturing import capture
from labelsvc.web.auth import role
from labelsvc.web.house import house_of

UNITS = int(os.environ.get("UNITS", "1000000"))
#: Events that a unit of the big database has.
EVENTS = 6
ROUNDS = 2_000
DOCUMENTS = 30
EPCS = 1_000
SECRET = bytes(range(32))
ISSUER = Issuer(SECRET, "https://id.example.com")
NOW = datetime(2026, 1, 2, tzinfo=UTC)
CALL = Call(Actor("shell", "bench"), NOW + timedelta(days=60))
GTIN = "https://id.gs1.org/01/09521321000018/21/"


def run() -> list[Row]:
    """Measure both."""
    with tempfile.TemporaryDirectory() as home:
        return [*_history(Path(home)), _captured(Path(home))]


def _opened(home: Path, name: str) -> Settings:
    directory = home / name
    directory.mkdir()
    given = {"LABELSVC_DATA_DIR": str(directory), "LABELSVC_DIGITAL_LINK_DOMAIN": "https://id.example.com"}
    settings = Settings.from_environment({**given, "LABELSVC_LOG_LEVEL": "error"})
    create_secret(settings.secret_file, SECRET)
    with Database.open(settings.database_url) as db:
        schema.upgrade(db)
        db.write(lambda conn: installation.bind_secret(conn, SECRET, NOW))
    return settings


def _history(home: Path) -> Iterator[Row]:
    settings = _opened(home, "history")
    path = settings.database_url.removeprefix("sqlite:///")
    _fill(path)
    app = create_app(settings)

    @app.get("/no-op")
    @role("qa")
    @app.output({})
    def no_op() -> Any:
        return {}

    key = add_key(house_of(app).db, CALL, "bench", "qa")[1]
    client = app.test_client()
    headers = {"Authorization": f"Bearer {key}"}
    bare = sqlite3.connect(path)
    rng = random.Random(1)
    chosen = [rng.randrange(UNITS) for _ in range(ROUNDS + 50)]
    took = []
    for number in chosen:
        epc = f"{GTIN}U{number}"
        ours = _seconds(lambda epc=epc: client.get("/api/v1/units", query_string={"epc": epc}, headers=headers))
        nothing = _seconds(lambda: client.get("/no-op", headers=headers))
        rows = _seconds(lambda epc=epc: bare.execute(_BARE, (epc,)).fetchall())
        took.append((ours, nothing, rows))
    took = took[50:]
    answer = client.get("/api/v1/units", query_string={"epc": f"{GTIN}U7"}, headers=headers)
    assert len(answer.json["events"]) == EVENTS == len(bare.execute(_BARE, (f"{GTIN}U7",)).fetchall())
    ours = [one for one, _, _ in took]
    yield Row(
        name=f"a unit's history over HTTP, {UNITS:,} units, {UNITS * EVENTS:,} rows",
        ours=f"{median(ours) * 1000:.2f} ms (p99 {quantiles(ours, n=100)[98] * 1000:.1f})",
        peer=f"{median(nothing + rows for _, nothing, rows in took) * 1000:.2f} ms",
        ratio=median(one / (nothing + rows) for one, nothing, rows in took),
        goal=3,
        note="beside the bare indexed SQL of the same rows plus a route that does nothing, in process",
        at_most=True,
    )
    house_of(app).db.close()


_BARE = """
    SELECT e.*, l.uri, l.name, ue.role, ue.state, ue.dispositions, ue.finding
    FROM units u JOIN unit_events ue ON ue.unit_id = u.id JOIN events e ON e.id = ue.event_id
    LEFT JOIN locations l ON l.id = e.biz_location_id WHERE u.epc = ? ORDER BY ue.at, e.hash
"""


def _fill(path: str) -> None:
    """Write units with their events straight into the tables: what years of captures leave behind."""
    conn = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-200000"):
        conn.execute(f"PRAGMA {pragma}")
    conn.execute("BEGIN")
    conn.execute(
        "INSERT INTO locations (id, uri, created_at) VALUES (1, 'https://id.gs1.org/414/9521321000001', ?)", ("2026",)
    )
    lots = (UNITS + EPCS - 1) // EPCS
    conn.execute(
        """
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1)
        INSERT INTO events (id, hash, declaration, event_id, type, action, biz_step, biz_location_id, sets, unsets,
            sweeps, event_time, time_offset, record_time, future, own, error, accepted, body, actor_kind, actor_id)
        SELECT i + 1, printf('%064x', i), '', 'ni:///sha-256;' || printf('%064x', i), 'ObjectEvent',
            CASE i % 6 WHEN 0 THEN 'ADD' ELSE 'OBSERVE' END, CASE i % 6 WHEN 0 THEN 'commissioning' ELSE 'stocking' END,
            1, '', '', 0, printf('2026-01-02 %02d:00:00.000000', i % 6), '+00:00', '2026-01-03 00:00:00.000000',
            0, 1, 0, 0, '{}', 'shell', 'bench'
        FROM n
        """,
        (lots * EVENTS,),
    )
    conn.execute(
        """
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1)
        INSERT INTO units (id, epc, state, dispositions, location_id, since, last_at, last_hash)
        SELECT i + 1, ? || 'U' || i, 'in_stock', '', 1, '2026-01-02 01:00:00.000000', '2026-01-02 05:00:00.000000',
            printf('%064x', (i / 1000) * 6 + 5)
        FROM n
        """,
        (UNITS, GTIN),
    )
    conn.execute(
        """
        WITH RECURSIVE k(j) AS (SELECT 0 UNION ALL SELECT j + 1 FROM k WHERE j < 5)
        INSERT INTO unit_events (unit_id, event_id, role, at, state, dispositions, location_id)
        SELECT u.id, ((u.id - 1) / 1000) * 6 + j + 1, 'epc', printf('2026-01-02 %02d:00:00.000000', j), 'in_stock',
            '', 1
        FROM units u CROSS JOIN k
        """
    )
    conn.execute("COMMIT")
    conn.close()


def _captured(home: Path) -> Row:
    settings = _opened(home, "captured")
    path = settings.database_url.removeprefix("sqlite:///")
    documents = [_document(number) for number in range(DOCUMENTS)]
    ours = []
    with Database.open(settings.database_url) as db:
        for text in documents:
            start = time.perf_counter()
            document = read_document(json.loads(text))
            events = [read_event(event, document.context) for event in document.events]
            capture(db, ISSUER, CALL, events)
            ours.append(time.perf_counter() - start)
    bare = list(_inserted(path, home / "bare.sqlite"))
    return Row(
        name=f"events captured in documents of {EPCS:,} EPCs, sqlite",
        ours=f"{median(ours) * 1000:.1f} ms",
        peer=f"{median(bare) * 1000:.1f} ms",
        ratio=median(bare) / median(ours),
        goal=0.3,
        note=f"read, checked, hashed, judged, committed; beside the same rows inserted bare; median of {DOCUMENTS}",
    )


def _document(number: int) -> str:
    """Return units' beginning, then their journey."""
    steps = ("commissioning", "shipping", "receiving", "stocking", "inspecting")
    lot, turn = divmod(number, len(steps))
    event = {
        "type": "ObjectEvent",
        "action": "ADD" if turn == 0 else "OBSERVE",
        "eventTime": (NOW + timedelta(hours=number)).isoformat(),
        "eventTimeZoneOffset": "+00:00",
        "epcList": [f"{GTIN}L{lot}N{unit}" for unit in range(EPCS)],
        "bizStep": steps[turn],
        "readPoint": {"id": "https://id.gs1.org/414/9521321000001"},
    }
    context = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
    made = {"@context": [context], "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": NOW.isoformat()}
    return json.dumps({**made, "epcisBody": {"eventList": [event]}})


def _inserted(source: str, target: Path) -> Iterator[float]:
    """Insert what was captured into empty tables of the same shape, event by event; give the seconds of each."""
    conn = sqlite3.connect(target, isolation_level=None)
    conn.execute("PRAGMA journal_mode=WAL")
    for pragma in (*PRAGMAS, "foreign_keys=ON"):
        conn.execute(f"PRAGMA {pragma}")
    conn.execute("ATTACH ? AS old", (source,))
    for (sql,) in conn.execute(
        "SELECT sql FROM old.sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'"
    ).fetchall():
        conn.execute(sql)
    for name in ("parties", "locations", "captures"):
        conn.execute(f"INSERT INTO {name} SELECT * FROM old.{name}")
    events = {row[0]: row for row in conn.execute("SELECT * FROM old.events")}
    units = {row[0]: row for row in conn.execute("SELECT * FROM old.units")}
    told = conn.execute("SELECT * FROM old.unit_events ORDER BY event_id, unit_id").fetchall()
    conn.execute("DETACH old")
    names = [row[1] for row in conn.execute("PRAGMA table_info(units)")][6:]
    known: set[int] = set()
    for event_id, rows in groupby(told, key=lambda row: row[1]):
        listed = list(rows)
        new = [_as_begun(units[row[0]]) for row in listed if row[0] not in known]
        moved = [(*units[row[0]][6:], row[0]) for row in listed if row[0] in known]
        start = time.perf_counter()
        conn.execute("BEGIN IMMEDIATE")
        conn.execute(f"INSERT INTO events VALUES ({_marks(events[event_id])})", events[event_id])
        if new:
            conn.executemany(f"INSERT INTO units VALUES ({_marks(new[0])})", new)
        conn.executemany(f"UPDATE units SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?", moved)
        conn.executemany(f"INSERT INTO unit_events VALUES ({_marks(listed[0])})", listed)
        conn.execute("COMMIT")
        yield time.perf_counter() - start
        known |= {row[0] for row in listed}
    conn.close()


def _as_begun(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a unit as its first event left it, so that the others have something to move."""
    return (*row[:6], "active", *row[7:10], None, *row[11:])


def _marks(row: tuple[Any, ...]) -> str:
    return ", ".join("?" * len(row))


def _seconds(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    print(table(run()))
    sys.exit(0)
