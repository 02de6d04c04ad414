"""Guesses are counted, for each name and for each address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from labelsvc.access import guesses
from labelsvc.access.guesses import PER_ADDRESS, PER_NAME, WITHIN, Guesses
from labelsvc.errors import TooMany

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


def test_a_name_can_be_guessed_at_so_often_from_wherever() -> None:
    counted = Guesses()
    for n in range(PER_NAME):
        counted.begin("anna", f"192.0.2.{n}", NOW)
    with pytest.raises(TooMany) as refusal:
        counted.begin("anna", "192.0.2.200", NOW + timedelta(minutes=5))
    assert refusal.value.code == "sign_in_often"
    assert refusal.value.facts["retry_after"] == 600
    counted.begin("boris", "192.0.2.200", NOW)


def test_an_address_can_guess_so_often_whomever_it_tries() -> None:
    counted = Guesses()
    for n in range(PER_ADDRESS):
        counted.begin(f"name-{n}", "192.0.2.1", NOW)
    with pytest.raises(TooMany):
        counted.begin("another", "192.0.2.1", NOW)
    counted.begin("another", "192.0.2.2", NOW)


def test_after_a_quarter_of_an_hour_it_begins_anew() -> None:
    counted = Guesses()
    for _ in range(PER_NAME):
        counted.begin("anna", "192.0.2.1", NOW)
    with pytest.raises(TooMany):
        counted.begin("anna", "192.0.2.1", NOW + WITHIN - timedelta(seconds=1))
    for _ in range(PER_NAME):
        counted.begin("anna", "192.0.2.1", NOW + WITHIN)


def test_a_right_password_is_no_guess() -> None:
    """However many people sign in behind one address."""
    counted = Guesses()
    for n in range(3 * PER_ADDRESS):
        counted.begin(f"name-{n % 7}", "192.0.2.1", NOW)
        counted.right(f"name-{n % 7}", "192.0.2.1")


def test_what_is_kept_has_a_bound(monkeypatch) -> None:
    """Whoever tries a million names fills no memory."""
    monkeypatch.setattr(guesses, "_KEPT_AT_MOST", 100)
    counted = Guesses()
    for n in range(1_000):
        counted.begin(f"name-{n}", f"address-{n}", NOW)
    assert len(counted._names) == len(counted._addresses) == 100
