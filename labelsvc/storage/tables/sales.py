"""Tables of sales: customers by pseudonym, who they are (which can be erased), what they bought and brought back."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from labelsvc.storage.tables.metadata import metadata
from labelsvc.storage.types import BigKey, Instant

#: Who bought something, by a pseudonym that says nothing of them; never deleted.
customers = Table(
    "customers",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("name", String(16), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
)

#: The person behind a pseudonym. Personal data of customers stand here and nowhere else; erasing them deletes the row.
customer_contacts = Table(
    "customer_contacts",
    metadata,
    Column("customer_id", BigInteger, ForeignKey("customers.id"), primary_key=True),
    Column("name", String(200)),
    Column("email", String(254)),
    Column("phone", String(40)),
    Column("address", String(500)),
    Column("updated_at", Instant, nullable=False),
)

#: For how many months a product is warranted, from the day of its sale on; a product without a row is not.
warranty_terms = Table(
    "warranty_terms",
    metadata,
    Column("product_id", BigInteger, ForeignKey("products.id"), primary_key=True),
    Column("months", Integer, nullable=False),
)

#: One unit to one customer, who may be unknown (NULL). `warranty_until`: the last day, frozen at the sale.
sales = Table(
    "sales",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("unit_id", BigInteger, ForeignKey("units.id"), nullable=False),
    Column("event_id", BigInteger, ForeignKey("events.id"), nullable=False),
    Column("customer_id", BigInteger, ForeignKey("customers.id")),
    Column("sold_at", Instant, nullable=False),
    Column("warranty_until", Date),
    Column("channel", String(40)),
    Column("party_id", BigInteger, ForeignKey("parties.id")),
    Column("invoice", String(200)),
    Column("actor_kind", String(8), nullable=False),
    Column("actor_id", String(80), nullable=False),
    UniqueConstraint("unit_id", "event_id"),
    Index("ix_sales_customer_id", "customer_id"),
    Index("ix_sales_event_id", "event_id"),
)

#: What a customer brought back; `sale_id` NULL: it was not sold through us.
customer_returns = Table(
    "customer_returns",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("unit_id", BigInteger, ForeignKey("units.id"), nullable=False),
    Column("event_id", BigInteger, ForeignKey("events.id"), nullable=False),
    Column("sale_id", BigInteger, ForeignKey("sales.id")),
    Column("rma", String(200), nullable=False),
    Column("reason", String(500)),
    Column("returned_at", Instant, nullable=False),
    Column("actor_kind", String(8), nullable=False),
    Column("actor_id", String(80), nullable=False),
    Index("ix_customer_returns_unit_id", "unit_id"),
)

#: An old unit and the one that took its place; `event_id` is the one that replaced the old.
exchanges = Table(
    "exchanges",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("return_id", BigInteger, ForeignKey("customer_returns.id"), nullable=False, unique=True),
    Column("sale_id", BigInteger, ForeignKey("sales.id"), nullable=False, unique=True),
    Column("event_id", BigInteger, ForeignKey("events.id"), nullable=False),
    Column("exchanged_at", Instant, nullable=False),
)
