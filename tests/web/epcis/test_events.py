"""Events in one by one, and out by whatever they say."""

from __future__ import annotations

import threading
from urllib.parse import quote

import pytest

from tests.web.epcis.conftest import CONTEXT, document_of, event_of, foreign

CASE = "https://id.gs1.org/00/095201234567891235"
HOME = "https://id.gs1.org/414/9521321000018"
SHOP = "https://id.gs1.org/414/9521141111116"
CLASS = "https://id.gs1.org/01/09521321000018"
EXAMPLE = {"example": "https://ns.example.com/epcis/"}


def of(events) -> list[str]:
    """Return the names that the events of a test have."""
    return sorted(event["eventID"].rpartition(":")[2] for event in events)


def named(name: str, *epcs: str, **more) -> dict:
    return event_of(*epcs, eventID=f"urn:uuid:{name}", **more)


@pytest.fixture
def story(port):
    """Events of every kind: `a` to `h`."""
    job = port.capture(
        named(
            "a", foreign(1), minute=1, action="ADD", bizStep="commissioning", disposition="active",
            ilmd={"cbvmda:lotNumber": "L-7", "cbvmda:itemExpirationDate": "2028-01-31"},
        ),
        named("b", foreign(1), foreign(2), minute=2, bizStep="shipping", readPoint={"id": HOME + "/254/dock-3"},
              bizTransactionList=[{"type": "desadv", "bizTransaction": "urn:example:asn:1"}],
              destinationList=[{"type": "possessing_party", "destination": "https://id.gs1.org/417/9521141111116"}]),
        named("c", foreign(1), minute=3, bizLocation={"id": SHOP}, disposition="in_progress",
              persistentDisposition={"set": ["completeness_verified"]}),
        {
            "type": "AggregationEvent", "eventID": "urn:uuid:d", "eventTime": "2026-11-20T09:04:00+01:00",
            "eventTimeZoneOffset": "+01:00", "action": "ADD", "bizStep": "packing", "parentID": CASE,
            "childEPCs": [foreign(2)],
        },
        {
            "type": "TransformationEvent", "eventID": "urn:uuid:e", "eventTime": "2026-11-20T09:05:00+01:00",
            "eventTimeZoneOffset": "+01:00", "inputEPCList": [foreign(3)], "outputEPCList": [foreign(4)],
            "transformationID": "urn:example:batch:9",
        },
        named("f", epcList=None, minute=6, bizStep="stocking",
              quantityList=[{"epcClass": CLASS, "quantity": 200.5, "uom": "KGM"}]),
        named("g", epcList=[], minute=7, bizStep="sensor_reporting", readPoint={"id": SHOP}, sensorElementList=[
            {"sensorMetadata": {"deviceID": "urn:example:device:1"},
             "sensorReport": [{"type": "Temperature", "value": 4.5, "uom": "CEL"}]}]),
        named("h", foreign(5), minute=8, errorDeclaration={
            "declarationTime": "2026-11-21T00:00:00Z", "reason": "incorrect_data",
            "correctiveEventIDs": ["urn:uuid:c"]}),
    )  # fmt: skip
    assert job["success"], job["errors"]
    return port


QUERIES = {
    "": "abcdefgh",
    "eventType=AggregationEvent|TransformationEvent": "de",
    "GE_eventTime=2026-11-20T08:03:00Z&LT_eventTime=2026-11-20T09:06:00%2B01:00": "cde",
    "GE_recordTime=2000-01-01T00:00:00Z": "abcdefgh",
    "LT_recordTime=2000-01-01T00:00:00Z": "",
    "EQ_action=ADD": "ad",
    "EQ_bizStep=shipping|https://ref.gs1.org/cbv/BizStep-packing": "bd",
    "EQ_disposition=active": "a",
    "EQ_persistentDisposition_set=completeness_verified": "c",
    "EQ_persistentDisposition_unset=completeness_verified": "",
    f"EQ_readPoint={SHOP}": "g",
    f"EQ_readPoint={HOME}": "",
    f"WD_readPoint={HOME}": "b",
    "EQ_bizLocation=urn:epc:id:sgln:9521141.11111.0": "c",
    f"WD_bizLocation={SHOP}": "c",
    "EQ_bizTransaction_desadv=urn:example:asn:1": "b",
    "EQ_destination_possessing_party=urn:epc:id:pgln:9521141.11111": "b",
    "EQ_source_possessing_party=urn:epc:id:pgln:9521141.11111": "",
    "EQ_transformationID=urn:example:batch:9": "e",
    f"MATCH_epc={foreign(2)}": "bd",
    "MATCH_epc=urn:epc:id:sgtin:9521321.000001.2": "bd",
    "MATCH_epc=urn:epc:idpat:sgtin:9521321.000001.*": "abcdh",
    f"MATCH_parentID={CASE}": "d",
    f"MATCH_inputEPC={foreign(3)}": "e",
    f"MATCH_outputEPC={foreign(4)}|{foreign(3)}": "e",
    f"MATCH_anyEPC={foreign(4)}|{CASE}": "de",
    f"MATCH_epcClass={CLASS}": "f",
    f"MATCH_inputEPCClass={CLASS}": "",
    f"MATCH_anyEPCClass={CLASS}": "f",
    "GE_quantity=200&LT_quantity=201": "f",
    "GT_quantity=200.5": "",
    "EQ_eventID=urn:uuid:a|urn:uuid:h": "ah",
    "EXISTS_errorDeclaration": "h",
    "EQ_errorReason=incorrect_data": "h",
    "GE_errorDeclaration_Time=2026-11-21T00:00:00Z": "h",
    "EQ_correctiveEventID=urn:uuid:c": "h",
    "EQ_ILMD_cbvmda:lotNumber=L-7": "a",
    "EQ_ILMD_urn:epcglobal:cbv:mda:lotNumber=L-8": "",
    "EXISTS_ILMD_cbvmda:itemExpirationDate": "a",
    "EQ_type=Temperature": "g",
    "EQ_deviceID=urn:example:device:1": "g",
    "GE_value_CEL=4&LE_value_CEL=4.5": "g",
    "GE_value_FAH=4": "",
    "EQ_bizStep=shipping&EQ_action=ADD": "",
}


