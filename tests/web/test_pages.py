"""Pages for a person with a browser."""

from __future__ import annotations

from labelsvc import __version__


def test_the_front_page_says_what_answers_here_and_where_to_go(site) -> None:
    answer = site.client(None).get("/")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert f"labelsvc {__version__}" in answer.text
    assert 'href="/api/v1/openapi.json"' in answer.text


def test_its_links_lead_somewhere(site) -> None:
    for path in ("/api/v1/openapi.json", "/readyz"):
        assert site.client(None).get(path).status_code == 200


def test_it_loads_nothing_and_runs_nothing(site) -> None:
    answer = site.client(None).get("/")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    for word in ("<script", "<style", "<link", "<img"):
        assert word not in answer.text
