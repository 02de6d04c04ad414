"""Signing in and out."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from labelsvc import access
from labelsvc.access import passwords
from labelsvc.storage.tables import audit
from labelsvc.web.pages.signing import _local

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch) -> None:
    monkeypatch.setattr(passwords, "COST", passwords.Cost(2, 8, 1))


@pytest.fixture
def anna(site) -> str:
    name = site.fresh("anna")
    access.add_user(site.db, site.call(), name, "qa", PASSWORD)
    return name


def form_key(client, **more) -> str:
    """Load the page, as a person does; return what its form carries."""
    found = re.search(r'name="form_key" value="([0-9a-f]{64})"', client.get("/sign-in", **more).text)
    assert found is not None
    return found[1]


def post(client, name: str, password: str = PASSWORD, **more):
    carried = {"form_key": form_key(client, base_url=more.get("base_url")), **more.pop("fields", {})}
    return client.post("/sign-in", data={"name": name, "password": password, **carried}, **more)


def test_a_name_and_its_password_lead_to_the_work_of_their_role(site, anna) -> None:
    client = site.client(None)
    answer = post(client, anna)
    assert (answer.status_code, answer.location) == (303, "/qa")
    assert client.get("/qa").status_code == 200
    assert f"{anna} (qa)" in client.get("/qa").text


@pytest.mark.parametrize(
    ("role", "home"), [("line", "/line"), ("station", "/printers"), ("qa", "/qa"), ("admin", "/qa")]
)
def test_each_role_has_a_home_and_sees_the_pages_it_may(site, role, home, read) -> None:
    name = site.fresh(role)
    access.add_user(site.db, site.call(), name, role, PASSWORD)
    client = site.client(None)
    assert post(client, name).location == home
    page = client.get(home).text
    links = {path for path in ("/line", "/printers", "/qa") if f'<a href="{path}"' in page}
    assert links == {"line": {"/line"}, "station": {"/printers"}, "qa": {"/printers", "/qa"}}.get(
        role, {"/line", "/printers", "/qa"}
    )
    assert all(client.get(path).status_code == 200 for path in links)


def test_the_cookie_is_for_this_service_alone_and_no_script_reads_it(site, anna) -> None:
    cookie = post(site.client(None), anna).headers["Set-Cookie"]
    assert cookie.startswith("labelsvc=")
    attributes = {part.strip() for part in cookie.split(";")[1:]}
    assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"} <= attributes
    assert "Secure" not in attributes
    assert not any(part.startswith("Domain") for part in attributes)


def test_over_https_the_cookie_is_secure_and_bound_to_the_host(site, anna) -> None:
    client = site.client(None)
    answer = post(client, anna, base_url="https://labels.example.com")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-labelsvc=")
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")[1:]}
    assert client.get("/qa", base_url="https://labels.example.com").status_code == 200


def test_a_cookie_that_was_set_over_http_opens_nothing_over_https(site, anna) -> None:
    client = site.client(None)
    token = post(client, anna).headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    other = site.client(None)
    other.set_cookie("labelsvc", token, domain="labels.example.com")
    assert other.get("/qa", base_url="https://labels.example.com").status_code == 303


def test_what_was_wrong_is_not_told_apart(site, anna) -> None:
    """Another password, nobody's name: the same page to the byte, but for the name that was typed."""
    pages, client = [], site.client(None)
    for name, password in ((anna, "wrong horse battery"), ("nobody", PASSWORD), (anna, ""), ("<b>", "x")):
        answer = post(client, name, password)
        assert answer.status_code == 403
        assert "Set-Cookie" not in answer.headers
        assert password not in answer.text or not password or password == "x"
        pages.append(answer.text.replace(f'value="{name}"', "").replace('value="&lt;b&gt;"', ""))
    assert len(set(pages)) == 1


def test_who_guesses_too_often_is_told_when_to_come_again(site, anna) -> None:
    client = site.client(None)
    for n in range(10):
        assert post(client, anna, f"wrong password {n}").status_code == 403
    answer = post(client, anna)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 900