def test_every_parameter_finds_what_it_names(story, subtests) -> None:
    for query, expected in QUERIES.items():
        with subtests.test(query=query):
            assert of(story.found(query)) == list(expected)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("EQ_color=red", "query_unknown"),
        ("color=red", "query_unknown"),
        ("HASATTR_bizLocation=x", "query_unknown"),
        ("GE_eventTime=yesterday", "query_value"),
        ("GE_quantity=many", "query_value"),
        ("GE_quantity=1|2", "query_values"),
        ("orderBy=bizStep", "query_order"),
        ("eventCountLimit=0", "query_count"),
        ("eventCountLimit=1&maxEventCount=1", "query_count"),
        ("EQ_action=ADD&EQ_action=DELETE", "query_repeated"),
        ("stream=true", "query_stream"),
        ("perPage=0", "too_small"),
    ],
)
def test_what_is_no_query_is_refused(desk, query: str, code: str) -> None:
    answer = desk.client().get(f"/epcis/events?{query}")
    assert (answer.status_code, answer.json["code"]) == (400, code)
    if code.startswith("query"):
        assert answer.json["type"] == "epcisException:QueryParameterException"


def test_events_come_in_the_order_asked_for_page_by_page(port) -> None:
    """The last came first: whatever is told meanwhile is on no later page."""
    for minute in (3, 1, 2):
        port.capture(named(str(minute), foreign(minute), minute=minute))
    assert [event["eventID"][-1] for event in port.found("orderBy=eventTime")] == ["3", "2", "1"]
    assert [event["eventID"][-1] for event in port.found("orderBy=recordTime&orderDirection=ASC")] == ["3", "1", "2"]
    path, seen = "/epcis/events?orderBy=eventTime&orderDirection=ASC&perPage=2", []
    for _ in range(2):
        answer = port.client().get(path)
        seen += answer.json["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        port.capture(named(f"late{len(seen)}", foreign(9), minute=50 + len(seen)))
        path = answer.headers.get("Link", "").partition(">")[0].strip("<")
    assert (path, [event["eventID"][-1] for event in seen]) == ("", ["1", "2", "3"])
    assert len(port.found("eventCountLimit=2")) == 2
    assert port.client().get("/epcis/events?maxEventCount=4").json["code"] == "query_too_large"
    assert len(port.found("maxEventCount=5")) == 5


def test_a_page_that_reads_bodies_ends_after_so_many_and_goes_on(desk, monkeypatch) -> None:
    monkeypatch.setattr("labelsvc.storage.event_queries.BODIES_AT_ONCE", 4)
    monkeypatch.setattr("labelsvc.storage.event_queries.ROWS_AT_ONCE", 5)
    desk.capture(
        *(named(f"{n:02}", foreign(n), minute=n, **({"bizStep": "storing"} if n > 9 else {})) for n in range(12))
    )
    for query in ("EQ_ILMD_cbvmda:lotNumber=none", "EQ_bizStep=storing"):
        path, pages, seen = f"/epcis/events?{query}", 0, []
        while path:
            answer = desk.client().get(path)
            seen += answer.json["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
            path, pages = answer.headers.get("Link", "").partition(">")[0].strip("<"), pages + 1
        assert pages >= 3
        assert of(seen) == ([] if "ILMD" in query else ["10", "11"])


def test_an_event_comes_alone_once(port) -> None:
    """Its own time and offset stay as they were given; when it was recorded is for the server to say."""
    event = {"@context": [CONTEXT, EXAMPLE], **event_of(foreign(1)), "recordTime": "1999-01-01T00:00:00Z"}
    event["example:field"] = {"example:deep": [1.5, "x"]}
    answer = port.client().post("/epcis/events", json=event)
    assert answer.status_code == 201
    path = answer.headers["Location"]
    assert path.startswith("/epcis/events/ni%3A%2F%2F%2Fsha-256%3B")
    found = port.client().get(path).json
    assert found["@context"] == [CONTEXT, EXAMPLE]
    (shown,) = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert (shown["eventTime"], shown["eventTimeZoneOffset"]) == (event["eventTime"], "+01:00")
    assert shown["example:field"] == event["example:field"]
    assert shown["recordTime"] > "2026"
    assert shown["eventID"].endswith("?ver=CBV2.0")
    again = port.client().post("/epcis/events", json={**event, "epcList": ["urn:epc:id:sgtin:9521321.000001.1"]})
    assert (again.status_code, again.json["type"]) == (409, "epcisException:ResourceAlreadyExistsException")
    wrong = port.client().post("/epcis/events", json={**event, "bizStep": "returning"})
    assert (wrong.status_code, wrong.json["type"]) == (400, "epcisException:ValidationException")
    assert wrong.json["pointer"] == "/bizStep"
    assert port.found("EQ_INNER_example:deep=x&EXISTS_example:field")[0]["eventID"] == shown["eventID"]


def test_two_who_hand_in_one_event_at_one_moment_have_one_event(port) -> None:
    event = {"@context": CONTEXT, **event_of(foreign(1))}
    clients, statuses = [port.client() for _ in range(4)], []
    gate = threading.Barrier(4)

    def send(client) -> None:
        gate.wait()
        statuses.append(client.post("/epcis/events", json=event).status_code)

    threads = [threading.Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 409, 409, 409]
    assert len(port.found()) == 1


def test_an_event_is_shown_with_the_declarations_that_it_is_wrong(port) -> None:
    said = {"declarationTime": "2026-11-21T00:00:00Z", "reason": "did_not_occur"}
    port.capture(named("w", foreign(1)), named("w", foreign(1), errorDeclaration=said))
    found = port.found(path="/epcis/events/" + quote("urn:uuid:w", safe=""))
    assert ["errorDeclaration" in event for event in found] == [False, True]
    assert port.client().get("/epcis/events/urn:uuid:other").json["type"] == "epcisException:NoSuchNameException"


def test_identifiers_are_written_as_the_client_wants_them(desk) -> None:
    """A company prefix that nobody told us has no end, so its identifiers stay as they are."""
    urn, link = "urn:epc:id:sgtin:9521321.000001.1", foreign(1)
    unknown = "https://id.gs1.org/01/09506000134352/21/1"
    desk.capture(event_of(urn, minute=1), event_of(foreign(2), unknown, minute=2))
    object.__setattr__(desk.house, "company_prefixes", ("9521321",))

    def epcs(wanted: str | None) -> list[str]:
        headers = {} if wanted is None else {"GS1-EPC-Format": wanted}
        return [epc for event in desk.found(headers=headers) for epc in event["epcList"]]

    assert epcs(None) == epcs("Never_Translates") == epcs("No_Preference") == [urn, foreign(2), unknown]
    assert epcs("Always_GS1_Digital_Link") == [link, foreign(2), unknown]
    assert epcs("Always_EPC_URN") == [urn, "urn:epc:id:sgtin:9521321.000001.2", unknown]
    answer = desk.client().get("/epcis/events", headers={"GS1-EPC-Format": "Always_EPC_URN"})
    assert answer.headers["GS1-EPC-Format"] == "Always_EPC_URN"


def test_what_was_answered_can_be_handed_in_again(desk) -> None:
    desk.capture(event_of(foreign(1)), event_of(foreign(2)))
    answer = desk.client().get("/epcis/events").json
    path = desk.client().post("/epcis/capture", json=answer).headers["Location"]
    desk.take()
    assert desk.client().get(path).json["success"]
    assert len(desk.found()) == 2


def test_resources_name_what_events_say_each_once(story) -> None:
    client = story.client()

    def members(resource: str, query: str = "") -> list[str]:
        return client.get(f"/epcis/{resource}{query}").json["member"]

    assert members("eventTypes") == ["AggregationEvent", "ObjectEvent", "TransformationEvent"]
    assert "packing" in members("bizSteps")
    assert members("dispositions") == ["active", "in_progress"]
    assert members("bizLocations") == [SHOP]
    assert set(members("readPoints")) == {SHOP, HOME + "/254/dock-3"}
    assert set(members("epcs", "?perPage=1000")) == {CASE, *(foreign(n) for n in range(1, 6))}
    first = client.get("/epcis/bizSteps?perPage=2")
    rest = client.get(first.headers["Link"].partition(">")[0].strip("<")).json["member"]
    assert [*first.json["member"], *rest][:4] == members("bizSteps")[:4]
    assert client.get("/epcis").json[:3] == ["events", "eventTypes", "epcs"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"epcs/{quote(foreign(2), safe='')}", "bd"),
        (f"epcs/{foreign(2)}", "bd"),
        ("epcs/urn:epc:id:sgtin:9521321.000001.3", "e"),
        ("bizSteps/shipping", "b"),
        ("eventTypes/AggregationEvent", "d"),
        (f"bizLocations/{quote(SHOP, safe='')}", "c"),
        (f"readPoints/{quote(SHOP, safe='')}", "g"),
        ("dispositions/active", "a"),
    ],
)
def test_a_resource_leads_to_its_events(story, path: str, expected: str) -> None:
    assert story.client().get(f"/epcis/{path}").json == ["events"]
    assert of(story.found(path=f"/epcis/{path}/events")) == list(expected)
    assert story.found("EQ_action=DELETE", path=f"/epcis/{path}/events") == []


