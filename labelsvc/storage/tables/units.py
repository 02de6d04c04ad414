"""Tables of units: the events, the things that they name, what held after each, and what is wrong."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from labelsvc.storage.tables.metadata import metadata
from labelsvc.storage.types import BigKey, Instant, Json

#: Who: by GLN or an own code, canonical. A party that an event names and nobody registered has no name.
parties = Table(
    "parties",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("uri", String(200), nullable=False, unique=True),
    Column("name", String(200)),
    Column("contact", String(200)),
    Column("created_at", Instant, nullable=False),
)

#: Where: by GLN or an own code, canonical. Degrees, WGS 84, tell how fast a thing would have had to be.
locations = Table(
    "locations",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("uri", String(200), nullable=False, unique=True),
    Column("name", String(200)),
    Column("party_id", BigInteger, ForeignKey("parties.id")),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("created_at", Instant, nullable=False),
)

#: Documents that were handed in, and how far they have come: waiting, taking, done. `document` is JSON, compressed, and
#: emptied once its events are in the books. `done` of `total` events were looked at; `wrong` of them are not taken, the
#: first of which `errors` names. `claimed_until`: a process is at it. `tries` since it last came on.
captures = Table(
    "captures",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("name", String(36), nullable=False, unique=True),
    Column("actor_kind", String(8), nullable=False),
    Column("actor_id", String(80), nullable=False),
    Column("behaviour", String(8), nullable=False),
    Column("state", String(8), nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("wrong", Integer, nullable=False),
    Column("errors", Json, nullable=False),
    Column("document", LargeBinary),
    Column("tries", Integer, nullable=False),
    Column("claimed_until", Instant),
    Column("created_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Index("ix_captures_state", "state"),
    Index("ix_captures_actor", "actor_kind", "actor_id", "id"),
)

#: EPCIS events, whole and as they were received. `hash` (CBV) and `declaration` (of its error declaration, or "") make
#: it the one it is. `future`: its time lay ahead of the clock that recorded it. `own`: this installation made it.
#: `accepted`: a person said that it did happen. `error`: a declaration says that it is wrong. `sweeps`: it takes
#: all out of its parent. What moves units stands in columns, so that a unit is folded without a body being read.
events = Table(
    "events",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("hash", String(64), nullable=False),
    Column("declaration", String(64), nullable=False),
    Column("event_id", String(500), nullable=False),
    Column("type", String(200), nullable=False),
    Column("action", String(8)),
    Column("biz_step", String(200)),
    Column("disposition", String(200)),
    Column("read_point_id", BigInteger, ForeignKey("locations.id")),
    Column("biz_location_id", BigInteger, ForeignKey("locations.id")),
    Column("parent_id", BigInteger),
    Column("holder_id", BigInteger, ForeignKey("parties.id")),
    Column("sets", Text, nullable=False),
    Column("unsets", Text, nullable=False),
    Column("lot", String(200)),
    Column("expiry", Date),
    Column("sweeps", Boolean, nullable=False),
    Column("event_time", Instant, nullable=False),
    Column("time_offset", String(6), nullable=False),
    Column("record_time", Instant, nullable=False),
    Column("future", Boolean, nullable=False),
    Column("own", Boolean, nullable=False),
    Column("error", Boolean, nullable=False, server_default=false()),
    Column("accepted", Boolean, nullable=False, server_default=false()),
    Column("context", Text),
    Column("body", Text, nullable=False),
    Column("capture_id", BigInteger, ForeignKey("captures.id")),
    Column("actor_kind", String(8), nullable=False),
    Column("actor_id", String(80), nullable=False),
    UniqueConstraint("hash", "declaration"),
    Index("ix_events_event_id", "event_id"),
    Index("ix_events_parent_id", "parent_id", "sweeps"),
    Index("ix_events_event_time", "event_time"),
    Index("ix_events_record_time", "record_time"),
    Index("ix_events_type", "type"),
    Index("ix_events_biz_step", "biz_step"),
    Index("ix_events_disposition", "disposition"),
    Index("ix_events_read_point_id", "read_point_id"),
    Index("ix_events_biz_location_id", "biz_location_id"),
)

#: What else an event names (quantities, parties, transactions), so that it is found by them. `name`: epcClass,
#: source_<type>, destination_<type>, bizTransaction_<type>, transformationID, eventID of a correction.
event_terms = Table(
    "event_terms",
    metadata,
    Column("event_id", BigInteger, ForeignKey("events.id"), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("value", String(500), primary_key=True),
    Index("ix_event_terms_value", "name", "value"),
)

#: Every EPC that an event names: who it is, and how it stands after its latest event. `unknown`: only heard of.
#: (`range_id`, `ordinal`): the number granted here.
units = Table(
    "units",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("epc", String(200), nullable=False, unique=True),
    Column("product_id", BigInteger, ForeignKey("products.id")),
    Column("lot_id", BigInteger, ForeignKey("lots.id")),
    Column("range_id", BigInteger, ForeignKey("ranges.id")),
    Column("ordinal", BigInteger),
    Column("state", String(16), nullable=False),
    Column("since", Instant),
    Column("dispositions", Text, nullable=False),
    Column("quality", String(16)),
    Column("location_id", BigInteger, ForeignKey("locations.id")),
    Column("parent_id", BigInteger, ForeignKey("units.id")),
    Column("bond", String(16)),
    Column("holder_id", BigInteger, ForeignKey("parties.id")),
    Column("lot", String(200)),
    Column("expiry", Date),
    Column("last_at", Instant),
    Column("last_hash", String(64)),
    Index("ix_units_lot_id", "lot_id", "quality"),
    Index("ix_units_product_id", "product_id", "state"),
    Index("ix_units_parent_id", "parent_id"),
    Index("ix_units_location_id", "location_id", "state"),
    Index("ix_units_number", "range_id", "ordinal"),
)

#: Which units an event names, as what, and what held of each after it.
unit_events = Table(
    "unit_events",
    metadata,
    Column("unit_id", BigInteger, ForeignKey("units.id"), primary_key=True),
    Column("event_id", BigInteger, ForeignKey("events.id"), primary_key=True),
    Column("role", String(8), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("state", String(16), nullable=False),
    Column("dispositions", Text, nullable=False),
    Column("location_id", BigInteger),
    Column("parent_id", BigInteger),
    Column("holder_id", BigInteger),
    Column("finding", String(32)),
    Index("ix_unit_events_event_id", "event_id"),
    Index("ix_unit_events_parent_id", "parent_id"),
    sqlite_with_rowid=False,
)

#: What is wrong with an event of units: `code` is the rule that it breaks for `count` of them; somebody owns it and
#: closes it: `accepted` (it did happen), `dismissed`, or it went away by itself (`lapsed`).
findings = Table(
    "findings",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("event_id", BigInteger, ForeignKey("events.id"), nullable=False),
    Column("code", String(32), nullable=False),
    Column("count", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("owner", String(80)),
    Column("reason", String(500)),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("closed_by", String(80)),
    UniqueConstraint("event_id", "code"),
    Index("ix_findings_state", "state"),
)

#: How the units of a lot begin, and since when their tests stand before the market; a lot without a row is `confirmed`.
lot_tracking = Table(
    "lot_tracking",
    metadata,
    Column("lot_id", BigInteger, ForeignKey("lots.id"), primary_key=True),
    Column("commission_on", String(10), nullable=False),
    Column("gated_since", Instant),
)

#: Numbers that became units, as intervals of ordinals, so that none is commissioned twice.
commissioned = Table(
    "commissioned",
    metadata,
    Column("range_id", BigInteger, ForeignKey("ranges.id"), primary_key=True),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
    Column("event_id", BigInteger, ForeignKey("events.id"), nullable=False),
)
