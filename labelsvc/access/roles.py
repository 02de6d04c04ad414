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
    """Who is in, and how they came in: by a key (whose rotation the name survives), or as a signed-in user."""

    name: str
    role: Role
    kind: ActorKind = "key"

    @property
    def actor(self) -> Actor:
        """Who stands on every change that they make."""
        return Actor(self.kind, self.name)


def check_role(role: str) -> None:
    """Raise InvalidInput where a text is no role."""
    if role not in ROLES:
        raise InvalidInput("role_unknown", f"Expected one of {', '.join(ROLES)}, got {role[:40]!r}.", pointer="/role")