def test_what_no_event_names_is_no_resource(desk) -> None:
    for path in ("epcs/urn:x:1", "bizSteps/shipping/events", "eventTypes/NoEvent", "readPoints/urn:x:1/events"):
        answer = desk.client().get(f"/epcis/{path}")
        assert (answer.status_code, answer.json["code"]) == (404, "resource_unknown")


def test_a_page_token_needs_nothing_to_be_let_go(desk) -> None:
    answer = desk.client().delete("/epcis/nextPageToken/abc")
    assert (answer.status_code, answer.json["type"]) == (501, "epcisException:ImplementationException")


def test_a_query_with_a_name_is_asked_again_and_again(story) -> None:
    client = story.client()
    body = {"name": "sent off", "query": {"EQ_bizStep": ["shipping", "packing"]}}
    made = client.post("/epcis/queries", json=body)
    assert (made.status_code, made.headers["Location"]) == (201, "/epcis/queries/sent%20off")
    assert client.post("/epcis/queries", json=body).json["type"] == "epcisException:ResourceAlreadyExistsException"
    assert client.get("/epcis/queries/sent off").json["query"] == body["query"]
    assert [query["name"] for query in client.get("/epcis/queries").json] == ["sent off"]
    answer = client.get("/epcis/queries/sent off/events").json["epcisBody"]["queryResults"]
    assert answer["queryName"] == "sent off"
    assert of(answer["resultsBody"]["eventList"]) == ["b", "d"]
    assert of(story.found("EQ_action=ADD", path="/epcis/queries/sent off/events")) == ["d"]
    assert client.delete("/epcis/queries/sent off").status_code == 204
    assert client.get("/epcis/queries/sent off/events").json["type"] == "epcisException:NoSuchNameException"


