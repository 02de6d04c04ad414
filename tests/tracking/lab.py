"""A laboratory for the tests: a product with tests, a lot with units, and people who measure."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from labelsvc.domain.units.testing import NewTest
from labelsvc.tracking import gating, overriding, quality, scanning
from labelsvc.tracking.overriding import OverrideRequest
from labelsvc.tracking.quality import Correction, Measured, Report
from labelsvc.tracking.scanning import Scan
from tests.tracking.happenings import BEGIN, Books, begun

TORQUE = NewTest("Torque", lower=Decimal("1.20"), upper=Decimal("1.40"), uom="N m")
LOOK = NewTest("Look", words=("good",))
STERILE = NewTest("Sterile", per="lot", words=("yes",))


class Lab:
    """Units of a lot, an hour between one thing and the next."""

    def __init__(self, plant: Any, *tests: NewTest, units: int = 3, gated: bool = True) -> None:
        self.plant, self.books = plant, Books(plant)
        self.product = plant.product()
        for test in tests:
            quality.define_test(plant.db, plant.call(), self.product.code, test)
        self.lot = plant.lot(self.product, number="L-7")
        self.hours = 1.0
        self.epcs: list[str] = []
        if units:
            self.begin(units)
        if gated:
            gating.set_tracking(plant.db, self.call(), self.lot.id, gated=True)

    def begin(self, count: int) -> list[str]:
        """Commission more units of the lot."""
        batch = self.plant.issue(self.lot, count)
        epcs = [f"https://id.gs1.org/01/{self.product.code}/21/{each}" for each in self.plant.serials(batch)]
        self.hours += 1
        self.books.capture(begun(self.hours, *epcs, lot="L-7"))
        self.epcs += epcs
        return epcs

    def call(self, client: str = "anna", key: str | None = None) -> Any:
        """Return a request of somebody, an hour after the last one."""
        self.hours += 1
        return self.plant.call(key, client=client, at=BEGIN + timedelta(hours=self.hours))

    def test(self, *units: int, call: Any = None, at: Any = None, **values: str) -> Any:
        """Record values of units, by the names of the tests; without units of the lot."""
        results = tuple(Measured(name, value) for name, value in values.items())
        epcs = tuple(self.epcs[each] for each in units)
        report = Report(results, epcs, None if units else self.lot.id, "TQ-1", "Bob", at)
        return quality.record_tests(self.plant.db, self.plant.issuer, call or self.call(), report)

    def correct(self, record: int, value: str | None, reason: str = "read off the wrong scale") -> Any:
        """Say that a record is wrong."""
        right = Correction(value, reason)
        return quality.correct_record(self.plant.db, self.plant.issuer, self.call(), record, right)

    def override(self, *units: int, by: tuple[str, str] = ("anna", "berta")) -> Any:
        """Have one person ask for an override, another approve it; without units of the lot."""
        epcs = tuple(self.epcs[each] for each in units)
        asked = OverrideRequest("the customer takes them as they are", epcs, None if units else self.lot.id)
        made = overriding.ask_override(self.plant.db, self.call(by[0]), asked)
        return overriding.approve_override(self.plant.db, self.plant.issuer, self.call(by[1]), made.id)

    def scan(self, what: int | str, intent: str = "ship", **more: Any) -> Any:
        """Scan a unit, or a text."""
        epc = self.epcs[what] if isinstance(what, int) else what
        asked = Scan(epc.encode(), intent, **more)  # type: ignore[arg-type]
        return scanning.scan(self.plant.db, self.plant.issuer, self.call("warehouse"), asked)

    def tried(self, what: int | str, intent: str = "ship", **more: Any) -> tuple[str, tuple[str, ...]]:
        """Scan; return what came of it."""
        answer = self.scan(what, intent, **more)
        return answer.result, answer.findings

    def qualities(self) -> list[str | None]:
        """Return what the tests of each unit have shown."""
        return [one.quality for one in self.books.standings(*self.epcs)]
