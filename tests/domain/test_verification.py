from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.lots import Lot
from labelsvc.domain.outcomes import OUTCOMES
from labelsvc.domain.units.standing import STATES
from labelsvc.domain.verdict_words import WORDS, also, words
from labelsvc.domain.verification import Facts, Reason, Said, fmd, verify, vrs

LOT = Lot("L1", date(2026, 11, 20), date(2028, 11, 19), None)
SOLD = Facts(LOT, "confirmed", state="sold")
TODAY = date(2027, 1, 1)
_22, _12, _13 = "NMVS_NC_PCK_22", "NMVS_FE_LOT_12", "NMVS_FE_LOT_13"


def test_a_unit_that_nothing_speaks_against_is_verified() -> None:
    for state in ("active", "in_transit", "in_stock", "sold", "returned", "repaired"):
        verdict = verify(replace(SOLD, state=state), Said("L1", LOT.expiry), TODAY)
        assert (verdict.verified, vrs(verdict), fmd(verdict)) == (True, (None, None), None)
        assert (words(verdict).tone, also(verdict)) == ("good", ())


@pytest.mark.parametrize(
    ("facts", "said", "reason", "asked", "alert"),
    [
        (Facts(), Said(), "UNKNOWN_SERIAL", ("No_match_GTIN_Serial", None), "NMVS_NC_PC_02"),
        (Facts(lost=True), Said(), "RECORD_LOST", ("No_reason_provided", None), None),
        (Facts(LOT, "confirmed"), Said(), "NOT_COMMISSIONED", ("No_reason_provided", None), None),
        (replace(SOLD, state="unknown"), Said(), "NOT_COMMISSIONED", ("No_reason_provided", None), None),
        (Facts(LOT, "spoiled"), Said(), "NUMBER_VOID", ("No_reason_provided", "Illegitimate"), None),
        (replace(SOLD, state="destroyed"), Said(), "TERMINATED", ("No_reason_provided", "Illegitimate"), _22),
        (replace(SOLD, state="decommissioned"), Said(), "ALREADY_INACTIVE", ("No_reason_provided", "Suspect"), _22),
        (SOLD, Said("L2"), "LOT_MISMATCH", ("No_match_GTIN_Serial_Lot", None), _13),
        (SOLD, Said("L1", date(2029, 1, 1)), "EXPIRY_MISMATCH", ("No_match_GTIN_Serial_Expiry", None), _12),
        (SOLD, Said("L2", date(2029, 1, 1)), "LOT_MISMATCH", ("No_match_GTIN_Serial_Lot_Expiry", None), _13),
        (SOLD, Said(production=TODAY), "DATE_MISMATCH", ("No_reason_provided", "Suspect"), None),
        (SOLD, Said(unreadable=True), "DATE_MISMATCH", ("No_reason_provided", "Suspect"), None),
        (replace(SOLD, recalled=True), Said(), "RECALLED", ("Not_for_re-distribution", "Recalled"), None),
        (replace(SOLD, on_hold=True), Said(), "ON_HOLD", ("Not_for_re-distribution", None), None),
        (replace(SOLD, state="stolen"), Said(), "STOLEN", ("No_reason_provided", "Illegitimate"), None),
        (replace(SOLD, state="lost"), Said(), "LOST", ("No_reason_provided", "Suspect"), None),
    ],
)  # fmt: skip
def test_one_decision_is_told_in_every_dialect(facts: Facts, said: Said, reason: Reason, asked, alert) -> None:
    """The words are those of the tables of LMS 1.3 and of the European verification system."""
    verdict = verify(facts, said, TODAY)
    assert (verdict.reason, vrs(verdict), fmd(verdict)) == (reason, asked, alert)
    assert not verdict.verified
    assert words(verdict).tone != "good"


def test_a_unit_is_good_until_the_end_of_its_expiry_day() -> None:
    assert LOT.expiry is not None
    assert verify(SOLD, Said(), LOT.expiry).verified
    late = verify(SOLD, Said(), LOT.expiry + timedelta(days=1))
    assert (late.reasons, vrs(late)) == (("EXPIRED",), ("Not_for_re-distribution", "Expired"))


def test_the_earlier_of_two_expiry_dates_counts() -> None:
    """That of the lot, and the one that its commissioning event says."""
    assert verify(replace(SOLD, expiry=date(2026, 12, 31)), Said(), TODAY).reasons == ("EXPIRED",)
    assert verify(replace(SOLD, expiry=date(2099, 1, 1)), Said(), date(2028, 11, 20)).reasons == ("EXPIRED",)


def test_a_best_before_date_that_has_passed_is_said_and_speaks_not_against_it() -> None:
    aged = replace(SOLD, lot=Lot("L1", date(2026, 11, 20), None, date(2026, 12, 31)))
    assert verify(aged, Said(), date(2026, 12, 31)).past_best_before is False
    verdict = verify(aged, Said(), TODAY)
    assert (verdict.verified, verdict.past_best_before) == (True, True)
    assert "best-before" in words(verdict).meaning


def test_a_sold_unit_is_fine_in_use_and_not_where_it_is_to_be_sold() -> None:
    assert verify(SOLD, Said(), TODAY).verified
    assert verify(SOLD, Said(), TODAY, "resale").reasons == ("ALREADY_INACTIVE",)
    assert verify(replace(SOLD, state="returned"), Said(), TODAY, "resale").verified


def test_everything_that_is_wrong_is_told_and_a_recall_even_under_another_lot() -> None:
    verdict = verify(replace(SOLD, recalled=True, on_hold=True), Said("L2"), date(2030, 1, 1))
    assert verdict.reasons == ("LOT_MISMATCH", "RECALLED", "ON_HOLD", "EXPIRED")
    assert vrs(verdict) == ("No_match_GTIN_Serial_Lot", "Recalled")
    assert len(also(verdict)) == 3


def test_there_are_words_for_every_reason() -> None:
    assert set(WORDS) == set(get_args(Reason))


facts_of_any_kind = st.builds(
    Facts,
    st.sampled_from([None, LOT]),
    st.sampled_from(OUTCOMES),
    st.booleans(),
    st.sampled_from([None, *STATES]),
    st.booleans(),
    st.booleans(),
)


@given(facts_of_any_kind, st.dates(date(2026, 1, 1), date(2031, 1, 1)), st.sampled_from(["use", "resale"]))
def test_destroyed_recalled_never_issued_or_expired_never_verifies(facts: Facts, today: date, purpose) -> None:
    """Whatever else is true."""
    bad = (
        facts.lot is None
        or facts.lost
        or facts.recalled
        or facts.on_hold
        or facts.state in (None, "unknown", "destroyed", "sampled", "consumed", "decommissioned", "stolen", "replaced")
        or today > date(2028, 11, 19)
    )
    verdict = verify(facts, Said(), today, purpose)
    assert not (bad and verdict.verified)
    assert (words(verdict).tone == "good") == verdict.verified
