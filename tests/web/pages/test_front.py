"""The front page, and the files that pages load."""

from __future__ import annotations

import re

from labelsvc import __version__
from labelsvc.web.pages.front import STATIC


def test_the_front_page_says_what_answers_here_and_where_to_go(site) -> None:
    answer = site.client(None).get("/")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert f"labelsvc {__version__}" in answer.text
    links = re.findall(r'href="([^"]+)"', answer.text)
    assert {"/line", "/printers", "/qa", "/scan", "/units", "/inventory"} <= set(links)
    assert {"/api/v1/openapi.json", "/readyz"} <= set(links)


def test_its_links_lead_somewhere(site) -> None:
    for path in ("/api/v1/openapi.json", "/readyz", "/static/style.css", "/static/icon.svg"):
        assert site.client(None).get(path).status_code == 200


def test_files_are_ours_and_of_the_kind_that_browsers_take(site) -> None:
    """With nosniff a browser takes a script only as a script."""
    kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    names = [path.name for path in STATIC.iterdir()]
    assert {"style.css", "scan.js", "watch.js", "icon.svg"} == set(names)
    for name in names:
        answer = site.client(None).get(f"/static/{name}")
        assert answer.status_code == 200
        assert answer.mimetype == kinds[name.rpartition(".")[2]]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        # What was kept is asked for again, and not sent again where it is the same.
        assert "no-cache" in answer.headers["Cache-Control"]
        again = site.client(None).get(f"/static/{name}", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304


def test_no_other_file_is_given(site) -> None:
    for name in ("forms.py", "..%2fauth.py", "%2e%2e%2fauth.py", "..", ".", "nothing.css", "style.css%00"):
        assert site.client(None).get(f"/static/{name}").status_code == 404


def test_no_page_has_a_script_or_a_style_in_it(site) -> None:
    """The policy forbids what stands in a page itself; so nothing may."""
    templates = list((STATIC.parents[2] / "templates").glob("*.html"))
    assert len(templates) > 8
    for path in templates:
        text = path.read_text("utf-8")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text), path
        assert re.findall(r"<script(?! src=\"/static/[a-z]+\.js\" defer></script>)", text) == [], path
        assert "|safe" not in text.replace(" ", ""), path


def test_every_form_that_does_something_carries_the_key_of_its_session_and_no_other() -> None:
    """What only asks stands in the address, where a key must not be."""
    for path in (STATIC.parents[2] / "templates").glob("*.html"):
        for form in re.findall(r"<form.*?</form>", path.read_text("utf-8"), re.DOTALL):
            assert ("form_key(form_key)" in form) == ('<form method="post"' in form), path
            assert re.match(r'<form method="(get|post)"', form), path


def test_every_field_has_a_label() -> None:
    for path in (STATIC.parents[2] / "templates").glob("*.html"):
        text = path.read_text("utf-8")
        fields = re.findall(
            r"<(?:input|select|textarea)(?![^>]*type=\"(?:hidden|{{ type }}\" name)).*?>", text, re.DOTALL
        )
        for field in fields:
            name = re.search(r'\bid="([^"]+)"', field)
            if 'type="hidden"' not in field and "choice" not in field and name:
                assert f'<label for="{name[1]}"' in text, (path, field)
