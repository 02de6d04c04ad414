"""The site of the tests of pages is that of all tests of the web."""

from __future__ import annotations

import re
from html import unescape

import pytest

from labelsvc.tracking.commissioning import Commissioner
from labelsvc.web.house import house_of
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


@pytest.fixture(scope="module")
def unit_of(site):
    """Bring units into being: scanned once as labels, then commissioned."""

    def made(lot=None, **more):
        batch = site.batch(1, lot or site.lot(**more))
        text = f"01{batch['product']}21{batch['first_serial']}\x1d10{batch['lot_number']}"
        site.posted("/api/v1/verify-scans", {"text": text})
        house = house_of(site.app)
        assert Commissioner(house.db, house.issuer, None, house.now).look() == 1
        return {**batch, "text": text, "epc": f"https://id.gs1.org/01/{batch['product']}/21/{batch['first_serial']}"}

    return made


@pytest.fixture
def came_of():
    """Read what a page shows as a finished verdict: its word and its line."""

    def found(answer):
        said = re.search(
            r'<div class="verdict ([a-z]+)" role="status" id="verdict">\s*<strong>([^<]*)</strong>\s*'
            r'<p class="line">([^<]*)</p>',
            answer.text,
        )
        return (said[1], said[2], unescape(said[3])) if said else None

    return found
