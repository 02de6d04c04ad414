"""From lot to complaint, over HTTP alone, on both databases: a till sells what a line printed, QA sees all of it."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from labelsvc import access
from labelsvc.app import create_app
from labelsvc.domain.actors import Actor, Call
from labelsvc.printing import delivery
from labelsvc.settings import Settings
from labelsvc.storage import installation
from labelsvc.storage.secret_file import create_secret
from labelsvc.tracking.commissioning import Commissioner
from labelsvc.web.house import house_of

SECRET = bytes(range(32))
GTIN = "09506000134352"


class House:
    """The service; whoever calls says in which role. Printing and commissioning are done when they are asked for."""

    def __init__(self, database, database_url: str, directory) -> None:
        settings = Settings("https://id.example.com", directory, database_url, directory / "secret")
        create_secret(settings.secret_file, SECRET)
        database.write(lambda conn: installation.bind_secret(conn, SECRET, datetime.now(UTC)))
        self.app = create_app(settings)
        self.home = house_of(self.app)
        call = Call(Actor("shell", "t"), datetime.now(UTC))
        self.keys = {role: access.add_key(self.home.db, call, role, role)[1] for role in {*access.ROLES} - {"partner"}}
        self.directory = directory
        self.count = 0

    def ask(self, role: str, method: str, path: str, body: dict | None = None, key: str | None = None) -> Any:
        self.count += 1
        headers = {"Authorization": f"Bearer {self.keys[role]}", "Idempotency-Key": key or f"walk-{self.count}"}
        return self.app.test_client().open(f"/api/v1{path}", method=method, json=body, headers=headers)

    def post(self, role: str, path: str, body: dict, **more: Any) -> Any:
        answer = self.ask(role, "POST", path, body, **more)
        assert answer.status_code in (200, 201), answer.text
        return answer.json

    def work(self) -> None:
        """Do what workers and chores do by themselves: print what waits, commission what is there."""
        now = self.home.now
        sender = delivery.Sender(self.home.db, self.home.issuer, self.directory, now, lambda: False)
        for printer_id in delivery.waiting(sender):
            delivery.serve(sender, printer_id, "worker 1")
        Commissioner(self.home.db, self.home.issuer, None, now).look()

    def get(self, role: str, path: str) -> Any:
        answer = self.ask(role, "GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json


@pytest.fixture
def house(database, database_url, tmp_path) -> Iterator[House]:
    opened = House(database, database_url, tmp_path)
    yield opened
    opened.home.db.close()


def made(house: House) -> list[str]:
    """Let a line print six labels, of which the second is torn and printed again; return their serials."""
    product = {"gtin": GTIN[1:], "name": "Rapeseed oil", "scheme": "{rnd:10}", "label_format": "unit-100x50"}
    house.post("admin", "/products", product)
    assert house.ask("admin", "PUT", f"/products/{GTIN}/warranty", {"months": 24}).json == {"months": 24}
    spec = {"name": "p3", "uri": "file:///p3.zpl", "dpmm": 8, "media_width": 100, "media_height": 50}
    house.post("station", "/printers", spec)
    lot = house.post("line", "/lots", {"product": GTIN, "number": "L-1", "production_date": "2026-11-01"})["id"]
    batch = house.post("line", f"/lots/{lot}/batches", {"quantity": 6, "printer": "p3", "line": "line 3"})["id"]
    house.work()
    listed = house.ask("line", "GET", f"/batches/{batch}/serials.csv").text.split()[1:]
    serials = [line.partition(",")[0] for line in listed]
    torn = {"label": f"{GTIN}/{serials[1]}", "reason": "torn", "destroyed": True}
    house.post("qa", "/reprints", torn)
    house.work()
    for serial in serials:
        assert house.post("line", "/verify-scans", {"text": f"]d201{GTIN}21{serial}"})["verdict"] == "right"
    house.work()
    return serials


def test_a_unit_goes_from_its_lot_to_a_complaint_and_everything_is_in_one_answer(house: House) -> None:
    serials = made(house)
    texts = [f"]d201{GTIN}21{serial}" for serial in serials]
    epcs = [f"https://id.gs1.org/01/{GTIN}/21/{serial}" for serial in serials]
    case = "]C100095201234567891235"
    for n in (0, 1, 2):
        assert (
            house.post("warehouse", "/scans", {"text": texts[n], "intent": "pack", "parent": case})["result"] == "done"
        )
    unpacked = house.post("warehouse", "/scans", {"text": texts[1], "intent": "unpack", "parent": case})
    assert unpacked["result"] == "done"

    anna = house.post("retail", "/customers", {"contact": {"name": "Anna Holt", "email": "anna@example.com"}})[
        "customer"
    ]
    asked = {"units": texts[1:2], "customer": anna, "channel": "shop", "invoice": "4711", "party": "9521141111116"}
    (sale,) = house.post("retail", "/sales", asked, key="till-1")["items"]
    assert house.post("retail", "/sales", asked, key="till-1")["items"] == [sale]
    refused = house.ask("retail", "POST", "/sales", {"units": texts[:1], "customer": anna})
    assert (refused.status_code, refused.json["code"]) == (409, "event_refused")
    assert refused.json["findings"] == [{"unit": epcs[0], "code": "packed_in"}]

    words = {"category": "damaged", "severity": "major", "text": "It leaks."}
    others = [house.post("retail", "/complaints", {"unit": texts[n], **words})["id"] for n in (2, 3, 3)]
    complaint = house.post("retail", "/complaints", {"unit": texts[1], "follows": others[0], **words})
    assert (complaint["customer"], complaint["earlier"]) == (anna, [others[0]])
    assert house.ask("retail", "GET", f"/complaints/{complaint['id']}/dossier").status_code == 403
    found = house.get("qa", f"/complaints/{complaint['id']}/dossier")

    printed = found["printed"]
    assert (printed["serial"], printed["number"], printed["line"], printed["printer"]) == (
        serials[1],
        2,
        "line 3",
        "p3",
    )
    assert (printed["lot"]["number"], printed["lot"]["production_date"]) == ("L-1", "2026-11-01")
    assert (printed["job"]["state"], printed["job"]["printer"]) == ("completed", "p3")
    assert (printed["outcomes"][-1]["outcome"], printed["outcomes"][-1]["evidence"]) == ("confirmed", "scanned")
    assert [(each["reason"], each["state"]) for each in printed["reprints"]] == [("torn", "approved")]
    with Image.open(io.BytesIO(base64.b64decode(printed["label"]["png"]))) as picture:
        assert any(serials[1] in each.text for each in zxingcpp.read_barcodes(picture))
    steps = [each["biz_step"] for each in found["custody"]["events"] if each["through"] is None]
    assert steps == ["commissioning", "packing", "unpacking", "retail_selling"]
    assert (found["custody"]["state"], found["sales"], found["warranty_until"]) == (
        "sold",
        [sale],
        sale["warranty_until"],
    )
    assert [each["id"] for each in found["complaints"]] == [others[0], complaint["id"]]
    assert (found["tests"], found["recalls"]) == ([], [])
    assert (found["base"]["units"], found["base"]["complaints"]) == (5, 2)
    counted = {each["kind"]: (each["name"], each["units"], each["complaints"]) for each in found["neighbours"]}
    inside = ("https://id.gs1.org/00/095201234567891235", 2, 1)
    assert counted.pop("hour")[1:] == (5, 2)
    assert counted == {"lot": ("L-1", 5, 2), "line": ("line 3", 5, 2), "printer": ("p3", 5, 2), "inside": inside}
    assert not any(each["stands_out"] for each in found["neighbours"])
    assert house.get("qa", f"/dossiers/{GTIN}/{serials[1]}") == {
        **found,
        "complaint": None,
        "complaints": found["complaints"][1:],
    }

    changed = house.post("retail", "/exchanges", {"old": texts[1], "new": texts[4], "rma": "R-1", "reason": "leaks"})
    assert (changed["returned"]["unit"], changed["sale"]["replaces"]) == (epcs[1], epcs[1])
    old, new = (house.get("retail", f"/warranties/{GTIN}/{serials[n]}") for n in (1, 4))
    assert (old["state"], old["valid"], old["sale"]["replaced_by"]) == ("replaced", False, epcs[4])
    assert (new["state"], new["valid"], new["sale"]["customer"]) == ("sold", True, anna)
    end = {"state": "closed", "severity": "major", "owner": "carol", "resolution": "Lid of the mould is worn."}
    assert house.ask("qa", "PUT", f"/complaints/{complaint['id']}", end).json["state"] == "closed"

    forgotten = house.ask("qa", "DELETE", f"/customers/{anna}/contact?reason=asked")
    assert forgotten.status_code == 204
    assert house.get("retail", f"/customers/{anna}")["contact"] is None
    assert [each["unit"] for each in house.get("retail", f"/sales?customer={anna}")["items"]] == [epcs[1], epcs[4]]
    assert "Anna" not in house.ask("qa", "GET", f"/complaints/{complaint['id']}/dossier").text
