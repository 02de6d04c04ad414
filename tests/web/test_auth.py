from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from apiflask import APIFlask

from labelsvc import access
from labelsvc.storage.tables import audit
from labelsvc.web import auth, page_views
from labelsvc.web.paths import template

ROLES = ("line", "station", "warehouse", "retail", "partner", "qa", "admin")
#: Of this house; partners see what a route shows them by name.
EVERY = {"line", "station", "warehouse", "retail", "qa"}
STORES = {"warehouse", "retail", "qa"}
MAKERS = {"line", "station", "qa"}
#: Of events in the words of EPCIS.
READERS = {"warehouse", "retail", "qa"}
PUBLIC = None

#: Who may call what; admins may call everything.
TABLE = {
    "GET /static/{name}": PUBLIC,
    "GET /healthz": PUBLIC,
    "GET /readyz": PUBLIC,
    "GET /.well-known/gs1resolver": PUBLIC,
    "GET /linkset-context.jsonld": PUBLIC,
    "GET /01/{rest}": PUBLIC,
    "GET /00/{rest}": PUBLIC,
    "GET /item/{rest}": PUBLIC,
    "GET /verify/01/{rest}": PUBLIC,
    "GET /verify/00/{rest}": PUBLIC,
    "GET /verify/item/{rest}": PUBLIC,
    "GET /verify/gtin/{gtin}/lot/{lot}/ser/{serial}": PUBLIC,
    "GET /checkConnectivity": PUBLIC,
    "GET /api/v1/openapi.json": PUBLIC,
    "GET /metrics": EVERY,
    "GET /api/v1/serials/{code}/{serial}": EVERY,
    "POST /api/v1/scans": STORES,
    "GET /api/v1/clone-signals": {"qa"},
    "POST /api/v1/clone-signals/{unit_id}/close": {"qa"},
    "GET /api/v1/inventory": STORES,
    "GET /api/v1/pick-list": STORES,
    "POST /api/v1/cycle-counts": STORES,
    "GET /api/v1/cycle-counts/{count_id}": STORES,
    "PUT /api/v1/products/{code}/category": {"qa"},
    "GET /api/v1/units": {*EVERY, "partner"},
    "GET /api/v1/units/{code}/{serial}": {*EVERY, "partner"},
    "POST /api/v1/connections": set(),
    "GET /api/v1/connections": {"qa"},
    "GET /api/v1/connections/{connection_id}": {"qa"},
    "DELETE /api/v1/connections/{connection_id}": set(),
    "GET /api/v1/connections/{connection_id}/deliveries": {"qa"},
    "POST /api/v1/connections/{connection_id}/deliveries/{delivery_id}/redeliver": set(),
    "GET /api/v1/audit/key": {"partner", "qa"},
    "GET /api/v1/audit/checkpoint": {"partner", "qa"},
    "GET /api/v1/audit/proof": {"partner", "qa"},
    "GET /api/v1/audit/consistency": {"partner", "qa"},
    "GET /api/v1/findings": {"warehouse", "qa"},
    "GET /api/v1/findings/{finding_id}": {"warehouse", "qa"},
    "GET /api/v1/findings/{finding_id}/units": {"warehouse", "qa"},
    "POST /api/v1/findings/{finding_id}/take": {"qa"},
    "POST /api/v1/findings/{finding_id}/close": {"qa"},
    "POST /api/v1/parties": {"qa"},
    "GET /api/v1/parties": EVERY,
    "GET /api/v1/parties/{party_id}": EVERY,
    "PUT /api/v1/parties/{party_id}": {"qa"},
    "POST /api/v1/locations": {"qa"},
    "GET /api/v1/locations": EVERY,
    "GET /api/v1/locations/{location_id}": EVERY,
    "PUT /api/v1/locations/{location_id}": {"qa"},
    "POST /api/v1/products": set(),
    "POST /api/v1/products/{code}/schemes": set(),
    "POST /api/v1/label-formats": set(),
    "GET /api/v1/products": {"line", "qa"},
    "GET /api/v1/products/{code}": {"line", "qa"},
    "GET /api/v1/products/{code}/schemes": {"line", "qa"},
    "POST /api/v1/products/{code}/links": set(),
    "GET /api/v1/products/{code}/links": {"line", "qa"},
    "DELETE /api/v1/products/{code}/links/{link_id}": set(),
    "GET /api/v1/label-formats": {"line", "qa"},
    "GET /api/v1/label-formats/{name}": {"line", "qa"},
    "POST /api/v1/lots": {"line"},
    "PUT /api/v1/lots/{lot_id}": {"line"},
    "POST /api/v1/lots/{lot_id}/batches": {"line"},
    "GET /api/v1/lots": {"line", "qa"},
    "GET /api/v1/lots/{lot_id}": {"line", "qa"},
    "GET /api/v1/lots/{lot_id}/batches": {"line", "qa"},
    "GET /api/v1/batches/{batch_id}": {"line", "qa"},
    "GET /api/v1/batches/{batch_id}/serials.csv": {"line", "qa"},
    "GET /api/v1/batches/{batch_id}/events": {"line", "qa"},
    "GET /api/v1/batches/{batch_id}/labels.zpl": {"line", "qa"},
    "GET /api/v1/batches/{batch_id}/labels.pdf": {"line", "qa"},
    "GET /api/v1/batches/{batch_id}/labels/{number}.png": {"line", "qa"},
    "POST /api/v1/batches/{batch_id}/return": {"qa"},
    "POST /api/v1/logistic-units": {"line", "warehouse"},
    "GET /api/v1/logistic-units/{sscc}": EVERY,
    "GET /api/v1/logistic-units/batches/{batch_id}": {"line", "warehouse", "qa"},
    "GET /api/v1/logistic-units/batches/{batch_id}/ssccs.csv": {"line", "warehouse", "qa"},
    "GET /api/v1/logistic-units/batches/{batch_id}/labels.zpl": {"line", "warehouse", "qa"},
    "GET /api/v1/logistic-units/batches/{batch_id}/labels.pdf": {"line", "warehouse", "qa"},
    "GET /api/v1/logistic-units/series": {"line", "warehouse", "qa"},
    "PUT /api/v1/logistic-units/series/{company_prefix}/{extension_digit}": set(),
    "GET /api/v1/printers": {"station", "qa"},
    "GET /api/v1/printers/{name}": {"station", "qa"},
    "POST /api/v1/printers": {"station"},
    "PUT /api/v1/printers/{name}": {"station"},
    "GET /api/v1/jobs": {"station", "qa"},
    "GET /api/v1/jobs/{job_id}": {"station", "qa"},
    "POST /api/v1/jobs/{job_id}/cancel": {"qa"},
    "POST /api/v1/jobs/{job_id}/resolve": {"qa"},
    "GET /api/v1/jobs/{job_id}/labels": {"station", "qa"},
    "GET /api/v1/jobs/{job_id}/events": MAKERS,
    "POST /api/v1/station/claims": {"station"},
    "GET /api/v1/station/claims/{claim_id}/labels": {"station"},
    "POST /api/v1/station/claims/{claim_id}/reports": {"station"},
    "GET /api/v1/stations": {"qa"},
    "POST /api/v1/stations/{name}/release": {"qa"},
    "POST /api/v1/moves": {"qa"},
    "POST /api/v1/verify-scans": MAKERS,
    "GET /api/v1/lots/{lot_id}/reconciliation": {"line", "qa"},
    "GET /api/v1/lots/{lot_id}/serials": {"qa"},
    "PUT /api/v1/lots/{lot_id}/sampling": {"qa"},
    "POST /api/v1/lots/{lot_id}/declarations": {"qa"},
    "POST /api/v1/lots/{lot_id}/close": {"qa"},
    "GET /api/v1/lots/{lot_id}/close-report.pdf": {"qa"},
    "GET /api/v1/lots/{lot_id}/end-card.pdf": {"qa"},
    "GET /api/v1/lots/{lot_id}/end-card.zpl": {"qa"},
    "POST /api/v1/reprints": {"qa"},
    "GET /api/v1/reprints": {"qa"},
    "GET /api/v1/reprints/{reprint_id}": {"qa"},
    "POST /api/v1/reprints/{reprint_id}/approve": {"qa"},
    "POST /api/v1/reprints/{reprint_id}/refuse": {"qa"},
    "GET /api/v1/products/{code}/reprint-policy": {"qa"},
    "PUT /api/v1/products/{code}/reprint-policy": set(),
    "POST /api/v1/customers": {"retail", "qa"},
    "GET /api/v1/customers": {"retail", "qa"},
    "GET /api/v1/customers/{name}": {"retail", "qa"},
    "PUT /api/v1/customers/{name}/contact": {"retail", "qa"},
    "DELETE /api/v1/customers/{name}/contact": {"qa"},
    "POST /api/v1/sales": {"retail", "qa"},
    "GET /api/v1/sales": {"retail", "qa"},
    "POST /api/v1/customer-returns": {"retail", "qa"},
    "POST /api/v1/exchanges": {"retail", "qa"},
    "GET /api/v1/warranties/{code}/{serial}": {"retail", "qa"},
    "GET /api/v1/products/{code}/warranty": {"retail", "qa"},
    "PUT /api/v1/products/{code}/warranty": set(),
    "POST /api/v1/complaints": {"retail", "qa"},
    "GET /api/v1/complaints": {"retail", "qa"},
    "GET /api/v1/complaints/{complaint_id}": {"retail", "qa"},
    "PUT /api/v1/complaints/{complaint_id}": {"qa"},
    "GET /api/v1/complaints/{complaint_id}/dossier": {"qa"},
    "GET /api/v1/dossiers/{code}/{serial}": {"qa"},
    "GET /api/v1/products/{code}/tests": {"line", "qa"},
    "POST /api/v1/products/{code}/tests": set(),
    "POST /api/v1/test-records": {"line", "qa"},
    "GET /api/v1/test-records": {"line", "qa"},
    "POST /api/v1/test-records/{record_id}/correct": {"qa"},
    "POST /api/v1/overrides": {"qa"},
    "GET /api/v1/overrides": {"qa"},
    "GET /api/v1/overrides/{override_id}": {"qa"},
    "POST /api/v1/overrides/{override_id}/approve": {"qa"},
    "POST /api/v1/overrides/{override_id}/refuse": {"qa"},
    "GET /api/v1/lots/{lot_id}/tracking": {"line", "qa"},
    "PUT /api/v1/lots/{lot_id}/tracking": {"qa"},
    "POST /api/v1/recalls": {"qa"},
    "POST /api/v1/recalls/preview": {"qa"},
    "GET /api/v1/recalls": {"qa"},
    "GET /api/v1/recalls/{recall_id}": {"qa"},
    "POST /api/v1/recalls/{recall_id}/look": {"qa"},
    "GET /api/v1/recalls/{recall_id}/units": {"qa"},
    "GET /api/v1/recalls/{recall_id}/numbers": {"qa"},
    "GET /api/v1/recalls/{recall_id}/balance": {"qa"},
    "GET /api/v1/recalls/{recall_id}/notices": {"qa"},
    "PUT /api/v1/recalls/{recall_id}/notices/{notice_id}": {"qa"},
    "GET /api/v1/recalls/{recall_id}/trace.csv": {"qa"},
    "GET /api/v1/recalls/{recall_id}/report.pdf": {"qa"},
    "POST /api/v1/recalls/{recall_id}/lift": {"qa"},
    "POST /api/v1/recalls/{recall_id}/lift/approve": {"qa"},
    "GET /api/v1/fleet": {"station", "qa"},
    "GET /api/v1/printers/{name}/status": {"station", "qa"},
    "GET /api/v1/printers/{name}/history": {"station", "qa"},
    "POST /api/v1/webhooks": set(),
    "GET /api/v1/webhooks": set(),
    "GET /api/v1/webhooks/{webhook_id}": set(),
    "DELETE /api/v1/webhooks/{webhook_id}": set(),
    "GET /api/v1/webhooks/{webhook_id}/deliveries": set(),
    "POST /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver": set(),
    "POST /epcis/capture": {"partner", "warehouse", "qa"},
    "GET /epcis/capture": {"partner", "warehouse", "qa"},
    "GET /epcis/capture/{capture_id}": {"partner", "warehouse", "qa"},
    "POST /epcis/events": {"partner", "warehouse", "qa"},
    "GET /epcis/events": READERS,
    "GET /epcis/events/{event_id}": READERS,
    "GET /epcis": {*EVERY, "partner"},
    "DELETE /epcis/nextPageToken/{token}": {*EVERY, "partner"},
    **{
        f"GET /epcis/{resource}{below}": READERS
        for resource in ("eventTypes", "epcs", "bizSteps", "bizLocations", "readPoints", "dispositions")
        for below in ("", "/{value}", "/{value}/events")
    },
    "POST /epcis/queries": {"warehouse", "qa"},
    "GET /epcis/queries": READERS,
    "GET /epcis/queries/{query_name}": READERS,
    "DELETE /epcis/queries/{query_name}": {"warehouse", "qa"},
    "GET /epcis/queries/{query_name}/events": READERS,
    "POST /epcis/queries/{query_name}/subscriptions": {"warehouse", "qa"},
    "GET /epcis/queries/{query_name}/subscriptions": {"warehouse", "qa"},
    "GET /epcis/queries/{query_name}/subscriptions/{subscription_id}": {"warehouse", "qa"},
    "DELETE /epcis/queries/{query_name}/subscriptions/{subscription_id}": {"warehouse", "qa"},
}
#: The same of pages, which a session opens and no key.
PAGES = {
    "GET /": PUBLIC,
    "GET /sign-in": PUBLIC,
    "POST /sign-in": PUBLIC,
    "POST /sign-out": {*EVERY, "partner"},
    "GET /line": {"line"},
    "POST /line": {"line"},
    "GET /line/batches/{batch_id}": {"line", "qa"},
    "GET /printers": {"station", "qa"},
    "GET /printers/jobs/{job_id}": {"station", "qa"},
    "POST /printers/jobs/{job_id}/resolve": {"qa"},
    "POST /printers/jobs/{job_id}/cancel": {"qa"},
    "GET /qa": {"qa"},
    "POST /qa": {"qa"},
    "GET /qa/serials": {"qa"},
    "POST /qa/serials/move": {"qa"},
    "POST /qa/serials/reprint": {"qa"},
    "GET /qa/reprints": {"qa"},
    "POST /qa/reprints/{reprint_id}/approve": {"qa"},
    "POST /qa/reprints/{reprint_id}/refuse": {"qa"},
    "GET /qa/lots/{lot_id}": {"qa"},
    "GET /qa/lots/{lot_id}/serials": {"qa"},
    "POST /qa/lots/{lot_id}/sampling": {"qa"},
    "POST /qa/lots/{lot_id}/declare": {"qa"},
    "POST /qa/lots/{lot_id}/close": {"qa"},
    "GET /scan": STORES,
    "POST /scan": STORES,
    "GET /units": EVERY,
    "GET /units/{code}/{serial}": EVERY,
    "GET /inventory": STORES,
    "GET /inventory/pick-list": STORES,
    "GET /complaints": {"retail", "qa"},
    "POST /complaints": {"retail", "qa"},
    "GET /complaints/{complaint_id}": {"retail", "qa"},
    "POST /complaints/{complaint_id}": {"qa"},
}
#: Values for the path that name nothing: behind the door there is a 404, or an error about what was not sent.
IDS = dict.fromkeys(
    (
        "lot_id",
        "batch_id",
        "job_id",
        "claim_id",
        "reprint_id",
        "record_id",
        "override_id",
        "webhook_id",
        "connection_id",
        "delivery_id",
        "link_id",
        "count_id",
        "unit_id",
        "finding_id",
        "party_id",
        "location_id",
        "complaint_id",
        "recall_id",
        "notice_id",
    ),
    999,
)
NOTHING = {
    "code": "NOTHING",
    "name": "nothing",
    "serial": "X",
    "sscc": "X",
    "company_prefix": "X",
    "extension_digit": 0,
    "number": 1,
    "rest": "-",
    "gtin": "9",
    "lot": "L",
    **dict.fromkeys(("capture_id", "event_id", "token", "value", "query_name", "subscription_id"), "nothing"),
    **IDS,
}


