"""Actors: whose Idempotency-Keys are whose."""

from __future__ import annotations

from labelsvc.domain.actors import Actor


def test_a_key_acts_for_its_client() -> None:
    """The client's name is all that counts, so its Idempotency-Keys survive the rotation of its key."""
    assert Actor("key", "line 3").client == "line 3"


def test_other_actors_never_share_a_client_with_a_key() -> None:
    """A client's name has no colon (access.add_key); theirs always has."""
    clients = {Actor("shell", "anna").client, Actor("user", "anna").client, Actor("station", "anna").client}
    assert clients == {"shell:anna", "user:anna", "station:anna"}
