"""What every view has at hand: the database, the issuer, the clock and the counters of its app."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, current_app

from labelsvc.access import Door
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.reprints import ReprintRules
from labelsvc.metrics import Metrics
from labelsvc.tracking.hits import Hits
from labelsvc.web.feeds import Feeds
from labelsvc.web.gate import Gate
from labelsvc.web.polls import Polls
from labelsvc.web.streams import Lanes
from labelsvc.webhooks.targets import Reach

if TYPE_CHECKING:  # views pass it on to use cases and never look inside
    from labelsvc.storage.database import Database

_NAME = "labelsvc"


@dataclass(frozen=True, slots=True)
class House:
    """What one app is made of.

    Attributes:
        now: the clock, aware UTC instants.
        lanes: for downloads.
        feeds: event streams.
        polls: of stations.
        reach: where webhooks may lead.
        door: where users are let in.
        reprint_rules: what this installation says of all reprints.
        gate: before what strangers may ask.
        hits: how often they asked, until a chore writes it.
        responder_gln: who answers a verification router service.
        company_prefixes: our own, so that our Digital Links can be written as URNs.
        checks: what /readyz tries, by name; each raises where it fails.
    """

    db: Database
    issuer: Issuer
    data_dir: Path
    now: Callable[[], datetime]
    metrics: Metrics
    lanes: Lanes
    checks: Mapping[str, Callable[[], None]]
    feeds: Feeds
    polls: Polls
    reach: Reach
    door: Door
    reprint_rules: ReprintRules
    gate: Gate
    hits: Hits
    responder_gln: str | None = None
    company_prefixes: tuple[str, ...] = ()


def move_in(app: Flask, made: House) -> None:
    """Give an app what it is made of."""
    app.extensions[_NAME] = made


def house_of(app: Flask) -> House:
    """Return what an app is made of."""
    found: House = app.extensions[_NAME]
    return found


def house() -> House:
    """Return what the running app is made of."""
    return house_of(current_app)