#: What a public route says to that where it does not say 200.
OTHERWISE = {
    "GET /static/{name}": 404,
    "GET /verify/gtin/{gtin}/lot/{lot}/ser/{serial}": 422,
    **{route: 400 for route in TABLE if route.endswith("{rest}")},
}


def path_of(route: str) -> tuple[str, str]:
    method, _, path = route.partition(" ")
    return method, path.format(**NOTHING)


def test_every_route_stands_in_the_table(site) -> None:
    routes = {
        f"{method} {template(rule.rule)}"
        for rule in site.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == set(TABLE) | set(PAGES)


def test_a_page_is_one_by_its_mark(site) -> None:
    """The mark decides that a session opens it, that its errors are pages and that its forms carry a key."""
    marked = {
        f"{method} {template(rule.rule)}"
        for rule in site.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD"}
        if page_views.is_page(site.app.view_functions[rule.endpoint])
    }
    assert marked == set(PAGES)


@pytest.mark.parametrize("role", [None, "admin"])
def test_without_a_session_a_page_asks_to_sign_in(site, role: str | None) -> None:
    """A key does not open it either."""
    for route, allowed in PAGES.items():
        method, path = path_of(route)
        answer = site.client(role).open(path, method=method)
        if allowed is PUBLIC:
            assert answer.status_code == (200 if method == "GET" else 403), route
        else:
            assert answer.status_code == 303, route
            assert answer.location.startswith("/sign-in"), route


@pytest.mark.parametrize("role", ROLES)
def test_a_person_gets_where_the_table_says_and_nowhere_else(site, role: str) -> None:
    for route, allowed in PAGES.items():
        method, path = path_of(route)
        person = site.person(role)  # anew: one of the routes signs them out
        answer = person.get(path) if method == "GET" else person.post(path)
        refused = "Expected one of the roles" in answer.text
        assert refused == (allowed is not PUBLIC and role not in allowed | {"admin"}), route
        assert not refused or (answer.status_code, answer.mimetype) == (403, "text/html"), route


@pytest.mark.parametrize("role", ROLES)
def test_a_session_reads_the_api_as_its_role_does_and_changes_nothing_there(site, role: str) -> None:
    client = site.person(role).client
    for route, allowed in TABLE.items():
        method, path = path_of(route)
        answer = client.open(path, method=method)
        if method != "GET":
            assert (answer.status_code, answer.json["code"]) == (401, "key_missing"), route
        else:
            open_to_all = allowed is PUBLIC or role in allowed | {"admin"}
            assert (answer.status_code not in (401, 403)) == open_to_all, route


def test_a_key_counts_where_there_is_one_whatever_cookie_comes_with_it(site) -> None:
    client = site.person("admin").client
    answer = client.get("/api/v1/lots", headers={"Authorization": "Bearer lsk_nobodys"})
    assert answer.json["code"] == "key_invalid"
    answer = client.get("/api/v1/webhooks", headers={"Authorization": f"Bearer {site.keys['line']}"})
    assert answer.json["code"] == "role"


@pytest.mark.parametrize("route", TABLE)
def test_without_a_key_only_the_public_routes_answer(site, route: str) -> None:
    method, path = path_of(route)
    answer = site.client(None).open(path, method=method)
    if TABLE[route] is PUBLIC:
        assert answer.status_code == OTHERWISE.get(route, 200)
    else:
        assert answer.status_code == 401
        assert answer.json["code"] == "key_missing"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", TABLE)
def test_a_role_gets_where_the_table_says_and_nowhere_else(site, route: str, role: str) -> None:
    method, path = path_of(route)
    answer = site.client(role).open(path, method=method)
    allowed = TABLE[route]
    if allowed is PUBLIC or role in allowed | {"admin"}:
        assert answer.status_code not in (401, 403)
    else:
        assert answer.status_code == 403
        assert answer.json["code"] == "role"


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic bGluZTpsaW5l", "Bearer a b", "Bearer lsk_\x01", "Token x", "Bearer " + "x" * 500],
)
def test_another_authorization_than_a_bearer_key_is_nobody(site, header: str) -> None:
    answer = site.client(None).get("/api/v1/lots", headers={"Authorization": header})
    assert answer.status_code == 401


