"""The audit: whatever changes something writes one entry, in the transaction of the change; a refusal writes none."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import select

import labelsvc.access
import labelsvc.issuing
import labelsvc.printing
import labelsvc.printing.stations
import labelsvc.printing.webhooks
import labelsvc.tracking
import labelsvc.tracking.recalls
from labelsvc import access
from labelsvc.access import passwords
from labelsvc.domain import journal
from labelsvc.domain.batches import BatchRequest, LabelsRequest, LotDates, LotRequest, ReturnRequest
from labelsvc.domain.complaints import ComplaintRequest, Progress
from labelsvc.domain.connections import NewConnection
from labelsvc.domain.customers import Contact
from labelsvc.domain.epcis.reading import read_event
from labelsvc.domain.findings import Chosen, Closing
from labelsvc.domain.jobs import PrinterSpec, Resolution
from labelsvc.domain.links import Link
from labelsvc.domain.logistic_units import LogisticRequest, NewSeries
from labelsvc.domain.moves import Declaration, Move
from labelsvc.domain.outcomes import Interval
from labelsvc.domain.places import NamedBy, NewLocation, NewParty
from labelsvc.domain.products import NewProduct
from labelsvc.domain.quality import SamplingPlan, VerifyScan
from labelsvc.domain.recalls import Scope, Step
from labelsvc.domain.reprints import ReprintPolicy, ReprintRequest, ReprintRules
from labelsvc.domain.sales import CustomerReturnRequest, ExchangeRequest, SaleRequest, When
from labelsvc.domain.units.testing import NewTest
from labelsvc.errors import LabelsvcError
from labelsvc.issuing import (
    batches,
    downloads,
    label_formats,
    links,
    logistic_units,
    lots,
    products,
    restoring,
    sscc_series,
)
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printing import (
    certifying,
    hardening,
    jobs,
    numbers,
    printers,
    reconciliation,
    reprinting,
    reprints,
    resolving,
    verifying,
)
from labelsvc.printing.stations import claims, reports, stations
from labelsvc.printing.stations.reports import Said
from labelsvc.printing.stations.stations import Arrival
from labelsvc.printing.webhooks import webhooks
from labelsvc.storage import cloning as clone_signals
from labelsvc.storage import connections as connection_rows
from labelsvc.storage import outcomes, recall_notices, sweeps, tables
from labelsvc.storage import printers as printer_rows
from labelsvc.storage import units as unit_rows
from labelsvc.storage.database import Database
from labelsvc.tracking import (
    assessing,
    captures,
    capturing,
    cloning,
    commissioning,
    complaints,
    connections,
    customers,
    findings,
    gating,
    inventory,
    overriding,
    places,
    quality,
    queries,
    returns,
    sales,
    scanning,
    subscriptions,
)
from labelsvc.tracking.own_events import Why, commissioning_event, object_event
from labelsvc.tracking.recalls import lifting, opening, telling
from labelsvc.tracking.recalls.opening import RecallRequest
from tests.ports import free_port
from tests.printing.test_certifying import QUICK, TRAITS, Beside

REASON = "because of the test"
PARTNER = "https://id.gs1.org/417/9521141111116"
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "COST", passwords.Cost(2, 8, 1))


class Counting:
    """A database that counts the transactions that write."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.read = db.read
        self.writes = 0

    def write(self, work: Callable[[Any], Any]) -> Any:
        self.writes += 1
        return self._db.write(work)


