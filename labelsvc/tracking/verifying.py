"""Use cases: what a stranger may know of a unit: is it genuine, and may it be used?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from labelsvc.domain.issuer import Issuer
from labelsvc.domain.links import Link
from labelsvc.domain.lots import Lot
from labelsvc.domain.named import Named
from labelsvc.domain.products import Product
from labelsvc.domain.units.standing import State
from labelsvc.domain.verification import Facts, Purpose, Said, Verdict, verify
from labelsvc.errors import NotFound
from labelsvc.storage import issued, links, lots, outcomes, products, units
from labelsvc.storage.database import Database
from labelsvc.storage.issued import Number
from labelsvc.tracking.units import of_row
from labelsvc.tracking.whose import GS1, epc_of


@dataclass(frozen=True, slots=True)
class Checked:
    """What there is to say of what a Digital Link names.

    Attributes:
        product: None: it is a logistic unit.
        links: of the product, as configured.
        lot: of the unit, or the lot that is named; None: there is none, or it is unknown.
        verdict: of a unit; None: none is named.
        looked: the unit or lot was looked for, too.
        number: range and ordinal of the unit's number; None: it was never issued, or its record is lost.
    """

    product: Product | None
    links: tuple[Link, ...] = ()
    lot: Lot | None = None
    verdict: Verdict | None = None
    number: tuple[int, int] | None = None
    looked: bool = False


def resolve(db: Database, named: Named) -> Checked:
    """Return the product and the links of what is named, without a look at the unit.

    Raises:
        NotFound: no such product, or no such logistic unit.
    """
    with db.read() as conn:
        return _found(conn, named)


def check(db: Database, issuer: Issuer, named: Named, asked: tuple[Said, date], purpose: Purpose = "use") -> Checked:
    """Return what is named with the decision about it.

    Args:
        asked: what its label says, and the day.

    Raises:
        NotFound: no such product, or no such logistic unit.
    """
    with db.read() as conn:
        found = _found(conn, named)
        if found.product is None:
            return found
        if named.serial is None:
            return Checked(found.product, found.links, _lot(conn, found.product, named.lot), looked=True)
        number = issued.find(conn, issuer, found.product.code, named.serial)
        facts = _facts(conn, number, epc_of(issuer, found.product.code, named.serial))
        if number is None and issued.is_lost(conn, issuer, found.product.code, named.serial):
            facts = Facts(lost=True)
        verdict = verify(facts, asked[0], asked[1], purpose)
        ids = None if number is None else (number.granted.id, number.ordinal)
        return Checked(found.product, found.links, facts.lot, verdict, ids, looked=True)


def _found(conn: Connection, named: Named) -> Checked:
    if named.key == "00":
        if not units.find(conn, [f"{GS1}/00/{named.code}"]):
            raise NotFound("sscc_unknown", "Expected the SSCC of a logistic unit that is known here, got another.")
        return Checked(None)
    product = products.get(conn, named.code)
    return Checked(product, tuple(each.link for each in links.of_product(conn, product.id)))


def _lot(conn: Connection, product: Product, number: str | None) -> Lot | None:
    found = None if number is None else lots.find(conn, product.id, number)
    return None if found is None else found.lot


def _facts(conn: Connection, number: Number | None, epc: str) -> Facts:
    if number is None:
        return Facts()
    lot = lots.at_revision(conn, number.batch.lot_id, number.batch.lot_revision).lot
    outcome = outcomes.of_number(conn, number.granted.id, number.ordinal).outcome
    known = units.find(conn, [epc])
    if not known:
        return Facts(lot, outcome)
    unit = of_row(conn, known[0])
    stands = unit.standing  # with all that it is inside: who calls back a pallet calls it back
    held = stands.on_hold or stands.quality == "non_conformant"
    state = _gone_with(conn, unit.inside) or stands.state
    return Facts(lot, outcome, state=state, recalled=stands.recalled, on_hold=held, expiry=unit.own.expiry)


def _gone_with(conn: Connection, inside: Sequence[str]) -> State | None:
    """Return how a thing ended that a unit was never taken out of: nobody has the unit as what it was either."""
    around = units.find(conn, inside) if inside else []
    return next((_GONE[one.kept.state] for one in around if one.kept.state in _GONE), None)


_GONE: Mapping[str, State] = {"destroyed": "destroyed", "consumed": "consumed", "sampled": "sampled"}
