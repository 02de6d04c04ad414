"""Lot to customers: the forward trace of a recall over HTTP beside the bare SQL of the same rows.

python -m bench.recall
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.rows import Row, table
from bench.tracking import CALL, GTIN, _opened
from labelsvc.access import add_key
from labelsvc.app import create_app
from labelsvc.web.house import house_of

SIZES = (5_000, 50_000)
CASE = 25
ROUNDS = 5

_EVENT = """
    INSERT INTO events (id, hash, declaration, event_id, type, action, biz_step, biz_location_id, sets, unsets, sweeps,
        event_time, time_offset, record_time, future, own, error, accepted, body, actor_kind, actor_id)
    VALUES (?, ?, '', ?, 'ObjectEvent', 'OBSERVE', ?, 1, '', '', 0, ?, '+00:00', '2026-01-03 00:00:00.000000', 0, 1, 0,
        0, '{}', 'shell', 'bench')
"""
_MET = """
    INSERT INTO unit_events (unit_id, event_id, role, at, state, dispositions, parent_id) VALUES (?, ?, ?, ?, ?, '', ?)
"""
_UNIT = "INSERT INTO units (id, epc, state, dispositions) VALUES (?, ?, 'sold', '')"
_SALE = """
    INSERT INTO sales (unit_id, event_id, customer_id, sold_at, actor_kind, actor_id) VALUES (?, ?, ?, ?, 'key', 'shop')
"""
#: What was inside what when, what happened to that meanwhile, and what happened to each itself; with who bought it.
_BARE = """
    WITH held AS (
        SELECT ue.unit_id, ue.parent_id, ue.at,
            lead(ue.at) OVER (PARTITION BY ue.unit_id ORDER BY ue.at, e.hash) AS until
        FROM recall_units m JOIN unit_events ue ON ue.unit_id = m.unit_id JOIN events e ON e.id = ue.event_id
        WHERE m.recall_id = 1
    )
    SELECT u.epc, e.biz_step, c.name, l.uri, e.event_time, s.invoice, NULL, ue.finding, e.event_id
    FROM recall_units m JOIN units u ON u.id = m.unit_id JOIN unit_events ue ON ue.unit_id = u.id
    JOIN events e ON e.id = ue.event_id LEFT JOIN locations l ON l.id = e.biz_location_id
    LEFT JOIN sales s ON s.unit_id = u.id AND s.event_id = e.id LEFT JOIN customers c ON c.id = s.customer_id
    WHERE m.recall_id = 1 AND e.biz_step IN ('shipping', 'receiving', 'retail_selling')
    UNION ALL
    SELECT u.epc, e.biz_step, NULL, l.uri, e.event_time, NULL, p.epc, ue.finding, e.event_id
    FROM held h JOIN units u ON u.id = h.unit_id JOIN units p ON p.id = h.parent_id
    JOIN unit_events ue ON ue.unit_id = h.parent_id AND ue.at >= h.at AND (h.until IS NULL OR ue.at <= h.until)
    JOIN events e ON e.id = ue.event_id LEFT JOIN locations l ON l.id = e.biz_location_id
    WHERE e.biz_step IN ('shipping', 'receiving')
"""


def run() -> list[Row]:
    """Measure both sizes."""
    return [_measured(size) for size in SIZES]


def _measured(size: int) -> Row:
    with tempfile.TemporaryDirectory() as home:
        settings = _opened(Path(home), "recall")
        path = settings.database_url.removeprefix("sqlite:///")
        _fill(path, size)
        app = create_app(settings)
        key = add_key(house_of(app).db, CALL, "bench", "qa")[1]
        client, headers = app.test_client(), {"Authorization": f"Bearer {key}"}
        bare = sqlite3.connect(path)
        took, lines, rows = [], 0, 0
        for _ in range(ROUNDS + 1):
            begin = time.perf_counter()
            lines = client.get("/api/v1/recalls/1/trace.csv", headers=headers).data.count(b"\r\n") - 1
            middle = time.perf_counter()
            rows = len(bare.execute(_BARE).fetchall())
            took.append((middle - begin, time.perf_counter() - middle))
        assert lines == rows == size * 3
        bare.close()
        house_of(app).db.close()
    took = took[1:]
    return Row(
        name=f"lot to customers, {size:,} units",
        ours=f"{median(ours for ours, _ in took) * 1000:,.0f} ms",
        peer=f"{median(peer for _, peer in took) * 1000:,.0f} ms",
        ratio=median(ours / peer for ours, peer in took),
        goal=2,
        note=f"CSV over HTTP, in process, beside the bare SQL of the same {size * 3:,} rows; median of {ROUNDS} rounds",
        at_most=True,
    )


def _at(hour: int) -> str:
    return f"2026-01-02 {hour:02}:00:00.000000"


def _fill(path: str, size: int) -> None:
    """Write units that were packed, shipped, received, unpacked and sold, each to a customer of its own."""
    conn = sqlite3.connect(path)
    conn.execute(
        "INSERT INTO locations (id, uri, created_at) VALUES (1, 'https://id.gs1.org/414/9521321000001', '2026')"
    )
    events: list[tuple[object, ...]] = []
    met: list[tuple[object, ...]] = []
    units = [(number, f"{GTIN}U{number}") for number in range(1, size + 1)]

    def happened(step: str, hour: int) -> int:
        events.append((len(events) + 1, f"{len(events):064x}", f"ni:///sha-256;{len(events):064x}", step, _at(hour)))
        return len(events)

    for case in range(size // CASE):
        box = size + case + 1
        units.append((box, f"https://id.gs1.org/00/{case:018}"))
        inside = range(case * CASE + 1, case * CASE + CASE + 1)
        for hour, step in enumerate(("commissioning", "packing", "shipping", "receiving", "unpacking")):
            event, at = happened(step, hour), _at(hour)
            if step != "commissioning":
                met.append((box, event, "parent" if step.endswith("packing") else "epc", at, "in_stock", None))
            if step not in ("shipping", "receiving"):
                parent = box if step == "packing" else None
                role = "child" if step.endswith("packing") else "epc"
                met += [(unit, event, role, at, "active", parent) for unit in inside]
    sold = [(unit, happened("retail_selling", 9), unit, _at(9)) for unit in range(1, size + 1)]
    met += [(unit, event, "epc", at, "sold", None) for unit, event, _, at in sold]
    conn.executemany(_UNIT, units)
    conn.executemany(_EVENT, events)
    conn.executemany(_MET, met)
    customers = [(unit, f"C-{unit:010}", _at(9)) for unit in range(1, size + 1)]
    conn.executemany("INSERT INTO customers (id, name, created_at) VALUES (?, ?, ?)", customers)
    conn.executemany(_SALE, sold)
    opened = ("L", "bench", _at(10))
    conn.execute(
        "INSERT INTO recalls (id, title, reason, drill, scope, state, evidence, opened_by_kind, opened_by, opened_at)"
        " VALUES (1, ?, ?, 1, '{}', 'drilled', '{}', 'key', 'bench', ?)",
        opened,
    )
    conn.execute(
        "INSERT INTO recall_units (recall_id, unit_id, state) SELECT 1, id, 'listed' FROM units WHERE id <= ?", (size,)
    )
    conn.commit()
    conn.execute("ANALYZE")
    conn.close()


def main() -> int:
    """Print the table; 1 when a goal is missed."""
    rows = run()
    print(table(rows))
    return 0 if all(row.reached for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
