"""Documents of events over HTTP: taken as wholes or as far as they are right, each event once."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select

from labelsvc.storage.tables import events
from tests.web.epcis.conftest import CONTEXT, document_of, event_of, foreign


def kept(port) -> int:
    with port.house.db.read() as conn:
        return int(conn.execute(select(func.count()).select_from(events)).scalar_one())


def wrong(n: int) -> dict:
    """An event whose EPC is a class, which one thing is not."""
    return event_of("https://id.gs1.org/01/09521321000018", minute=n)


def test_a_document_is_accepted_first_and_taken_later(port) -> None:
    client = port.client()
    answer = client.post("/epcis/capture", json=document_of(event_of(foreign(1)), event_of(foreign(2))))
    assert (answer.status_code, answer.data) == (202, b"")
    path = answer.headers["Location"]
    job = client.get(path)
    assert job.headers["GS1-Capture-Error-Behaviour"] == "rollback"
    assert (job.json["running"], job.json["success"], job.json["errors"]) == (True, True, [])
    assert path == f"/epcis/capture/{job.json['captureID']}"
    assert (kept(port), port.take(), kept(port)) == (0, 1, 2)
    job = client.get(path).json
    assert (job["running"], job["success"], job["wrong"], job["events"]) == (False, True, 0, 2)
    assert job["finishedAt"] >= job["createdAt"]


@pytest.mark.parametrize(("behaviour", "taken"), [("rollback", 0), ("proceed", 2)])
def test_one_wrong_event_takes_all_with_it_or_stays_out_alone(port, behaviour: str, taken: int) -> None:
    events_in = [event_of(foreign(1)), wrong(1), event_of(foreign(2))]
    job = port.capture(*events_in, GS1_Capture_Error_Behaviour=behaviour)
    assert (job["running"], job["success"], job["captureErrorBehaviour"]) == (False, False, behaviour)
    assert job["wrong"] == 1
    (error,) = job["errors"]
    assert (error["type"], error["status"]) == ("epcisException:ValidationException", 400)
    assert (error["code"], error["pointer"]) == ("identifier_is_class", "/epcisBody/eventList/1/epcList/0")
    assert kept(port) == taken


def test_the_same_document_twice_is_one(port) -> None:
    for _ in range(2):
        assert port.capture(event_of(foreign(1)), event_of(foreign(1)))["success"]
    assert kept(port) == 1


def test_an_answer_to_a_query_is_a_document_too(desk) -> None:
    body = {"queryResults": {"queryName": "Q", "resultsBody": {"eventList": [event_of(foreign(1)), wrong(1)]}}}
    document = {"@context": [CONTEXT], "type": "EPCISQueryDocument", "epcisBody": body}
    path = desk.client("qa").post("/epcis/capture", json=document).headers["Location"]
    desk.take()
    (error,) = desk.client("qa").get(path).json["errors"]
    assert error["pointer"] == "/epcisBody/queryResults/resultsBody/eventList/1/epcList/0"


def test_a_context_is_never_fetched(desk, monkeypatch) -> None:
    """Whatever a document names, no name is resolved and nothing is connected to."""

    def refuse(*_args: object, **_more: object) -> None:
        raise AssertionError("somebody wanted the network")

    if desk.house.db.dialect == "sqlite":  # the other database is on the network itself
        monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    context = [CONTEXT, "https://evil.example.com/context.jsonld", {"example": "https://ns.example.com/epcis/"}]
    document = document_of(event_of(foreign(1), **{"example:field": "x"}), context=context)
    path = desk.client().post("/epcis/capture", json=document).headers["Location"]
    desk.take()
    assert desk.client().get(path).json["success"]


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"type": "EPCISMasterDataDocument"}, "document_type", "/type"),
        ({"schemaVersion": "1.2"}, "document_version", "/schemaVersion"),
        ({"creationDate": "yesterday"}, "time_format", "/creationDate"),
        ({"@context": None}, "event_field_type", "/@context"),
        ({"epcisBody": {}}, "event_field_missing", "/epcisBody/eventList"),
        ({"epcisBody": {"eventList": {}}}, "event_field_type", "/epcisBody/eventList"),
    ],
)
def test_a_document_that_is_none_is_refused_at_once(desk, change: dict, code: str, pointer: str) -> None:
    answer = desk.client().post("/epcis/capture", json={**document_of(), **change})
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert answer.json["type"] == "epcisException:ValidationException"
    assert (answer.json["code"], answer.json["pointer"]) == (code, pointer)


def test_a_document_in_xml_is_refused_with_a_clear_word(desk) -> None:
    answer = desk.client().post("/epcis/capture", data=b"<EPCISDocument/>", content_type="application/xml")
    assert answer.status_code == 415
    assert answer.json["type"] == "epcisException:UnsupportedMediaTypeException"
    assert answer.json["detail"].endswith("EPCIS in XML is not read here.")


def test_json_ld_is_json_by_another_name(desk) -> None:
    body = json.dumps(document_of(event_of(foreign(1))))
    answer = desk.client().post("/epcis/capture", data=body, content_type="application/ld+json")
    assert answer.status_code == 202


def test_a_partner_sees_its_own_captures_and_no_others(port) -> None:
    theirs = port.capture(event_of(foreign(1)), role="partner")
    ours = port.capture(event_of(foreign(2)))
    partner, house = port.client("partner"), port.client()
    assert [job["captureID"] for job in partner.get("/epcis/capture").json] == [theirs["captureID"]]
    assert len(house.get("/epcis/capture").json) == 2
    refused = partner.get(f"/epcis/capture/{ours['captureID']}")
    assert (refused.status_code, refused.json["type"]) == (404, "epcisException:NoSuchNameException")


def test_captures_are_listed_page_by_page(port) -> None:
    jobs = [port.capture(event_of(foreign(n)))["captureID"] for n in range(3)]
    first = port.client().get("/epcis/capture?perPage=2")
    assert [job["captureID"] for job in first.json] == jobs[:2]
    assert first.headers["GS1-Next-Page-Token-Expires"].endswith("Z")
    link, _, relation = first.headers["Link"].partition("; ")
    assert relation == 'rel="next"'
    last = port.client().get(link.strip("<>"))
    assert [job["captureID"] for job in last.json] == jobs[2:]
    assert "Link" not in last.headers
    forged = port.client().get("/epcis/capture?nextPageToken=AAAA")
    assert (forged.status_code, forged.json["type"]) == (400, "epcisException:QueryParameterException")


def test_more_documents_than_may_wait_are_asked_to_come_again(desk, monkeypatch) -> None:
    monkeypatch.setattr("labelsvc.tracking.captures.OPEN_AT_MOST", 2)
    client = desk.client()
    answers = [client.post("/epcis/capture", json=document_of(event_of(foreign(n)))) for n in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert answers[2].headers["Retry-After"]
    desk.take()
    assert client.post("/epcis/capture", json=document_of()).status_code == 202


def test_too_many_events_and_too_many_bytes_are_refused_with_the_limits(desk, monkeypatch) -> None:
    monkeypatch.setattr("labelsvc.tracking.captures.EVENTS_AT_MOST", 2)
    many = desk.client().post("/epcis/capture", json=document_of({}, {}, {}))
    large = desk.client().post("/epcis/capture", data=b" " * 20_000_001, content_type="application/json")
    for answer in (many, large):
        assert answer.status_code == 413
        assert answer.json["type"] == "epcisException:CaptureLimitExceededException"
        assert answer.headers["GS1-EPCIS-Capture-File-Size-Limit"] == "20000000"
        assert answer.headers["GS1-EPCIS-Capture-Limit"] == "100000"


def test_options_tell_what_a_resource_is_good_for(desk) -> None:
    answer = desk.client("line").options("/epcis/capture")
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert answer.headers["GS1-Capture-Error-Behaviour"] == "rollback, proceed"
    assert answer.headers["GS1-EPCIS-Version"] == answer.headers["GS1-CBV-Version"] == "2.0"
    assert answer.headers["GS1-Vendor-Version"].startswith("labelsvc ")


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ({"GS1-EPCIS-Version": "2.0"}, 200),
        ({"GS1-EPCIS-Min": "1.2", "GS1-EPCIS-Max": "2.0.1"}, 200),
        ({"GS1-EPCIS-Version": "1.2"}, 406),
        ({"GS1-CBV-Min": "2.1"}, 406),
        ({"GS1-EPCIS-Max": "1.2"}, 406),
        ({"GS1-EPCIS-Min": "two"}, 400),
        ({"GS1-EPC-Format": "Always_XML"}, 400),
        ({"Accept": "application/ld+json"}, 200),
        ({"Accept": "application/xml"}, 406),
    ],
)
def test_a_client_is_told_where_it_wants_another_version_or_form(desk, header: dict, status: int) -> None:
    answer = desk.client().get("/epcis/capture", headers=header)
    assert answer.status_code == status
    if status == 406:
        assert answer.json["type"] == "epcisException:NotAcceptableException"


def test_a_uri_without_end_is_refused(desk) -> None:
    answer = desk.client().get("/epcis/capture?nextPageToken=" + "x" * 9_000)
    assert (answer.status_code, answer.json["type"]) == (414, "epcisException:URITooLongException")


def test_nobody_comes_in_without_a_key(desk) -> None:
    answer = desk.app.test_client().post("/epcis/capture", json=document_of())
    assert (answer.status_code, answer.json["type"]) == (401, "epcisException:SecurityException")
    answer = desk.client("line").post("/epcis/capture", json=document_of())
    assert (answer.status_code, answer.json["type"]) == (403, "epcisException:SecurityException")
