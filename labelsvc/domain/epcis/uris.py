"""What is a URI: the syntax of RFC 3986, appendix A, no more and no less."""

from __future__ import annotations

import re

URI_AT_MOST = 2048
"""Characters of a URI that we take; no standard sets an end."""

# Possessive quantifiers (*+): a long wrong text is refused in one pass.
_UNRESERVED = r"A-Za-z0-9\-._~!$&'()*+,;="
_PCHAR = rf"(?:[{_UNRESERVED}:@]|%[0-9A-Fa-f]{{2}})"
_AUTHORITY = (
    rf"(?:(?:[{_UNRESERVED}:]|%[0-9A-Fa-f]{{2}})*@)?"
    rf"(?:\[(?:[0-9A-Fa-f:]*:[0-9A-Fa-f:]+)\]|(?:[{_UNRESERVED}]|%[0-9A-Fa-f]{{2}})*+)(?::[0-9]{{0,5}})?"
)
_URI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.\-]*+:(?://{_AUTHORITY}(?:/{_PCHAR}*+)*+|(?!//)(?:{_PCHAR}|/)*+)"
    rf"(?:\?(?:{_PCHAR}|[/?])*+)?(?:#(?:{_PCHAR}|[/?])*+)?",
    re.ASCII,
)


def is_uri(text: str) -> bool:
    """Whether a text is a URI with a scheme; at most `URI_AT_MOST` characters."""
    return len(text) <= URI_AT_MOST and _URI.fullmatch(text) is not None
