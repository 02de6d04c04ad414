"""Labels that were handed ahead: a line takes some of them without the server; what is left goes back in the end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from labelsvc.station import requests
from labelsvc.station.holding import Holding
from labelsvc.station.requests import LineRequest

#: How often it is written down how old they are, seconds.
_AGE_SECONDS = 60.0


def serve(directory: Path, holdings: Iterable[Holding], now: datetime) -> None:
    """Answer what lines ask for, and give back what has expired.

    Raises:
        OSError: the disk does not take a line of a journal or an answer; the request stays.
    """
    mine = [one for one in holdings if one.terms.kind == "ahead" and not one.gone.is_set()]
    for holding in mine:
        _look(holding, now)
    for key, request in requests.waiting(directory):
        said = _used(directory, key, request) or _answer(mine, key, request, now)
        if said is not None:
            requests.answer(directory, key, request, said)


def _look(holding: Holding, now: datetime) -> None:
    if holding.returned or not holding.heard or not holding.booted:
        return
    if holding.expired(now) or not holding.unused:
        give_back(holding, now, "it expired" if holding.unused else "all of it was used")
    elif holding.age(now) - holding.written_age >= _AGE_SECONDS:
        holding.keep_age(now)


def give_back(holding: Holding, now: datetime, why: str) -> bool:
    """Give back what was not used, and delete its bytes; False: what was used is still being printed."""
    if holding.to_print:
        return False
    spans = [list(span) for span in holding.unused]
    holding.take(holding.journal.append("return", spans=spans, why=why, age=holding.age(now)))
    holding.drop_labels()
    return True


_OTHER = {"error": "Expected the request that this key was used for, got another."}


def _used(directory: Path, key: str, request: LineRequest | None) -> dict[str, Any] | None:
    """Return what a key got before, also of a range that is no longer here."""
    found = requests.used(directory, key)
    if found is None:
        return None
    return found[1] if found[0] == request else _OTHER


def _answer(mine: list[Holding], key: str, request: LineRequest | None, now: datetime) -> dict[str, Any] | None:
    """Return what a line is told; None: not yet."""
    if request is None:
        return {"error": "Expected a request with lot, printer and quantity, got another file."}
    for holding in mine:
        if key in holding.keys:
            first, last = holding.keys[key]
            its = LineRequest(holding.terms.lot_number, holding.terms.printer, last - first + 1)
            return _told(holding, first, last) if request == its else _OTHER
    fitting = [
        one
        for one in mine
        if (one.terms.lot_number, one.terms.printer) == (request.lot, request.printer) and not one.returned
    ]
    if request.quantity < 1:
        if any(not give_back(one, now, "the line is done") for one in fitting):
            return None
        return {"returned": sum(last - first + 1 for one in fitting for first, last in one.unused)}
    return _take(fitting, key, request, now)


def _take(fitting: list[Holding], key: str, request: LineRequest, now: datetime) -> dict[str, Any] | None:
    for holding in fitting:
        if holding.expired(now) or not holding.heard or not holding.booted:
            continue
        for first, last in holding.unused:
            if last - first + 1 >= request.quantity:
                if holding.to_print:
                    return None  # one after the other, so that the printer's count stays clear
                span = (first, first + request.quantity - 1)
                age = holding.age(now)
                holding.take(holding.journal.append("use", key=key, first=span[0], last=span[1], age=age))
                return _told(holding, *span)
    left = max((last - first + 1 for one in fitting for first, last in one.unused), default=0)
    return {
        "error": f"Expected at most {left} labels of lot {request.lot} on {request.printer}, got {request.quantity}."
    }


def _told(holding: Holding, first: int, last: int) -> dict[str, Any]:
    said: dict[str, Any] = {"claim": holding.terms.id, "first": first, "last": last}
    if holding.labels is not None:
        frames = holding.labels.frames
        said |= {"first_serial": frames[first].serial, "last_serial": frames[last].serial}
    return said
