"""Use cases: how the units of a lot begin, and that they pass no gate before their tests are passed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.units.testing import CommissionOn, required_names
from labelsvc.errors import Conflict, InvalidInput
from labelsvc.storage import audit, lot_tracking, lots, unit_tests
from labelsvc.storage.database import Database
from labelsvc.storage.lot_tracking import Tracking


def get_tracking(db: Database, lot_id: int) -> Tracking:
    """Return how a lot is tracked.

    Raises:
        NotFound: there is no such lot.
    """
    with db.read() as conn:
        lots.get(conn, lot_id)
        return lot_tracking.of_lot(conn, lot_id)


def set_tracking(
    db: Database, call: Call, lot_id: int, *, commission_on: str | None = None, gated: bool | None = None
) -> Tracking:
    """Say how a lot is tracked from now on.

    A gate stays: who could open it alone would need no second person for an override.

    Args:
        commission_on: `confirmed`, `scanned` or `event`; None: as it is.
        gated: its units are not packed, shipped or sold before their tests are passed; None: as it is.

    Raises:
        NotFound: there is no such lot.
        InvalidInput: nothing of that makes units.
        Conflict: the lot has a gate, which stays; or its product has no test that could open one.
    """
    if commission_on is not None and commission_on not in get_args(CommissionOn):
        message = f"Expected one of {', '.join(get_args(CommissionOn))}, got {commission_on[:40]!r}."
        raise InvalidInput("lot_commission_on", message, pointer="/commission_on")

    def work(conn: Connection) -> Tracking:
        lot = lots.get(conn, lot_id, lock=True)
        before = lot_tracking.of_lot(conn, lot_id)
        if gated is False and before.gated_since is not None:
            message = "Expected a gate to stay, got it lifted; ask for an override of the lot."
            raise Conflict("lot_gate_stays", message, pointer="/gated")
        if gated and not required_names(unit_tests.current(conn, lot.product_id)):
            message = f"Expected a required test of {lot.product_code}, got none, so nothing could open the gate."
            raise Conflict("lot_gate_without_tests", message, pointer="/gated")
        since = before.gated_since or (call.at if gated else None)
        chosen = Tracking(commission_on or before.commission_on, since)  # type: ignore[arg-type]  # checked above
        if chosen != before:
            lot_tracking.set_of_lot(conn, lot_id, chosen)
            audit.record(conn, call, "lot.tracking", f"lot:{lot_id}", before=_noted(before), after=_noted(chosen))
        return chosen

    return db.write(work)


def _noted(tracking: Tracking) -> Mapping[str, Any]:
    since = tracking.gated_since
    return {"commission_on": tracking.commission_on, "gated_since": since and since.isoformat()}
