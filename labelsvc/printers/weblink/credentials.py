"""The operator's certificate, and the passwords that printers say."""

from __future__ import annotations

import base64
import binascii
import re
import ssl
from collections.abc import Mapping
from pathlib import Path

from labelsvc import logs
from labelsvc.errors import InvalidInput, Unavailable
from labelsvc.printers.connection import said
from labelsvc.printers.weblink import messages

log = logs.logger(__name__)


def context_of(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return what printers are answered with.

    Raises:
        Unavailable: the files do not hold a certificate and its key.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=lambda: "")  # never ask a terminal for one
    except (OSError, ValueError) as error:
        why = said(error) if isinstance(error, OSError) else "a key that needs a password"
        message = f"Expected a certificate in {certificate} and its key in {key}, got: {why}."
        raise Unavailable("weblink_certificate", message) from None
    return context


class Renewal:
    """Reads certificate and key again once their files have changed.

    Certificates run out every few weeks; whoever puts others into the files need not start a worker anew.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = (certificate, key)
        self._known = self._stamps()

    def look(self) -> ssl.SSLContext | None:
        """Return what printers are answered with from now on; None: that is as before, or cannot be used (yet)."""
        stamps = self._stamps()
        if stamps == self._known:
            return None
        self._known = stamps
        try:
            return context_of(*self._files)
        except Unavailable as error:  # of the two files one may be written after the other
            log.warning("weblink.certificate_kept", message=error.message)
            return None

    def _stamps(self) -> list[tuple[int, int, int] | None]:
        return [_stamp(path) for path in self._files]


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def passwords_of(path: Path) -> Mapping[str, str]:
    """Return the passwords of printers by their serial number, from lines SERIAL:PASSWORD.

    Raises:
        Unavailable: the file cannot be read.
        InvalidInput: a line is none.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = said(error) if isinstance(error, OSError) else "another encoding"
        raise Unavailable("weblink_passwords", f"Expected passwords in {path}, got: {why}.") from None
    found = {}
    for number, line in enumerate(lines, 1):
        serial, colon, password = line.partition(":")
        if not line.strip() or line.startswith("#"):
            continue
        if not colon or not password or not messages.SERIAL.fullmatch(serial):
            raise InvalidInput(
                "weblink_passwords", f"Expected SERIAL:PASSWORD in line {number} of {path}, got another."
            )
        found[serial] = password
    return found


def basic(values: list[str]) -> tuple[str, str]:
    """Read user and password (RFC 7617); empty where there are none."""
    found = re.fullmatch(r"[Bb]asic +([A-Za-z0-9+/=]{1,400})", values[0]) if len(values) == 1 else None
    if found is None:
        return "", ""
    try:
        name, _, password = base64.b64decode(found[1], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password
