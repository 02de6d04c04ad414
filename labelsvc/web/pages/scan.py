"""/scan: somebody with a thing in their hand says what they do with it, and reads what came of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from labelsvc.domain.digital_link import digital_link
from labelsvc.domain.epcis.identifiers import CANONICAL
from labelsvc.domain.products import check_name
from labelsvc.domain.units.intents import INTENTS, SENTENCES, Intent
from labelsvc.errors import InvalidInput, LabelsvcError, at
from labelsvc.tracking import scanning
from labelsvc.tracking.latest_scans import latest_scans
from labelsvc.tracking.scanning import SCAN_AT_MOST, Answer, Scan
from labelsvc.web.auth import call, client, role
from labelsvc.web.house import house
from labelsvc.web.page_views import page
from labelsvc.web.pages.forms import GS, SHOWN_GS, Form, Shown, shown

bp = APIBlueprint("scan_page", __name__, enable_openapi=False)

LATEST = 10
RAW_SHOWN = 80
REASON_AT_MOST = 500
#: What holds for the next scan as well.
_STAYS = ("intent", "place", "to", "source", "parent", "result", "product")


@bp.get("/scan")
@role("warehouse", "retail", "qa")
@page("intent", "place")
def scan_page() -> Response:
    """Ask for a scan; an address with an intent and a place is a desk's own."""
    return _asked(Shown({"intent": "find", **request.args.to_dict()}))


@bp.post("/scan")
@role("warehouse", "retail", "qa")
@page()
def scan() -> Response:
    """Take a scan, say in one line what came of it, and ask for the next one."""
    form = Form.sent()
    try:
        answer = scanning.scan(house().db, house().issuer, call(form.fields.get("key")), _scan(form))
    except LabelsvcError as error:
        return _asked(Shown.again(error))
    following = {name: value for name, value in form.fields.items() if name in _STAYS}
    choices = _choices(answer) if answer.result == "ambiguous" else ()
    return _asked(Shown(following), answer, choices, form.fields)


def _scan(form: Form) -> Scan:
    text = form.scan("text")
    if len(text) > SCAN_AT_MOST:
        message = f"Expected at most {SCAN_AT_MOST} characters, got {len(text)}."
        raise InvalidInput("scan_too_long", message, pointer="/text")
    intent: Any = form.choice("intent", INTENTS)
    chosen: Intent = intent
    packs = chosen in ("pack", "unpack")
    reason = form.optional("reason")
    with at("/reason"):
        reason = reason and check_name(reason, REASON_AT_MOST)
    return Scan(
        text.encode(),
        chosen,
        happened=form.ticked("happened"),
        product=form.optional("product"),
        place=form.optional("place"),
        to=form.optional("to"),
        source=form.optional("source"),
        # What is filled in for another intent says nothing of this one.
        parent=form.scan("parent").encode() if packs else None,
        result=form.choice("result", ("conformant", "non_conformant")) if chosen == "inspect" else None,
        reason=reason,
    )


@dataclass(frozen=True, slots=True)
class _Choice:
    """One thing that a scan may have meant, and the text that means it alone."""

    epc: str
    lot: str | None
    text: str
    suspected: bool


def _choices(answer: Answer) -> tuple[_Choice, ...]:
    return tuple(_choice(reading) for reading in answer.readings)


def _choice(reading: Mapping[str, Any]) -> _Choice:
    said = dict(reading["elements"])
    epc, text = reading["epc"], reading["epc"]
    if {"01", "21"} <= said.keys():  # with what else the label says, for that is compared with the books
        dates = [(ai, value) for ai, value in said.items() if ai == "17"]
        text = digital_link(CANONICAL, said["01"], lot=said.get("10"), serial=said["21"], query=dates)
    return _Choice(epc, said.get("10"), text, bool(reading["suspected"]))


def _asked(
    form: Shown, answer: Answer | None = None, choices: tuple[_Choice, ...] = (), sent: Mapping[str, str] | None = None
) -> Response:
    latest = latest_scans(house().db, client().actor, LATEST)
    return shown(
        "scan.html",
        form,
        answer=answer,
        choices=[(one, Shown().key) for one in choices],
        sent=sent or {},
        stays=_STAYS,
        intents=INTENTS,
        latest=[(one, _text_of(one.raw), [_sentence(code) for code in one.notes]) for one in latest],
    )


def _text_of(raw: bytes) -> str:
    """Return what a scanner sent, as a person can look at it."""
    text = raw[:SCAN_AT_MOST].decode(errors="replace").replace(GS, SHOWN_GS)
    plain = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return plain if len(plain) <= RAW_SHOWN else f"{plain[:RAW_SHOWN]}\N{HORIZONTAL ELLIPSIS}"


def _sentence(code: str) -> str:
    said: Mapping[str, str] = SENTENCES  # type: ignore[assignment]  # scans of other times may hold other codes
    return said.get(code, code.replace("_", " "))
