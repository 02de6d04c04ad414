"""`make bench`: every benchmark beside its named peer in one run; prints the table and writes bench/RESULTS.md."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench import event_hash, fleet, granting, pdf, serials, tracking, zpl
from bench.rows import HEADINGS, Row, cells, table

RESULTS = Path(__file__).with_name("RESULTS.md")
PEERS = (
    "ff3",
    "zpl",
    "epcis-event-hash-generator",
    "reportlab",
    "qrcode",
    "zint-bindings",
    "numpy",
    "cryptography",
    "sqlalchemy",
)


def main() -> int:
    """Run all; return 1 where a goal was missed."""
    rows: list[Row] = []
    for benchmark in (serials, granting, pdf, zpl, event_hash, tracking, fleet):
        print(f"{benchmark.__name__} ...", file=sys.stderr, flush=True)
        rows += benchmark.run()
    print(table(rows))
    RESULTS.write_text(page(rows), encoding="utf-8")
    return 0 if all(row.reached for row in rows) else 1


def page(rows: list[Row]) -> str:
    """Write the results as a page."""
    peers = ", ".join(f"{name} {version(name)}" for name in PEERS)
    lines = [
        "# Results",
        "",
        "Ours beside the named peer in one run, rounds interleaved; a ratio is the median of the rounds' ratios. Wall",
        "times swing with the machine, ratios much less. `make bench` writes this page.",
        "",
        f"{datetime.now(UTC).date()}, Python {platform.python_version()}, {os.cpu_count()} cores, {peers}.",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|" + "---|" * len(HEADINGS),
        *("| " + " | ".join(cells(row)) + " |" for row in rows),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
