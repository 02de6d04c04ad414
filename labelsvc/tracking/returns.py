"""Use cases: customers bring units back, and get others in their place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.products import check_name
from labelsvc.domain.sales import CustomerReturn, CustomerReturnRequest, Exchange, ExchangeRequest, body_of
from labelsvc.errors import Conflict, InvalidInput, at
from labelsvc.storage import audit, sales, units
from labelsvc.storage import requests as request_keys
from labelsvc.storage.database import Database
from labelsvc.storage.sales import NewReturn, NewSale
from labelsvc.tracking.pointed import unit_at, units_at
from labelsvc.tracking.sales import STEP as SOLD
from labelsvc.tracking.sales import write_sales
from labelsvc.tracking.selling import keep, observed, party_id
from labelsvc.tracking.units import found

_REASON_AT_MOST = 500
_RETURNED = ("receiving", "returned")
_REPLACED = ("replacing", "unavailable")
#: Between events of one exchange, so that they come one after the other.
_MOMENT = timedelta(milliseconds=1)


def take_back(db: Database, issuer: Issuer, call: Call, request: CustomerReturnRequest) -> CustomerReturn:
    """Take a unit back from the customer who bought it.

    Raises:
        InvalidInput: the text names no unit.
        NotFound: no event ever named the unit.
        Conflict: it is not sold, or another rule is broken, and it is not said that it happened already; the key was
            used before.
    """
    _check_reason(request.reason)
    body = body_of(request)

    def work(conn: Connection) -> CustomerReturn:
        answered = request_keys.claim(conn, call, "customer-returns", body)
        if answered is not None:
            return sales.get_return(conn, answered["return"])
        epc = unit_at(conn, issuer, request.unit, request.product, "/unit")
        if not request.already_happened:
            _check_sold(conn, epc, "/unit")
        return_id = _take_back(conn, issuer, call, epc, request)
        after = {"unit": epc, "rma": request.rma}
        audit.record(
            conn, call, "customer-return.add", f"customer-return:{return_id}", after=after, reason=request.reason
        )
        request_keys.settle(conn, call, "customer-returns", {"return": return_id})
        return sales.get_return(conn, return_id)

    return db.write(work)


def _check_reason(reason: str | None) -> None:
    if reason is not None:
        with at("/reason"):
            check_name(reason, _REASON_AT_MOST)


def _check_sold(conn: Connection, epc: str, pointer: str) -> None:
    with at(pointer):
        state = found(conn, epc).standing.state
        if state != "sold":
            raise Conflict("unit_not_sold", f"Expected a unit that is sold, got one that is {state}.", state=state)


def _take_back(conn: Connection, issuer: Issuer, call: Call, epc: str, request: CustomerReturnRequest) -> int:
    moment = request.when.moment(call.at)
    with at("/rma"):
        event = observed(issuer, (epc,), _RETURNED, request.when, moment, ("rma", request.rma))
    event_id = keep(conn, issuer, call, event, already_happened=request.already_happened)
    unit_id = units.ids_of(conn, (epc,))[epc]
    last = sales.last_of(conn, unit_id)
    sale_id = None if last is None else last.id
    return sales.add_return(conn, call, NewReturn(unit_id, event_id, sale_id, request.rma, request.reason, moment))


def exchange(db: Database, issuer: Issuer, call: Call, request: ExchangeRequest) -> Exchange:
    """Give a customer another unit in place of the one they bought.

    The old one comes back, unless it has, and is replaced; the new one is sold to the same customer. All three events
    name one return, which links both units for others, too: a part of it the new one is not, so no AssociationEvent.

    Raises:
        InvalidInput: a text names no unit, or both name the same.
        NotFound: no event ever named one of them.
        Conflict: the old one was not sold, or a rule is broken; the key was used before.
    """
    _check_reason(request.reason)
    body = body_of(request)

    def work(conn: Connection) -> Exchange:
        answered = request_keys.claim(conn, call, "exchanges", body)
        if answered is not None:
            return _exchange(conn, answered["exchange"], answered["return"], answered["sale"])
        old, new = units_at(conn, issuer, (request.old, request.new), request.product, ("/old", "/new"))
        if old == new:
            raise InvalidInput("unit_twice", "Expected two units, got one twice.", pointer="/new")
        made = _Exchanging(conn, issuer, call, request, old, new).done()
        exchange_id = sales.add_exchange(conn, call, *made)
        return_id, sale_id, _ = made
        after = {"old": old, "new": new, "rma": request.rma, "sale": sale_id, "return": return_id}
        audit.record(conn, call, "exchange.add", f"exchange:{exchange_id}", after=after, reason=request.reason)
        answer = {"exchange": exchange_id, "return": return_id, "sale": sale_id}
        request_keys.settle(conn, call, "exchanges", answer)
        return _exchange(conn, exchange_id, return_id, sale_id)

    return db.write(work)


def _exchange(conn: Connection, exchange_id: int, return_id: int, sale_id: int) -> Exchange:
    return Exchange(exchange_id, sales.get_return(conn, return_id), sales.get(conn, sale_id))


@dataclass(frozen=True, slots=True)
class _Exchanging:
    """One exchange on its way into the books."""

    conn: Connection
    issuer: Issuer
    call: Call
    request: ExchangeRequest
    old: str
    new: str

    def done(self) -> tuple[int, int, int]:
        """Write the events, the return and the sale; give the ids of both and of the event that replaced the old."""
        conn, request = self.conn, self.request
        moment = request.when.moment(self.call.at)
        return_id = self._returned(moment)
        replaced = self._keep(self.old, _REPLACED, moment + _MOMENT)
        sold = self._keep(self.new, SOLD, moment + 2 * _MOMENT)
        last = sales.last_of(conn, units.ids_of(conn, (self.old,))[self.old])
        party = party_id(conn, self.call, request.when.party)
        customer_id, until = (last.customer_id, last.warranty_until) if last else (None, None)
        new = NewSale(0, sold, customer_id, moment, until, "exchange", party, None)
        by_terms = request.new_warranty or last is None
        (sale_id,) = write_sales(conn, self.call, (self.new,), new, by_terms=by_terms)
        return return_id, sale_id, replaced

    def _returned(self, moment: datetime) -> int:
        unit = found(self.conn, self.old)
        back = sales.unexchanged(self.conn, unit.id) if unit.standing.state == "returned" else None
        if back is not None:
            return back
        _check_sold(self.conn, self.old, "/old")
        request = self.request
        when = replace(request.when, at=moment)
        asked = CustomerReturnRequest(request.old, request.rma, request.product, request.reason, when)
        return _take_back(self.conn, self.issuer, self.call, self.old, asked)

    def _keep(self, epc: str, said: tuple[str, str], moment: datetime) -> int:
        with at("/rma"):
            event = observed(self.issuer, (epc,), said, self.request.when, moment, ("rma", self.request.rma))
        return keep(self.conn, self.issuer, self.call, event, already_happened=False)
