"""The pages in a real browser: labels come out, printers fail and are resolved, QA scans and closes."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from labelsvc import access
from labelsvc.access import passwords
from labelsvc.app import create_app
from labelsvc.cli.listening import Listener
from labelsvc.domain.actors import Call
from labelsvc.domain.profiles import Profile
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.storage import printers as printer_rows
from labelsvc.tracking.commissioning import Commissioner
from labelsvc.web.house import house_of
from labelsvc.worker import Worker
from tests.web.conftest import SHELL, Site, found_site, keys_of, party_of

__all__ = ["found_site"]

CHROMIUM = shutil.which("chromium")
PASSWORD = "correct horse battery"
#: Nothing that reaches out of this machine.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LABEL_SECONDS = 0.3
#: Milliseconds that a page may take on a loaded machine.
PATIENCE = 60_000

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Expected the browser chromium on PATH, got none."),
]


@dataclass
class Floor:
    """A running service with its worker; a printer that confirms each label, and one that says nothing."""

    url: str
    site: Site
    sure: VirtualPrinter
    blind: VirtualPrinter

    def serials(self, batch: str) -> list[str]:
        rows = self.site.client().get(f"/api/v1/batches/{batch}/serials.csv").text.splitlines()[1:]
        return [row.partition(",")[0] for row in rows]


@contextmanager
def running(target: Callable[[], object], stop: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=target)
    thread.start()
    try:
        yield
    finally:
        stop()
        thread.join(30)


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory, found_site: Any) -> Iterator[Floor]:
    settings = found_site(tmp_path_factory.mktemp("pages"))
    app = create_app(settings)
    db, call = house_of(app).db, Call(SHELL, datetime.now(UTC))
    site = Site(app, settings, keys_of(db, call))
    with (
        pytest.MonkeyPatch.context() as patch,
        VirtualPrinter(label_seconds=LABEL_SECONDS, silent_on_fault=False) as sure,
        VirtualPrinter() as blind,
    ):
        patch.setattr(passwords, "COST", passwords.Cost(2, 8, 1))
        for role in access.ROLES:
            access.add_user(db, call, role, role, PASSWORD, party_of(role))
        for name, uri in (("sure", sure.config_uri), ("blind", blind.uri)):
            size = {"dpmm": 8, "media_width": 100, "media_height": 50}
            site.posted("/api/v1/printers", {"name": name, "uri": uri, **size})
        kind = sure.personality
        profile = Profile(kind.model, kind.firmware, kind.unique_id, "movement", "late", True, True, False)
        printer_id = db.write(lambda conn: printer_rows.get(conn, "sure").id)
        db.write(lambda conn: printer_rows.set_profile(conn, call, printer_id, profile))
        listener = Listener(app, ("127.0.0.1", 0), 16, 3_000_000)
        worker = Worker(db, house_of(app).issuer, settings.data_dir)
        with running(worker.run, worker.stop), running(listener.run, listener.stop):
            yield Floor(listener.urls[0], site, sure, blind)
            house_of(app).feeds.close()
    db.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def signed_in(floor: Floor, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Sign somebody in at a browser of their own; in the end its console must have nothing to say."""
    said: list[str] = []
    contexts = []

    def open_page(role: str, **more: Any) -> Page:
        context = chromium.new_context(viewport={"width": 800, "height": 1100}, **more)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.goto(floor.url + "/sign-in")
        page.get_by_label("Name").fill(role)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Sign out")).to_be_visible(timeout=PATIENCE)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []


def ask(page: Page, floor: Floor, lot: dict[str, Any], quantity: int, printer: str) -> str:
    """Ask for labels; return the batch."""
    page.goto(floor.url + "/line")
    page.get_by_label("Lot", exact=True).select_option(str(lot["id"]))
    page.get_by_label("Labels").fill(str(quantity))
    page.get_by_label("Printer").select_option(printer)
    page.get_by_role("button", name="Issue the labels").click()
    page.wait_for_url("**/line/batches/*")
    return page.url.rpartition("/")[2]


def stays(page: Page) -> None:
    """Mark a page, so that it is noticed when it is loaded again."""
    page.evaluate("window.itIsStillMe = true")


def is_still(page: Page) -> bool:
    return bool(page.evaluate("window.itIsStillMe === true"))


def test_labels_are_watched_as_they_come_out(floor, signed_in) -> None:
    """On the page that was loaded once, by its stream of events."""
    page = signed_in("line")
    made = len(floor.sure.labels)
    batch = ask(page, floor, floor.site.lot(), 12, "sure")
    stays(page)
    watched = page.locator("#watched")
    expect(watched).to_contain_text("processing", timeout=PATIENCE)
    # Neither none nor all of the twelve, and then all.
    bar = watched.locator("progress")
    expect(bar).to_have_attribute("value", re.compile("^([1-9]|1[01])$"), timeout=PATIENCE)
    expect(watched).to_contain_text("completed", timeout=PATIENCE)
    expect(watched).to_contain_text("confirmed 12", timeout=PATIENCE)
    assert is_still(page)
    assert len(floor.sure.labels) - made == 12
    assert len(floor.serials(batch)) == 12


