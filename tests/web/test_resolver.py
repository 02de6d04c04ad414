"""The resolver against each check of GS1's test suite for resolvers, by the suite's own ids, and what it cannot see."""

from __future__ import annotations

import http.client
import re
import threading
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from labelsvc.app import create_app
from labelsvc.cli.listening import Listener
from labelsvc.domain import resolving
from labelsvc.domain.links import LINK_TYPES
from labelsvc.domain.verification import Reason, Verdict
from labelsvc.storage import issued
from labelsvc.storage.tables import units
from labelsvc.tracking import verifying
from labelsvc.web import resolver
from labelsvc.web.digital_links import Prefixed
from labelsvc.web.house import house_of

STEM = "https://id.example.com"
VOC = "https://ref.gs1.org/voc/"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
AS_LINKSET = {"Accept": "application/linkset+json"}


@dataclass
class Unit:
    """A unit in the books, and its label."""

    site: Any
    gtin: str
    lot: str
    serial: str

    @property
    def path(self) -> str:
        return f"/01/{self.gtin}/10/{self.lot}/21/{self.serial}"

    def get(self, path: str | None = None, query: str = "", **headers: Any) -> TestResponse:
        path = self.path if path is None else path
        answer: TestResponse = self.site.client(None).get(f"{path}{query}", headers=headers.get("headers"))
        return answer

    def is_now(self, **values: Any) -> None:
        """Let it be a unit that stands so."""
        db, issuer = self.site.db, house_of(self.site.app).issuer
        with db.read() as conn:
            number = issued.find(conn, issuer, self.gtin, self.serial)
        assert number is not None
        row = {
            "range_id": number.granted.id,
            "ordinal": number.ordinal,
            "epc": f"https://id.gs1.org/01/{self.gtin}/21/{quote(self.serial)}",
        }
        row |= {"state": "active", "dispositions": "", **values}
        db.write(lambda conn: conn.execute(units.delete().where(units.c.epc == row["epc"])))
        db.write(lambda conn: conn.execute(units.insert().values(**row)))


LINKS = (
    ("gs1:pip", "https://maker.example.com/ibuprofen", "About it", {"languages": ["en"], "media_type": "text/html"}),
    ("gs1:support", "https://maker.example.com/help?from=label", "Help", {}),
    ("gs1:certificationInfo", "https://maker.example.com/c1", "Certificate 1", {}),
    ("gs1:certificationInfo", "https://maker.example.com/c2", "Certificate 2", {}),
    ("gs1:instructions", "https://maker.example.com/en", "Instructions", {"languages": ["en"]}),
    ("gs1:instructions", "https://maker.example.com/fr", "Mode d'emploi", {"languages": ["fr"]}),
)


@pytest.fixture
def unit(site) -> Unit:
    product = site.product()
    lot = site.lot(product)
    batch = site.batch(2, lot)
    for link_type, href, title, more in LINKS:
        body = {"link_type": link_type, "href": href, "title": title, **more}
        site.posted(f"/api/v1/products/{product['gtin']}/links", body)
    found = Unit(site, product["gtin"], lot["number"], batch["first_serial"])
    found.is_now()
    return found


def linkset_of(answer: TestResponse) -> dict[str, dict[str, Any]]:
    assert answer.status_code == 200
    return {context["anchor"]: context for context in answer.get_json(force=True)["linkset"]}


# What the suite checks, by its ids. isURL, isHttps and tlsOK are about the address; a proxy has the certificate.


def test_isurl_validdl_ishttps_plausibledl_a_label_carries_such_an_address(unit: Unit) -> None:
    """The suite's own pattern (RE2 of the Digital Link standard), for the address that labels carry."""
    keys = "01|8006|8013|8010|414|417|8017|8018|255|00|253|401|402|8003|8004"
    address = f"{house_of(unit.site.app).issuer.digital_link}{unit.path}"
    assert re.fullmatch(rf"https://[^/?#]+\.[^/?#]+/({keys})/(\d{{4}}[^/]+)(/[^/]+/[^/]+)*", address)


def test_rdfile_the_description_stands_at_the_root_of_the_domain(unit: Unit) -> None:
    answer = unit.get("/.well-known/gs1resolver")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.get_json()["resolverRoot"] == STEM
    assert answer.get_json()["supportedPrimaryKeys"] == ["01", "00"]


