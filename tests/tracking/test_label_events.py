"""Numbers and labels as events, made when asked for: of a million labels there is no row a number."""

from __future__ import annotations

import json

from labelsvc.domain.epcis.documents import read_document
from labelsvc.domain.epcis.reading import read_event
from labelsvc.domain.moves import Move
from labelsvc.printing import numbers
from labelsvc.tracking import label_events
from tests.tracking.test_commissioning import confirm


def told(plant, batch) -> list[tuple]:
    body = b"".join(label_events.batch_events(plant.db, plant.issuer, batch.id).body)
    document = json.loads(body)
    read_document(document)
    events = [read_event(event, document["@context"]) for event in document["epcisBody"]["eventList"]]
    assert {event.type for event in events} == {"TransactionEvent"}
    return [(event.action, event.biz_step, event.disposition, event.epcs) for event in events]


def test_every_number_is_reserved_and_what_became_of_its_label_is_said(plant) -> None:
    batch = plant.issue(plant.lot(), 6)
    epcs = tuple(f"https://id.gs1.org/01/{batch.product_code}/21/{serial}" for serial in plant.serials(batch))
    confirm(plant, batch, 1, 4)
    torn = Move(batch.product_code, (plant.serials(batch)[1],), "spoiled", "torn")
    numbers.move_numbers(plant.db, plant.issuer, plant.call(), torn)
    own = "https://id.example.com/voc/label_scrapped"
    assert told(plant, batch) == [
        ("ADD", "reserving", "reserved", epcs),
        ("ADD", "encoding", "encoded", epcs[:1]),
        ("DELETE", own, None, epcs[1:2]),
        ("ADD", "encoding", "encoded", epcs[2:4]),
    ]


def test_an_event_has_at_most_a_thousand_numbers(plant) -> None:
    batch = plant.issue(plant.lot(), 2_001)
    assert [len(epcs) for *_, epcs in told(plant, batch)] == [1_000, 1_000, 1]
