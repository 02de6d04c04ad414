"""A plant whose units are called back."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.customers import Contact
from labelsvc.domain.outcomes import Interval
from labelsvc.domain.recalls import Recall, Scope
from labelsvc.storage import batches, outcomes
from labelsvc.tracking import customers
from labelsvc.tracking.recalls import balancing, going_on, lifting, opening, telling, tracing
from labelsvc.tracking.recalls.opening import RecallRequest
from tests.tracking.happenings import BEGIN, Books, begun


class Recalling(Books):
    """A plant's units, and what is done to call them back; the clock stands a month after the beginning."""

    now = BEGIN + timedelta(days=30)

    def clock(self) -> datetime:
        """Return the time, which goes on by a second with every look."""
        self.now += timedelta(seconds=1)
        return self.now

    def lot_of(self, count: int, out: int | None = None, **more: Any) -> tuple[Any, list[str]]:
        """Issue a batch of a new lot and commission its first `out` labels; return both, with all EPCs."""
        batch = self.plant.issue(self.plant.lot(), count, **more)
        epcs = self.epcs(batch)
        some = epcs[: count if out is None else out]
        if some:
            self.confirm(batch, 1, len(some))
            self.capture(begun(0, *some, lot=batch.lot_number))
        return batch, epcs

    def epcs(self, batch: Any) -> list[str]:
        """Return the EPCs of a batch in the order of its labels."""
        return [f"https://id.gs1.org/01/{batch.product_code}/21/{serial}" for serial in self.plant.serials(batch)]

    def confirm(self, batch: Any, first: int, last: int, outcome: Any = "confirmed") -> None:
        """Say what became of labels of a batch; counted from 1."""
        with self.plant.db.read() as conn:
            row = batches.get(conn, batch.id)
        said = Interval(row.first + first - 1, row.first + last - 1, outcome, "echoed")
        self.plant.db.write(lambda conn: outcomes.append(conn, self.plant.call(), row.range_id, said))

    def open(self, *, drill: bool = False, client: str = "olga", key: str | None = None, **scope: Any) -> Recall:
        """Call back what a scope names."""
        request = RecallRequest("Glass", "splinters in the bottle", Scope(**scope), drill)
        call = replace(self.plant.call(key, client=client), at=self.clock())
        return opening.open_recall(self.plant.db, self.plant.issuer, call, request, self.clock)

    def look(self, recall_id: int) -> Recall:
        """Let a recall go on."""
        going_on.go_on(self.plant.db, self.plant.issuer, going_on.ACTOR, recall_id, self.clock)
        return opening.get_recall(self.plant.db, recall_id)

    def lift(self, recall_id: int, *, asked: str = "olga", approved: str = "piet") -> Recall:
        """Lift a recall."""
        lifting.ask_lift(self.plant.db, self.by(asked), recall_id, "it was another lot")
        lifting.approve_lift(self.plant.db, self.by(approved), recall_id)
        return self.look(recall_id)

    def by(self, name: str) -> Call:
        """Return a request of a person."""
        return Call(Actor("user", name), self.clock())

    def balance(self, recall_id: int, **more: Any) -> Any:
        """Add up."""
        return balancing.balance(self.plant.db, recall_id, self.now, **more)

    def trace(self, recall_id: int, direction: Any = "forward") -> list[dict[str, str]]:
        """Return the lines of a trace."""
        body = b"".join(tracing.trace(self.plant.db, recall_id, direction).body)
        return list(csv.DictReader(body.decode().splitlines()))

    def notices(self, recall_id: int) -> dict[str, tuple[int, str]]:
        """Return who is to be told: how many units they had, and how far that is."""
        found = telling.list_notices(self.plant.db, recall_id, None, (0, 200)).items
        return {one.whom: (one.units, one.latest.state) for one in found}

    def customer(self) -> str:
        """Return the pseudonym of a new customer with an address."""
        contact = Contact(email="jan@example.com")
        return customers.add_customer(self.plant.db, self.plant.issuer, self.plant.call(), contact).name

    def recalled(self, epcs: Sequence[str]) -> list[bool]:
        """Return which units are called back by their own words."""
        return [self.standing(epc).recalled for epc in epcs]


@pytest.fixture
def books(plant: Any) -> Recalling:
    """Its units."""
    return Recalling(plant)
