"""/jobs/{id}/events: how far a print job is, as server-sent events."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from labelsvc.printing import fleet
from labelsvc.web import feeds
from labelsvc.web.auth import role
from labelsvc.web.feeds import Look
from labelsvc.web.house import house
from labelsvc.web.models.jobs import StreamEvent

bp = APIBlueprint(
    "events",
    __name__,
    url_prefix="/api/v1/jobs",
    tag={"name": "jobs", "description": "Print jobs."},
)


@bp.get("/<whole:job_id>/events")
@role("line", "station", "qa")
@bp.output(StreamEvent, content_type=feeds.MEDIA_TYPE)
@bp.doc(operation_id="followJob")
def follow_job(job_id: int) -> Any:
    """Follow a print job: an event `job` whenever its state or the count of an outcome changes, then `end`.

    Few may follow at once; who is answered 429 asks for the job itself, every now and then. A stream ends after two
    minutes, and its reader comes again with Last-Event-ID.
    """
    db = house().db

    def look() -> Look:
        found = fleet.get_progress(db, job_id)
        body = {
            "id": found.job_id,
            "state": found.state,
            "state_reasons": list(found.state_reasons),
            "message": found.message,
            "quantity": found.quantity,
            "outcomes": dict(found.outcomes),
        }
        return Look(body, found.ended)

    stream, leave = house().feeds.follow(job_id, look, request.headers.get("Last-Event-ID"))
    response = Response(stream, content_type=feeds.MEDIA_TYPE)
    response.headers["X-Accel-Buffering"] = "no"  # nginx would keep events back
    response.call_on_close(leave)
    return response
