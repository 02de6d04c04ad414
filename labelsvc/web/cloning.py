"""/clone-signals: units whose serial may be on two things."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from labelsvc.errors import InvalidInput
from labelsvc.tracking import cloning
from labelsvc.web.auth import call, role
from labelsvc.web.house import house
from labelsvc.web.models.cloning import CloneSignal, CloneSignals, SignalIn, SignalQuery

bp = APIBlueprint(
    "cloning",
    __name__,
    url_prefix="/api/v1/clone-signals",
    tag={"name": "clone-signals", "description": "Units whose serial may be on two things."},
)


@bp.get("")
@role("qa")
@bp.input(SignalQuery, location="query", arg_name="asked")
@bp.output(CloneSignals)
@bp.doc(operation_id="listCloneSignals")
def list_clone_signals(asked: SignalQuery) -> Any:
    """List suspects with their signs, the highest score first."""
    found = cloning.signals(house().db, asked.state, _cursor(asked.after), asked.limit)
    following = f"{found[-1].score!r}:{found[-1].unit_id}" if len(found) == asked.limit else None
    return CloneSignals(items=[CloneSignal.of(one) for one in found], next=following)


def _cursor(text: str | None) -> tuple[float, int] | None:
    if text is None:
        return None
    score, _, unit_id = text.partition(":")
    try:
        return float(score), int(unit_id)
    except ValueError:
        raise InvalidInput(
            "cursor", "Expected `next` of the page before, got another text.", parameter="after"
        ) from None


@bp.post("/<whole:unit_id>/close")
@role("qa")
@bp.input(SignalIn, arg_name="body")
@bp.output(CloneSignal)
@bp.doc(operation_id="closeCloneSignal")
def close_clone_signal(unit_id: int, body: SignalIn) -> Any:
    """Say what a person found: there is a second thing, or there is none."""
    return CloneSignal.of(cloning.close_signal(house().db, call(), unit_id, body.state, body.reason))
