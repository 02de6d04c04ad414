"""Use case: a recall as PDF, for the authority and for the file."""

from __future__ import annotations

from datetime import datetime

from labelsvc.domain.recalls import Balance, Notice, Recall
from labelsvc.labels import report
from labelsvc.labels.report import CloseReport, Listing
from labelsvc.storage import audit, recall_notices, recalls
from labelsvc.storage.database import Database
from labelsvc.tracking.recalls.balancing import balance

#: Notices, and entries of the audit, that a report shows.
_NOTICES_AT_MOST, _ENTRIES_AT_MOST = 1_000, 500
_STATES = {
    "freezing": "OPEN: units are being called back",
    "open": "OPEN",
    "lifting": "BEING LIFTED",
    "lifted": "LIFTED",
    "drilling": "DRILL, under way",
    "drilled": "DRILL: nothing was called back",
}


def recall_report(db: Database, recall_id: int, now: datetime) -> bytes:
    """Return a recall as PDF: scope, times, balance, whom to tell and what they said, who did what.

    Raises:
        NotFound: there is no such recall.
    """
    figures = balance(db, recall_id, now)
    with db.read() as conn:
        recall = recalls.get(conn, recall_id)
        members = recalls.counts(conn, recall_id)
        notices = recall_notices.listing(conn, recall_id, None, (0, _NOTICES_AT_MOST))
        told = recall_notices.counts(conn, recall_id)
        entries = audit.about(conn, [f"recall:{recall_id}"], _ENTRIES_AT_MOST)
    facts = [
        ("Recall", f"{recall.name}: {recall.title}"),
        ("Reason", recall.reason),
        ("Opened", f"{recall.opened_at:%Y-%m-%d %H:%M:%S} UTC by {recall.opened_by.kind} {recall.opened_by.id}"),
        *_lift(recall),
        ("Scope", "; ".join(_scope(recall))[:2_000]),
        ("Units", ", ".join(f"{count:,} {state}" for state, count in sorted(members.items())) or "none"),
        (
            "Notices",
            ", ".join(f"{count:,} {state.replace('_', ' ')}" for state, count in sorted(told.items())) or "none",
        ),
    ]
    rows = [(f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.actor, entry.said) for entry in entries]
    shown = CloseReport(
        title=f"{recall.name}, as of {now:%Y-%m-%d %H:%M} UTC",
        subtitle=recall.title,
        state=_STATES[recall.state],
        facts=facts,
        listings=(
            _times(recall),
            _balance(figures),
            _unaccounted(figures),
            _notices(notices.items, more=notices.next is not None),
            Listing("Who did what", ("When (UTC)", "Who", "What"), rows, (0.2, 0.22, 0.58)),
        ),
        card=None,
        heading="Recall drill" if recall.drill else "Recall",
    )
    return report.write(shown)


def _lift(recall: Recall) -> list[tuple[str, str]]:
    lift = recall.lift
    if lift is None:
        return []
    found = [("Lifting asked", f"{lift.asked_at:%Y-%m-%d %H:%M:%S} UTC by {lift.asked_by}: {lift.reason}")]
    if lift.approved_at is not None:
        found.append(("Lifting approved", f"{lift.approved_at:%Y-%m-%d %H:%M:%S} UTC by {lift.approved_by}"))
    return found


def _scope(recall: Recall) -> list[str]:
    scope = recall.scope
    named = (
        ("lots", scope.lots),
        ("print jobs", scope.jobs),
        ("units", scope.units),
        ("made of lots", scope.component_lots),
        ("made of units", scope.component_units),
        ("made of", scope.component_classes),
    )
    found = [f"{name} {', '.join(map(str, ids))}" for name, ids in named if ids]
    found += [f"labels {part.first:,} to {part.last:,} of batch {part.batch}" for part in scope.labels]
    for during in scope.production:
        line = f"on line {during.line}" if during.line else "on any line"
        found.append(f"made {during.since:%Y-%m-%d %H:%M} to {during.until:%Y-%m-%d %H:%M} {line}")
    return found


def _times(recall: Recall) -> Listing:
    seconds = recall.evidence.get("seconds", {})
    rows = [
        (stage.replace("_", " "), f"{passed:,.3f}") for stage, passed in sorted(seconds.items(), key=lambda one: one[1])
    ]
    head = ("Stage", "Seconds from the opening")
    return Listing("How fast", head, rows, (0.7, 0.3), right=frozenset({1}))


def _balance(found: Balance) -> Listing:
    rows = [("number", outcome.replace("_", " "), "", f"{count:,}") for outcome, count in found.numbers.items()]
    rows += [
        ("unit", state.replace("_", " "), place or "", f"{count:,}") for (state, place), count in found.units.items()
    ]
    rows.append(("", "granted", "all numbers of the scope", f"{found.granted:,}"))
    rows.append(("", "beside", "units of the scope that are no such number", f"{found.beside:,}"))
    rows.append(("", "difference", "both less the sum of the rows above", f"{found.difference:,}"))
    head = ("", "Outcome or state", "Where", "Count")
    return Listing("Every number of the scope", head, rows, (0.1, 0.25, 0.5, 0.15), right=frozenset({3}), sums=3)


def _unaccounted(found: Balance) -> Listing:
    rows = [(why.replace("_", " "), f"{count:,}") for why, count in found.unaccounted.items()]
    return Listing("Of these, nobody can put a hand on", ("Why", "Count"), rows, (0.7, 0.3), right=frozenset({1}))


def _notices(found: tuple[Notice, ...], *, more: bool) -> Listing:
    rows = []
    for one in found:
        latest = one.latest
        said = [latest.how or "", *(f"{count:,} {word.replace('_', ' ')}" for word, count in latest.quantities.items())]
        when = f"{one.at:%Y-%m-%d %H:%M} {one.by}" if one.by else ""
        who = f"{one.whom} {one.name or ''}".strip()
        rows.append((who, f"{one.units:,}", latest.state.replace("_", " "), when, ", ".join(filter(None, said))))
    title = f"Whom to tell: the first {_NOTICES_AT_MOST:,}" if more else "Whom to tell"
    head = ("Who", "Units", "State", "When, by whom", "How, and what they say")
    return Listing(title, head, rows, (0.34, 0.08, 0.13, 0.2, 0.25), right=frozenset({1}))
