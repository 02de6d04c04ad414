"""The CBV event hash, beside PyPI `epcis-event-hash-generator`; equal output, checked before anything is measured.

python -m bench.event_hash
"""

from __future__ import annotations

import copy
import json
import logging
import sys
import time
import warnings
from collections.abc import Callable
from statistics import median
from typing import Any

from epcis_event_hash_generator import hash_generator, json_to_py

from bench.rows import Row, table
from labelsvc.domain.epcis.documents import read_document
from labelsvc.domain.epcis.hashing import event_hash

ROUNDS = 7
OURS, THEIRS = 2_000, 40
"""Documents in a round; of those with 1,000 EPCs a fortieth, and one."""
CONTEXT = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"ext": "https://ext.example.com/ns/", "cbvmda": "urn:epcglobal:cbv:mda:"},
]


def run() -> list[Row]:
    """Measure ours and the peer in turn, on documents of one EPC and of a thousand."""
    logging.disable(logging.CRITICAL)
    warnings.filterwarnings("ignore", message="open_text is deprecated")
    try:
        return [_row(1, OURS, THEIRS), _row(1_000, OURS // 40, 1)]
    finally:
        logging.disable(logging.NOTSET)


def _row(epcs: int, ours: int, theirs: int) -> Row:
    texts = [json.dumps(_document(number, epcs)) for number in range(10)]
    for text in texts:
        assert _ours(text) == _theirs(text)
    rounds = [(_rate(_ours, texts, ours), _rate(_theirs, texts, theirs)) for _ in range(ROUNDS)]
    return Row(
        name=f"EPCIS event hash, {epcs:,} EPC{'s' * (epcs > 1)} a document",
        ours=f"{median(rate for rate, _ in rounds):,.0f} /s",
        peer=f"{median(rate for _, rate in rounds):,.1f} /s",
        ratio=median(rate / other for rate, other in rounds),
        goal=10,
        note=f"epcis-event-hash-generator 1.9.3, from JSON text to hash, equal output; median of {ROUNDS} rounds",
    )


def _rate(hashed: Callable[[str], str], texts: list[str], count: int) -> float:
    start = time.perf_counter()
    for number in range(count):
        hashed(texts[number % len(texts)])
    return count / (time.perf_counter() - start)


def _ours(text: str) -> str:
    document = read_document(json.loads(text))
    return f"ni:///sha-256;{event_hash(document.events[0], document.context)}?ver=CBV2.0"


def _theirs(text: str) -> str:
    events = json_to_py.event_list_from_epcis_document_str(text)
    return str(hash_generator.epcis_hashes_from_events(events)[0])


def _document(number: int, epcs: int) -> dict[str, Any]:
    """A commissioning with what is usual in one; half of the documents write URNs, half Digital Links."""
    unit = "urn:epc:id:sgtin:9521141.012345.{}" if number % 2 else "https://id.gs1.org/01/09521141123454/21/{}"
    event = {
        "type": "ObjectEvent",
        "eventTime": f"2026-03-01T12:00:{number:02d}.5+01:00",
        "eventTimeZoneOffset": "+01:00",
        "epcList": [unit.format(f"A{number}{place:05d}X") for place in range(epcs)],
        "action": "ADD",
        "bizStep": "commissioning",
        "disposition": "active",
        "readPoint": {"id": "urn:epc:id:sgln:9521141.12345.line-3"},
        "bizLocation": {"id": "urn:epc:id:sgln:9521141.12345.0"},
        "bizTransactionList": [{"type": "prodorder", "bizTransaction": "urn:epcglobal:cbv:bt:9521141123454:WO-42"}],
        "ilmd": {"cbvmda:lotNumber": "LOT-7", "cbvmda:itemExpirationDate": "2028-10-10"},
        "ext:line": "3",
    }
    return {
        "@context": copy.deepcopy(CONTEXT),
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-01T12:00:00Z",
        "epcisBody": {"eventList": [event]},
    }


def main() -> int:
    """Print the table; 1 when a goal is missed."""
    rows = run()
    print(table(rows))
    return 0 if all(row.reached for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