class Walk:
    """Things to change, and every use case that changes one: a way it succeeds and a way it fails."""

    def __init__(self, plant: Any) -> None:
        self.plant = plant
        self.db: Any = Counting(plant.db)
        self.product = plant.product("A{seq:2}")
        self.lot = plant.lot(self.product)
        self.batch = plant.issue(self.lot, 10)
        support = Link("gs1:support", "https://example.com/help", "Help")
        self.link_id = links.add_link(plant.db, plant.call(), self.product.code, support).id
        self.printer = plant.printer("p")
        self.job_id = plant.issue(self.lot, 5, printer="p").job_id
        self.stopped_id = plant.issue(self.lot, 5, printer="p").job_id
        stopped = tables.print_jobs.update().where(tables.print_jobs.c.id == self.stopped_id)
        plant.db.write(lambda conn: conn.execute(stopped.values(state="processing-stopped")))
        sscc_series.use_series(plant.db, plant.call(), NewSeries("095201234567", 0))
        self.other = plant.product("B{seq:2}")
        self.settled, self.unsettled = plant.lot(self.other), plant.lot(self.other)
        self.in_hand = plant.serials(plant.issue(self.unsettled, 4))
        self.key, _ = access.add_key(plant.db, plant.call(), "line 9", "line")
        for name in ("anna", "carol", "dora"):
            access.add_user(plant.db, plant.call(), name, "qa", PASSWORD)
        access.disable_user(plant.db, plant.call(), "dora")
        self.token = access.sign_in(plant.db, access.Door(), ("carol", PASSWORD), "192.0.2.1", plant.call().at)
        what = ("https://mes.example.com/told", ("lot.closed",))
        asked = NewConnection("https://example.com/capture", PARTNER)
        sent_to = [
            connections.add_connection(plant.db, plant.issuer, plant.call(), asked, "public")[0] for _ in range(2)
        ]
        self.connections = sent_to
        plant.db.write(
            lambda conn: connection_rows.queue(conn, sent_to[0], [[1]], sent_to[0].last_id + 1, plant.call().at)
        )
        dead = tables.connection_deliveries.update().values(state="dead", ended_at=plant.call().at)
        plant.db.write(lambda conn: conn.execute(dead))
        self.dead_document = connections.list_documents(plant.db, sent_to[0].id, "dead", 0, 1).items[0].id
        made = [webhooks.add_webhook(plant.db, plant.issuer, plant.call(), what, "public")[0] for _ in range(2)]
        self.webhooks = made
        self.ports = (free_port(), free_port())
        uri = f"tcp://127.0.0.1:{self.ports[0]}?config={self.ports[1]}"
        spec = PrinterSpec("n", uri, "zpl", 8, 50.0, 25.0)
        plant.db.write(lambda conn: printer_rows.add(conn, plant.call(), spec))
        told = tables.webhook_deliveries.insert().values(
            webhook_id=made[0].id,
            event="lot.closed",
            body="{}",
            state="dead",
            attempts=12,
            due_at=plant.call().at,
            created_at=plant.call().at,
        )
        self.dead_id = plant.db.write(lambda conn: conn.execute(told).inserted_primary_key[0])
        self.begin_station()
        self.begin_tests()
        self.labelled = self.serials_out(3)
        policy = ReprintPolicy(approval=True)
        reprints.set_reprint_policy(plant.db, plant.call(), self.product.code, policy)
        self.asked = [self.ask_again(plant.call(), serial).id for serial in self.labelled[1:]]
        self.begin_shop()
        for name in ("old", "kept"):
            queries.add_query(plant.db, plant.call(), name, {})
        told = subscriptions.NewSubscription("https://erp.example.com/told", stream=True)
        made = subscriptions.add_subscription(plant.db, plant.issuer, plant.call(), "kept", told, "public")
        self.subscribed = made.name
        self.toml = label_formats.get_format(plant.db, "plain").toml
        self.suspect_id = self.suspect()
        self.in_recall = plant.lot(self.product)
        self.recall_ids, self.notice_id = self.recalls()
        epc = f"https://id.gs1.org/01/{self.other.code}/21/B99"
        unheard = object_event(plant.call().at, "OBSERVE", [epc], Why("shipping"))
        capturing.capture(plant.db, plant.issuer, plant.call(), (unheard,))
        self.finding_id = findings.list_findings(plant.db, Chosen(), 0, 1).items[0].id
        by = NamedBy(code="SHOP")
        self.party = places.add_party(plant.db, plant.issuer, plant.call(), by, NewParty("Shop"))
        self.place = places.add_location(plant.db, plant.issuer, plant.call(), by, NewLocation("Shop"))
        self.call = plant.call("the-key", client="auditor")

    def begin_shop(self) -> None:
        """Units, of which one is sold, and a customer."""
        product = self.plant.product("D{seq:2}")
        lot = self.plant.lot(product)
        serials = self.plant.serials(self.plant.issue(lot, 4))
        self.goods = [f"{product.code}/{serial}" for serial in serials]
        epcs = [f"https://id.gs1.org/01/{each.replace('/', '/21/')}" for each in self.goods]
        early = self.plant.call().at - timedelta(minutes=3)
        begun = object_event(early, "ADD", epcs, Why("commissioning", "active"))
        capturing.capture(self.plant.db, self.plant.issuer, self.plant.call(), [begun], own=True)
        self.contact = Contact("Anna Holt")
        plant = (self.plant.db, self.plant.issuer)
        self.customer = customers.add_customer(*plant, self.plant.call(), self.contact).name
        sold = SaleRequest((self.goods[0],), when=When(early + timedelta(minutes=1)))
        sales.sell(*plant, self.plant.call(), sold)
        asked = ComplaintRequest(self.goods[0], "damaged", "minor", "bent")
        self.complaint_id = complaints.open_complaint(*plant, self.plant.call(), asked).id

    def begin_station(self) -> None:
        """Printers of a station: one with a claim it works at, one with a claim it never heard of, one with a job."""
        call = self.plant.call(client="auditor")
        stations.arrive(self.plant.db, call, Arrival("instance-1", "boot-0001", call.at))
        self.claims = []
        for name in ("at-work", "unheard", "waiting"):
            self.plant.printer(name, station="auditor")
            self.plant.issue(self.lot, 5, printer=name)
            if name != "waiting":
                self.claims.append(claims.claim(self.plant.db, call, tuple(one.row.id for one in self.claims)))
            if name == "at-work":
                self.line, said = self.said(1)
                reports.report(self.plant.db, self.plant.issuer, call, self.claims[0].row.id, said)

    def said(self, number: int) -> tuple[str, Said]:
        at = self.plant.call().at
        line = journal.written(number, at, "boot", boot="boot-0001", instance="instance-1")
        lines = [line] if number == 1 else [self.line, line]
        *_, chain = journal.chained(self.claims[0].row.seed, lines)
        return line, Said(number, (line,), chain)

    def arrive(self, *, well: bool) -> object:
        instance = "instance-1" if well else "instance-2"
        arrival = Arrival(instance, "boot-0001", self.call.at + timedelta(hours=1))
        return stations.arrive(self.db, self.call, arrival)

    def claim(self, *, well: bool) -> object:
        with patch.object(claims, "CLAIMS_AT_MOST", 200 if well else 0):
            return claims.claim(self.db, self.call, tuple(one.row.id for one in self.claims))

    def report(self, *, well: bool) -> object:
        _, said = self.said(2 if well else 3)
        return reports.report(self.db, self.plant.issuer, self.call, self.claims[0].row.id, said)

    def release(self, *, well: bool) -> object:
        return stations.release(self.db, self.call, "auditor", self.claims[1].row.id if well else 999, REASON)

    def add_key(self, *, well: bool) -> object:
        return access.add_key(self.db, self.call, "line 8", "line" if well else "root")

    def revoke_key(self, *, well: bool) -> object:
        return access.revoke_key(self.db, self.call, self.key.id if well else 999)

    def add_user(self, *, well: bool) -> object:
        return access.add_user(self.db, self.call, "boris", "line" if well else "root", PASSWORD)

    def set_password(self, *, well: bool) -> object:
        return access.set_password(self.db, self.call, "anna" if well else "nobody", PASSWORD)

    def disable_user(self, *, well: bool) -> object:
        return access.disable_user(self.db, self.call, "anna" if well else "nobody")

    def enable_user(self, *, well: bool) -> object:
        return access.enable_user(self.db, self.call, "dora" if well else "nobody")

    def set_role(self, *, well: bool) -> object:
        return access.set_role(self.db, self.call, "anna", "admin" if well else "root")

    def sign_out(self, *, well: bool) -> object:
        token = self.token if well else "nobody's"
        return access.sign_out(self.db, self.call, token)

    def add_product(self, *, well: bool) -> object:
        code = "VALVE" if well else self.product.code
        return products.add_product(self.db, self.call, NewProduct(code, "Valve", "{rnd:10}", "plain"))

    def add_scheme(self, *, well: bool) -> object:
        return products.add_scheme(self.db, self.call, self.product.code, "B{seq:2}" if well else "{rnd:5}X{seq:2}")

    def add_link(self, *, well: bool) -> object:
        link = Link("gs1:pip" if well else "gs1:defaultLink", "https://example.com/valve", "About it")
        return links.add_link(self.db, self.call, self.product.code, link)

    def remove_link(self, *, well: bool) -> object:
        return links.remove_link(self.db, self.call, self.product.code, self.link_id if well else 999)

    def open_lot(self, *, well: bool) -> object:
        number = "L-new" if well else self.lot.lot.number
        return lots.open_lot(self.db, self.call, LotRequest(self.product.code, number, date(2026, 11, 20)))

    def edit_lot(self, *, well: bool) -> object:
        dates = LotDates(date(2026, 11, 19), None if well else date(2026, 11, 18))
        return lots.edit_lot(self.db, self.call, self.lot.id, dates)

    def issue(self, *, well: bool) -> object:
        return batches.issue(self.db, self.plant.issuer, self.call, self.lot.id, BatchRequest(5 if well else 99))

    def issue_units(self, *, well: bool) -> object:
        request = LogisticRequest(5 if well else 10_000)
        return logistic_units.issue_units(self.db, self.plant.issuer, self.call, request)

    def use_series(self, *, well: bool) -> object:
        return sscc_series.use_series(self.db, self.call, NewSeries("952012" if well else "095201", 0))

    def return_numbers(self, *, well: bool) -> object:
        request = ReturnRequest(9, 2 if well else 3, REASON)
        return batches.return_numbers(self.db, self.plant.issuer, self.call, self.batch.id, request)

    def labels(self, *, well: bool) -> object:
        request = LabelsRequest("zpl", 1 if well else 11, 1)
        return downloads.labels(self.db, self.plant.issuer, self.call, self.batch.id, request, any_batch=True)

    def add_format(self, *, well: bool) -> object:
        return label_formats.add_format(self.db, self.call, self.toml + "\n" if well else "broken", {})

    def add_printer(self, *, well: bool) -> object:
        spec = PrinterSpec("q" if well else "p", "file:///q.zpl", "zpl", 8, 50.0, 25.0)
        return printers.add_printer(self.db, self.call, spec, self.plant.data_dir)

    def edit_printer(self, *, well: bool) -> object:
        spec = replace(self.printer.spec, dpmm=12 if well else 10)
        return printers.edit_printer(self.db, self.call, spec, self.plant.data_dir)

    def add_connection(self, *, well: bool) -> Any:
        asked = NewConnection("https://example.com/capture" if well else "http://example.com", PARTNER)
        return connections.add_connection(self.db, self.plant.issuer, self.call, asked, "public")

    def remove_connection(self, *, well: bool) -> Any:
        return connections.remove_connection(self.db, self.call, self.connections[1].id if well else 999)

    def send_again(self, *, well: bool) -> Any:
        found = self.connections[0].id
        return connections.send_again(self.db, self.call, found, self.dead_document if well else 999)

    def add_webhook(self, *, well: bool) -> object:
        what = ("https://mes.example.com/told" if well else "http://mes.example.com/told", ("lot.closed",))
        return webhooks.add_webhook(self.db, self.plant.issuer, self.call, what, "public")

    def remove_webhook(self, *, well: bool) -> object:
        return webhooks.remove_webhook(self.db, self.call, self.webhooks[1].id if well else 999)

    def redeliver(self, *, well: bool) -> object:
        return webhooks.redeliver(self.db, self.call, self.webhooks[0].id, self.dead_id if well else 999)

    def harden(self, *, well: bool) -> object:
        with self.on_the_network() as printer:
            assert printer.json_port
            name = "n" if well else "nobody"
            return hardening.harden(self.db, self.call, name, self.plant.data_dir)

    def certify(self, *, well: bool) -> object:
        with self.on_the_network() as printer:
            name = "n" if well else "nobody"
            rest = {"now": lambda: self.call.at, "patience": QUICK}
            return certifying.certify(self.db, self.call, name, self.plant.data_dir, Beside(printer), **rest)

    @contextmanager
    def on_the_network(self) -> Iterator[VirtualPrinter]:
        with VirtualPrinter(port=self.ports[0], json_port=self.ports[1], **TRAITS) as printer:
            yield printer

    def serials_out(self, count: int) -> list[str]:
        """Say that the first labels of the batch are out; return their serials."""
        batches_ = tables.batches

        def work(conn: Any) -> None:
            row = conn.execute(tables.ranges.select().join(batches_).where(batches_.c.id == self.batch.id)).one()
            said = Interval(row.first, row.first + count - 1, "confirmed", "scanned")
            outcomes.append(conn, self.plant.call(), row.id, said)

        self.plant.db.write(work)
        with self.plant.db.read() as conn:
            self.in_print = conn.execute(select(batches_.c.range_id).where(batches_.c.id == self.batch.id)).scalar_one()
        return self.plant.serials(self.batch)[:count]

    def ask_again(self, call: Any, serial: str, db: Any = None) -> Any:
        request = ReprintRequest(serial, "torn", product=self.product.code, printer="p", destroyed=True)
        return reprinting.ask_reprint(db or self.plant.db, self.plant.issuer, call, request, ReprintRules())

    def ask_reprint(self, *, well: bool) -> object:
        return self.ask_again(self.call, self.labelled[0 if well else 1], self.db)

    def approve_reprint(self, *, well: bool) -> object:
        return reprinting.approve_reprint(self.db, self.plant.issuer, self.call, self.asked[0] if well else 999)

    def refuse_reprint(self, *, well: bool) -> object:
        reprint_id = self.asked[1] if well else 999
        return reprinting.refuse_reprint(self.db, self.plant.issuer, self.call, reprint_id, REASON)

    def set_reprint_policy(self, *, well: bool) -> object:
        code = self.product.code if well else "NOBODY"
        return reprints.set_reprint_policy(self.db, self.call, code, ReprintPolicy(per_serial=9))

    def cancel_job(self, *, well: bool) -> object:
        return jobs.cancel_job(self.db, self.plant.issuer, self.call, self.job_id if well else 999, REASON)

    def mark_restored(self, *, well: bool) -> object:
        return restoring.mark_restored(self.db, self.call, 10 if well else 0)

    def resolve_job(self, *, well: bool) -> object:
        found = Resolution(None, False, REASON)
        job_id = self.stopped_id if well else self.job_id
        return resolving.resolve_job(self.db, self.plant.issuer, self.call, job_id, found)

    def move_numbers(self, *, well: bool) -> object:
        serials = (self.in_hand[0],) if well else (self.in_hand[1], "B99")
        move = Move(self.other.code, serials, "spoiled", REASON)
        return numbers.move_numbers(self.db, self.plant.issuer, self.call, move)

    def verify_scan(self, *, well: bool) -> object:
        scan = VerifyScan(f"{self.other.code}/{self.in_hand[1]}" if well else "x" * 501)
        return verifying.verify_scan(self.db, self.plant.issuer, self.call, scan)

    def set_sampling(self, *, well: bool) -> object:
        plan = SamplingPlan("nth", 5 if well else 0)
        return reconciliation.set_sampling(self.db, self.call, self.unsettled.id, plan)

    def declare(self, *, well: bool) -> object:
        declaration = Declaration("held", "returned" if well else "sampled", REASON)
        return reconciliation.declare(self.db, self.call, self.unsettled.id, declaration)

    def close_lot(self, *, well: bool) -> object:
        lot = self.settled if well else self.lot
        return reconciliation.close_lot(self.db, self.plant.issuer, self.call, lot.id, REASON)

    def capture(self, *, well: bool) -> object:
        made = read_event(
            {
                "type": "ObjectEvent",
                "eventTime": "2026-11-20T08:00:00Z",
                "eventTimeZoneOffset": "+00:00",
                "epcList": [f"https://id.gs1.org/01/09521321000018/21/{'A' if well else 'A' * 20}"],
                "action": "OBSERVE",
            }
        )
        named = made if well else replace(made, epcs=("urn:x:" + "y" * 200,))
        return capturing.capture(self.db, self.plant.issuer, self.call, (named,))

    def accept(self, *, well: bool) -> object:
        frame = {"@context": [], "schemaVersion": "2.0", "creationDate": "2026-11-20T08:00:00Z"}
        document = {**frame, "type": "EPCISDocument", "epcisBody": {"eventList": [] if well else None}}
        return captures.accept(self.db, self.call, document, "rollback")

    def capture_event(self, *, well: bool) -> object:
        event = {"eventTimeZoneOffset": "+00:00", "epcList": ["urn:x:1"], "action": "OBSERVE" if well else "SEE"}
        whole = {"@context": [], "type": "ObjectEvent", "eventTime": "2026-11-20T08:00:00Z", **event}
        return captures.capture_event(self.db, self.plant.issuer, self.call, whole)

    def add_query(self, *, well: bool) -> object:
        return queries.add_query(self.db, self.call, "q", {"EQ_action" if well else "EQ_color": ["ADD"]})

    def remove_query(self, *, well: bool) -> object:
        return queries.remove_query(self.db, self.call, "old" if well else "none")

    def add_subscription(self, *, well: bool) -> object:
        asked = subscriptions.NewSubscription("https://erp.example.com/told", stream=well)
        return subscriptions.add_subscription(self.db, self.plant.issuer, self.call, "kept", asked, "public")

    def remove_subscription(self, *, well: bool) -> object:
        name = self.subscribed if well else "none"
        return subscriptions.remove_subscription(self.db, self.call, "kept", name)

    def commission_range(self, *, well: bool) -> object:
        return commissioning.commission_range(self.db, self.plant.issuer, self.call, self.in_print if well else 10**9)

    def scan(self, *, well: bool) -> object:
        text = f"{self.other.code}/{self.in_hand[2]}".encode()
        asked = scanning.Scan(text, "receive", place=None if well else "1" * 13)
        return scanning.scan(self.db, self.plant.issuer, self.call, asked)

    def set_category(self, *, well: bool) -> object:
        return inventory.set_category(self.db, self.call, self.product.code, "valves" if well else "")

    def count(self, *, well: bool) -> object:
        seen = inventory.Count("9521321000001" if well else "1" * 13, (f"{self.other.code}/{self.in_hand[2]}",))
        return inventory.count(self.db, self.plant.issuer, self.call, seen)

    def close_signal(self, *, well: bool) -> object:
        unit_id = self.suspect_id if well else 10**6
        return cloning.close_signal(self.db, self.call, unit_id, "dismissed", REASON)

    def suspect(self) -> int:
        """Return a unit that is suspect."""

        def work(conn: Any) -> int:
            unit_rows.add(conn, {"urn:example:suspect": unit_rows.Identity()})
            unit_id = unit_rows.ids_of(conn, ["urn:example:suspect"])["urn:example:suspect"]
            clone_signals.put(conn, unit_id, 0.9, (), self.plant.call().at)
            return int(unit_id)

        return int(self.plant.db.write(work))

    def open_recall(self, *, well: bool) -> object:
        scope = Scope(lots=(self.in_recall.id if well else 999,))
        asked = RecallRequest("Glass", REASON, scope, drill=True)
        return opening.open_recall(self.db, self.plant.issuer, self.call, asked, lambda: self.call.at)

    def ask_lift(self, *, well: bool) -> object:
        return lifting.ask_lift(self.db, self.call, self.recall_ids[0] if well else 999, REASON)

    def approve_lift(self, *, well: bool) -> object:
        return lifting.approve_lift(self.db, self.call, self.recall_ids[1 if well else 0])

    def take_step(self, *, well: bool) -> object:
        notice_id = self.notice_id if well else 999
        return telling.take_step(self.db, self.call, self.recall_ids[0], notice_id, Step("told", note=REASON))

    def recalls(self) -> tuple[list[int], int]:
        """Return two recalls that run, of which somebody asked to lift the second, and a notice of the first."""
        ids = []
        for _ in range(2):
            asked = RecallRequest("Glass", REASON, Scope(lots=(self.in_recall.id,)))
            asking = (self.plant.db, self.plant.issuer, self.plant.call(client="nina"))
            ids.append(opening.open_recall(*asking, asked, lambda: self.plant.call().at).id)
        lifting.ask_lift(self.plant.db, self.plant.call(client="nina"), ids[1], REASON)

        def work(conn: Any) -> int:
            recall_notices.had(conn, ids[0], [(("party", 10**6), 1)], self.plant.call())
            return int(conn.execute(tables.recall_notices.select()).one().id)

        return ids, self.plant.db.write(work)

    def take_finding(self, *, well: bool) -> object:
        return findings.take_finding(self.db, self.call, self.finding_id if well else 999)

    def close_finding(self, *, well: bool) -> object:
        closing = Closing("accepted", REASON, declare=not well)
        return findings.close_finding(self.db, self.plant.issuer, self.call, self.finding_id, closing)

    def add_party(self, *, well: bool) -> object:
        by = NamedBy(code="DEPOT" if well else "SHOP")
        return places.add_party(self.db, self.plant.issuer, self.call, by, NewParty("Depot"))

    def edit_party(self, *, well: bool) -> object:
        return places.edit_party(self.db, self.call, self.party.id if well else 999, NewParty("Other"))

    def add_location(self, *, well: bool) -> object:
        by, said = NamedBy(code="DEPOT"), NewLocation("Depot", "SHOP" if well else "NOBODY")
        return places.add_location(self.db, self.plant.issuer, self.call, by, said)

    def edit_location(self, *, well: bool) -> object:
        place_id = self.place.id if well else 999
        return places.edit_location(self.db, self.plant.issuer, self.call, place_id, NewLocation("Other"))

    def add_customer(self, *, well: bool) -> object:
        contact = self.contact if well else Contact()
        return customers.add_customer(self.db, self.plant.issuer, self.call, contact)

    def set_contact(self, *, well: bool) -> object:
        name = self.customer if well else "C-0000000000"
        return customers.set_contact(self.db, self.plant.issuer, self.call, name, Contact(phone="0815"))

    def erase_contact(self, *, well: bool) -> object:
        name = self.customer if well else "C-0000000000"
        return customers.erase_contact(self.db, self.plant.issuer, self.call, name, REASON)

    def sell(self, *, well: bool) -> object:
        request = SaleRequest((self.goods[1 if well else 0],))
        return sales.sell(self.db, self.plant.issuer, self.call, request)

    def exchange(self, *, well: bool) -> object:
        request = ExchangeRequest(self.goods[0 if well else 2], self.goods[3], "R-1", reason=REASON)
        return returns.exchange(self.db, self.plant.issuer, self.call, request)

    def take_back(self, *, well: bool) -> object:
        request = CustomerReturnRequest(self.goods[2], "R-2", reason=REASON, already_happened=well)
        return returns.take_back(self.db, self.plant.issuer, self.call, request)

    def open_complaint(self, *, well: bool) -> object:
        asked = ComplaintRequest(self.goods[0], "damaged", "minor", "bent", follows=None if well else 999)
        return complaints.open_complaint(self.db, self.plant.issuer, self.call, asked)

    def move_complaint(self, *, well: bool) -> object:
        progress = Progress("closed", "minor", "carol", "bent back" if well else None)
        return complaints.move_complaint(self.db, self.call, self.complaint_id, progress)

    def set_warranty(self, *, well: bool) -> object:
        return sales.set_warranty(self.db, self.call, self.product.code, 24 if well else 0)

    def define_test(self, *, well: bool) -> object:
        made = NewTest("Look", words=("good",))
        return quality.define_test(self.db, self.call, self.product.code if well else "NOBODY", made)

    def begin_tests(self) -> None:
        """A lot whose units are tested, as it is itself; another one whose unit began when it had been tested."""
        plant = self.plant
        whole = NewTest("Sterile", per="lot", words=("yes",))
        self.tested, self.early = plant.lot(plant.product()), plant.lot(plant.product())
        for lot, test in ((self.tested, NewTest("Torque")), (self.tested, whole), (self.early, whole)):
            quality.define_test(plant.db, plant.call(), lot.product_code, test)
        self.measure("Sterile", "yes", lot_id=self.early.id)
        self.unit, other = self.begun(self.tested, 2)
        self.begun(self.early, 1)
        (self.record,) = self.measure("Torque", "1", units=(other,))
        asked = overriding.OverrideRequest(REASON, (self.unit,))
        self.overrides = [overriding.ask_override(plant.db, plant.call(), asked).id for _ in range(2)]
        begin = (self.tested.id, self.record.report)
        self.sweep_id = plant.db.write(lambda conn: sweeps.begin(conn, plant.call(), begin[0], report=begin[1]))

    def begun(self, lot: Any, count: int) -> list[str]:
        serials = self.plant.serials(self.plant.issue(lot, count))
        epcs = [f"https://id.gs1.org/01/{lot.product_code}/21/{serial}" for serial in serials]
        of_lot = (lot.lot.number, date(2026, 11, 20), None, None)
        event = commissioning_event(self.plant.call().at, epcs, Why("commissioning", "active"), of_lot)
        capturing.capture(self.plant.db, self.plant.issuer, self.plant.call(), (event,), own=True)
        return epcs

    def measure(self, test: str, value: str, **of: Any) -> Any:
        report = quality.Report((quality.Measured(test, value),), **of)
        return quality.record_tests(self.plant.db, self.plant.issuer, self.plant.call(), report)

    def record_tests(self, *, well: bool) -> object:
        report = quality.Report((quality.Measured("Torque" if well else "Colour", "1"),), (self.unit,))
        return quality.record_tests(self.db, self.plant.issuer, self.call, report)

    def correct_record(self, *, well: bool) -> object:
        right = quality.Correction("2", REASON)
        record_id = self.record.id if well else 999
        return quality.correct_record(self.db, self.plant.issuer, self.call, record_id, right)

    def ask_override(self, *, well: bool) -> object:
        asked = overriding.OverrideRequest(REASON, (self.unit,) if well else ())
        return overriding.ask_override(self.db, self.call, asked)

    def approve_override(self, *, well: bool) -> object:
        override_id = self.overrides[0] if well else 999
        return overriding.approve_override(self.db, self.plant.issuer, self.call, override_id)

    def refuse_override(self, *, well: bool) -> object:
        return overriding.refuse_override(self.db, self.call, self.overrides[1] if well else 999, REASON)

    def set_tracking(self, *, well: bool) -> object:
        lot = self.tested if well else self.lot
        return gating.set_tracking(self.db, self.call, lot.id, gated=True)

    def sweep_some(self, *, well: bool) -> object:
        return assessing.sweep_some(self.db, self.plant.issuer, self.call, self.sweep_id if well else 999)

    def assess_begun(self, *, well: bool) -> object:
        lot_id = self.early.id if well else 999
        return assessing.assess_begun(self.db, self.plant.issuer, self.call, lot_id)


