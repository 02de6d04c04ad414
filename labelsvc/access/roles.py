"""What someone may be let in for, and who is in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from labelsvc.domain.actors import Actor, ActorKind
from labelsvc.errors import InvalidInput

Role = Literal["line", "station", "warehouse", "retail", "partner", "qa", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Client:
    """Who is in, and how they came in: by a key (whose rotation the name survives), or as a signed-in user.

    Attributes:
        party: id of the party whose a partner is; None: they are of this house.
    """

    name: str
    role: Role
    kind: ActorKind = "key"
    party: int | None = None

    @property
    def actor(self) -> Actor:
        """Who stands on every change that they make."""
        return Actor(self.kind, self.name)


#: Whoever has it is of one party, and sees what is theirs and what passed through them.
PARTNER: Role = "partner"


def check_role(role: str) -> None:
    """Raise InvalidInput where a text is no role."""
    if role not in ROLES:
        raise InvalidInput("role_unknown", f"Expected one of {', '.join(ROLES)}, got {role[:40]!r}.", pointer="/role")


def check_party(role: str, party: str | None) -> None:
    """Raise InvalidInput where a partner is of no party, or somebody of this house is of one."""
    if role == PARTNER and party is None:
        raise InvalidInput("party_missing", "Expected the party of a partner, got none.", pointer="/party")
    if role != PARTNER and party is not None:
        raise InvalidInput("party_refused", f"Expected a party of a partner only, got one of {role}.", pointer="/party")
