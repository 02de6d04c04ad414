"""How printers are, over HTTP: states and reasons with their moments, what waits, what was not ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from labelsvc.domain.outcomes import Interval
from labelsvc.storage import fleet, jobs, outcomes, printers

T0 = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def moment(minutes: int) -> datetime:
    return T0 + timedelta(minutes=minutes)


def text(minutes: int) -> str:
    return moment(minutes).isoformat().replace("+00:00", "Z")


def status(site: Any, printer: dict[str, Any]) -> dict[str, Any]:
    answer = site.client("qa").get(f"/api/v1/printers/{printer['name']}/status")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def history(site: Any, printer: dict[str, Any], **query: int) -> dict[str, Any]:
    answer = site.client("qa").get(f"/api/v1/printers/{printer['name']}/history", query_string=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_a_new_printer_is_idle_with_nothing_waiting(site: Any) -> None:
    found = status(site, site.printer())
    assert (found["state"], found["reasons"], found["queue"]) == ("idle", [], {"jobs": 0, "labels": 0})
    assert found["foreign_labels"] == {"count": 0, "last_at": None}
    assert found["identity"] == {"changes": 0, "last_at": None, "was": None, "is": None}
    assert (found["restarts"], found["evidence"]) == (0, "sent")


def test_every_reason_has_its_own_moment(site: Any) -> None:
    """A cover opened later does not make an empty roll younger; said again, nothing is."""
    printer = site.printer()

    def say(minutes: int, *reasons: str) -> None:
        state = "stopped" if reasons else "idle"
        site.db.write(lambda conn: printers.set_state(conn, printer["id"], state, reasons, moment(minutes)))

    say(1, "media-empty-error")
    say(2, "media-empty-error")
    say(3, "media-empty-error", "cover-open-error")
    found = status(site, printer)
    assert {each["reason"]: each["since"] for each in found["reasons"]} == {
        "media-empty-error": text(1),
        "cover-open-error": text(3),
    }
    say(4, "cover-open-error")
    say(5, "media-empty-error", "cover-open-error")
    found = status(site, printer)
    assert {each["reason"]: each["since"] for each in found["reasons"]} == {
        "media-empty-error": text(5),
        "cover-open-error": text(3),
    }
    say(6)
    assert (status(site, printer)["reasons"], status(site, printer)["state_since"]) == ([], text(6))
    happened = history(site, printer)["items"]
    assert [each["at"] for each in happened] == [text(minute) for minute in (1, 3, 4, 5, 6)]
    assert [each["detail"]["state"] for each in happened] == ["stopped"] * 4 + ["idle"]


def test_labels_that_were_not_ours_and_another_device_are_counted_and_kept(site: Any) -> None:
    printer = site.printer()

    def note(kind: str, detail: dict[str, Any], minutes: int) -> None:
        site.db.write(lambda conn: fleet.note(conn, printer["id"], kind, detail, moment(minutes)))  # type: ignore[arg-type]

    note("foreign-labels", {"count": 2}, 1)
    note("foreign-labels", {"count": 3}, 2)
    note("identity-changed", {"was": "XXRBJ1", "is": "XXRBJ2"}, 3)
    note("restarted", {}, 4)
    found = status(site, printer)
    assert found["foreign_labels"] == {"count": 5, "last_at": text(2)}
    assert found["identity"] == {"changes": 1, "last_at": text(3), "was": "XXRBJ1", "is": "XXRBJ2"}
    assert found["restarts"] == 1
    page = history(site, printer, limit=3)
    assert [each["kind"] for each in page["items"]] == ["foreign-labels", "foreign-labels", "identity-changed"]
    rest = history(site, printer, after=page["next"])
    assert ([each["kind"] for each in rest["items"]], rest["next"]) == (["restarted"], None)


def test_what_waits_is_what_was_not_handed_over(site: Any) -> None:
    """Two jobs of ten; of the first, three are sent and one is in doubt: sixteen labels wait."""
    printer = site.printer()
    first, _ = (site.batch(10, printer=printer["name"]) for _ in range(2))

    def work(conn: Any) -> None:
        job = jobs.get(conn, first["job"])
        outcomes.append(conn, site.call(), job.range_id, Interval(job.first, job.first + 2, "sent", "sent"))
        outcomes.append(conn, site.call(), job.range_id, Interval(job.first + 3, job.first + 3, "in_doubt"))
        jobs.set_state(conn, job.id, "processing", ("job-printing",), started_at=moment(1))

    assert status(site, printer)["queue"] == {"jobs": 2, "labels": 20}
    site.db.write(work)
    assert status(site, printer)["queue"] == {"jobs": 2, "labels": 16}
    site.db.write(lambda conn: jobs.set_state(conn, first["job"], "completed", (), ended_at=moment(2)))
    assert status(site, printer)["queue"] == {"jobs": 1, "labels": 10}


def test_the_fleet_is_listed_page_by_page_as_each_printer_is_shown(site: Any) -> None:
    made = [site.printer() for _ in range(3)]
    seen, after = [], 0
    while after is not None:
        page = site.client("station").get("/api/v1/fleet", query_string={"after": after, "limit": 2}).json
        assert len(page["items"]) <= 2
        seen += page["items"]
        after = page["next"]
    for printer in made:
        assert status(site, printer) in seen


@pytest.mark.parametrize("path", ["/api/v1/fleet", "/api/v1/printers/x/status", "/api/v1/printers/x/history"])
def test_a_line_may_not_look_and_an_unknown_printer_is_none(site: Any, path: str) -> None:
    assert site.client("line").get(path).status_code == 403
    if "/x/" in path:
        assert site.client("qa").get(path).json["code"] == "printer_unknown"
