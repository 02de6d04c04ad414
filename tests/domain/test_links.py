from __future__ import annotations

import pytest

from labelsvc.domain.links import DEFAULT, Level, Link, check_link, choose, finest, link_set, link_type_of, with_query
from labelsvc.errors import InvalidInput

PIP = Link("pip", "https://example.com/a", "About it", ("en",), "text/html")


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("https://example.com/a", "https://example.com/a?17=281119&foo=bar"),
        ("https://example.com/a?x=1", "https://example.com/a?x=1&17=281119&foo=bar"),
        ("https://example.com/a#part", "https://example.com/a?17=281119&foo=bar#part"),
    ],
)
def test_a_query_is_passed_on_beside_one_that_is_there_and_before_a_fragment(href: str, expected: str) -> None:
    assert with_query(href, "17=281119&foo=bar") == expected
    assert with_query(href, "") == href


@pytest.mark.parametrize(
    "text", ["pip", "gs1:pip", "https://ref.gs1.org/voc/pip", "https://gs1.org/voc/pip", "https://www.gs1.org/voc/pip"]
)
def test_a_link_type_has_many_spellings_and_one_name(text: str) -> None:
    assert link_type_of(text) == "pip"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"link_type": "nosuchlt"}, "link_type"),
        ({"link_type": "defaultLink"}, "link_type"),
        ({"href": "javascript:alert(1)"}, "link_address"),
        ({"href": "//example.com/"}, "link_address"),
        ({"href": "https://user@example.com/"}, "link_address"),
        ({"href": "https://example.com/ä"}, "link_address"),
        ({"href": "https://example.com/\r\nX: 1"}, "link_address"),
        ({"href": 'https://example.com/"><script>'}, "link_address"),
        ({"href": "https://[::1"}, "link_address"),
        ({"href": "https://example.com/" + "a" * 500}, "link_address"),
        ({"title": " "}, "name_empty"),
        ({"languages": ("english",)}, "link_language"),
        ({"languages": ("en",) * 21}, "link_language"),
        ({"media_type": "html"}, "link_media_type"),
    ],
)
def test_a_link_that_leads_nowhere_good_is_refused(changes: dict, code: str) -> None:
    link = {"link_type": "pip", "href": PIP.href, "title": "T", "languages": (), "media_type": None, **changes}
    with pytest.raises(InvalidInput) as raised:
        check_link(Link(**link))
    assert raised.value.code == code
    assert raised.value.pointer is not None


def test_the_best_language_is_chosen_and_one_without_before_another() -> None:
    english = Link("pip", "https://x/en", "T", ("en",))
    french = Link("pip", "https://x/fr", "T", ("fr-CA",))
    plain = Link("pip", "https://x/", "T")
    links = (english, french, plain)
    assert choose(links, [("fr", 1.0), ("en", 0.5)], {}) == (french,)
    assert choose(links, [("fr-CA", 1.0)], {}) == (french,)
    assert choose(links, [("en-GB", 0.9)], {}) == (english,)
    assert choose(links, [("de", 1.0)], {}) == (plain,)
    assert choose((english, french), [("de", 1.0)], {}) == (english, french)
    assert choose((), [], {}) == ()


def test_the_accept_header_tells_links_apart_and_never_leaves_none() -> None:
    page = Link("pip", "https://x/h", "T", (), "text/html")
    paper = Link("pip", "https://x/p", "T", (), "application/pdf")
    assert choose((page, paper), [], {"application/pdf": 1.0}) == (paper,)
    assert choose((page, paper), [], {"text/*": 1.0, "*/*": 0.5}) == (page,)
    assert choose((page, paper), [], {"image/png": 1.0}) == (page, paper)


def test_the_finest_level_that_has_a_link_type_gives_it() -> None:
    default = Link(DEFAULT, "https://x/page", "Page")
    unit = Level("https://x/u", "u", default, (PIP,))
    product = Level("https://x/p", "p", default, (Link("pip", "https://x/2", "T"), Link("support", "https://x/3", "S")))
    assert finest((unit, product), "pip") == (PIP,)
    assert [link.href for link in finest((unit, product), "support")] == ["https://x/3"]
    assert finest((unit, product), "recipeInfo") == ()


def test_a_link_set_has_a_bare_default_link_at_each_level() -> None:
    level = Level("https://x/01/1", "Oil", Link(DEFAULT, "https://x/page", "Page", ("en",), "text/html"), (PIP,))
    assert link_set((level,)) == {
        "linkset": [
            {
                "anchor": "https://x/01/1",
                "itemDescription": "Oil",
                "https://ref.gs1.org/voc/pip": [
                    {"href": PIP.href, "title": "About it", "type": "text/html", "hreflang": ["en"]}
                ],
                "https://ref.gs1.org/voc/defaultLink": [{"href": "https://x/page", "title": "Page"}],
            }
        ]
    }