def test_a_query_that_is_none_gets_no_name(desk) -> None:
    answer = desk.client().post("/epcis/queries", json={"name": "q", "query": {"EQ_color": ["red"]}})
    assert (answer.status_code, answer.json["type"]) == (400, "epcisException:QueryValidationException")
    assert answer.json["pointer"] == "/query/EQ_color"
    assert desk.client("partner").get("/epcis/queries").status_code == 403


def test_every_resource_says_what_it_is_good_for(desk) -> None:
    for path, methods in (
        ("/epcis", "GET, HEAD, OPTIONS"),
        ("/epcis/events", "GET, HEAD, OPTIONS, POST"),
        ("/epcis/events/urn:x:1", "GET, HEAD, OPTIONS"),
        ("/epcis/queries/q", "DELETE, GET, HEAD, OPTIONS"),
        ("/epcis/bizSteps/x/events", "GET, HEAD, OPTIONS"),
    ):
        answer = desk.client("partner").options(path)
        assert (answer.status_code, answer.headers["Allow"]) == (204, methods)
        assert answer.headers["GS1-EPCIS-Min"] == answer.headers["GS1-CBV-Max"] == "2.0"


def test_a_document_of_another_is_kept_whole(desk) -> None:
    """What a partner's document says beyond GS1's words is answered in the same words."""
    document = document_of(
        event_of(foreign(1), eventID="urn:uuid:x", **{"example:temper": "mild"}), context=[CONTEXT, EXAMPLE]
    )
    desk.client("partner").post("/epcis/capture", json=document)
    desk.take()
    answer = desk.client().get("/epcis/events").json
    assert answer["@context"] == [CONTEXT, EXAMPLE]
    assert answer["epcisBody"]["queryResults"]["resultsBody"]["eventList"][0]["example:temper"] == "mild"
