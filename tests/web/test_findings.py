from __future__ import annotations

from datetime import UTC, datetime, timedelta

from labelsvc.domain.actors import Actor, Call
from labelsvc.tracking import capturing
from labelsvc.tracking.own_events import Why, object_event
from labelsvc.web.house import house_of


def made(site) -> tuple[str, str]:
    """Let somebody ship a thing of ours that never began; return its product and its EPC."""
    product = site.product()
    batch = site.batch(1, site.lot(product))
    gtin = product["gtin"].zfill(14)
    epc = f"https://id.gs1.org/01/{gtin}/21/{batch['first_serial']}"
    now = datetime.now(UTC)
    shipped = object_event(now - timedelta(seconds=1), "OBSERVE", [epc], Why("shipping", "in_transit"))
    home = house_of(site.app)
    capturing.capture(home.db, home.issuer, Call(Actor("key", "dealer"), now), [shipped])
    return gtin, epc


def test_qa_takes_a_finding_and_closes_it(site) -> None:
    gtin, epc = made(site)
    warehouse, qa = site.client("warehouse"), site.client("qa")
    query = {"state": "open", "product": gtin, "code": "not_commissioned"}
    (found,) = warehouse.get("/api/v1/findings", query_string=query).json["items"]
    assert (found["count"], found["event_by"], found["owner"]) == (1, "key dealer", None)
    path = found["links"]["self"]
    assert [one["epc"] for one in warehouse.get(found["links"]["units"]).json["items"]] == [epc]
    assert qa.post(f"{path}/take").json["owner"] == "qa key"
    opened = "labelsvc_findings_open 1.0"
    assert opened in qa.get("/metrics").text
    closing = {"state": "accepted", "reason": "It was shipped before its label was scanned."}
    assert qa.post(f"{path}/close", json=closing).json["state"] == "accepted"
    assert opened not in qa.get("/metrics").text
    again = qa.post(f"{path}/close", json=closing)
    assert (again.status_code, again.json["code"]) == (409, "finding_closed")
    assert warehouse.get(path).json["closed_by"] == "qa key"
    assert qa.get("/api/v1/units", query_string={"epc": epc}).json["state"] == "in_transit"


def test_a_closing_says_how_and_why(site) -> None:
    _, _ = made(site)
    (found,) = site.client("qa").get("/api/v1/findings", query_string={"state": "open"}).json["items"]
    for body, pointer in [
        ({"state": "lapsed", "reason": "x"}, "/state"),
        ({"state": "dismissed"}, "/reason"),
        ({"state": "accepted", "reason": "x", "declare": True}, "/declare"),
    ]:
        answer = site.client("qa").post(f"{found['links']['self']}/close", json=body)
        assert (
            answer.status_code,
            answer.json["errors"][0]["pointer"] if "errors" in answer.json else answer.json["pointer"],
        ) == (422, pointer)