def job_of(floor: Floor, batch: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = floor.site.client().get(f"/api/v1/jobs/{batch['job']}").json
    return found


def test_a_printer_without_labels_shows_and_what_it_tore_is_said(floor, signed_in) -> None:
    """The reason comes and goes on the page that was loaded once; the label it was at is left to a person."""
    page, lot = signed_in("qa"), floor.site.lot()
    page.goto(floor.url + "/printers")
    stays(page)
    row = page.locator("tr", has=page.get_by_role("rowheader", name="sure"))
    made = len(floor.sure.labels)
    floor.sure.after_label(2, lambda printer: printer.media_out())
    batch = floor.site.batch(6, lot, printer="sure")
    expect(row).to_contain_text("media-empty", timeout=PATIENCE)
    floor.sure.open_head()
    expect(row).to_contain_text("cover-open", timeout=PATIENCE)
    expect(row).to_contain_text("UTC")
    floor.sure.load_media()
    floor.sure.close_head()
    for reason in ("media-empty", "cover-open"):
        expect(row).not_to_contain_text(reason, timeout=PATIENCE)
    assert is_still(page)
    page.goto(floor.url + f"/printers/jobs/{batch['job']}")
    expect(page.get_by_role("heading", name="What came out?")).to_be_visible(timeout=PATIENCE)
    page.get_by_label("These came out").check()
    page.get_by_label("Scans, one a line").focus()
    scan(page, batch["product"], floor.serials(str(batch["id"]))[2], lot["number"])
    page.get_by_label("Go on: print what did not come out").check()
    page.get_by_role("button", name="Say so").click()
    expect(page.locator("#watched")).to_contain_text("confirmed 6", timeout=PATIENCE)
    assert job_of(floor, batch)["outcomes"] == {"confirmed": 6}
    assert len(floor.sure.labels) - made == 6


def scan(page: Page, product: str, serial: str, lot: str) -> None:
    """Type as a scanner does: GS is Ctrl+], and Enter ends it."""
    page.keyboard.type(f"01{product}21{serial}")
    page.keyboard.press("Control+]")
    page.keyboard.type(f"10{lot}")
    page.keyboard.press("Enter")


def test_a_job_that_stopped_is_resolved_by_a_scan_and_goes_on(floor, signed_in) -> None:
    """The page that watched it shows the form by itself; what Enter leaves out has to be chosen."""
    page, lot = signed_in("qa"), floor.site.lot()
    before = len(floor.blind.labels)
    floor.blind.drop_after(30_000, "fin")
    batch = floor.site.batch(300, lot, printer="blind")  # too many for the drop to be noticed after the last
    page.goto(floor.url + f"/printers/jobs/{batch['job']}")
    expect(page.get_by_role("heading", name="What came out?")).to_be_visible(timeout=PATIENCE)
    assert floor.blind.wait_for(lambda state: not state.formats_waiting and not state.labels_left, timeout=30)
    out = len(floor.blind.labels) - before
    assert 0 < out < 300
    page.get_by_label("The last good label is").check()
    page.get_by_label("Scan of the last good label").focus()
    scan(page, batch["product"], floor.serials(str(batch["id"]))[out - 1], lot["number"])
    # Enter did nothing: whether to go on was not said.
    assert job_of(floor, batch)["state"] == "processing-stopped"
    assert "\u2192" in page.get_by_label("Scan of the last good label").input_value()
    page.get_by_label("Go on: print what did not come out").check()
    page.get_by_role("button", name="Say so").click()
    expect(page.locator("#watched")).to_contain_text("completed", timeout=PATIENCE)
    assert floor.blind.wait_for(lambda state: not state.formats_waiting and not state.labels_left, timeout=30)
    assert len(floor.blind.labels) - before == 300


def test_a_scan_keeps_its_gs_and_shows_the_label(floor, signed_in) -> None:
    """Scan after scan, without a hand on the tablet."""
    page, lot = signed_in("qa"), floor.site.lot()
    batch = floor.site.batch(2, lot)
    page.goto(floor.url + "/qa")
    for serial, verdict in (
        (batch["first_serial"], "right"),
        (batch["last_serial"], "right"),
        (batch["first_serial"], "duplicate"),
    ):
        scan(page, batch["product"], serial, lot["number"])
        expect(page.locator("#verdict strong")).to_have_text(verdict, timeout=PATIENCE)
        expect(page.locator("#verdict")).to_contain_text(serial, timeout=PATIENCE)
        picture = page.locator("img.label")
        expect(picture).to_have_js_property("complete", True, timeout=PATIENCE)
        assert picture.evaluate("image => image.naturalWidth") == 1_200  # 100 mm at 12 dots
        expect(page.get_by_label("Scan", exact=True)).to_be_focused()
    # F8 is what other scanners send for GS.
    page.keyboard.type(f"01{batch['product']}21{batch['first_serial']}")
    page.keyboard.press("F8")
    assert page.get_by_label("Scan", exact=True).input_value().endswith("\u2192")


def test_what_became_of_a_serial_is_told_and_it_is_spoiled(floor, signed_in) -> None:
    page, batch = signed_in("qa"), floor.site.batch(1)
    page.goto(floor.url + f"/qa/serials?product={batch['product']}&serial={batch['first_serial']}")
    page.get_by_label("spoiled: the label is destroyed").check()
    page.get_by_label("Reason").fill("torn at the edge")
    page.keyboard.press("Enter")
    story = page.locator("section", has=page.get_by_role("heading", name="What became of it", exact=True))
    expect(story).to_contain_text("torn at the edge", timeout=PATIENCE)
    expect(story).to_contain_text("user qa")


def test_a_torn_label_is_printed_again_with_its_serial(floor, signed_in) -> None:
    page, batch = signed_in("qa"), floor.site.batch(1, printer="sure")
    page.goto(floor.url + f"/printers/jobs/{batch['job']}")
    expect(page.locator("#watched")).to_contain_text("confirmed 1", timeout=PATIENCE)
    made = len(floor.sure.labels)
    page.goto(floor.url + f"/qa/serials?product={batch['product']}&serial={batch['first_serial']}")
    page.get_by_label("Why").select_option("torn")
    page.get_by_label("The old label is destroyed").check()
    page.get_by_role("button", name="Print it again").click()
    expect(page.locator("#watched")).to_contain_text("completed", timeout=PATIENCE)
    assert len(floor.sure.labels) - made == 1
    assert batch["first_serial"].encode() in floor.sure.labels[-1]
    page.goto(floor.url + f"/qa/serials?product={batch['product']}&serial={batch['first_serial']}")
    expect(page.locator("main")).to_contain_text("approved")


def test_a_lot_is_closed_when_every_number_is_explained(floor, signed_in) -> None:
    page, lot = signed_in("qa"), floor.site.lot()
    floor.site.batch(3, lot)
    page.goto(floor.url + "/qa")
    page.get_by_role("link", name=lot["number"], exact=True).click()
    page.get_by_label("All numbers that are").select_option("held-confirmed")
    page.get_by_label("Statement: what was seen").fill("All stuck on.")
    page.get_by_role("button", name="Sign it").click()
    expect(page.locator("main")).not_to_contain_text("to be explained", timeout=PATIENCE)
    page.get_by_role("button", name="Close the lot for ever").click()
    expect(page.locator("main")).to_contain_text("closed", timeout=PATIENCE)
    expect(page.locator("main")).to_contain_text("by user qa")
    with page.expect_download() as download:
        page.get_by_role("link", name="Close report").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")


def test_without_scripts_labels_are_asked_for_and_watched_all_the_same(floor, signed_in) -> None:
    page = signed_in("line", java_script_enabled=False)
    ask(page, floor, floor.site.lot(), 3, "sure")
    expect(page.locator("#watched")).to_contain_text("completed", timeout=PATIENCE)


def test_the_policy_keeps_foreign_scripts_out(floor, chromium) -> None:
    """Not only are none there: the browser runs none that somebody got into a page."""
    page = chromium.new_page()
    page.goto(floor.url + "/")
    with pytest.raises(Error, match="Content Security Policy"):
        page.add_script_tag(content="window.broken = true")
    assert page.evaluate("window.broken === undefined")
    page.close()


def test_a_page_works_with_the_keyboard_alone(floor, signed_in) -> None:
    """From the address to the issued labels by Tab, arrows and Enter."""
    page, lot = signed_in("line"), floor.site.lot()
    page.goto(floor.url + "/line")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "lot":
            break
    page.keyboard.type(lot["number"])  # chooses the option that begins so
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    page.wait_for_url("**/line/batches/*")
    expect(page.locator("main")).to_contain_text(lot["number"])


def test_a_customer_reads_on_a_telephone_whether_it_is_genuine(floor, chromium: Browser) -> None:
    """From an issued label over its scan to a page that needs no script, no key and no scrolling to the side."""
    lot = floor.site.lot()
    batch = floor.site.batch(2, lot)
    product, serial = batch["product"], batch["first_serial"]
    path = f"/01/{product}/10/{lot['number']}/21/{serial}"
    text = f"https://id.example.com{path}?17=281119"
    context = chromium.new_context(viewport={"width": 360, "height": 640}, java_script_enabled=False)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{floor.url}/verify{path}?17=281119")
    expect(page.get_by_role("status")).to_contain_text("Not released")
    floor.site.posted("/api/v1/verify-scans", {"text": text})
    house = house_of(floor.site.app)
    assert Commissioner(house.db, house.issuer, None, house.now).look() >= 1
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("Genuine")
    expect(page.get_by_text(serial)).to_be_visible()
    main = page.locator("main").bounding_box()
    assert main is not None
    assert main["x"] >= 0
    assert main["x"] + main["width"] <= 360
    page.goto(f"{floor.url}/verify/01/{product}/21/NEVERWAS")
    expect(page.get_by_role("status")).to_contain_text("Not genuine")
    context.close()