#: Use case -> what it writes: action, whether there is something before and after, the reason.
ENTRIES: Mapping[str, tuple[str, bool, bool, str | None]] = {
    "add_key": ("key.add", False, True, None),
    "revoke_key": ("key.revoke", True, False, None),
    "add_user": ("user.add", False, True, None),
    "set_password": ("user.password", False, True, None),
    "disable_user": ("user.disable", False, True, None),
    "enable_user": ("user.enable", False, True, None),
    "set_role": ("user.role", True, True, None),
    "sign_out": ("user.sign_out", False, False, None),
    "add_product": ("product.add", False, True, None),
    "add_link": ("product.link", False, True, None),
    "remove_link": ("product.unlink", True, False, None),
    "add_scheme": ("product.scheme", True, True, None),
    "open_lot": ("lot.open", False, True, None),
    "edit_lot": ("lot.edit", True, True, None),
    "issue": ("batch.issue", False, True, None),
    "issue_units": ("batch.issue", False, True, None),
    "use_series": ("sscc.use", False, True, None),
    "return_numbers": ("batch.return", False, True, REASON),
    "labels": ("batch.download", False, True, None),
    "add_format": ("label_format.add", True, True, None),
    "add_printer": ("printer.add", False, True, None),
    "edit_printer": ("printer.edit", True, True, None),
    "harden": ("printer.harden", False, True, None),
    "certify": ("printer.certify", False, True, None),
    "add_connection": ("connection.add", False, True, None),
    "remove_connection": ("connection.remove", True, False, None),
    "send_again": ("connection.redeliver", True, True, None),
    "add_webhook": ("webhook.add", False, True, None),
    "remove_webhook": ("webhook.remove", True, False, None),
    "redeliver": ("webhook.redeliver", True, True, None),
    "arrive": ("station.clock", False, True, None),
    "claim": ("station.claim", False, True, None),
    "report": ("station.boot", False, True, None),
    "release": ("station.release", True, False, REASON),
    "ask_reprint": ("reprint.ask", False, True, "torn"),
    "approve_reprint": ("reprint.approve", False, True, "torn"),
    "refuse_reprint": ("reprint.refuse", False, True, REASON),
    "set_reprint_policy": ("product.reprint-policy", True, True, None),
    "cancel_job": ("job.cancel", True, False, REASON),
    "resolve_job": ("job.resolve", True, True, REASON),
    "mark_restored": ("installation.restored", False, True, None),
    "move_numbers": ("batch.spoil", False, True, REASON),
    "verify_scan": ("label.scan", False, True, None),
    "set_sampling": ("lot.sampling", True, True, None),
    "declare": ("lot.declare", False, True, REASON),
    "take_finding": ("finding.take", False, True, None),
    "close_finding": ("finding.close", False, True, REASON),
    "add_party": ("party.add", False, True, None),
    "edit_party": ("party.edit", True, True, None),
    "add_location": ("location.add", False, True, None),
    "edit_location": ("location.edit", True, True, None),
    "close_lot": ("lot.close", False, True, REASON),
    "capture": ("event.capture", False, True, None),
    "accept": ("capture.accept", False, True, None),
    "capture_event": ("event.capture", False, True, None),
    "add_query": ("query.add", False, True, None),
    "remove_query": ("query.remove", True, False, None),
    "add_subscription": ("subscription.add", False, True, None),
    "remove_subscription": ("subscription.remove", True, False, None),
    "commission_range": ("batch.commission", False, True, None),
    "scan": ("unit.scan", False, True, None),
    "close_signal": ("unit.suspect", True, True, REASON),
    "define_test": ("product.test", False, True, None),
    "record_tests": ("test.record", False, True, None),
    "correct_record": ("test.correct", True, True, REASON),
    "ask_override": ("override.ask", False, True, REASON),
    "approve_override": ("override.approve", False, True, REASON),
    "refuse_override": ("override.refuse", False, True, REASON),
    "set_tracking": ("lot.tracking", True, True, None),
    "sweep_some": ("lot.assess", False, True, None),
    "assess_begun": ("lot.assess", False, True, None),
    "set_category": ("product.category", True, True, None),
    "count": ("location.count", False, True, None),
    "add_customer": ("customer.add", False, True, None),
    "set_contact": ("customer.contact", True, True, None),
    "erase_contact": ("customer.erase", True, False, REASON),
    "sell": ("sale.add", False, True, None),
    "exchange": ("exchange.add", False, True, REASON),
    "take_back": ("customer-return.add", False, True, REASON),
    "open_complaint": ("complaint.open", False, True, None),
    "move_complaint": ("complaint.move", True, True, None),
    "open_recall": ("recall.drill", False, True, REASON),
    "ask_lift": ("recall.lift_ask", False, True, REASON),
    "approve_lift": ("recall.lift", True, True, REASON),
    "take_step": ("recall.notice", True, True, REASON),
    "set_warranty": ("product.warranty", True, True, None),
}


