"""/units: what a thing is, how it stands, and all that ever happened to it."""

from __future__ import annotations

from urllib.parse import quote

from apiflask import APIBlueprint
from flask import Response, request

from labelsvc.domain.units.intents import SENTENCES, in_words
from labelsvc.domain.units.standing import CONFORMANT, HOLD, RECALLED
from labelsvc.errors import LabelsvcError
from labelsvc.tracking import serials, units
from labelsvc.tracking.serials import Issued
from labelsvc.tracking.units import Story
from labelsvc.tracking.whose import code_and_serial
from labelsvc.web.auth import EVERY_ROLE, role
from labelsvc.web.house import house
from labelsvc.web.page_views import page
from labelsvc.web.pages.forms import Shown, scanned, shown

bp = APIBlueprint("units_page", __name__, enable_openapi=False)

#: What persistent dispositions are called here; others stand in CBV's own words.
_DISPOSITIONS = {HOLD: "on hold", RECALLED: "recalled"}


@bp.get("/units")
@role(*EVERY_ROLE)
@page("epc", "product", "serial")
def units_page() -> Response:
    """Show the unit of an EPC, or of a product's serial; ask for one where none is said."""
    asked = request.args.to_dict()
    epc, product, serial = (scanned(asked.get(name, "")) for name in ("epc", "product", "serial"))
    if not (epc or product or serial):
        return shown("units.html", Shown())
    try:
        story = units.story(house().db, epc) if epc else _of_serial(product, serial)
    except LabelsvcError as error:
        return shown("units.html", Shown(asked, error))
    return _unit(story)


@bp.get("/units/<code>/<serial:serial>")
@role(*EVERY_ROLE)
@page()
def unit_of_serial_page(code: str, serial: str) -> Response:
    """Show the unit of a product's serial."""
    return _unit(_of_serial(code, serial))


def _of_serial(code: str, serial: str) -> Story:
    return units.story_of_serial(house().db, house().issuer, code, serial)


def _unit(story: Story) -> Response:
    its = story.unit
    said = code_and_serial(house().issuer, its.epc)
    warned = units.warnings_of(house().db, its, house().now().date())
    return shown(
        "unit.html",
        Shown(),
        unit=its,
        standing=its.standing,
        state=in_words(its.standing.state),
        dispositions=[_DISPOSITIONS.get(one, one) for one in its.standing.dispositions if one != CONFORMANT],
        said=said,
        verify=_verify_path(*said) if said else None,
        issued=_issued(*said) if said else None,
        warnings=[SENTENCES[code] for code in warned],
        events=story.events,
        overrides=story.overrides,
        findings=SENTENCES,
    )


def _issued(code: str, serial: str) -> Issued | None:
    """Return what the books of labels know of a unit; None: it is not one of ours."""
    try:
        return serials.look_up(house().db, house().issuer, code, serial)
    except LabelsvcError:
        return None


def _verify_path(code: str, serial: str) -> str:
    """Return where a customer reads whether the unit is genuine."""
    key = f"01/{code}" if code.isdigit() and len(code) == 14 else f"item/{code}"
    return f"/verify/{key}/21/{quote(serial, safe='')}"


def unit_path(epc: str) -> str:
    """Return where a unit's page is."""
    return f"/units?epc={quote(epc, safe='')}"
