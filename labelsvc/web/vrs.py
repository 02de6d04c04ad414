"""/verify/gtin/..., /checkConnectivity: what a verification router service asks of a responder (GS1 LMS 1.3)."""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import unquote
from uuid import uuid4

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from labelsvc.domain.gs1 import check_lot_number, check_serial, parse_yymmdd
from labelsvc.domain.named import Named, check_gtin_14
from labelsvc.domain.resolving import PAGES
from labelsvc.domain.verification import Purpose, Said, vrs
from labelsvc.errors import at
from labelsvc.tracking import verifying
from labelsvc.web.auth import public
from labelsvc.web.digital_links import counted, gated, raw_path
from labelsvc.web.house import house
from labelsvc.web.models.base import Answer, Query

bp = APIBlueprint(
    "vrs", __name__, tag={"name": "verification", "description": "Is a unit genuine, and may it be sold again?"}
)

RESALE = "dscsaSaleableReturn"


class VerifyQuery(Query):
    """What else is asked with a unit."""

    exp: Annotated[str, Field(pattern="^[0-9]{6}$", description="Expiry of the label, YYMMDD.", examples=["281119"])]
    linkType: Annotated[  # noqa: N815 -- LMS calls it so
        str | None, Field(max_length=80, description="Always verificationService.")
    ] = None
    context: Annotated[
        str | None, Field(max_length=80, description=f"Why it is asked: {RESALE} where it is to be sold again.")
    ] = None
    reqGLN: Annotated[  # noqa: N815 -- as above
        str | None, Field(pattern="^[0-9]{13}$", description="Who asks; not kept.")
    ] = None
    corrUUID: Annotated[  # noqa: N815 -- as above
        str | None, Field(pattern="^[0-9A-Za-z-]{1,64}$", description="Comes back with the answer.")
    ] = None


class ConnectivityQuery(Query):
    """Who asks."""

    reqGLN: Annotated[  # noqa: N815 -- as above
        str | None, Field(pattern="^[0-9]{13}$", description="Who asks; not kept.")
    ] = None


class Verification(Answer):
    """Whether it is verified, and why not."""

    verified: bool
    verificationFailureReason: str | None = None  # noqa: N815 -- as above
    additionalInfo: str | None = None  # noqa: N815 -- as above


class VerifyAnswer(Answer):
    """The answer of a responder."""

    verificationTimestamp: str  # noqa: N815 -- as above
    responderGLN: str | None = None  # noqa: N815 -- as above
    corrUUID: str  # noqa: N815 -- as above
    data: Verification


class ConnectivityAnswer(Answer):
    """It answers."""

    responderGLN: str | None = None  # noqa: N815 -- as above


@bp.get(f"{PAGES}/gtin/<gtin>/lot/<serial:lot>/ser/<serial:serial>")
@public
@bp.input(VerifyQuery, location="query", arg_name="asked")
@bp.output(VerifyAnswer)
@bp.doc(operation_id="verifyUnit")
@gated
def verify_unit(gtin: str, lot: str, serial: str, asked: VerifyQuery) -> Any:
    """Tell whether a unit with these codes is genuine and may be used, or sold again.

    A unit that was never issued, is not released, was destroyed, recalled or has expired is never verified.
    """
    with at("/gtin"):
        code = check_gtin_14(gtin)
    lot, serial = _as_sent(lot, serial)
    with at("/lot"):
        check_lot_number(lot)
    with at("/serial"):
        check_serial(serial)
    now = house().now()
    with at("/exp"):
        said = Said(lot, parse_yymmdd(asked.exp, now.date()))
    named = Named("01", code, lot=lot, serial=serial)
    purpose: Purpose = "resale" if asked.context == RESALE else "use"
    found = counted(verifying.check(house().db, house().issuer, named, (said, now.date()), purpose))
    assert found.verdict is not None  # a unit was named
    reason, info = vrs(found.verdict)
    data = {"verified": found.verdict.verified, "verificationFailureReason": reason, "additionalInfo": info}
    return _answer(
        verificationTimestamp=now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        responderGLN=house().responder_gln,
        corrUUID=asked.corrUUID or str(uuid4()),
        data={name: value for name, value in data.items() if value is not None},
    )


@bp.get("/checkConnectivity")
@public
@bp.input(ConnectivityQuery, location="query", arg_name="asked")
@bp.output(ConnectivityAnswer)
@bp.doc(operation_id="checkConnectivity")
@gated
def check_connectivity(asked: ConnectivityQuery) -> Any:  # noqa: ARG001 -- declared so that it is admitted
    """Tell that verification requests are answered here."""
    return _answer(responderGLN=house().responder_gln)


def _as_sent(lot: str, serial: str) -> tuple[str, str]:
    """Return lot and serial as they came: a server has undone %2F in what the route was told by."""
    steps = raw_path().removeprefix(f"{PAGES}/gtin/").split("/")
    if len(steps) != _STEPS:
        return lot, serial
    return unquote(steps[2]), unquote(steps[4])


#: GTIN, "lot", lot, "ser", serial.
_STEPS = 5


def _answer(**members: Any) -> Response:
    """Answer, leaving out what is not said: the standard knows no null."""
    said = {name: value for name, value in members.items() if value is not None}
    return Response(json.dumps(said), mimetype="application/json")
