from __future__ import annotations

from datetime import UTC, datetime, timedelta

from labelsvc.domain.actors import Actor, Call
from labelsvc.tracking import capturing
from labelsvc.tracking.own_events import Why, object_event
from labelsvc.web.house import house_of
from tests.web.conftest import PARTY


def test_a_partner_is_told_their_part_and_of_nothing_else(site) -> None:
    """What never passed through them is answered as what never was; the rest of the house's API is closed."""
    home, now = house_of(site.app), datetime.now(UTC)
    theirs, other = (f"https://id.gs1.org/01/09521321000018/21/{name}" for name in ("P1", "P2"))
    call = Call(Actor("key", "warehouse"), now)
    to = Why("receiving", "in_progress", destinations=(("possessing_party", PARTY),))
    capturing.capture(
        home.db,
        home.issuer,
        call,
        [
            object_event(now - timedelta(hours=3), "OBSERVE", [theirs, other], Why("shipping", "in_transit")),
            object_event(now - timedelta(hours=2), "OBSERVE", [theirs], to),
            object_event(now - timedelta(hours=1), "OBSERVE", [theirs], Why("retail_selling", "retail_sold")),
        ],
    )
    partner = site.client("partner")
    told = partner.get("/api/v1/units", query_string={"epc": theirs}).json
    assert [(one["biz_step"], one["actor"]) for one in told["events"]] == [("shipping", ""), ("receiving", "warehouse")]
    assert (told["events"][1]["holder"], told["holder"], told["location"]) == (PARTY, None, None)
    for epc in (other, theirs + "X"):
        answer = partner.get("/api/v1/units", query_string={"epc": epc})
        assert (answer.status_code, answer.json["code"]) == (404, "unit_unknown")
    assert partner.get("/api/v1/findings").status_code == 403
    assert partner.get("/api/v1/parties").status_code == 403