def test_corscheck_and_methodscheck(unit: Unit) -> None:
    for headers in ({"Origin": "https://ref.gs1.org"}, {}):
        answer = unit.get(headers=headers)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        allowed = answer.headers["access-control-allow-methods"]
        assert {"GET", "HEAD", "OPTIONS"} <= set(allowed.split(", "))
    options = unit.site.client(None).options(unit.path)
    assert (options.status_code, options.headers["Allow"]) == (204, "GET, HEAD, OPTIONS")
    head = unit.site.client(None).head(unit.path)
    assert (head.status_code, head.data, head.location) == (307, b"", unit.get().location)


def links_in(header: str) -> dict[str, str]:
    return {rel: address for address, rel in re.findall(r'<([^>]+)>; rel="([^"]+)"', header)}


def test_linkonredirect_and_legacylinkheaders(unit: Unit) -> None:
    """The link set is named in the header; all the links themselves, as before 2024, are not."""
    answer = unit.get()
    assert answer.status_code == 307
    assert links_in(answer.headers["Link"])["linkset"] == f"{STEM}{unit.path}?linkType=linkset"
    assert 'rel="gs1:' not in answer.headers["link"]


def test_reportwith400_and_noerrorwith200(unit: Unit) -> None:
    for path in (f"{unit.path}/foo", f"/01/{unit.gtin[2:]}", f"/01/{unit.gtin}/21/1/10/L", "/00/1"):
        answer = unit.get(path)
        assert (answer.status_code, answer.mimetype) == (400, "application/problem+json"), path
    assert unit.get("/01/952012345678").get_json()["detail"] == "Expected 14 digits, got 12."
    assert unit.get("/01/09520123456788/21/1").status_code == 404


def test_trailingslash(unit: Unit) -> None:
    plain, slash = unit.get(), unit.get(f"{unit.path}/")
    assert (plain.status_code, plain.location) == (slash.status_code, slash.location)


