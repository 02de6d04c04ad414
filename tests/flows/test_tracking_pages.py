"""The pages of tracking in a real browser: scan after scan, a unit's story, what is where."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from labelsvc.tracking.commissioning import Commissioner
from labelsvc.web.house import house_of
from tests.flows.test_pages import PATIENCE, Floor, chromium, floor, pytestmark, scan, signed_in
from tests.web.conftest import found_site

__all__ = ["chromium", "floor", "found_site", "pytestmark", "signed_in"]

HERE = "9521321000001"
TELEPHONE = {"width": 360, "height": 740}


@pytest.fixture
def units(floor: Floor) -> dict[str, Any]:
    """Two units of one lot."""
    lot = floor.site.lot()
    batch = floor.site.batch(2, lot)
    for serial in (batch["first_serial"], batch["last_serial"]):
        text = f"01{batch['product']}21{serial}\x1d10{lot['number']}"
        floor.site.posted("/api/v1/verify-scans", {"text": text})
    house = house_of(floor.site.app)
    assert Commissioner(house.db, house.issuer, None, house.now).look() == 2
    return {**batch, "lot_number": lot["number"]}


def came_of(page: Page, word: str, line: str) -> None:
    expect(page.locator("#verdict strong")).to_have_text(word, timeout=PATIENCE)
    expect(page.locator("#verdict .line")).to_contain_text(line, timeout=PATIENCE)


def test_scan_follows_scan_without_a_hand_on_the_keyboard(floor, signed_in, units) -> None:
    """From the desk's own address to the story of what was scanned and where it lies now."""
    page = signed_in("warehouse")
    expect(page).to_have_url(f"{floor.url}/scan", timeout=PATIENCE)
    page.goto(f"{floor.url}/scan?intent=receive&place={HERE}")
    field = page.get_by_label("Scan", exact=True)
    for serial in (units["first_serial"], units["last_serial"]):
        expect(field).to_be_focused()
        scan(page, units["product"], serial, units["lot_number"])
        came_of(page, "done", "Received; in stock.")
        expect(page.locator("#verdict")).to_contain_text(serial)
    expect(page.get_by_label("Receive: it came in")).to_be_checked()
    page.get_by_label("Sell: a customer has it").check()
    field.focus()
    for word, line in (("done", "Sold."), ("refused", "it was sold or ended before")):
        scan(page, units["product"], units["first_serial"], units["lot_number"])
        came_of(page, word, line)
    page.locator("#verdict a").first.click()
    story = page.locator("#story tbody tr")
    expect(story).to_have_count(3, timeout=PATIENCE)  # commissioned, received, sold; what was refused is no event
    expect(story.last).to_contain_text("retail selling")
    expect(page.locator("#warnings")).to_contain_text("It is sold.")
    page.get_by_role("link", name="Inventory").click()
    page.get_by_label("Product: GTIN or item code").fill(units["product"])
    page.get_by_role("button", name="Count").click()
    row = page.locator("tbody tr", has_text="in stock")
    expect(row).to_contain_text(HERE, timeout=PATIENCE)
    row.get_by_role("link", name="pick").click()
    expect(page.locator("tbody tr")).to_contain_text(units["last_serial"], timeout=PATIENCE)


def fits(page: Page) -> None:
    """Nothing has to be pushed to the side to be read; only wide tables scroll, each for itself."""
    main = page.locator("main").bounding_box()
    assert main is not None
    assert main["x"] >= 0
    assert page.evaluate("document.scrollingElement.scrollWidth") <= TELEPHONE["width"]


def test_all_of_it_works_on_a_telephone_and_without_scripts(floor, signed_in, units) -> None:
    """An ambiguous serial is chosen by a touch; what happened to a case is told of what is inside."""
    products = [floor.site.product(scheme="{seq:6}") for _ in range(2)]
    serial, _ = (floor.site.batch(1, floor.site.lot(product))["first_serial"] for product in products)
    page = signed_in("retail", java_script_enabled=False)
    page.set_viewport_size(TELEPHONE)
    page.goto(f"{floor.url}/scan?intent=receive")
    expect(page.get_by_label("Scan", exact=True)).to_be_focused()
    fits(page)
    page.keyboard.type(serial)
    page.keyboard.press("Enter")
    came_of(page, "ambiguous", "Expected one thing, got 2")
    fits(page)
    page.get_by_role("button", name=products[1]["gtin"]).click()
    came_of(page, "flagged", "it was never commissioned")
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Pack: it goes into another").check()
    page.get_by_label("Packed or unpacked").fill("00095213210000000018")
    page.get_by_label("Scan", exact=True).fill(f"https://id.gs1.org/01/{units['product']}/21/{units['first_serial']}")
    page.keyboard.press("Enter")
    came_of(page, "done", "Packed")
    fits(page)
    page.get_by_label("Find: only look").check()
    page.get_by_label("Scan", exact=True).fill("(00)095213210000000018")
    page.keyboard.press("Enter")
    came_of(page, "done", "Found")
    page.goto(f"{floor.url}/units/{units['product']}/{units['first_serial']}")
    expect(page.locator("#story")).to_contain_text("095213210000000018")
    fits(page)
    page.goto(f"{floor.url}/units")
    page.get_by_label("Serial").fill(units["last_serial"])
    page.get_by_label("Product").fill(units["product"])
    page.keyboard.press("Enter")
    expect(page.locator("#story")).to_contain_text("commissioning")
    page.goto(f"{floor.url}/inventory")
    page.get_by_label("At what moment").fill("2020-01-01T08:00")
    page.get_by_role("button", name="Count").click()
    expect(page.get_by_role("heading", name="0 units at 2020-01-01T08:00")).to_be_visible()
    fits(page)
    page.goto(f"{floor.url}/inventory/pick-list?product={units['product']}&quantity=5")
    expect(page.get_by_role("alert")).to_contain_text("Of 5 there are 2 that may be sold.")
    fits(page)


def test_a_complaint_opens_everything_on_a_telephone(floor, signed_in, units) -> None:
    """The scanner's Enter does not send half a complaint; the dossier shows the label, and is closed with a word."""
    page = signed_in("qa")
    page.set_viewport_size(TELEPHONE)
    page.goto(f"{floor.url}/complaints")
    scan(page, units["product"], units["first_serial"], units["lot_number"])
    expect(page.get_by_label("What is wrong")).to_be_focused()
    page.get_by_label("What is wrong").select_option("wrong_label")
    page.get_by_label("How bad it is").select_option("minor")
    page.get_by_label("In words").fill("The label is upside down.")
    fits(page)
    page.get_by_role("button", name="Open the complaint").click()
    expect(page.get_by_role("heading", name="Its neighbours")).to_be_visible(timeout=PATIENCE)
    picture = page.locator("img.label")
    expect(picture).to_have_js_property("complete", True, timeout=PATIENCE)
    assert picture.evaluate("image => image.naturalWidth") == 1_200
    expect(page.locator("#story")).to_contain_text("commissioning")
    fits(page)
    page.get_by_label("State").select_option("closed")
    page.get_by_label("What came of it").fill("The operator was told.")
    page.get_by_role("button", name="Say so").click()
    expect(page.get_by_role("heading", name="What came of it")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("main")).to_contain_text("The operator was told.")
