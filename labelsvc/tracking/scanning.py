"""Use case: somebody scans a thing; one line says what happened and what is wrong, and the scan is kept.

A scan that means to do what may not be done (sell, ship, pack) does nothing and says why. Everything else has happened
by the time it is scanned, and so has whatever a scanner brings that was out of reach (`happened`): it is recorded, and
flagged where it breaks a rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.epcis.events import Event, Role
from labelsvc.domain.epcis.identifiers import canonical
from labelsvc.domain.gs1 import parse_product_code
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.scans import Parsed, parse
from labelsvc.domain.units.folding import step
from labelsvc.domain.units.intents import GUARDED, MEANINGS, SENTENCES, Intent, in_words, warnings
from labelsvc.domain.units.standing import Standing, Terms
from labelsvc.errors import InvalidInput, at
from labelsvc.storage import audit, lot_tracking, scans, units
from labelsvc.storage import requests as request_keys
from labelsvc.storage.database import Database
from labelsvc.tracking import capturing, reading, refolding
from labelsvc.tracking.own_events import Why, object_event, packing_event
from labelsvc.tracking.reading import Meant
from labelsvc.tracking.units import Unit, of_row
from labelsvc.tracking.whose import identify

_ROUTE = "scans"
SCAN_AT_MOST = 4_096


@dataclass(frozen=True, slots=True)
class Scan:
    """What somebody scanned, and what they mean by it.

    Attributes:
        raw: as the scanner sent it.
        at: when; None: now.
        happened: it has been done, whatever anybody says to it now.
        product: of a serial alone.
        place, to, source: canonical identifiers or GLNs: where it is, who gets it, who it comes from.
        parent: what it is packed into or taken out of, as scanned.
        result: of an inspection, `conformant` or `non_conformant`.
        references: (type, URI) of business transactions: `po`, `desadv`, `inv`, `rma`, ...
    """

    raw: bytes
    intent: Intent = "find"
    at: datetime | None = None
    happened: bool = False
    product: str | None = None
    place: str | None = None
    to: str | None = None
    source: str | None = None
    parent: bytes | None = None
    result: str | None = None
    references: tuple[tuple[str, str], ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a scan.

    Attributes:
        result: `done`, `flagged` (done, and a rule is broken), `refused` (not done), `ambiguous`, `unknown`.
        message: one line for the person who scanned.
        readings: what it was read as; of an ambiguous one, all that it may be.
        findings: the rules that the event breaks; warnings: what else one should know of the unit.
        event: the eventID of what happened.
    """

    result: str
    message: str
    readings: tuple[Mapping[str, Any], ...] = ()
    epc: str | None = None
    state: str | None = None
    location: str | None = None
    lot: str | None = None
    expiry: str | None = None
    inside: str | None = None
    findings: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    event: str | None = None


def scan(db: Database, issuer: Issuer, call: Call, asked: Scan) -> Answer:
    """Take a scan; the same key (the client's id of the scan) is the same scan, and gets the answer it got.

    Raises:
        InvalidInput: a place, a party or a product that is none, an inspection without a result, a packing without
            what it is packed into.
        Conflict: the key was used for another scan.
    """
    asked = _checked(asked)
    body = _body(asked)

    def work(conn: Connection) -> Answer:
        answered = request_keys.claim(conn, call, _ROUTE, body)
        if answered is not None:
            return _answer(answered)
        answer = _Scanning(conn, issuer, call, asked).done()
        request_keys.settle(conn, call, _ROUTE, _said(answer))
        return answer

    return db.write(work)


def _checked(asked: Scan) -> Scan:
    if asked.intent == "inspect" and asked.result not in ("conformant", "non_conformant"):
        got = asked.result or "nothing"
        message = f"Expected conformant or non_conformant, got {got[:40]}."
        raise InvalidInput("scan_result", message, pointer="/result")
    if asked.intent in ("pack", "unpack") and not asked.parent:
        message = "Expected what it is packed into or taken out of, got nothing."
        raise InvalidInput("scan_parent", message, pointer="/parent")
    product = asked.product
    if product is not None:
        with at("/product"):
            product = parse_product_code(product).value
    return replace(
        asked,
        product=product,
        place=_named("place", "414", asked.place),
        to=_named("to", "417", asked.to),
        source=_named("source", "417", asked.source),
    )