#: Transactions beside: a printer's lease is taken and given back; numbers that were taken back are looked for;
#: a recall notes how far it has come.
LEASED = {"certify": 2, "commission_range": 1, "open_recall": 4}


def use_cases_that_change() -> set[str]:
    """Name every public function of a use case's module that takes the database and a call."""
    names = []
    for package in (
        labelsvc.access,
        labelsvc.issuing,
        labelsvc.printing,
        labelsvc.printing.stations,
        labelsvc.printing.webhooks,
        labelsvc.tracking,
        labelsvc.tracking.recalls,
    ):
        names += [found.name for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")]
    return {
        name
        for module in map(importlib.import_module, names)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and {"db", "call"} <= inspect.signature(function).parameters.keys()
    }


def test_no_use_case_is_missing_here() -> None:
    """A new one must say what its entry is."""
    assert use_cases_that_change() == ENTRIES.keys()


def test_a_change_is_one_entry_in_its_own_transaction(plant: Any, subtests: pytest.Subtests) -> None:
    """Who, when, what, before, after, why; there is one transaction, so entry and change are kept together or not."""
    walk = Walk(plant)
    for name, (action, has_before, has_after, reason) in ENTRIES.items():
        with subtests.test(name=name):
            walk.db.writes = 0
            before = plant.tables()
            getattr(walk, name)(well=True)
            after = plant.tables()
            assert walk.db.writes == 1 + LEASED.get(name, 0)
            assert len(after["audit"]) == len(before["audit"]) + 1
            if name not in ("labels", "harden"):  # a download changes nothing else, and the other a printer
                assert {table for table in after if after[table] != before[table]} > {"audit"}
            entry = plant.audit()[-1]
            assert (entry["action"], entry["reason"]) == (action, reason)
            assert (entry["before"] is not None, entry["after"] is not None) == (has_before, has_after)
            assert (entry["actor_kind"], entry["actor_id"], entry["at"]) == ("key", "auditor", walk.call.at)
            assert entry["subject"].partition(":")[0] == action.partition(".")[0]
            assert entry["subject"].partition(":")[2]


def test_what_is_refused_is_no_entry_and_no_change(plant: Any, subtests: pytest.Subtests) -> None:
    """Every table is as before."""
    walk = Walk(plant)
    before = plant.tables()
    for name in ENTRIES:
        with subtests.test(name=name):
            with pytest.raises(LabelsvcError):
                getattr(walk, name)(well=False)
            assert plant.tables() == before


def test_what_was_answered_before_is_no_second_entry(plant: Any) -> None:
    """The same key again changes nothing."""
    walk = Walk(plant)
    again = (
        walk.issue,
        walk.issue_units,
        walk.resolve_job,
        walk.move_numbers,
        walk.declare,
        walk.ask_reprint,
        walk.approve_reprint,
        walk.add_customer,
        walk.sell,
        walk.exchange,
        walk.take_back,
        walk.open_complaint,
    )
    first = [use_case(well=True) for use_case in again]
    before = plant.tables()
    walk.call = replace(walk.call, at=walk.call.at + timedelta(days=1))
    assert [use_case(well=True) for use_case in again] == first
    assert plant.tables() == before


def test_an_entry_goes_with_a_change_that_fails_to_commit(plant: Any) -> None:
    """Should anything go wrong after the entry was written, neither it nor the change is there."""
    walk = Walk(plant)
    before = plant.tables()
    inner = walk.db.write

    def failing(work: Callable[[Any], Any]) -> Any:
        def all_but_the_end(conn: Any) -> Any:
            work(conn)
            raise RuntimeError("the power went")

        return inner(all_but_the_end)

    walk.db.write = failing
    for name in ENTRIES:
        with pytest.raises(RuntimeError, match="the power went"):
            getattr(walk, name)(well=True)
        assert plant.tables() == before, name


def test_entries_say_what_changed(plant: Any) -> None:
    """In the words of the one who reads them later."""
    walk = Walk(plant)
    walk.edit_lot(well=True)
    entry = plant.audit("lot.edit")[-1]
    number = walk.lot.lot.number
    assert entry["subject"] == f"lot:{walk.lot.id}"
    dates = {"number": number, "production_date": "2026-11-20", "expiry_date": "2028-11-19", "best_before": None}
    assert entry["before"] == dates
    assert entry["after"] == dates | {"production_date": "2026-11-19", "expiry_date": None}
    walk.issue(well=True)
    assert plant.audit("batch.issue")[-1]["after"] == {"lot": walk.lot.id, "quantity": 5, "first": 35}
