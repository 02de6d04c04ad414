"""The site of the tests of pages is that of all tests of the web."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.web.conftest import found_site, site

__all__ = ["found_site", "site"]


def text_of(answer) -> str:
    """Return what a person reads on a page."""
    body = answer.get_data(as_text=True)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body[body.index("<main") :])).split())


def hidden(answer, name: str) -> str:
    """Return the value of a hidden field."""
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)">', answer.get_data(as_text=True))
    assert found is not None
    return unescape(found[1])


@pytest.fixture
def read():
    """Read pages as a person does."""
    return text_of


@pytest.fixture
def hidden_in():
    """Read hidden fields as a browser does."""
    return hidden
