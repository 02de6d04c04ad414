"""From label to recall over HTTP alone, on both databases: printed, packed, shipped, sold, called back, lifted."""

from __future__ import annotations

import csv
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest

from labelsvc import access
from labelsvc.app import create_app
from labelsvc.chores import Chores
from labelsvc.domain.actors import Actor, Call
from labelsvc.settings import Settings
from labelsvc.storage import installation
from labelsvc.storage.secret_file import create_secret
from labelsvc.web.house import house_of
from labelsvc.worker import Worker

SECRET = bytes(range(32))
GTIN = "09506000134352"
CASE = "00095201234567891235"
WHOLESALER, SHOP = "9521141111116", "9521321000001"


class House:
    """The service with its worker and chores running; whoever calls says who they are."""

    def __init__(self, database, database_url: str, directory: Path) -> None:
        settings = Settings("https://id.example.com", directory, database_url, directory / "secret")
        create_secret(settings.secret_file, SECRET)
        now = datetime.now(UTC)
        database.write(lambda conn: installation.bind_secret(conn, SECRET, now))
        self.app = create_app(settings)
        home = house_of(self.app)
        self.db = home.db
        call = Call(Actor("shell", "t"), now)
        self.keys = {
            name: access.add_key(self.db, call, name, role)[1]
            for name, role in (("admin", "admin"), ("line", "line"), ("shop", "retail"), ("olga", "qa"), ("piet", "qa"))
        }
        self.chores = Chores(self.db, home.issuer, "public")
        self.chores.__enter__()
        self.worker = Worker(self.db, home.issuer, directory)
        self.running = threading.Thread(target=self.worker.run)
        self.running.start()
        self.count = 0

    def close(self) -> None:
        self.worker.stop()
        self.running.join()
        self.chores.__exit__(None, None, None)
        self.db.close()

    def ask(self, who: str, method: str, path: str, body: dict | None = None):
        self.count += 1
        headers = {"Authorization": f"Bearer {self.keys[who]}", "Idempotency-Key": f"walk-{self.count}"}
        return self.app.test_client().open(f"/api/v1{path}", method=method, json=body, headers=headers)

    def did(self, who: str, method: str, path: str, body: dict | None = None) -> dict:
        answer = self.ask(who, method, path, body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json

    def scan(self, intent: str, *texts: str, **more: object) -> None:
        for text in texts:
            said = self.did("olga", "POST", "/scans", {"text": text, "intent": intent, **more})
            assert said["result"] == "done", said


@pytest.fixture
def house(database, database_url, tmp_path: Path) -> Iterator[House]:
    made = House(database, database_url, tmp_path)
    yield made
    made.close()


def eventually(look) -> object:
    """Wait for what worker and chores do by themselves."""
    deadline = time.monotonic() + 60
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_a_lot_is_called_back_to_the_last_unit_and_lifted_by_two(house: House) -> None:
    did = house.did
    spec = {"name": "p", "uri": "file:///out.zpl", "dpmm": 8, "media_width": 100, "media_height": 50}
    did("admin", "POST", "/printers", spec)
    product = {"gtin": GTIN, "name": "Olive oil", "scheme": "{rnd:10}", "label_format": "unit-100x50"}
    did("admin", "POST", "/products", product)
    lot = did("line", "POST", "/lots", {"product": GTIN, "number": "L-1", "production_date": "2026-11-01"})["id"]
    batch = did("line", "POST", f"/lots/{lot}/batches", {"quantity": 6, "printer": "p", "line": "3"})
    eventually(lambda: did("olga", "GET", f"/jobs/{batch['job']}")["state"] == "completed")
    answer = house.ask("olga", "GET", f"/batches/{batch['id']}/serials.csv")
    serials = [row["serial"] for row in csv.DictReader(answer.text.splitlines())]
    links = [f"https://id.example.com/01/{GTIN}/21/{serial}" for serial in serials]
    # Five are seen on their bottles; the sixth label was handed over, and nobody knows more.
    for link in links[:5]:
        assert did("line", "POST", "/verify-scans", {"text": link})["verdict"] == "right"
    eventually(lambda: house.ask("olga", "GET", f"/units/{GTIN}/{serials[4]}").status_code == 200)
    # Three go in a case to a wholesaler and on to a shop, where two are sold.
    house.scan("pack", *links[:3], parent=CASE)
    house.scan("ship", CASE, to=WHOLESALER)
    house.scan("receive", CASE, to=WHOLESALER, place=SHOP)
    house.scan("unpack", *links[:2], parent=CASE)
    jan = did("shop", "POST", "/customers", {"contact": {"email": "jan@example.com"}})["customer"]
    for link in links[:2]:
        did("shop", "POST", "/sales", {"units": [link], "customer": jan if link == links[0] else None})
    # Olga drills, and then has to do it.
    scope = {"lots": [lot]}
    assert did("olga", "POST", "/recalls/preview", {"scope": scope}) == {
        "numbers": 6,
        "units": 5,
        "named": 0,
        "made": 0,
    }
    asked = {"title": "Glass", "reason": "splinters", "scope": scope}
    drill = did("olga", "POST", "/recalls", {**asked, "drill": True})
    assert (drill["state"], drill["figures"]["balance"]["difference"]) == ("drilled", 0)
    assert did("olga", "GET", f"/units/{GTIN}/{serials[3]}")["dispositions"] == []
    found = did("olga", "POST", "/recalls", asked)
    here = f"/recalls/{found['id']}"
    assert (found["state"], found["units"]) == ("open", {"called": 5})
    balance = did("olga", "GET", f"{here}/balance")
    assert (balance["granted"], balance["difference"], balance["numbers"]) == (6, 0, {"sent": 1})
    places = {(one["state"], one["location"]): one["count"] for one in balance["units"]}
    shop = f"https://id.gs1.org/414/{SHOP}"
    assert places == {("active", None): 2, ("in_stock", shop): 1, ("sold", shop): 2}
    # Who has to be told: the wholesaler of three, Jan of one; he is not forgotten before that.
    party = f"https://id.gs1.org/417/{WHOLESALER}"
    notices = did("olga", "GET", f"{here}/notices")["items"]
    told = {one["whom"]: one for one in notices}
    assert told[party]["units"] == 3
    assert (told[jan]["kind"], told[jan]["units"]) == ("customer", 1)
    refused = house.ask("olga", "DELETE", f"/customers/{jan}/contact?reason=asked")
    assert (refused.status_code, refused.json["code"]) == (409, "customer_in_recall")
    said = {"state": "acknowledged", "how": "letter", "quantities": {"on_hand": 1}}
    assert did("olga", "PUT", f"{here}/notices/{told[jan]['id']}", said)["by"] == "olga"
    trace = house.ask("olga", "GET", f"{here}/trace.csv")
    rows = list(csv.DictReader(trace.text.splitlines()))
    assert [row["customer"] for row in rows if row["relation"] == "sold" and row["customer"]] == [jan]
    assert sum(row["through"].endswith(CASE[2:]) for row in rows if row["relation"] == "shipped") == 3
    back = house.ask("olga", "GET", f"{here}/trace.csv?direction=backward").text
    assert f",{batch['id']},6,3," not in back  # the sixth is no unit
    assert f",L-1,{batch['id']},5,3,{batch['job']},p," in back
    # It is over with selling, whoever asks, until two persons lift it.
    assert (
        house.ask("shop", "POST", "/sales", {"units": [links[3]]}).json["findings"][0]["code"]
        == "sale_blocked_recalled"
    )
    answer = house.app.test_client().get(f"/verify/gtin/{GTIN}/lot/L-1/ser/{serials[3]}?exp=")
    assert not (answer.json or {}).get("data", {}).get("verified", False)
    did("olga", "POST", f"{here}/lift", {"reason": "the splinters were ice"})
    assert house.ask("olga", "POST", f"{here}/lift/approve").json["code"] == "recall_own"
    assert did("piet", "POST", f"{here}/lift/approve")["state"] == "lifted"
    did("shop", "POST", "/sales", {"units": [links[3]]})
    pdf = pypdfium2.PdfDocument(house.ask("olga", "GET", f"{here}/report.pdf").data)
    text = " ".join(" ".join(page.get_textpage().get_text_bounded() for page in pdf).split())
    pdf.close()
    for words in (
        "LIFTED",
        "the splinters were ice",
        "by piet",
        "difference both less the sum of the rows above 0",
        jan,
    ):
        assert words in text
