"""/inventory, /pick-list, /cycle-counts: what is where, what to take first, and whether that is true."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from labelsvc.tracking import inventory
from labelsvc.web.auth import call, role
from labelsvc.web.house import house
from labelsvc.web.models.base import IdempotencyHeaders
from labelsvc.web.models.inventory import (
    CategoryIn,
    CountIn,
    CountOut,
    CountPage,
    CountShown,
    Difference,
    PickList,
    PickOut,
    PickQuery,
    Stock,
    StockLine,
    StockQuery,
)
from labelsvc.web.paths import created

bp = APIBlueprint(
    "inventory",
    __name__,
    url_prefix="/api/v1",
    tag={"name": "inventory", "description": "What is where, now and at any time in the past."},
)


@bp.get("/inventory")
@role("warehouse", "retail", "qa")
@bp.input(StockQuery, location="query", arg_name="asked")
@bp.output(Stock)
@bp.doc(operation_id="getInventory")
def get_inventory(asked: StockQuery) -> Any:
    """Count units by product, category, lot, state and location, with all that they are inside."""
    now = house().now()
    lines = inventory.stock(house().db, asked.noun(), now)
    shown = [StockLine.of(line) for line in lines]
    return Stock(at=asked.at or now, total=sum(line.count for line in lines), lines=shown)


@bp.get("/pick-list")
@role("warehouse", "retail", "qa")
@bp.input(PickQuery, location="query", arg_name="asked")
@bp.output(PickList)
@bp.doc(operation_id="getPickList")
def get_pick_list(asked: PickQuery) -> Any:
    """Say which units to take: first expired, first out; none that may not be sold."""
    wanted = inventory.Filter(product=asked.product, location=asked.location)
    picks = inventory.pick_list(house().db, wanted, asked.quantity, house().now())
    return PickList(asked=asked.quantity, picks=[PickOut.of(pick) for pick in picks])


@bp.post("/cycle-counts")
@role("warehouse", "retail", "qa")
@bp.input(IdempotencyHeaders, location="headers", arg_name="headers")
@bp.input(CountIn, arg_name="body")
@bp.output(CountOut, status_code=201)
@bp.doc(operation_id="countLocation")
def count_location(headers: IdempotencyHeaders, body: CountIn) -> Any:
    """Compare what was seen at a location with the books; differences become findings."""
    counted = inventory.count(house().db, house().issuer, call(headers.idempotency_key), body.noun())
    return created(CountOut.of(counted), f"/api/v1/cycle-counts/{counted.id}")


@bp.get("/cycle-counts/<whole:count_id>")
@role("warehouse", "retail", "qa")
@bp.input(CountPage, location="query", arg_name="page")
@bp.output(CountShown)
@bp.doc(operation_id="getCycleCount")
def get_cycle_count(count_id: int, page: CountPage) -> Any:
    """Show what differed in a count."""
    counted, location, found = inventory.get_count(house().db, count_id, page.after, page.limit)
    items = [Difference(epc=epc, kind=kind) for _, epc, kind in found]
    following = found[-1][0] if len(found) == page.limit else None
    return CountShown(
        id=count_id, location=location, expected=counted.expected, seen=counted.seen, items=items, next=following
    )


@bp.put("/products/<code>/category")
@role("qa")
@bp.input(CategoryIn, arg_name="body")
@bp.output({}, status_code=204)
@bp.doc(operation_id="setCategory")
def set_category(code: str, body: CategoryIn) -> Any:
    """Say what a product is sorted under."""
    inventory.set_category(house().db, call(), code, body.category)
    return "", 204
