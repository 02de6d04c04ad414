"""What a sender of print jobs works with, and how long it tries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from labelsvc.domain.issuer import Issuer
from labelsvc.storage.database import Database

#: Longest pause between two tries to reach a printer, and how many tries before the job stops and asks for a person.
BACKOFF_AT_MOST = timedelta(seconds=60)
ATTEMPTS_AT_MOST = 500
#: How long a lease lasts without being renewed.
LEASE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Sender:
    """What a sender works with.

    Attributes:
        now: the clock.
        stopping: true once the process is to end; a job is then given back at its next window.
        lease_seconds: after which another sender may take a printer of one that died.
    """

    db: Database
    issuer: Issuer
    data_dir: Path
    now: Callable[[], datetime]
    stopping: Callable[[], bool]
    lease_seconds: float = LEASE_SECONDS
