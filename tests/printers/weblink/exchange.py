"""A listener with a certificate of the tests', and virtual printers that dial in there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printers.virtual.tls import Identity
from labelsvc.printers.virtual.weblink import Weblink
from labelsvc.printers.weblink.callers import Callers
from labelsvc.printers.weblink.listener import PATH, Listener

SERIAL = "VIRTUAL00001"
WAIT = 20.0


def until(condition: Callable[[], Any], seconds: float = WAIT) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        threading.Event().wait(0.01)


@dataclass
class Exchange:
    """Where printers dial in, and those that did."""

    listener: Listener
    ca: Path
    stack: ExitStack
    made: list[VirtualPrinter] = field(default_factory=list)

    @property
    def callers(self) -> Callers:
        return self.listener.callers

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.listener.address[1]}{PATH}"

    def dial(self, printer: VirtualPrinter, mains: int = 1, url: str | None = None) -> Weblink:
        """Let a printer dial in."""
        weblink = Weblink(printer, url or self.url, self.ca, retry_seconds=0.02, mains=mains)
        return self.stack.enter_context(weblink)

    def printer(self, mains: int = 1, **traits: Any) -> VirtualPrinter:
        """Switch a printer on, and wait until it has dialled in."""
        printer = self.stack.enter_context(VirtualPrinter(**traits))
        self.dial(printer, mains)
        until(lambda: printer.unique_id in self.callers.connected())
        return printer


@contextmanager
def exchange_of(identity: Identity, ca: Path, passwords: dict[str, str] | None = None) -> Iterator[Exchange]:
    """Listen."""
    callers = Callers()
    callers.expect([SERIAL])
    with Listener(callers, ("127.0.0.1", 0), identity.context, passwords) as listener, ExitStack() as stack:
        yield Exchange(listener, ca, stack)


def write_certificate(folder: Path) -> None:
    """Write cert.pem, which signs itself, and key.pem."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "labels")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(address, critical=False)
    (folder / "cert.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(secret)
