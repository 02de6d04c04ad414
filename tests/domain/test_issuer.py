"""The issuer: one secret and one domain; every pool of every product has a key of its own."""

from __future__ import annotations

import pytest

from labelsvc.domain.issuer import Issuer

ISSUER = Issuer(bytes(range(32)), "https://id.example.com")
PATTERN = "{rnd:10}"


def test_the_same_pool_has_the_same_serials_for_ever() -> None:
    """Product, pattern, scope and key version are all that goes in, never a row's id."""
    one, same = (ISSUER.numbering("09520123456788", PATTERN, "", 1) for _ in range(2))
    assert list(one.texts(0, 50)) == list(same.texts(0, 50))
    assert len(set(one.texts(0, 5_000))) == 5_000


@pytest.mark.parametrize(
    "other",
    [
        Issuer(bytes(32), "https://id.example.com").numbering("09520123456788", PATTERN, "", 1),
        ISSUER.numbering("09520123456795", PATTERN, "", 1),
        ISSUER.numbering("09520123456788", PATTERN, "", 2),
    ],
)
def test_another_secret_product_or_key_version_gives_other_serials(other: object) -> None:
    """Of 20 serials out of 32^10 not one is the same (by chance: once in 10^12)."""
    mine = set(ISSUER.numbering("09520123456788", PATTERN, "", 1).texts(0, 20))
    assert not mine & set(other.texts(0, 20))  # type: ignore[attr-defined]


def test_another_scope_has_another_key() -> None:
    """The counter part of the serials is not the same series under another date."""
    pattern = "{prod:%y%j}{rnd:8}"
    monday, tuesday = (ISSUER.numbering("09520123456788", pattern, scope, 1) for scope in ("26327", "26328"))
    assert not {text[5:] for text in monday.texts(0, 20)} & {text[5:] for text in tuesday.texts(0, 20)}


def test_a_plain_counter_needs_no_key() -> None:
    """And has none, so that no secret could ever change its serials."""
    numbering = ISSUER.numbering("09520123456788", "{seq:6}", "", 1)
    assert numbering.key is None
    assert numbering.text(0) == "000001"


def test_the_secret_is_not_shown() -> None:
    """Not in a log, not in a stack trace."""
    assert "0001" not in repr(ISSUER)
    assert "\\x00" not in repr(ISSUER)
    assert "id.example.com" in repr(ISSUER)
