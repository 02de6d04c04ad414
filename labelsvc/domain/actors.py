"""Who does something, and when: stands on every change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ActorKind = Literal["key", "user", "station", "shell"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone who changes something.

    Attributes:
        kind: how they came in.
        id: the client's name for a key (it survives the rotation of keys), the login name for a shell.
    """

    kind: ActorKind
    id: str

    @property
    def client(self) -> str:
        """Whose Idempotency-Keys these are: the client's name, or how else someone came in and who."""
        return self.id if self.kind == "key" else f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Call:
    """One request by one actor at one moment.

    Attributes:
        actor: who asks.
        at: the moment, an aware UTC instant.
        key: the Idempotency-Key, where the route takes one.
    """

    actor: Actor
    at: datetime
    key: str | None = None