def _named(field: str, key: str, text: str | None) -> str | None:
    """Return a location or party by its GLN, or by its URI."""
    with at(f"/{field}"):
        return text and canonical(f"https://id.gs1.org/{key}/{text}" if text.isdigit() else text)


def _body(asked: Scan) -> Mapping[str, Any]:
    parent = None if asked.parent is None else asked.parent.hex()
    moment = None if asked.at is None else asked.at.astimezone(UTC).isoformat()
    same = ("intent", "happened", "product", "place", "to", "source", "result", "reason")
    return {
        **{name: getattr(asked, name) for name in same},
        "raw": asked.raw.hex(),
        "parent": parent,
        "at": moment,
        "references": [list(pair) for pair in asked.references],
    }


def _said(answer: Answer) -> Mapping[str, Any]:
    return {name: getattr(answer, name) for name in Answer.__slots__} | {
        "readings": list(answer.readings),
        "findings": list(answer.findings),
        "warnings": list(answer.warnings),
    }


def _answer(said: Mapping[str, Any]) -> Answer:
    return Answer(**{**said, **{name: tuple(said[name]) for name in ("readings", "findings", "warnings")}})


class _Scanning:
    """One scan, in its transaction."""

    def __init__(self, conn: Connection, issuer: Issuer, call: Call, asked: Scan) -> None:
        self._conn = conn
        self._issuer = issuer
        self._call = call
        self._asked = asked
        self._at = asked.at or call.at

    def done(self) -> Answer:
        """Do what was meant, where it may be done, and keep the scan."""
        parsed = parse(self._asked.raw)
        things = reading.meant(self._conn, self._issuer, parsed, self._asked.product)
        if len(things) != 1:
            return self._kept(_not_one(parsed, things))
        parents: tuple[Meant, ...] = ()
        if self._asked.intent in ("pack", "unpack"):
            told = parse(self._asked.parent or b"")
            parents = reading.meant(self._conn, self._issuer, told)
            if len(parents) != 1:
                return self._kept(_not_one(told, parents, "/parent"))
        return self._one(things[0], parents[0].epc if parents else None)

    def _one(self, thing: Meant, parent: str | None) -> Answer:
        unit, terms = self._now(thing.epc)
        told = replace(_shown(unit), readings=(reading.in_short(thing.reading),))
        label = reading.label_says(thing.reading, self._at.date())
        warned = tuple(warnings(unit.standing, terms, self._at.date(), label))
        told = replace(told, warnings=warned)
        if self._asked.intent == "find":
            return self._kept(replace(told, result="done", message=_sentence("found", told)), unit)
        event = self._event(thing.epc, parent)
        if self._asked.intent in GUARDED and not self._asked.happened:
            refused = self._would_break(unit, terms, event) or self._held_inside(unit)
            if refused is not None:
                told = replace(told, result="refused", findings=(refused,))
                return self._kept(replace(told, message=_sentence("not done", told)), unit)
        return self._captured(event, told)

    def _captured(self, event: Event, told: Answer) -> Answer:
        captured = capturing.capture_in(self._conn, self._issuer, self._call, event, own=True)
        unit, terms = self._now(told.epc or "")
        still = set(warnings(unit.standing, terms, self._at.date())) | {"wrong_lot", "wrong_expiry"}
        warned = tuple(code for code in told.warnings if code in still)
        now = replace(_shown(unit), readings=told.readings, warnings=warned)
        found = tuple(sorted(captured.findings))
        done = MEANINGS[self._asked.intent].done if captured.id is not None else "recorded before"
        now = replace(now, result="flagged" if found else "done", findings=found, event=event.event_id or event.uri)
        return self._kept(replace(now, message=_sentence("recorded" if found else done, now)), unit, captured.id)

    def _now(self, epc: str) -> tuple[Unit, Terms]:
        """Return a unit as it stands, with what the books say of it; of one that was never met nothing is known."""
        rows = units.find(self._conn, [epc], hold=True)
        if rows:
            whose = (rows[0].product_id, rows[0].range_id)
            return of_row(self._conn, rows[0]), lot_tracking.terms_of(self._conn, [whose])[whose]
        who = identify(self._conn, self._issuer, [epc])[epc]
        terms = lot_tracking.terms_of(self._conn, [(who.product_id, who.range_id)])[who.product_id, who.range_id]
        return Unit(0, epc, who.product_id, who.lot_id, who.range_id, Standing(), Standing(), ()), terms

    def _would_break(self, unit: Unit, terms: Terms, event: Event) -> str | None:
        role: Role = "child" if event.parent is not None else "epc"
        fact = capturing.fact_of(event, role, future=False, own=True)
        # What holds back what it is inside holds it back as well.
        held = replace(unit.own, dispositions=unit.standing.dispositions)
        return step(held, fact, terms)[1]

    def _held_inside(self, unit: Unit) -> str | None:
        """Return what stops something inside that the gate of its lot does not let pass; None: nothing does."""
        inside = [unit.id] if unit.id else []
        for _ in range(refolding.DEPTH):
            if not inside:
                return None
            inside, stopped = lot_tracking.stopped_inside(self._conn, inside, self._at)
            if stopped is not None:
                return "sale_blocked_failed_tests" if stopped == "non_conformant" else "blocked_untested"
        return None

    def _event(self, epc: str, parent: str | None) -> Event:
        asked, meaning = self._asked, MEANINGS[self._asked.intent]
        why = Why(
            step=meaning.step,
            disposition=asked.result if asked.intent == "inspect" else meaning.disposition,
            set=meaning.set,
            unset=meaning.unset,
            read_point=asked.place,
            place=asked.place if meaning.stays else None,
            sources=(("possessing_party", asked.source),) if asked.source else (),
            destinations=(("possessing_party", asked.to),) if asked.to else (),
            transactions=asked.references,
            offset=_offset(self._at),
        )
        if parent is not None:
            return packing_event(self._at, meaning.action, parent, [epc], replace(why, set=(), unset=()))
        return object_event(self._at, meaning.action, [epc], why)

    def _kept(self, answer: Answer, unit: Unit | None = None, event_id: int | None = None) -> Answer:
        unit_id = unit.id or None if unit else None
        kept = scans.Kept(
            name=self._call.key or "",
            raw=self._asked.raw,
            intent=self._asked.intent,
            at=self._at,
            result=answer.result,
            reading=answer.readings[0] if answer.result != "ambiguous" and answer.readings else None,
            unit_id=unit_id,
            event_id=event_id,
            warnings=[*answer.warnings, *answer.findings],
        )
        scans.record(self._conn, self._call, kept)
        if self._asked.intent != "find":
            subject = f"unit:{(answer.epc or 'unknown')[:110]}"
            after = {"intent": self._asked.intent, "result": answer.result, "findings": list(answer.findings)}
            audit.record(self._conn, self._call, "unit.scan", subject, after=after, reason=self._asked.reason)
        return answer


