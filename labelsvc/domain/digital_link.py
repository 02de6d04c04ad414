"""GS1 Digital Link URIs: https://id.example.com/01/09520123456788/10/ABC1/21/12345?17=180426."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from labelsvc.domain.application_identifiers import application_identifier
from labelsvc.errors import InvalidInput

DOMAIN_AT_MOST = 100

_NOT_IN_QUERY = frozenset({"00", "01", "02", "10", "21", "22", "235"})
"""Keys, and the qualifiers of AI (01), which have their place in the path (R9)."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_HERE = frozenset({"localhost", "127.0.0.1"})
_SHAPE = re.compile(r"(?P<scheme>https?)://(?P<host>[^/:?#@\s]+)(?::(?P<port>[0-9]{1,5}))?(?P<path>(?:/[^/?#\s]+)*)")
_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+")
_NUMBER = re.compile(r"[0-9]+")


def digital_link(
    domain: str, gtin: str, *, lot: str | None = None, serial: str | None = None, query: Sequence[tuple[str, str]] = ()
) -> str:
    """The URI of a trade item, of a lot of it or of one unit.

    Args:
        domain: as `check_digital_link_domain` returns it.
        gtin: 14 digits.
        lot, serial: AIs (10) and (21); in the path, in this order (R9). Values are taken as checked.
        query: further AIs and values, such as (11), (15) and (17).

    Returns:
        The URI; everything but A-Z a-z 0-9 - . _ ~ percent-encoded (R10), so "/" in a serial becomes "%2F".

    Raises:
        InvalidInput: digital_link_query, an AI of the path in the query; gs1_ai_unknown.
    """
    path = f"{domain}/01/{gtin}"
    if lot is not None:
        path += f"/10/{encoded(lot)}"
    if serial is not None:
        path += f"/21/{encoded(serial)}"
    for ai, _ in query:
        if ai in _NOT_IN_QUERY:
            raise InvalidInput("digital_link_query", f"Expected AI ({ai}) in the path or nowhere, got it in the query.")
        application_identifier(ai)
    joined = "&".join(f"{ai}={encoded(value)}" for ai, value in query)
    return f"{path}?{joined}" if joined else path


def check_digital_link_domain(text: str) -> str:
    """Return the beginning of the URIs that are printed for ever.

    Args:
        text: such as "https://id.example.com" or "https://example.com/id": a scheme, a host in lower case, perhaps a
            port, perhaps a path; http only for localhost.

    Raises:
        InvalidInput: digital_link_domain, with the reason.
    """
    if len(text) > DOMAIN_AT_MOST:
        raise _refused(f"at most {DOMAIN_AT_MOST} characters", f"{len(text)}")
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise _refused("https://host or https://host/path, with no slash, query or fragment behind it", repr(text))
    scheme, host, port, path = match.group("scheme", "host", "port", "path")
    if host not in _HERE and not _HOST.fullmatch(host):
        raise _refused("a host name in lower case", repr(host))
    if scheme == "http" and host not in _HERE:
        raise _refused("https", "http")
    if port is not None and not 1 <= int(port) <= 65535:
        raise _refused("a port of 1 to 65535", port)
    for segment in path.split("/")[1:]:
        # A reader looks for /01/ from the left: a number in front of ours could be taken for another key.
        if not _SEGMENT.fullmatch(segment) or _NUMBER.fullmatch(segment) or not segment.strip("."):
            raise _refused("path segments of A-Z a-z 0-9 - . _ ~ that are no numbers", repr(segment))
    return text


def encoded(value: str) -> str:
    """Return a value as it stands in a URI: everything but A-Z a-z 0-9 - . _ ~ percent-encoded (R10)."""
    return quote(value, safe="")  # quote itself leaves A-Z a-z 0-9 - . _ ~


def _refused(expected: str, got: str) -> InvalidInput:
    return InvalidInput("digital_link_domain", f"Expected {expected}, got {got}.")
