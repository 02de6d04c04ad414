"""Use cases of partners: they see what is theirs, and of what passed through them how it came to them.

docs/decisions/0013 says why, and what that leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from labelsvc.domain.epcis.extracts import extract
from labelsvc.domain.units.standing import Standing
from labelsvc.errors import NotFound
from labelsvc.storage import passages
from labelsvc.storage.database import Database
from labelsvc.storage.passages import Own
from labelsvc.storage.unit_history import Happened
from labelsvc.tracking.units import Story


def shown(
    conn: Connection, party_id: int, documents: Mapping[int, Mapping[str, Any]]
) -> Mapping[int, Mapping[str, Any]]:
    """Return events as a party may see them: whole where they are theirs, else what concerns units that passed.

    Args:
        documents: by their ids, as they were received; chosen by `passages.visible`, so that none is another's.
    """
    own = passages.own_among(conn, party_id, list(documents))
    others = [event_id for event_id in documents if event_id not in own]
    epcs = passages.epcs_among(conn, party_id, others)
    made_here = passages.made_here(conn, others)
    return {
        event_id: document
        if event_id in own
        else extract(document, epcs.get(event_id, set()), places=event_id in made_here)
        for event_id, document in documents.items()
    }


def part(db: Database, party_id: int, story: Story) -> Story:
    """Return what a party may know of a unit's story: all of it until it passed through them for the last time.

    Where it went then, and who has it, is no matter of theirs. What holds it back, or calls it back, is.

    Raises:
        NotFound: it never passed through them; they cannot tell that from a unit that never was.
    """
    ids = [one.id for one in story.events]
    with db.read() as conn:
        own = passages.own_among(conn, party_id, ids)
        made_here = passages.made_here(conn, ids)
    last = _last(own, story.events)
    if last is None:
        raise NotFound("unit_unknown", "Expected a unit that some event names, got one that none does.")
    told = tuple(
        one if one.id in own else _hidden(one, places=one.id in made_here)
        for one in story.events
        if one.id in own or (one.time <= last and one.role != "parent")  # what else was packed is no matter of theirs
    )
    unit = story.unit
    standing, by_itself = _here(unit.standing), _here(unit.own)
    return replace(story, unit=replace(unit, standing=standing, own=by_itself, inside=()), events=told)


def _last(own: Mapping[int, Own], events: Sequence[Happened]) -> datetime | None:
    told = [(one.id, one.time, one.finding is not None) for one in events if not one.error and not one.declares]
    return passages.last_of(own, told)


def _hidden(one: Happened, *, places: bool) -> Happened:
    if not places:
        one = replace(one, location=None, location_name=None)
    return replace(one, holder=None, actor="")


def _here(standing: Standing) -> Standing:
    return replace(standing, location=None, holder=None, parent=None, bond=None)
