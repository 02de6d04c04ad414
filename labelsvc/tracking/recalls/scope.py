"""What a recall's scope comes to: its numbers, its units, and what components went into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from labelsvc.domain.epcis.identifiers import canonical_class, canonical_epc
from labelsvc.domain.recalls import Scope, check_scope
from labelsvc.errors import TooLarge, at
from labelsvc.storage import journeys, recall_scope, units
from labelsvc.storage.recall_scope import consuming, made_of_classes, outcomes_of_events

#: Components whose way is followed.
COMPONENTS_AT_MOST = 1_000_000
#: Units looked at in one go.
AT_ONCE = 2_000
#: How often a thing goes into another at most.
_DEPTH = 16
_INTO = frozenset({"input", "child"})


def checked(scope: Scope) -> Scope:
    """Return a scope with canonical identifiers.

    Raises:
        InvalidInput: it names nothing, too much, or what is no identifier.
    """
    check_scope(scope)
    told: dict[str, tuple[str, ...]] = {}
    for name, reader in (
        ("units", canonical_epc),
        ("component_units", canonical_epc),
        ("component_classes", canonical_class),
    ):
        found = []
        for place, text in enumerate(getattr(scope, name)):
            with at(f"/scope/{name}/{place}"):
                found.append(reader(text))
        told[name] = tuple(found)
    return replace(scope, **told)  # type: ignore[arg-type]  # these three are texts


def named_units(conn: Connection, scope: Scope) -> list[int]:
    """Return the ids of the units that a scope names one by one; what no event ever named is none."""
    return sorted(units.ids_of(conn, scope.units).values())


def made_into(conn: Connection, scope: Scope) -> list[int]:
    """Return the ids of all that components went into, through everything in between.

    Raises:
        TooLarge: they are more than COMPONENTS_AT_MOST.
    """
    found = set(made_of_classes(conn, scope.component_classes))
    chosen = recall_scope.components(conn, scope)
    level = set(found)
    if chosen is not None:
        ids = set(conn.execute(chosen.limit(COMPONENTS_AT_MOST + 1)).scalars())
        _check(len(ids))
        level |= ids
    seen = set(level)
    depth = 0
    while level and depth < _DEPTH and recall_scope.any_consuming(conn):
        level = set(_next(conn, sorted(level))) - seen
        seen |= level
        found |= level
        _check(len(seen))
        depth += 1
    return sorted(found)


def _check(count: int) -> None:
    if count > COMPONENTS_AT_MOST:
        message = f"Expected at most {COMPONENTS_AT_MOST:,} units to follow, got more."
        raise TooLarge("recall_too_wide", message)


def _next(conn: Connection, level: Sequence[int]) -> Iterator[int]:
    for some in parts(level):
        met = journeys.of_units(conn, some)
        into = {one.event_id for its in met.values() for one in its if one.role in _INTO}
        yield from outcomes_of_events(conn, consuming(conn, sorted(into)))


def parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Cut ids into parts that are looked at in one go."""
    for begin in range(0, len(ids), AT_ONCE):
        yield ids[begin : begin + AT_ONCE]
