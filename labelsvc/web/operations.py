"""Routes for whoever runs the service: alive, ready, metrics."""

from __future__ import annotations

from typing import Any, Literal

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response

from labelsvc import logs, metrics
from labelsvc.errors import LabelsvcError, Unavailable
from labelsvc.web.auth import EVERY_ROLE, public, role
from labelsvc.web.house import house
from labelsvc.web.models.base import Answer

bp = APIBlueprint("operations", __name__, tag={"name": "operations", "description": "For whoever runs the service."})

_log = logs.logger(__name__)


class Alive(Answer):
    """The process answers."""

    status: Literal["alive"]


class Ready(Answer):
    """The service can do its work."""

    status: Literal["ready"]
    checks: dict[str, Literal["ok"]]


@bp.get("/healthz")
@public
@bp.output(Alive)
@bp.doc(operation_id="isAlive")
def healthz() -> Any:
    """Tell whether the process is alive."""
    return {"status": "alive"}


@bp.get("/readyz")
@public
@bp.output(Ready)
@bp.doc(operation_id="isReady")
def readyz() -> Any:
    """Tell whether database, schema and secret are as they must be.

    Where one is not, 503 says which.
    """
    failed = {}
    for name, check in house().checks.items():
        try:
            check()
        except LabelsvcError as error:
            # The caller need not be known here: names and codes only, the sentence goes to the log.
            failed[name] = error.code
            _log.warning("not_ready", check=name, code=error.code, message=error.message)
    if failed:
        names = ", ".join(failed)
        raise Unavailable("not_ready", f"Expected every check to pass, got a failure of {names}.", failed=failed)
    return {"status": "ready", "checks": dict.fromkeys(house().checks, "ok")}


@bp.get("/metrics")
@role(*EVERY_ROLE)
@bp.output(FileSchema, content_type="text/plain")
@bp.doc(operation_id="getMetrics")
def get_metrics() -> Any:
    """Give the counters of this process as Prometheus reads them."""
    return Response(house().metrics.text(), content_type=metrics.MEDIA_TYPE)
