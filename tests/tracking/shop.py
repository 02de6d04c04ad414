"""A shop for the tests: units of a lot, commissioned, and short ways to sell them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from labelsvc.domain.customers import Contact, Customer
from labelsvc.domain.sales import CustomerReturnRequest, ExchangeRequest, SaleRequest, When
from labelsvc.tracking import customers, returns, sales
from tests.tracking.happenings import BEGIN, HOME, Books, begun

ANNA = Contact("Anna Holt", "anna@example.com", "+49 30 123456", "Am Markt 1\n10115 Berlin")
DAY = timedelta(days=1)


class Shop:
    """A lot of units, and somebody who sells them ten days later."""

    def __init__(self, books: Books, quantity: int = 5, months: int | None = 24) -> None:
        self.books, self.plant = books, books.plant
        self.product = self.plant.product()
        if months is not None:
            sales.set_warranty(self.plant.db, self.plant.call(), self.product.code, months)
        self.lot = self.plant.lot(self.product, expiry_date=date(2028, 11, 19))
        self.batch = self.plant.issue(self.lot, quantity)
        self.serials = self.plant.serials(self.batch)
        self.epcs = [f"https://id.gs1.org/01/{self.product.code}/21/{serial}" for serial in self.serials]
        books.capture(begun(0, *self.epcs, lot=self.lot.lot.number, biz_location=HOME))

    def text(self, n: int) -> str:
        """Return what a scanner sends of a label."""
        return f"]d201{self.product.code}21{self.serials[n]}"

    def call(self, key: str | None = None, days: float = 10) -> Any:
        return self.plant.call(key, client="till 1", at=BEGIN + timedelta(days=days))

    def customer(self, contact: Contact | None = ANNA) -> Customer:
        return customers.add_customer(self.plant.db, self.plant.issuer, self.call(), contact)

    def sell(self, *labels: int, key: str | None = None, days: float = 10, **more: Any) -> Any:
        when = When(more.pop("at", None), more.pop("location", None))
        request = SaleRequest(tuple(map(self.text, labels)), when=when, **more)
        return sales.sell(self.plant.db, self.plant.issuer, self.call(key, days), request)

    def take_back(self, label: int, key: str | None = None, days: float = 20, **more: Any) -> Any:
        request = CustomerReturnRequest(self.text(label), "R-1", **more)
        return returns.take_back(self.plant.db, self.plant.issuer, self.call(key, days), request)

    def exchange(self, old: int, new: int, key: str | None = None, days: float = 21, **more: Any) -> Any:
        request = ExchangeRequest(self.text(old), self.text(new), "R-1", **more)
        return returns.exchange(self.plant.db, self.plant.issuer, self.call(key, days), request)
