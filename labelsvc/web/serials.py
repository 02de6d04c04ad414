"""/serials: any serial in the world, read back to its lot."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from labelsvc.tracking import serials as known_serials
from labelsvc.web.auth import EVERY_ROLE, role
from labelsvc.web.house import house
from labelsvc.web.models.serials import Serial

bp = APIBlueprint(
    "serials",
    __name__,
    url_prefix="/api/v1/serials",
    tag={"name": "serials", "description": "Any serial, read back to its lot."},
)


@bp.get("/<code>/<serial:serial>")
@role(*EVERY_ROLE)
@bp.output(Serial)
@bp.doc(operation_id="lookUpSerial")
def look_up_serial(code: str, serial: str) -> Any:
    """Read a serial back to its range, batch and lot.

    A text that was never issued gives 404 with the code `never_issued`, one whose record went with a restored backup
    404 with `record_lost`; one that breaks a rule gives 422 and the rule.
    """
    return Serial.of(known_serials.look_up(house().db, house().issuer, code, serial))
