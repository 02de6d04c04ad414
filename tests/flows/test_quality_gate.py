"""No unit leaves untested, over HTTP alone, on both databases: the gate, a failed test, an override by two people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from labelsvc import access
from labelsvc.app import create_app
from labelsvc.domain.actors import Actor, Call
from labelsvc.settings import Settings
from labelsvc.storage import installation
from labelsvc.storage.secret_file import create_secret
from labelsvc.tracking.commissioning import Commissioner
from labelsvc.web.house import House, house_of

SECRET = bytes(range(32))
KEYS = count()
GTIN = "09506000134352"
PEOPLE = {"line": "line", "anna": "qa", "berta": "qa", "root": "admin", "dock": "warehouse", "shop": "retail"}
Did = Callable[..., Any]


@pytest.fixture
def house(database, database_url, tmp_path: Path) -> Iterator[tuple[House, Did]]:
    """The service; `did` calls it with a name for a client that has such a key, and expects a status."""
    settings = Settings("https://id.example.com", tmp_path, database_url, tmp_path / "secret")
    create_secret(settings.secret_file, SECRET)
    now = datetime.now(UTC)
    database.write(lambda conn: installation.bind_secret(conn, SECRET, now))
    app = create_app(settings)
    home = house_of(app)
    call = Call(Actor("shell", "t"), now)
    # Anna has two keys: two keys of one client are one person.
    keys = {name: access.add_key(home.db, call, name, role)[1] for name, role in PEOPLE.items()}
    keys["anna again"] = access.add_key(home.db, call, "anna", "qa")[1]

    def did(name: str, path: str, body: Any = None, method: str = "POST", status: int | None = None) -> Any:
        client: FlaskClient = app.test_client()
        headers = {"Authorization": f"Bearer {keys[name]}"}
        headers |= {"Idempotency-Key": f"key-{next(KEYS)}"} if method == "POST" else {}
        answer = client.open(f"/api/v1{path}", method=method, json=body, headers=headers)
        assert answer.status_code in ((status,) if status else (200, 201)), answer.text
        return answer.json

    yield home, did
    home.db.close()


def test_no_unit_leaves_untested_unless_two_people_say_so_and_that_is_seen_for_ever(house) -> None:
    home, did = house
    product = {"gtin": GTIN, "name": "Pump", "scheme": "{rnd:10}", "label_format": "unit-100x50"}
    did("root", "/products", product)
    torque = {"name": "Torque", "lower": "1.20", "upper": "1.40", "uom": "N m"}
    assert did("root", f"/products/{GTIN}/tests", torque)["version"] == 1
    did("anna", f"/products/{GTIN}/tests", torque, status=403)
    lot = did("line", "/lots", {"product": GTIN, "number": "L-1", "production_date": "2026-11-20"})["id"]
    assert did("anna", f"/lots/{lot}/tracking", {"gated": True}, "PUT")["gated"] is True
    serials = made(home, did, lot)
    bad, good = (f"https://id.gs1.org/01/{GTIN}/21/{serial}" for serial in serials)

    def ship(epc: str, name: str = "dock", intent: str = "ship") -> Any:
        answer = did(name, "/scans", {"text": epc, "intent": intent, "to": "9521321000001"})
        return answer["result"], answer["findings"]

    assert ship(bad) == ("refused", ["blocked_untested"])
    for epc, value in ((bad, "1.5"), (good, "1.25")):
        report = {"units": [epc], "instrument": "TQ-1", "results": [{"test": "Torque", "value": value}]}
        did("line", "/test-records", report)
    assert ship(good) == ("done", [])
    assert ship(bad) == ("refused", ["sale_blocked_failed_tests"])
    assert ship(bad, "shop", "sell") == ("refused", ["sale_blocked_failed_tests"])

    asked = did("anna", "/overrides", {"units": [bad], "reason": "the customer knows and takes it"})
    path = f"/overrides/{asked['id']}/approve"
    for same in ("anna", "anna again"):
        assert did(same, path, status=403)["code"] == "override_own"
    assert ship(bad) == ("refused", ["sale_blocked_failed_tests"])
    assert did("berta", path)["state"] == "approved"
    assert ship(bad) == ("done", [])

    story = did("shop", f"/units?epc={bad}", method="GET")
    (seen,) = story["overrides"]
    assert (seen["asked_by"], seen["decided_by"]) == ("anna", "berta")
    assert seen["reason"] == "the customer knows and takes it"
    steps = [(one["biz_step"], one["disposition"], one["actor"]) for one in story["events"][1:]]
    assert steps == [
        ("inspecting", "non_conformant", "line"),
        ("inspecting", "conformant", "berta"),
        ("shipping", "in_transit", "dock"),
    ]
    (record,) = did("anna", f"/test-records?unit={bad}", method="GET")["items"]
    assert (record["value"], record["result"], record["test"]["upper"]) == ("1.5", "failed", "1.40")
    right = {"value": "1.30", "reason": "read off the wrong scale"}
    assert did("anna", f"/test-records/{record['id']}/correct", right)["corrects"] == record["id"]
    assert len(did("anna", f"/test-records?lot={lot}", method="GET")["items"]) == 3
    assert did("anna", f"/lots/{lot}/tracking", {"gated": False}, "PUT", status=409)["code"] == "lot_gate_stays"
    assert [one["id"] for one in did("berta", "/overrides?state=approved", method="GET")["items"]] == [asked["id"]]


def made(home: House, did: Did, lot: int) -> list[str]:
    """Have labels, scan them, and let their numbers become units; return their serials."""
    batch = did("line", f"/lots/{lot}/batches", {"quantity": 2})["id"]
    items = did("anna", f"/lots/{lot}/serials?outcome=held", method="GET")["items"]
    assert batch
    serials = [one["serial"] for one in items]
    for serial in serials:
        did("line", "/verify-scans", {"text": f"https://id.example.com/01/{GTIN}/21/{serial}"})
    assert Commissioner(home.db, home.issuer, None, home.now).look() == 2
    return serials
