"""SSCCs: the numbers of logistic units, AI (00), and the series that they are counted in.

An SSCC has 18 digits: an extension digit, a GS1 company prefix, a serial reference that fills what is left, and the
check digit. A longer prefix leaves fewer serial references.
"""

from __future__ import annotations

import re

from labelsvc.domain.gtin import check_digit
from labelsvc.errors import InvalidInput

LENGTH = 18
PREFIX_LENGTHS = (6, 12)
"""Digits of a GS1 company prefix at least and at most."""

_PREFIX = re.compile(rf"[0-9]{{{PREFIX_LENGTHS[0]},{PREFIX_LENGTHS[1]}}}")
_SSCC = re.compile(rf"[0-9]{{{LENGTH}}}")


def check_sscc(text: str) -> str:
    """Return an SSCC.

    Raises:
        InvalidInput: sscc_digits, sscc_check_digit.
    """
    if not _SSCC.fullmatch(text):
        shown = repr(text) if len(text) <= 2 * LENGTH else f"{len(text)} characters"
        raise InvalidInput("sscc_digits", f"Expected {LENGTH} digits, got {shown}.")
    expected = check_digit(text[:-1])
    if int(text[-1]) != expected:
        raise InvalidInput("sscc_check_digit", f"Expected check digit {expected}, got {text[-1]}.")
    return text


def check_company_prefix(text: str) -> str:
    """Return a GS1 company prefix.

    Raises:
        InvalidInput: company_prefix.
    """
    if not _PREFIX.fullmatch(text):
        least, most = PREFIX_LENGTHS
        raise InvalidInput("company_prefix", f"Expected {least} to {most} digits, got {text[: LENGTH + 2]!r}.")
    return text


def check_extension_digit(digit: int) -> int:
    """Return an extension digit, which whoever issues the SSCC chooses.

    Raises:
        InvalidInput: extension_digit.
    """
    if not 0 <= digit <= 9:
        raise InvalidInput("extension_digit", f"Expected 0 to 9, got {digit}.")
    return digit


def pattern(company_prefix: str, extension_digit: int) -> str:
    """Write the serial scheme of a series: its serials are whole SSCCs, serial reference 1 first."""
    left = LENGTH - 2 - len(company_prefix)
    return f"{extension_digit}{company_prefix}{{seq:{left}}}{{check}}"
