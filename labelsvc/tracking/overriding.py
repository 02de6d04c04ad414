"""Use cases: units pass the gate of their lot whatever their tests show; one person asks, another approves."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.epcis.identifiers import canonical_epc
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.pages import Page
from labelsvc.domain.products import check_name
from labelsvc.domain.units.testing import Override, OverrideState, check_second
from labelsvc.errors import Conflict, InvalidInput, NotFound, at
from labelsvc.storage import audit, lots, overrides, units
from labelsvc.storage import requests as request_keys
from labelsvc.storage.database import Database
from labelsvc.tracking import assessing
from labelsvc.tracking.quality import REASON_AT_MOST, UNITS_AT_MOST, known_units


@dataclass(frozen=True, slots=True)
class OverrideRequest:
    """What somebody asks for: units by their EPCs, or all of a lot."""

    reason: str
    units: tuple[str, ...] = ()
    lot_id: int | None = None


def ask_override(db: Database, call: Call, request: OverrideRequest) -> Override:
    """Ask that units pass the gate of their lot; nothing passes before another person approves.

    Raises:
        NotFound: there is no such lot, or no event ever named the unit.
        InvalidInput: no reason; both units and a lot, or neither; a unit that is none of ours.
        Conflict: the key was used before.
    """
    with at("/reason"):
        check_name(request.reason, REASON_AT_MOST)
    if (request.lot_id is None) == (not request.units):
        raise InvalidInput("override_subject", "Expected units or a lot, got both or neither.", pointer="/units")
    if len(request.units) > UNITS_AT_MOST:
        raise InvalidInput("override_many", f"Expected at most {UNITS_AT_MOST} units, got more.", pointer="/units")
    body = {**asdict(request), "units": list(request.units)}

    def work(conn: Connection) -> Override:
        answered = request_keys.claim(conn, call, "overrides", body)
        if answered is not None:
            return overrides.get(conn, answered["override"])
        known = known_units(conn, request.units)
        for one in known:
            if one.lot_id is None:
                message = f"Expected a unit of a lot of ours, got {one.epc}."
                raise InvalidInput("test_unit_foreign", message, pointer="/units")
        if request.lot_id is not None:
            lots.get(conn, request.lot_id)
        made = overrides.add(conn, call, request.lot_id, [one.id for one in known], request.reason)
        override = overrides.get(conn, made)
        audit.record(conn, call, "override.ask", f"override:{made}", after=_noted(override), reason=request.reason)
        request_keys.settle(conn, call, "overrides", {"override": made})
        return override

    return db.write(work)


def approve_override(db: Database, issuer: Issuer, call: Call, override_id: int) -> Override:
    """Approve what another person asked for: from now on the gate lets these units pass.

    Raises:
        NotFound: there is no such override.
        NotAllowed: the same person asked for it.
        Conflict: it was decided on before; the key was used before.
    """
    route, body = f"overrides/{override_id}/approve", {"approved": True}
    left: list[int] = []

    def work(conn: Connection) -> Override:
        if request_keys.claim(conn, call, route, body) is not None:
            return overrides.get(conn, override_id)
        found = overrides.get(conn, override_id, lock=True)
        _check_undecided(found)
        check_second(found.asked_by, call.actor)
        overrides.decide(conn, call, override_id, "approved")
        if found.lot_id is not None:
            sweep_id = assessing.begin_sweep(conn, issuer, call, found.lot_id, override=override_id)
            left[:] = [] if sweep_id is None else [sweep_id]
        else:
            known = units.by_id(conn, overrides.unit_ids(conn, override_id))
            assessing.assess(conn, issuer, call, known, assessing.override_cause(issuer, override_id))
        override = overrides.get(conn, override_id)
        about = f"override:{override_id}"
        audit.record(conn, call, "override.approve", about, after=_noted(override), reason=found.reason)
        request_keys.settle(conn, call, route, {"override": override_id})
        return override

    approved = db.write(work)
    for sweep_id in left:
        while not assessing.sweep_some(db, issuer, call, sweep_id):
            pass
    return approved


def refuse_override(db: Database, call: Call, override_id: int, why: str) -> Override:
    """Say that units do not pass; whoever asked may take it back so, too.

    Raises:
        NotFound: there is no such override.
        InvalidInput: no reason.
        Conflict: it was decided on before.
    """
    with at("/reason"):
        check_name(why, REASON_AT_MOST)

    def work(conn: Connection) -> Override:
        _check_undecided(overrides.get(conn, override_id, lock=True))
        overrides.decide(conn, call, override_id, "refused", why)
        override = overrides.get(conn, override_id)
        audit.record(conn, call, "override.refuse", f"override:{override_id}", after=_noted(override), reason=why)
        return override

    return db.write(work)


def get_override(db: Database, override_id: int) -> Override:
    """Return an override.

    Raises:
        NotFound: there is none.
    """
    with db.read() as conn:
        return overrides.get(conn, override_id)


def list_overrides(
    db: Database, chosen: tuple[OverrideState | None, int | None, str | None], window: tuple[int, int]
) -> Page[Override]:
    """Return overrides in the order they were asked for.

    Args:
        chosen: a state, a lot's id and a unit's EPC to keep to; None: any.

    Raises:
        NotFound: no event ever named the unit.
    """
    state, lot_id, unit = chosen
    with at("/unit"):
        epc = None if unit is None else canonical_epc(unit)
    with db.read() as conn:
        unit_id = None
        if epc is not None:
            found = units.find(conn, [epc])
            if not found:
                raise NotFound("unit_unknown", "Expected a unit that some event names, got one that none does.")
            unit_id = found[0].id
        return overrides.listing(conn, state, lot_id, unit_id, window)


def _check_undecided(found: Override) -> None:
    if found.state != "asked":
        message = f"Expected an override that nobody decided on, got one that is {found.state}."
        raise Conflict("override_decided", message)


def _noted(override: Override) -> dict[str, Any]:
    return {
        "lot": override.lot_id,
        "units": list(override.units),
        "state": override.state,
        "asked_by": override.asked_by.id,
    }