def _not_one(parsed: Parsed, things: Sequence[Meant], pointer: str = "") -> Answer:
    where = " of what it is packed in" if pointer else ""
    if things:
        listed = tuple({**reading.in_short(one.reading), "epc": one.epc} for one in things)
        message = f"Expected one thing, got {len(things)} that the scan{where} may mean."
        return Answer("ambiguous", message, listed)
    listed = tuple(reading.in_short(one) for one in parsed.readings)
    if parsed.error is not None:
        return Answer("unknown", parsed.error.message, listed)
    if len({one.kind for one in parsed.readings}) == 1 and parsed.readings[0].kind in ("lot", "class", "location"):
        return Answer("unknown", f"Expected a serial, got a {parsed.readings[0].kind} without one.", listed)
    return Answer("unknown", f"Expected the serial of a unit{where}, got a text that nothing here has.", listed)


def _shown(unit: Unit) -> Answer:
    standing = unit.standing
    return Answer(
        "done",
        "",
        epc=unit.epc,
        state=standing.state,
        location=standing.location,
        lot=standing.lot,
        expiry=standing.expiry.isoformat() if standing.expiry else None,
        inside=unit.inside[0] if unit.inside else None,
    )


def _sentence(done: str, answer: Answer) -> str:
    """Return the one line: what was done, how the unit stands, what is wrong."""
    wrong = [SENTENCES[code] for code in dict.fromkeys([*answer.findings, *answer.warnings])]  # type: ignore[index]
    state = in_words(answer.state) if answer.state else "not known here"  # type: ignore[arg-type]
    line = done.capitalize() if state == done else f"{done.capitalize()}; {state}"
    return f"{line}: {', '.join(wrong)}." if wrong else f"{line}."


def _offset(moment: datetime) -> str:
    text = moment.strftime("%z")
    return f"{text[:3]}:{text[3:5]}"
