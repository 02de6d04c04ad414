"""From issue to the end of a lot, over HTTP alone, on both databases: every number explained, its end-card scanned."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp

from labelsvc import access
from labelsvc.app import create_app
from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.profiles import Profile
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.settings import Settings
from labelsvc.storage import installation
from labelsvc.storage import printers as printer_rows
from labelsvc.storage.secret_file import create_secret
from labelsvc.web.house import house_of
from labelsvc.worker import Worker

SECRET = bytes(range(32))
GTIN = "09506000134352"


class House:
    """The service with its worker running; whoever calls says in which role."""

    def __init__(self, database, database_url: str, directory: Path) -> None:
        settings = Settings("https://id.example.com", directory, database_url, directory / "secret")
        create_secret(settings.secret_file, SECRET)
        self.now = datetime.now(UTC)
        database.write(lambda conn: installation.bind_secret(conn, SECRET, self.now))
        self.app = create_app(settings)
        self.db = house_of(self.app).db
        call = Call(Actor("shell", "t"), self.now)
        house = set(access.ROLES) - {"partner"}
        self.keys = {role: access.add_key(self.db, call, role, role)[1] for role in house}
        self.worker = Worker(self.db, house_of(self.app).issuer, directory)
        self.running = threading.Thread(target=self.worker.run)
        self.running.start()
        self.count = 0

    def close(self) -> None:
        self.worker.stop()
        self.running.join()
        self.db.close()

    def ask(self, role: str, method: str, path: str, body: dict | None = None):
        self.count += 1
        headers = {"Authorization": f"Bearer {self.keys[role]}", "Idempotency-Key": f"walk-{self.count}"}
        return self.app.test_client().open(f"/api/v1{path}", method=method, json=body, headers=headers)

    def did(self, role: str, method: str, path: str, body: dict | None = None) -> dict:
        answer = self.ask(role, method, path, body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json

    def refused(self, role: str, method: str, path: str, body: dict | None = None) -> dict:
        answer = self.ask(role, method, path, body)
        assert answer.status_code == 409, answer.text
        return answer.json

    def serials(self, lot: int, outcome: str) -> list[str]:
        """List the serials behind a figure, three at a time."""
        found, after = [], 0
        while after is not None:
            page = self.did("qa", "GET", f"/lots/{lot}/serials?outcome={outcome}&limit=3&after={after}")
            found += [item["serial"] for item in page["items"]]
            after = page["next"]
        return found

    def file(self, path: str) -> bytes:
        answer = self.ask("qa", "GET", path)
        assert answer.status_code == 200
        return answer.data

    def scan(self, text: str, **meant) -> str:
        return self.did("line", "POST", "/verify-scans", {"text": text, **meant})["verdict"]


@pytest.fixture
def house(database, database_url, tmp_path: Path) -> Iterator[House]:
    made = House(database, database_url, tmp_path)
    yield made
    made.close()


def read(file: bytes) -> tuple[str, list[str]]:
    """Return the text of a PDF, and what a scanner finds on its first page."""
    document = pypdfium2.PdfDocument(file)
    text = " ".join(" ".join(page.get_textpage().get_text_bounded() for page in document).split())
    picture = document[0].render(scale=300 / 72).to_pil()
    document.close()
    return text, [found.text for found in zxingcpp.read_barcodes(picture)]


def test_a_lot_is_issued_printed_scanned_settled_and_closed(house: House) -> None:
    with VirtualPrinter(dpmm=8) as printer:
        spec = {"name": "p3", "uri": printer.config_uri, "dpmm": 8, "media_width": 100, "media_height": 50}
        house.did("station", "POST", "/printers", spec)
        kind = printer.personality
        profile = Profile(kind.model, kind.firmware, kind.unique_id, kind.echo, kind.counts)
        with house.db.read() as conn:
            printer_id = printer_rows.get(conn, "p3").id
        call = Call(Actor("shell", "t"), house.now)
        house.db.write(lambda conn: printer_rows.set_profile(conn, call, printer_id, profile))
        product = {"gtin": GTIN[1:], "name": "Ελαιόλαδο", "scheme": "{rnd:10}", "label_format": "unit-100x50"}
        house.did("admin", "POST", "/products", product)
        opened = {"product": GTIN, "number": "L-1", "production_date": "2026-11-01"}
        lot = house.did("line", "POST", "/lots", opened)["id"]
        printed = house.did("line", "POST", f"/lots/{lot}/batches", {"quantity": 8, "printer": "p3"})
        downloaded = house.did("line", "POST", f"/lots/{lot}/batches", {"quantity": 7})
        house.did("qa", "PUT", f"/lots/{lot}/sampling", {"plan": "ends"})
        deadline = time.monotonic() + 60
        while (job := house.did("qa", "GET", f"/jobs/{printed['job']}"))["state"] in ("pending", "processing"):
            assert time.monotonic() < deadline, job
            time.sleep(0.05)
        assert job["state"] == "completed", job
        labels = [re.findall(rb"/21/([0-9A-Z]{10})", label)[0].decode() for label in printer.labels]
    # The printer confirmed eight; seven were downloaded and are in hand.
    found = house.did("line", "GET", f"/lots/{lot}/reconciliation")
    figures = {outcome: count for outcome, count in found["outcomes"].items() if count}
    assert (found["granted"], found["difference"], found["to_scan"]) == (15, 0, 4)
    assert figures == {"confirmed": 8, "held": 7}
    confirmed, held = house.serials(lot, "confirmed"), house.serials(lot, "held")
    assert labels == confirmed
    # QA: one label of the printer is torn, one goes into the archive, the last two of those in hand are not needed.
    for serials, outcome, reason in (
        (confirmed[3:4], "spoiled", "torn at the head"),
        (confirmed[5:6], "sampled", "αρχείο"),
        (held[5:], "returned", "end of lot"),
    ):
        body = {"product": GTIN, "serials": serials, "outcome": outcome, "reason": reason}
        assert house.did("qa", "POST", "/moves", body) == {"moved": len(serials)}
    again = house.refused("qa", "POST", "/moves", {**body, "serials": confirmed[3:4]})
    assert (again["code"], again["pointer"]) == ("move_not_allowed", "/serials/0")
    # The ends of both batches are scanned; a scrapped label is found out, and so is one that comes twice.
    link = "https://id.example.com/01/{}/10/L-1/21/{}"
    assert house.scan(link.format(GTIN, confirmed[3]), lot=lot) == "not-valid"
    for serial, batch in (
        (confirmed[0], printed["id"]),
        (confirmed[7], printed["id"]),
        (held[0], downloaded["id"]),
    ):
        assert house.scan(f"]d201{GTIN}10L-1\x1d21{serial}", batch=batch) == "right"
    assert house.scan(link.format(GTIN, confirmed[0])) == "duplicate"
    left = house.refused("qa", "POST", f"/lots/{lot}/close", {})
    assert (left["code"], left["left"]) == ("lot_not_settled", {"held": 4})
    signed = {"of": "held", "as": "confirmed", "statement": "Άννα saw four on their goods."}
    assert house.did("qa", "POST", f"/lots/{lot}/declarations", signed)["outcomes"]["held"] == 0
    assert house.refused("qa", "POST", f"/lots/{lot}/close", {})["code"] == "lot_not_sampled"
    assert house.scan(f"{GTIN}/{held[4]}") == "right"
    # The line's printer puts the end-card behind the roll; QA scans what came out of it.
    assert read(house.file(f"/lots/{lot}/end-card.pdf"))[1] == [card := card_of(lot, house.serials(lot, "confirmed"))]
    assert card.encode() in house.file(f"/lots/{lot}/end-card.zpl")
    assert house.scan(card) == "end-card-right"
    closed = house.did("qa", "POST", f"/lots/{lot}/close", {"statement": "Τέλος."})
    end = closed["closure"]
    assert (end["count"], end["digest"], end["by"]) == (11, card.rpartition("/")[2], "qa")
    assert closed["outcomes"] == dict.fromkeys(closed["outcomes"], 0) | {
        "confirmed": 11,
        "spoiled": 1,
        "sampled": 1,
        "returned": 2,
    }
    # Every number stands under one figure.
    every = Counter(serial for outcome in closed["outcomes"] for serial in house.serials(lot, outcome))
    assert every == Counter([*confirmed, *held])
    # The report says all that, and its symbol is the card.
    text, symbols = read(house.file(f"/lots/{lot}/close-report.pdf"))
    for said in ("CLOSED", "Ελαιόλαδο", "granted all numbers that the lot ever got 15", "by key qa", "Τέλος."):
        assert said in text
    for who_did_what in ("batch.spoil", "torn at the head", "batch.sample", "αρχείο", "batch.return", "lot.declare"):
        assert who_did_what in text
    assert symbols == [card]
    assert house.scan(symbols[0]) == "end-card-right"
    assert house.scan(card.replace("/11/", "/12/")) == "end-card-wrong"
    # It is over: nothing more is issued, moved, declared, returned, edited; a scan is still answered.
    for role, method, path, body in (
        ("line", "POST", f"/lots/{lot}/batches", {"quantity": 1}),
        ("line", "POST", f"/lots/{lot}/batches", {"quantity": 1, "printer": "p3"}),
        ("qa", "POST", "/moves", {"product": GTIN, "serials": held[:1], "outcome": "spoiled", "reason": "late"}),
        ("qa", "POST", f"/lots/{lot}/declarations", signed),
        ("qa", "POST", f"/lots/{lot}/close", {}),
        ("qa", "POST", f"/batches/{downloaded['id']}/return", {"first": 1, "count": 1, "reason": "late"}),
        ("line", "PUT", f"/lots/{lot}", {"production_date": "2026-11-02"}),
    ):
        assert house.refused(role, method, path, body)["code"] == "lot_closed", path
    job = house.refused("qa", "POST", f"/jobs/{printed['job']}/resolve", {"last_good": None, "continue": True})
    assert job["code"] == "job_not_stopped"
    assert house.scan(link.format(GTIN, confirmed[1]), lot=lot) == "right"
    assert house.did("qa", "GET", f"/lots/{lot}/reconciliation")["outcomes"] == closed["outcomes"]


def card_of(lot: int, serials: list[str]) -> str:
    """Write an end-card from the serials of the API, by the words of docs/http.md."""
    digest = hashlib.sha256("".join(f"{serial}\n" for serial in sorted(serials)).encode()).hexdigest()
    return f"labelsvc:lot/{lot}/{len(serials)}/{digest}"
