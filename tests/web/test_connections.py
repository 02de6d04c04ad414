"""Connections over HTTP: made by admins, seen by QA; and one labelsvc that sends events to another."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

from werkzeug.serving import make_server

from labelsvc.storage.database import Database
from labelsvc.tracking import connections
from labelsvc.tracking.captures import Taker
from labelsvc.tracking.pushing import Pusher
from labelsvc.web.house import house_of
from tests.tracking import test_pushing as pushing

PARTY = "https://id.gs1.org/417/9521141111116"
NEW = {"url": "https://epcis.example.com/capture?key=k", "party": "9521141111116", "biz_steps": ["shipping"]}


def test_an_admin_makes_a_connection_and_qa_sees_it(site) -> None:
    made = site.client().post("/api/v1/connections", json=NEW)
    assert made.status_code == 201
    assert made.json["secret"].startswith("whsec_")
    path = made.json["links"]["self"]
    assert made.headers["Location"].endswith(path)
    qa = site.client("qa")
    shown = qa.get(path).json
    assert (shown["party"], shown["biz_steps"], shown["named"]) == (PARTY, ["shipping"], True)
    assert "secret" not in shown
    assert qa.get("/api/v1/connections").json["items"] == [shown]
    assert qa.get(f"{path}/deliveries").json == {"items": [], "next": None}
    assert 'labelsvc_connection_deliveries{state="waiting"} 0.0' in qa.get("/metrics").text
    assert site.client().post(f"{path}/deliveries/1/redeliver").json["code"] == "delivery_unknown"
    assert site.client().delete(path).status_code == 204
    assert qa.get(path).json["code"] == "connection_unknown"


def test_what_is_wrong_with_a_connection_is_said(site) -> None:
    for change, pointer in (
        ({"url": "http://127.0.0.1/"}, "/url"),
        ({"party": "9521141111117"}, "/party"),
        ({"event_types": ["Event"]}, "/event_types/0"),
        ({"products": ["A/B"]}, "/products/0"),
        ({"token": "two words"}, "/token"),
        ({"epc_format": "URN"}, "/epc_format"),
    ):
        answer = site.client().post("/api/v1/connections", json={**NEW, **change})
        assert (answer.status_code, answer.json.get("pointer") or answer.json["errors"][0]["pointer"]) == (422, pointer)


def test_one_labelsvc_sends_events_to_another(site, plant: Any) -> None:
    """The partner's is a real server, and the key of one of its clients the token; sent twice, an event is one."""
    server = make_server("127.0.0.1", 0, site.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/epcis/capture"
        asked = connections.NewConnection(url, PARTY, token=site.keys["warehouse"])
        link, _ = connections.add_connection(plant.db, plant.issuer, plant.call(), asked, "loopback")
        pushing.happen(plant, "A", "B")
        _push(plant.db, plant)
        (sent,) = connections.list_documents(plant.db, link.id, None, 0, 10).items
        assert (sent.state, sent.status) == ("sent", 202)
        connections.send_again(plant.db, plant.call(), link.id, sent.id)
        _push(plant.db, plant)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    home = house_of(site.app)
    assert Taker(home.db, home.issuer, lambda: datetime.now(UTC)).look() == 2
    found = site.client("qa").get("/epcis/events").json["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert sorted(event["epcList"][0][-1] for event in found) == ["A", "B"]
    unit = (
        site.client("qa").get("/api/v1/units", query_string={"epc": "https://id.gs1.org/01/09521321000018/21/A"}).json
    )
    assert len(unit["events"]) == 1


def _push(db: Database, plant: Any) -> None:
    pusher = Pusher(db, plant.issuer, "loopback", lambda: datetime.now(UTC))
    pusher.look()
    while pusher._mark is not None:
        pusher.look()
    pusher.close()
