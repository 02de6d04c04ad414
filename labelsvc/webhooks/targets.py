"""Where a webhook may lead: never into our own network unless the operator says so, whatever a name resolves to."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from labelsvc.errors import InvalidInput
from labelsvc.settings import WebhookReach as Reach

__all__ = ["Reach", "Target", "check", "parse", "resolve"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_URL_AT_MOST = 500
#: What an embedded IPv4 address may hide in: 6to4, NAT64, Teredo. None of them is a way to a receiver.
_TUNNELS = tuple(map(ipaddress.ip_network, ("2002::/16", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "::/96")))


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook's URL, taken apart."""

    tls: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def parse(url: str, reach: Reach) -> Target:
    """Take a URL apart; nothing is resolved.

    Raises:
        InvalidInput: it is none that may be told anything.
    """
    expected = "an https:// URL without user, password and fragment"
    if len(url) > _URL_AT_MOST or not re.fullmatch(r"[!-~]+", url):
        raise _refused(f"Expected {expected}, got another text.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _refused(f"Expected {expected}, got one that cannot be read.") from None
    if parts.scheme not in ("https", "http") or not host or parts.username or parts.password or parts.fragment:
        raise _refused(f"Expected {expected}, got another.")
    if not re.fullmatch(r"[0-9A-Za-z._-]+|[0-9A-Fa-f:.]+", host) or port == 0:
        raise _refused(f"Expected {expected}, got another host or port.")
    tls = parts.scheme == "https"
    literal = _literal(host)
    if not tls and (reach != "loopback" or not _is_loopback(host, literal)):
        raise _refused("Expected an https:// URL, got an http:// one.")
    if literal is not None:
        check(literal, reach)
    elif reach != "loopback" and _is_loopback(host, None):
        raise _refused("Expected a host on the internet, got this machine.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(tls, host, port or (443 if tls else 80), path)


def resolve(target: Target, reach: Reach) -> Address:
    """Return the one address to connect to; every one that the name has must be admitted.

    Raises:
        InvalidInput: one is not.
        OSError: the name has none.
    """
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    for address in addresses:
        check(address, reach)
        if not target.tls and not address.is_loopback:
            raise _refused("Expected an https:// URL, got an http:// one.")
    return addresses[0]


def check(address: Address, reach: Reach) -> None:
    """Refuse an address that no webhook may lead to.

    Raises:
        InvalidInput: it is one.
    """
    plain = getattr(address, "ipv4_mapped", None) or address
    if plain.is_multicast or plain.is_unspecified or plain.is_link_local:
        raise _refused("Expected an address of a host, got one of no or of many hosts.")
    if plain.is_loopback:
        if reach != "loopback":
            raise _refused("Expected an address on the internet, got this machine's own.")
        return
    tunnel = any(plain.version == network.version and plain in network for network in _TUNNELS)
    if tunnel or (not plain.is_global and (reach == "public" or not plain.is_private)):
        raise _refused("Expected an address on the internet, got a private or reserved one.")


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str, literal: Address | None) -> bool:
    return literal.is_loopback if literal else host.lower().rstrip(".") == "localhost"


def _refused(message: str) -> InvalidInput:
    return InvalidInput("webhook_url", message, pointer="/url")
