"""Passwords: their rules, and what of them is kept."""

from __future__ import annotations

import base64
import hashlib

import pytest

from labelsvc.access import passwords
from labelsvc.access.passwords import Cost, check_password, is_right, kept
from labelsvc.errors import InvalidInput

GOOD = "correct horse battery"


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password_length"),
        ("x1y2z3x1y2z", "password_length"),
        ("ab" * 101, "password_length"),
        ("a" * 12, "password_plain"),
    ],
)
def test_a_password_that_breaks_a_rule_is_refused_and_not_repeated(password, code) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_password(password)
    assert (refusal.value.code, refusal.value.pointer) == (code, "/password")
    assert not password or password not in refusal.value.message


@pytest.mark.parametrize("password", [GOOD, "ab" * 6, "ab" * 100, "Παραγωγή γραμμή 3"])
def test_any_characters_do(password) -> None:
    check_password(password)


def test_what_is_kept_is_scrypt_as_rfc_7914_has_it(cheap) -> None:
    """With a salt of its own each time; the parameters stand with it."""
    first, second = kept(GOOD), kept(GOOD)
    assert first != second
    assert GOOD not in first
    name, n, r, p, salt, digest = first.split("$")
    assert (name, n, r, p) == ("scrypt", "2", "8", "1")
    assert len(base64.b64decode(salt)) == 16
    assert base64.b64decode(digest) == hashlib.scrypt(
        GOOD.encode(), salt=base64.b64decode(salt), n=2, r=8, p=1, dklen=32
    )


def test_only_the_same_password_is_right(cheap) -> None:
    known = kept(GOOD)
    assert is_right(GOOD, known)
    for other in ("", GOOD + " ", GOOD.upper(), GOOD[:-1], known):
        assert not is_right(other, known)


def test_the_same_letters_typed_on_another_keyboard_are_the_same_password(cheap) -> None:
    """An é as one character, and as an e with an accent."""
    assert is_right("caf\u0065\u0301 au lait matin", kept("caf\u00e9 au lait matin"))


def test_a_password_kept_with_other_parameters_is_still_right(monkeypatch) -> None:
    monkeypatch.setattr(passwords, "COST", Cost(2, 8, 1))
    known = kept(GOOD)
    monkeypatch.setattr(passwords, "COST", Cost(4, 8, 2))
    assert is_right(GOOD, known)
    assert kept(GOOD).startswith("scrypt$4$8$2$")


def test_an_unknown_name_costs_as_much_as_a_known_one(monkeypatch) -> None:
    """One scrypt with the same parameters, so that nobody learns from the time which names there are."""
    asked = []
    monkeypatch.setattr(passwords, "COST", Cost(2, 8, 1))
    known = kept(GOOD)
    real = hashlib.scrypt

    def scrypt(text, *, salt, n, r, p, maxmem, dklen):
        asked.append((len(salt), n, r, p, dklen))
        return real(text, salt=salt, n=n, r=r, p=p, maxmem=maxmem, dklen=dklen)

    monkeypatch.setattr(hashlib, "scrypt", scrypt)
    assert not is_right("a wrong password", known)
    assert not is_right("a wrong password", None)
    assert asked[0] == asked[1]
    assert len(asked) == 2


def test_the_cost_is_what_owasp_asks_for() -> None:
    """Password Storage Cheat Sheet: N=2^15, r=8, p=3 is one of the equals."""
    assert (passwords.COST.n, passwords.COST.r, passwords.COST.p) == (32_768, 8, 3)
