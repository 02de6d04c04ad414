"""Checkpoints and proofs over HTTP: a partner keeps one, and checks the other without us."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from labelsvc.auditing import notes, proofs
from labelsvc.auditing.sealing import Sealer
from labelsvc.auditing.verifying import vouched
from labelsvc.domain.actors import Actor, Call
from labelsvc.tracking import capturing
from labelsvc.tracking.own_events import Why, object_event
from labelsvc.web.house import house_of
from tests.web.conftest import PARTY

MINE, OTHERS = (f"https://id.gs1.org/01/09520123456788/21/{serial}" for serial in ("MINE", "OTHERS"))


def shipped(site: Any, epc: str, to: str) -> str:
    """Let a unit be shipped to a party; return the eventID."""
    now = datetime.now(UTC)
    event = object_event(now, "OBSERVE", [epc], Why("shipping", "in_transit", destinations=(("owning_party", to),)))
    home = house_of(site.app)
    capturing.capture(home.db, home.issuer, Call(Actor("key", "warehouse"), now), [event])
    return event.event_id or event.uri


def sealed(site: Any) -> None:
    Sealer(house_of(site.app).db, lambda: datetime.now(UTC)).look()


def test_a_partner_checks_an_event_of_theirs_by_what_they_kept(site) -> None:
    site.lot()
    sealed(site)
    partner = site.client("partner")
    key = partner.get("/api/v1/audit/key").json
    kept = partner.get("/api/v1/audit/checkpoint")
    assert (kept.status_code, kept.content_type) == (200, "text/plain; charset=utf-8")
    mine, others = shipped(site, MINE, PARTY), shipped(site, OTHERS, "https://id.gs1.org/417/9506000134352")
    unsealed = partner.get("/api/v1/audit/proof", query_string={"event": mine})
    assert (unsealed.status_code, unsealed.json["code"]) == (409, "audit_unsealed")
    sealed(site)
    (link,) = partner.get("/api/v1/units", query_string={"epc": MINE}).json["links"].values()
    assert link == "/api/v1/audit/proof{?event}"
    proof = partner.get("/api/v1/audit/proof", query_string={"event": mine})
    who = notes.parse_verifier(key["key"])
    assert key["origin"] == who.name == kept.text.split("\n")[0]
    size = notes.open_note(kept.text, who).size
    growth = partner.get("/api/v1/audit/consistency", query_string={"from": size})
    (found,) = proofs.check(who, kept.text, [proofs.parse(proof.text), proofs.parse(growth.text)])
    assert mine.split(";")[1].split("?")[0] in [one["hash"] for one in vouched(found.entry)]
    assert PARTY not in str(found.entry)
    refused = partner.get("/api/v1/audit/proof", query_string={"event": others})
    assert (refused.status_code, refused.json["code"]) == (404, "event_unknown")
    assert site.client("qa").get("/api/v1/audit/proof", query_string={"event": others}).status_code == 200


def test_entries_are_for_the_house_alone(site) -> None:
    site.lot()
    sealed(site)
    qa = site.client("qa")
    proof = proofs.parse(qa.get("/api/v1/audit/proof?entry=1").text)
    assert isinstance(proof, proofs.Inclusion)
    assert b'"id":1,' in proof.content
    for role, query, status, code in (
        ("partner", "entry=1", 403, "role"),
        ("qa", "", 422, "proof_of"),
        ("qa", "entry=1&event=x", 422, "proof_of"),
        ("qa", "entry=999999", 404, "audit_entry_unknown"),
        ("qa", "entry=1&size=0", 422, "tree_size"),
    ):
        answer = site.client(role).get(f"/api/v1/audit/proof?{query}")
        assert (answer.status_code, answer.json["code"]) == (status, code)
    assert qa.get("/api/v1/audit/consistency").status_code == 422
    assert qa.get("/api/v1/audit/consistency?from=1&to=1").text.startswith("old 1\n\n")
