"""Customers: a pseudonym for ever, and contact data that can be erased."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from labelsvc.errors import InvalidInput, NotFound, at

#: Without I, L, O and U, which are read as something else.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 10
_PSEUDONYM = re.compile(rf"C-[{_ALPHABET}]{{{_LENGTH}}}")
#: Fields of a contact, and how long each may be.
FIELDS = {"name": 200, "email": 254, "phone": 40, "address": 500}


@dataclass(frozen=True, slots=True)
class Contact:
    """Who a customer is; the only personal data of customers there are."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    address: str | None = None

    @property
    def said(self) -> dict[str, str]:
        """What is known, by field."""
        return {name: value for name in FIELDS if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class Customer:
    """Who bought something.

    Attributes:
        name: the pseudonym, `C-` and ten characters.
        contact: None: nothing is known, or it was erased.
    """

    id: int
    name: str
    created_at: datetime
    contact: Contact | None = None


@dataclass(frozen=True, slots=True)
class Obligation:
    """Why a customer has to be reachable at the moment.

    Attributes:
        recall: name of a recall that runs, of which the customer still has to be told.
    """

    recall: str


def pseudonym(pick: Callable[[str], str]) -> str:
    """Return a new name for a customer.

    Args:
        pick: gives one character of an alphabet by chance.
    """
    return "C-" + "".join(pick(_ALPHABET) for _ in range(_LENGTH))


def check_pseudonym(text: str) -> str:
    """Return a text that may be a customer's name.

    Raises:
        NotFound: nobody has such a name.
    """
    if not _PSEUDONYM.fullmatch(text):
        raise unknown(text)
    return text


def unknown(text: str) -> NotFound:
    """Say that there is no such customer."""
    return NotFound("customer_unknown", f"Expected a customer, got {text[:20]!r}.")


def check_contact(contact: Contact) -> None:
    """See that a contact says something, and nothing too long.

    Raises:
        InvalidInput: it does not.
    """
    if not contact.said:
        raise InvalidInput("contact_empty", f"Expected one of {', '.join(FIELDS)}, got none.")
    for name, value in contact.said.items():
        with at(f"/{name}"):
            if not 1 <= len(value.strip()) <= FIELDS[name] or not value.replace("\n", "").isprintable():
                message = f"Expected 1 to {FIELDS[name]} printable characters, got {len(value)}."
                raise InvalidInput("contact_text", message)
