"""Connections to a printer's ports, in the clear or over TLS with a pin or an authority of the operator's own."""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
from dataclasses import dataclass, replace
from pathlib import Path

from labelsvc.errors import InvalidInput
from labelsvc.printers.connection import SocketConnection

_PIN = re.compile(r"sha256:([0-9A-Fa-f]{64})")


class Untrusted(Exception):
    """What answers is not who it has to be.

    Attributes:
        message: one sentence.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Trust:
    """By what a printer is known over TLS; one of both.

    Attributes:
        pin: SHA-256 of its certificate (DER), 64 hexadecimal digits.
        ca: file of the authorities (PEM) one of which signed it, for the name or address that is dialled.
    """

    pin: str | None = None
    ca: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Return what TLS is spoken with.

        Raises:
            OSError: the file of the authorities cannot be read.
        """
        if self.pin is None:
            return ssl.create_default_context(cafile=self.ca)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the pin decides, and nothing else: printers sign for themselves
        return context


def trust_of(options: dict[str, str], certificates: Path) -> Trust:
    """Return the trust that a URI's options name: `pin=sha256:HEX`, or `ca=NAME` for a file among `certificates`.

    Raises:
        InvalidInput: they name none, or both.
    """
    if set(options) == {"pin"} and (found := _PIN.fullmatch(options["pin"])):
        return Trust(pin=found[1].lower())
    if set(options) == {"ca"} and re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", options["ca"]):
        return Trust(ca=certificates / options["ca"])
    said = " and ".join(sorted(options)) or "neither"
    raise InvalidInput("printer_trust", f"Expected pin=sha256:HEX or ca=FILE, got {said}.")


@dataclass(frozen=True, slots=True)
class Dial:
    """A port of a printer.

    Attributes:
        trust: over TLS; None: in the clear.
    """

    host: str
    port: int
    trust: Trust | None = None

    def __str__(self) -> str:
        """Return host and port, for messages."""
        return f"{self.host}:{self.port}"

    def other(self, port: int) -> Dial:
        """Return another port of the same printer, reached in the same way."""
        return replace(self, port=port)

    def connect(self, seconds: float) -> SocketConnection:
        """Connect.

        Args:
            seconds: for connecting, and for each of what is done with the connection afterwards.

        Raises:
            OSError: nobody answers there.
            Untrusted: someone else does.
        """
        connection = socket.create_connection((self.host, self.port), timeout=seconds)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            whole = connection if self.trust is None else self._secured(connection, self.trust)
            return SocketConnection(whole, seconds)
        except BaseException:
            connection.close()
            raise

    def _secured(self, connection: socket.socket, trust: Trust) -> ssl.SSLSocket:
        try:
            secured = trust.context().wrap_socket(connection, server_hostname=self.host)
        except ssl.SSLCertVerificationError as error:
            raise Untrusted(f"Expected the certificate of {self}, got one that {error.verify_message}.") from None
        except FileNotFoundError:
            raise Untrusted(f"Expected a file of authorities, got none called {trust.ca}.") from None
        if trust.pin is not None:
            found = hashlib.sha256(secured.getpeercert(binary_form=True) or b"").hexdigest()
            if found != trust.pin:
                secured.close()
                raise Untrusted(f"Expected the certificate sha256:{trust.pin} of {self}, got sha256:{found}.")
        return secured
