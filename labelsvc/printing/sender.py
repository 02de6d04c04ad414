"""What a sender of print jobs works with, and how long it tries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from labelsvc.domain.issuer import Issuer
from labelsvc.printers.uris import ANSWER_SECONDS
from labelsvc.printers.weblink.callers import Callers
from labelsvc.printing.advances import Advances
from labelsvc.printing.driving import LOOK_SECONDS
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
        look_seconds: how long to wait for an echo before a printer is looked at.
        answer_seconds: how long a printer may take to answer.
        advances: where its deliveries meet, so that they commit together.
        callers: where printers dial in; None: not here.
    """

    db: Database
    issuer: Issuer
    data_dir: Path
    now: Callable[[], datetime]
    stopping: Callable[[], bool]
    lease_seconds: float = LEASE_SECONDS
    look_seconds: float = LOOK_SECONDS
    answer_seconds: float = ANSWER_SECONDS
    advances: Advances = field(default_factory=Advances)
    callers: Callers | None = None