def test_qspassedon(unit: Unit) -> None:
    assert unit.get(query="?foo=bar&17=281119").location == f"{STEM}/verify{unit.path}?foo=bar&17=281119"
    assert unit.get(query="?linkType=gs1:support&a=b").location == (
        "https://maker.example.com/help?from=label&linkType=gs1:support&a=b"
    )


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("?linkType=linkset", {}),
        ("?linkType=all", {}),
        ("?linkType=all", AS_LINKSET),
        ("", AS_LINKSET),
        ("?linkType=linkset", BROWSER),
    ],
)
def test_ltlinksetnoredirect_ltacceptheader_declaredcontenttype(unit: Unit, query: str, headers: dict) -> None:
    answer = unit.get(query=query, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/linkset+json"
    assert answer.headers["Vary"] == "Accept, Accept-Language"


def test_the_link_set_is_plain_json_for_who_asks_for_that(unit: Unit) -> None:
    answer = unit.get(query="?linkType=linkset", headers={"Accept": "application/json"})
    assert answer.headers["Content-Type"] == "application/json"


def test_validlinkset(unit: Unit) -> None:
    """The rules of GS1's schema: known members only, link types as URIs, href and title everywhere."""
    for context in linkset_of(unit.get(headers=AS_LINKSET)).values():
        for name, links in context.items():
            if name in ("anchor", "itemDescription"):
                assert isinstance(links, str)
                continue
            assert re.fullmatch(r"https?://[A-Za-z0-9./]+", name)
            for link in links:
                assert {"href", "title"} <= set(link) <= {"href", "title", "hreflang", "type"}
                assert link["href"].startswith("https://")
                assert all(re.fullmatch("[A-Za-z]{2}(-[A-Za-z]{2})?", lang) for lang in link.get("hreflang", []))
                assert re.fullmatch(r"\w+/[-+.\w]+", link.get("type", "text/html"))


def test_validlinkset_has_every_level_up_to_the_product(unit: Unit) -> None:
    found = linkset_of(unit.get(headers=AS_LINKSET))
    assert list(found) == [
        f"{STEM}{unit.path}",
        f"{STEM}/01/{unit.gtin}/10/{unit.lot}",
        f"{STEM}/01/{unit.gtin}",
    ]
    assert [link["href"] for link in found[f"{STEM}/01/{unit.gtin}"][f"{VOC}certificationInfo"]] == [
        "https://maker.example.com/c1",
        "https://maker.example.com/c2",
    ]


def test_linksetjsonldcheck(unit: Unit) -> None:
    header = unit.get(headers=AS_LINKSET).headers["Link"]
    part = next(part for part in header.split(",") if 'rel="http://www.w3.org/ns/json-ld#context"' in part)
    assert 'type="application/ld+json"' in part
    context = unit.get("/linkset-context.jsonld")
    assert (context.status_code, context.mimetype) == (200, "application/ld+json")
    assert "@context" in context.get_json(force=True)


def test_defaultlinkexists_singledefaullink_defaulttarget(unit: Unit) -> None:
    for path in (unit.path, f"/01/{unit.gtin}/10/{unit.lot}", f"/01/{unit.gtin}", f"/01/{unit.gtin}/21/{unit.serial}"):
        for context in linkset_of(unit.get(path, headers=AS_LINKSET)).values():
            (default,) = context[f"{VOC}defaultLink"]
            assert set(default) == {"href", "title"}
        assert (
            unit.get(path).location
            == linkset_of(unit.get(path, headers=AS_LINKSET))[f"{STEM}{path}"][f"{VOC}defaultLink"][0]["href"]
        )


def test_linktypesdefined(unit: Unit) -> None:
    known = {f"{VOC}{name}" for name in LINK_TYPES} | {f"{VOC}defaultLink", "anchor", "itemDescription"}
    for context in linkset_of(unit.get(headers=AS_LINKSET)).values():
        assert set(context) <= known


def test_specificlinktypenotfound(unit: Unit) -> None:
    answer = unit.get(query="?linkType=gs1:nosuchlt")
    assert answer.status_code == 404
    assert answer.get_json()["code"] == "link_type_absent"


def test_lofor_each_link_that_stands_alone(unit: Unit) -> None:
    """As the suite asks: for every link type at its finest level, with linkType taken off the target again."""
    seen: set[str] = set()
    for context in linkset_of(unit.get(headers=AS_LINKSET)).values():
        for name, links in context.items():
            if name in ("anchor", "itemDescription", f"{VOC}defaultLink") or name in seen:
                continue
            seen.add(name)
            if len(links) == 1:
                answer = unit.get(query=f"?linkType={name.replace(VOC, 'gs1:')}")
                assert answer.status_code == 307
                target = re.sub(r"[?&]linkType=gs1:\w+$", "", answer.location)
                assert target == links[0]["href"]
    assert {"pip", "support", "recallStatus", "verificationService"} <= {name.removeprefix(VOC) for name in seen}


def test_httpversion_and_a_redirect_that_keeps_the_method(unit: Unit) -> None:
    """The suite does not tell 302 from 307."""
    for query in ("", "?linkType=gs1:pip", "?linkType=gs1:recallStatus"):
        assert unit.get(query=query).status_code == 307


# What it does not check


def test_of_two_links_that_nothing_tells_apart_one_is_chosen_by_whoever_asks(unit: Unit) -> None:
    answer = unit.get(query="?linkType=gs1:certificationInfo")
    assert (answer.status_code, answer.mimetype) == (300, "application/linkset+json")
    (context,) = answer.get_json(force=True)["linkset"]
    assert [link["title"] for link in context[f"{VOC}certificationInfo"]] == ["Certificate 1", "Certificate 2"]
    page = unit.get(query="?linkType=gs1:certificationInfo", headers=BROWSER)
    assert (page.status_code, page.mimetype) == (300, "text/html")
    assert "Certificate 2" in page.text


@pytest.mark.parametrize(
    ("language", "status", "target"),
    [("fr", 307, "fr"), ("en-GB,fr;q=0.5", 307, "en"), ("de", 300, None), ("", 300, None)],
)
def test_the_language_of_whoever_asks_tells_links_apart(unit: Unit, language: str, status: int, target: Any) -> None:
    answer = unit.get(query="?linkType=gs1:instructions", headers={"Accept-Language": language})
    assert answer.status_code == status
    assert target is None or answer.location.startswith(f"https://maker.example.com/{target}?")


def test_a_slash_in_a_serial_is_told_from_one_in_the_path(unit: Unit) -> None:
    """%2F as R10 of the standard writes it; a server that undoes it does not lead astray."""
    path = f"/01/{unit.gtin}/21/{quote('A/B', safe='')}"
    assert unit.get(path).location == f"{STEM}/verify{path}"
    assert unit.get(f"/01/{unit.gtin}/21/A/B").status_code == 400


def test_over_a_real_socket_the_path_arrives_as_it_was_sent(unit: Unit) -> None:
    """A server tells what %2F was; also where the whole address is asked for."""
    listener = Listener(unit.site.app, ("127.0.0.1", 0), 2, 1_000)
    running = threading.Thread(target=listener.run)
    running.start()
    try:
        port = int(listener.urls[0].rpartition(":")[2])
        path = f"/01/{unit.gtin}/21/A%2FB%25"
        for target in (f"{path}?17=281119", f"http://id.example.com{path}?17=281119"):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.putrequest("GET", target)
            connection.endheaders()
            answer = connection.getresponse()
            assert (answer.status, answer.getheader("Location")) == (307, f"{STEM}/verify{path}?17=281119")
            assert answer.version == 11
            connection.close()
    finally:
        listener.stop()
        running.join()


def test_a_query_cannot_break_out_of_the_location(unit: Unit) -> None:
    answer = unit.get(query='?a=%0d%0aX-Evil:1&b="<>{}\\^`|')
    assert "\r" not in answer.location
    assert not set('"<>{}\\^`| ') & set(answer.location)
    assert unit.get(query=f"?a={'x' * 2000}").get_json()["code"] == "link_too_long"


def test_what_is_wrong_is_a_page_for_a_browser(unit: Unit) -> None:
    answer = unit.get("/01/952012345678", headers=BROWSER)
    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    assert "Expected 14 digits, got 12." in answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_pallet_that_nobody_knows_of_is_not_found_and_one_that_is_has_a_page(unit: Unit) -> None:
    assert unit.get("/00/106141412345678908").get_json()["code"] == "sscc_unknown"
    row = {"epc": "https://id.gs1.org/00/106141412345678908", "state": "active", "dispositions": ""}
    unit.site.db.write(lambda conn: conn.execute(units.insert().values(**row)))
    answer = unit.get("/00/106141412345678908")
    assert (answer.status_code, answer.location) == (307, f"{STEM}/verify/00/106141412345678908")
    assert unit.get("/verify/00/106141412345678908").status_code == 200


def test_an_own_item_resolves_as_a_gtin_does(site) -> None:
    code = site.fresh("PUMP")
    product = site.product(gtin=None, item=code, label_format="item-70x35")
    body = {"product": code, "number": "P1", "production_date": "2026-11-20"}
    batch = site.batch(1, site.posted("/api/v1/lots", body))
    answer = site.client(None).get(f"/item/{product['item']}/21/{batch['first_serial']}")
    assert (answer.status_code, answer.location) == (307, f"{STEM}/verify/item/{code}/21/{batch['first_serial']}")


# The page


def page_of(unit: Unit, path: str = "", query: str = "") -> TestResponse:
    return unit.get(f"/verify{path or unit.path}", query, headers=BROWSER)


def test_the_page_says_that_a_unit_is_genuine_and_what_it_is(unit: Unit) -> None:
    answer = page_of(unit, query="?17=281119")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    for text in ("Genuine", "Ibuprofen 400 mg", unit.lot, unit.serial, "2026-11-20", "2028-11-19", "About it"):
        assert text in answer.text
    assert "<script" not in answer.text
    assert "verdict good" in answer.text


@pytest.mark.parametrize(
    ("stands", "query", "reason"),
    [
        ({"state": "destroyed"}, "", "TERMINATED"),
        ({"dispositions": "recalled"}, "", "RECALLED"),
        ({"dispositions": "non_sellable_other"}, "", "ON_HOLD"),
        ({"quality": "non_conformant"}, "", "ON_HOLD"),
        ({"state": "unknown"}, "", "NOT_COMMISSIONED"),
        ({}, "?17=291119", "EXPIRY_MISMATCH"),
        ({}, "?17=991399", "DATE_MISMATCH"),
    ],
)
def test_what_is_wrong_with_a_unit_is_told_in_all_dialects(
    unit: Unit, stands: dict, query: str, reason: Reason
) -> None:
    unit.is_now(**stands)
    page = page_of(unit, query=query)
    assert "verdict good" not in page.text
    told = unit.get(f"/verify{unit.path}", query, headers={"Accept": "application/json"}).get_json()
    assert (told["verified"], told["reason"]) == (False, reason)
    title = linkset_of(unit.get(query=query, headers=AS_LINKSET))[f"{STEM}{unit.path}"][f"{VOC}recallStatus"][0][
        "title"
    ]
    assert (title == "Recalled") == (reason == "RECALLED")
    assert "Genuine" not in title


def test_a_number_without_a_unit_is_not_released(unit: Unit) -> None:
    unit.site.db.write(lambda conn: conn.execute(units.delete()))
    assert "Not released" in page_of(unit).text


def test_a_serial_that_never_was_is_not_genuine_and_its_page_not_found(unit: Unit) -> None:
    path = f"/01/{unit.gtin}/21/NEVERWAS"
    answer = page_of(unit, path)
    assert (answer.status_code, "Not genuine" in answer.text) == (404, True)
    assert unit.lot not in answer.text  # nothing to guess with


def test_another_lot_on_the_label_is_told(unit: Unit) -> None:
    path = f"/01/{unit.gtin}/10/OTHER/21/{unit.serial}"
    told = unit.get(f"/verify{path}", headers={"Accept": "application/json"}).get_json()
    assert (told["reason"], told["alert_code"]) == ("LOT_MISMATCH", "NMVS_FE_LOT_13")


def test_a_product_and_a_lot_have_pages_that_say_that_they_are_no_unit(unit: Unit) -> None:
    assert "names a product" in page_of(unit, f"/01/{unit.gtin}").text
    assert "names a lot" in page_of(unit, f"/01/{unit.gtin}/10/{unit.lot}").text
    assert page_of(unit, f"/01/{unit.gtin}/10/OTHER").status_code == 404


def test_what_a_maker_wrote_cannot_become_part_of_the_page(site) -> None:
    product = site.product(name='<script>alert("1")</script>')
    answer = site.client(None).get(f"/verify/01/{product['gtin']}", headers=BROWSER)
    assert "<script" not in answer.text
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


# A domain with a path before the keys


def test_below_the_path_of_the_domain_strangers_find_what_they_need_and_no_more(site, found_site, tmp_path) -> None:
    settings = replace(found_site(tmp_path), digital_link="https://example.com/id")
    app = create_app(settings)
    try:
        assert isinstance(app.wsgi_app, Prefixed)
        client = app.test_client()
        below = client.get("/id/01/09520123456788", headers=BROWSER)
        assert below.status_code == 404
        assert 'href="/id/static/style.css"' in below.text
        assert client.get("/id/static/style.css").status_code == 200
        assert client.get("/id/01/952012345678").status_code == 400
        assert client.get("/id/api/v1/openapi.json").get_json()["code"] == "route_unknown"
        assert client.get("/id/sign-in").get_json()["code"] == "route_unknown"
    finally:
        house_of(app).db.close()


# Faults that the checks must see


def wrong_anchor(patch: pytest.MonkeyPatch) -> None:
    right = resolving.levels
    patch.setattr(
        resolving, "levels", lambda *a, **k: tuple(replace(x, anchor=x.anchor + "/x") for x in right(*a, **k))
    )


def another_redirect(patch: pytest.MonkeyPatch) -> None:
    right = resolver.with_query
    patch.setattr(resolver, "with_query", lambda href, query: right(f"{href}x", query))


def query_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(resolver, "with_query", lambda href, query: href)


def no_link_header(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(resolver, "_with_links", lambda response, what: response)


def every_type_served(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(resolver, "finest", lambda levels, wanted: (levels[0].default,))


def no_choice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(resolver, "choose", lambda links, languages, media_types: tuple(links)[:1])


def no_levels(patch: pytest.MonkeyPatch) -> None:
    right = resolving.levels
    patch.setattr(resolving, "levels", lambda *a, **k: right(*a, **k)[:1])


def everything_is_fine(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(verifying, "verify", lambda *a: Verdict(()))


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        (wrong_anchor, test_defaultlinkexists_singledefaullink_defaulttarget),
        (wrong_anchor, test_validlinkset_has_every_level_up_to_the_product),
        (no_levels, test_validlinkset_has_every_level_up_to_the_product),
        (another_redirect, test_defaultlinkexists_singledefaullink_defaulttarget),
        (another_redirect, test_lofor_each_link_that_stands_alone),
        (query_kept, test_qspassedon),
        (no_link_header, test_linkonredirect_and_legacylinkheaders),
        (no_link_header, test_linksetjsonldcheck),
        (every_type_served, test_specificlinktypenotfound),
        (no_choice, test_of_two_links_that_nothing_tells_apart_one_is_chosen_by_whoever_asks),
        (everything_is_fine, test_a_serial_that_never_was_is_not_genuine_and_its_page_not_found),
        (everything_is_fine, test_a_number_without_a_unit_is_not_released),
    ],
)
def test_a_fault_is_seen(unit: Unit, fault: Any, check: Any) -> None:
    check(unit)
    unit.is_now()
    with pytest.MonkeyPatch.context() as patch:
        fault(patch)
        with pytest.raises((AssertionError, KeyError)):
            check(unit)
