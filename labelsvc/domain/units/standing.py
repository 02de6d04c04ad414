"""What is known of a unit at a moment, and one event as one unit sees it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal, get_args

from labelsvc.domain.epcis.events import Action, Role

State = Literal[
    "unknown",  # only heard of: no event began it
    "active",  # commissioned
    "in_transit",
    "in_stock",
    "sold",
    "returned",  # by a customer or a shop
    "repaired",
    "replaced",  # another one took its place
    "lost",
    "stolen",
    "sampled",  # taken for a test that it does not survive
    "decommissioned",
    "destroyed",
    "consumed",  # went into something else
]
STATES: tuple[State, ...] = get_args(State)

#: What ends a unit: it may not be met again.
ENDED: frozenset[State] = frozenset({"sampled", "decommissioned", "destroyed", "consumed"})
#: Where a unit is somebody's stock.
ON_HAND: frozenset[State] = frozenset({"active", "in_stock", "returned", "repaired"})

#: Persistent dispositions (EPCIS 2.0, section 7.4.1.7) that stop a unit.
HOLD = "non_sellable_other"
RECALLED = "recalled"
#: And the one that lets a gated unit pass: its required tests are passed, or two people said that it passes without.
CONFORMANT = "conformant"

#: What a unit's tests have shown: `conformant`, `non_conformant` (CBV dispositions); None: nothing.
Quality = Literal["conformant", "non_conformant"]
#: How a unit is inside another: packed (AggregationEvent) or part of it (AssociationEvent).
Bond = Literal["packed", "installed"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a unit.

    Attributes:
        since: when the state began.
        dispositions: the persistent ones that are set, sorted; `non_sellable_other` is a hold.
        location: canonical; None: nobody knows, or it is on its way.
        parent: what it is inside, canonical; bond: how.
        holder: the party that has it, canonical, as far as events say.
        lot, expiry: as its commissioning said.
    """

    state: State = "unknown"
    since: datetime | None = None
    dispositions: tuple[str, ...] = ()
    quality: Quality | None = None
    location: str | None = None
    parent: str | None = None
    bond: Bond | None = None
    holder: str | None = None
    lot: str | None = None
    expiry: date | None = None

    @property
    def on_hold(self) -> bool:
        """Somebody holds it back."""
        return HOLD in self.dispositions

    @property
    def recalled(self) -> bool:
        """It is called back."""
        return RECALLED in self.dispositions

    @property
    def conforms(self) -> bool:
        """Its tests, or an override, let it pass the gate of its lot."""
        return CONFORMANT in self.dispositions

    @property
    def ended(self) -> bool:
        """It may not be met again."""
        return self.state in ENDED

    def expired(self, day: date) -> bool:
        """Whether its expiry has passed; it may be used on that day itself (General Specifications, AI 17)."""
        return self.expiry is not None and day > self.expiry

    @property
    def digest(self) -> str:
        """SHA-256 of all of it: two that know the same have the same."""
        said = (
            self.state,
            None if self.since is None else self.since.astimezone(UTC).isoformat(),
            list(self.dispositions),
            self.quality,
            self.location,
            self.parent,
            self.bond,
            self.holder,
            self.lot,
            None if self.expiry is None else self.expiry.isoformat(),
        )
        return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Terms:
    """What the books say of a unit beside its events; it never changes.

    Attributes:
        ours: its product, or its company prefix, is ours; what others made may be met before its beginning is told.
        issued: its serial was granted here.
        granted_at: when.
        lot, expiry: of the lot it was granted for.
        gated_since: from then on it may not be packed, shipped or sold before its tests, or an override, let it pass.
    """

    ours: bool = False
    issued: bool = False
    granted_at: datetime | None = None
    lot: str | None = None
    expiry: date | None = None
    gated_since: datetime | None = None


#: Of units that others made.
FOREIGN = Terms()


@dataclass(frozen=True, slots=True)
class Fact:
    """One event as one unit sees it.

    Attributes:
        at: eventTime.
        hash: the event's; of two events of one moment the smaller hash comes first, whoever brought them.
        action: of a TransformationEvent None.
        kind: the event's type.
        location: bizLocation, else readPoint; `stays`: it was a bizLocation.
        parent: what the unit is put into or taken out of (role `child`), canonical.
        holder: the party that the event gives the unit to; None: it says nothing of that.
        future: when it was recorded its own time had not come yet, by more than clocks differ.
        own: this installation made it, not somebody outside.
        accepted: a person said that it did happen, whatever rule it breaks.
        container: what the parent's standing was just before.
        sweeps: everything was taken out of the parent, whatever it was; it says nothing of a unit that was not inside.
        error: a declaration says that the event is wrong; declares: it is that declaration. Neither moves anything.
    """

    at: datetime
    hash: str
    kind: str
    role: Role
    action: Action | None = None
    step: str | None = None
    disposition: str | None = None
    set: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    location: str | None = None
    stays: bool = False
    parent: str | None = None
    holder: str | None = None
    lot: str | None = None
    expiry: date | None = None
    future: bool = False
    own: bool = False
    accepted: bool = False
    container: Standing | None = None
    sweeps: bool = False
    error: bool = False
    declares: bool = False

    @property
    def key(self) -> tuple[datetime, str]:
        """Its place among the facts of a unit."""
        return self.at, self.hash

    @property
    def void(self) -> bool:
        """It moves nothing."""
        return self.error or self.declares


def within(unit: Standing, container: Standing) -> Standing:
    """Return where a unit is that is inside a container: it is where that is, and goes where that goes.

    What holds the container back, or calls it back, holds what is inside.
    """
    moved = unit.state not in ENDED and container.state in _CARRIED
    return replace(
        unit,
        state=container.state if moved else unit.state,
        dispositions=tuple(sorted({*unit.dispositions, *(_HELD & set(container.dispositions))})),
        location=container.location if container.state != "unknown" else unit.location,
        holder=container.holder or unit.holder,
    )


#: States of a container that what is inside shares.
_CARRIED: frozenset[State] = frozenset({"in_transit", "in_stock", "sold", "returned", "lost", "stolen"})
_HELD = frozenset({HOLD, RECALLED})