def test_an_unknown_an_expired_and_a_revoked_key_get_the_same_answer(site) -> None:
    call = site.call()
    _, expired = access.add_key(site.db, call, "gone", "line", call.at + timedelta(microseconds=1))
    made, revoked = access.add_key(site.db, call, "gone too", "line")
    access.revoke_key(site.db, call, made.id)
    answers = []
    for key in ("lsk_" + "x" * 43, expired, revoked):
        answer = site.client(None).get("/api/v1/lots", headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 401
        answers.append({name: value for name, value in answer.json.items() if name != "request_id"})
    assert answers[0] == answers[1] == answers[2]


def test_the_scheme_is_read_in_any_case_as_http_says(site) -> None:
    answer = site.client(None).get("/api/v1/lots", headers={"Authorization": f"bEaReR {site.keys['line']}"})
    assert answer.status_code == 200


def test_the_door_stands_before_the_body(site) -> None:
    """Who has no key learns nothing of what the route would have said."""
    answer = site.client(None).post("/api/v1/lots", data=b"{", content_type="text/plain")
    assert answer.status_code == 401


def test_an_app_with_a_view_that_names_no_role_does_not_start() -> None:
    app = APIFlask("other", static_folder=None, docs_path=None, spec_path=None)

    @app.get("/open")
    def forgotten() -> str:
        return ""

    with pytest.raises(RuntimeError, match="forgotten"):
        auth.check_views(app)


def test_a_change_is_in_the_audit_under_the_name_of_the_client(site) -> None:
    lot = site.lot()
    with site.db.read() as conn:
        entries = conn.execute(audit.select().where(audit.c.subject == f"lot:{lot['id']}")).all()
    assert [(entry.actor_kind, entry.actor_id, entry.action) for entry in entries] == [("key", "admin key", "lot.open")]
    assert abs(entries[0].at - datetime.now(UTC)) < timedelta(minutes=5)
