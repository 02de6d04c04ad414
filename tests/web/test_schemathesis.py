"""Schemathesis asks every operation with data from the API's own description, right and wrong."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import waitress.server
from schemathesis import openapi
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from waitress import wasyncore

#: Examples of each operation; raise it for a long look.
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "2"))
#: What EPCIS may answer to data that a description admits.
EPCIS = ["2xx", "400", "401", "403", "404", "409", "414"]

#: What it may answer to other data; 414: a URL that is too long to be read at all.
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "413", "414", "415", "422"]


@pytest.fixture
def address(site) -> Iterator[str]:
    sockets: dict[int, object] = {}
    server = waitress.server.create_server(site.app, map=sockets, host="127.0.0.1", port=0, threads=2)
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            wasyncore.loop(timeout=0.05, map=sockets, count=1)

    thread = threading.Thread(target=run)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    stop.set()
    thread.join()
    server.task_dispatcher.shutdown()
    wasyncore.close_all(sockets)


def seeded(site) -> dict[str, dict[str, Any]]:
    """Things that are there, by the operations that are only worth asking about such."""
    product = site.product(scheme="A{seq:6}")
    lot = site.lot(product)
    batch = site.batch(5, lot)
    job = site.batch(5, lot, printer=site.printer()["name"])["job"]
    of_batch, of_job = {"path.batch_id": batch["id"]}, {"path.job_id": job}
    return {
        "issueBatch": {"path.lot_id": lot["id"]},
        "editLot": {"path.lot_id": lot["id"]},
        "addScheme": {"path.code": product["gtin"]},
        "lookUpSerial": {"path.code": product["gtin"]},
        "returnNumbers": of_batch,
        "getLabelsZpl": of_batch,
        "getLabelsPdf": of_batch,
        "getLabelPng": {**of_batch, "path.number": 1},
        "cancelJob": of_job,
        "resolveJob": of_job,
    }


def config_of(site) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "auth": {"openapi": {"key": {"bearer": site.keys["admin"]}}},
            "generation": {"max-examples": EXAMPLES, "deterministic": True},
            "phases": {"stateful": {"max-steps": 4}},
            "operations": [
                *(
                    {"include-operation-id": name, "parameters": parameters}
                    for name, parameters in seeded(site).items()
                ),
                # EPCIS says 400 to what breaks a rule, and most of its rules stand in no description.
                {
                    "include-path-regex": "^/epcis",
                    "checks": {
                        "positive_data_acceptance": {"expected-statuses": EPCIS},
                        "negative_data_rejection": {"expected-statuses": REFUSED},
                    },
                },
            ],
            # A description cannot say which digit checks a GTIN, or which day a lot may expire: 422 answers that.
            "checks": {
                "positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", "409", "422"]},
            },
        }
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # those of schemathesis are its own
def test_every_operation_keeps_what_the_description_promises(site, address: str) -> None:
    schema = openapi.from_url(f"{address}/api/v1/openapi.json", config=config_of(site))
    failures: set[str] = set()
    checked: set[str] = set()
    cases = 0
    for event in from_schema(schema).execute():
        assert not isinstance(event, (events.NonFatalError, events.FatalError)), event
        if not isinstance(event, events.ScenarioFinished):
            continue
        cases += len(event.recorder.interactions)
        for check in (check for checks in event.recorder.checks.values() for check in checks):
            checked.add(check.name)
            if check.failure_info is not None:
                found = check.failure_info
                failures.add(f"{event.label}: {check.name}: {found.failure.message}\n{found.code_sample}")
    assert not failures, "\n\n".join(sorted(failures)[:10])
    assert cases > 1_000
    assert {"not_a_server_error", "negative_data_rejection", "ignored_auth", "response_schema_conformance"} <= checked