def test_a_page_leads_to_signing_in_and_that_leads_back(site, anna) -> None:
    client = site.client(None)
    answer = client.get("/qa/serials?product=09520000000011&serial=A%2FB")
    assert answer.location == "/sign-in?next=%2Fqa%2Fserials%3Fproduct%3D09520000000011%26serial%3DA%252FB"
    page = client.get(answer.location)
    assert 'name="next" value="/qa/serials?product=09520000000011&amp;serial=A%2FB"' in page.text
    answer = post(client, anna, fields={"next": "/qa/serials?product=09520000000011&serial=A%2FB"})
    assert answer.location == "/qa/serials?product=09520000000011&serial=A%2FB"


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/x\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "qa",
        "",
        "/" + "x" * 600,
    ],
)
def test_it_leads_nowhere_else(site, anna, path) -> None:
    assert _local(path) == ""
    assert post(site.client(None), anna, fields={"next": path}).location == "/qa"
    assert "evil" not in site.client(None).get("/sign-in", query_string={"next": path}).text


def test_a_form_that_another_site_sent_signs_nobody_in(site, anna) -> None:
    for foreign in ("cross-site", "same-site"):
        answer = post(site.client(None), anna, headers={"Sec-Fetch-Site": foreign})
        assert answer.status_code == 403
        assert "Set-Cookie" not in answer.headers
    for own in ("same-origin", "none"):
        assert post(site.client(None), anna, headers={"Sec-Fetch-Site": own}).status_code == 303


def test_a_form_that_was_not_made_for_this_browser_signs_nobody_in(site, anna) -> None:
    """Over plain HTTP no browser says where a form comes from; but another site's comes without our cookie."""
    other = form_key(site.client(None))
    visitor = site.client(None)
    own = form_key(visitor)
    stranger = site.client(None)  # a browser in which our page was never open, or that keeps its cookie to itself
    for client, key in ((stranger, own), (stranger, ""), (visitor, other), (visitor, "")):
        answer = client.post("/sign-in", data={"name": anna, "password": PASSWORD, "form_key": key})
        assert answer.status_code == 403
        assert "Set-Cookie" not in answer.headers
        assert client.get("/qa").status_code == 303
    assert visitor.post("/sign-in", data={"name": anna, "password": PASSWORD, "form_key": own}).status_code == 303


def test_the_cookie_of_a_visit_is_for_this_service_alone(site) -> None:
    for url, start in ((None, "labelsvc-visit="), ("https://labels.example.com", "__Host-labelsvc-visit=")):
        (cookie,) = site.client(None).get("/sign-in", base_url=url).headers.getlist("Set-Cookie")
        assert cookie.startswith(start)
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")[1:]}
        assert ("Secure" in cookie) is (url is not None)


def test_who_signs_out_is_out_with_that_session(site) -> None:
    person = site.person("qa")
    answer = person.post("/sign-out")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert answer.headers["Set-Cookie"].startswith("labelsvc=;")
    person.client.set_cookie("labelsvc", "")
    assert person.get("/qa").location.startswith("/sign-in")


def test_a_session_that_is_over_leads_to_signing_in(site) -> None:
    person = site.person("qa", site.fresh("carol"))
    name = next(user.name for user in access.list_users(site.db) if user.name.startswith("carol"))
    access.disable_user(site.db, site.call(), name)
    assert person.get("/qa").location == "/sign-in?next=%2Fqa"
    assert person.client.get("/api/v1/lots").json["code"] == "session_ended"


def test_what_a_person_does_is_in_the_audit_under_their_name(site) -> None:
    person, lot = site.person("line", "dora"), site.lot()
    answer = person.post("/line", lot=str(lot["id"]), quantity="2", key="form-1")
    batch = answer.location.rpartition("/")[2]
    with site.db.read() as conn:
        (entry,) = conn.execute(audit.select().where(audit.c.subject == f"batch:{batch}")).all()
    assert (entry.actor_kind, entry.actor_id, entry.action) == ("user", "dora", "batch.issue")
    assert entry.at <= datetime.now(UTC)
