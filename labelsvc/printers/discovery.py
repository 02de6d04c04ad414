"""Printers that announce themselves in this network (DNS-SD over multicast DNS, RFC 6763, 6762): suggestions, no more.

Whoever is in the network can announce anything, so nothing is connected to and nothing is believed: what was said is
cut and cleaned, and a URI is shown only where it is one of ours.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import zeroconf
from zeroconf import InterfaceChoice, IPVersion, ServiceBrowser, ServiceInfo, ServiceStateChange, Zeroconf

from labelsvc.errors import InvalidInput
from labelsvc.printers.uris import IPP_PATH, transport_for

#: What printers announce, and by which of our ways they are reached; LPD is none.
SERVICES = {"_pdl-datastream._tcp": "tcp", "_ipp._tcp": "ipp", "_ipps._tcp": "ipps", "_printer._tcp": None}
#: Announcements looked at; a network that has more has someone in it who makes them up.
_AT_MOST = 500
#: For all that an announcement did not bring with it.
_ASK_SECONDS = 2.0
_TEXT_AT_MOST = 80
_DOMAIN = ".local."
#: Stands in a suggested URI for what only the printer's certificate tells.
_PIN = "pin=sha256:HEX"
_ANY_PIN = "pin=sha256:" + "0" * 64


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One thing that a printer announces.

    Attributes:
        name: what it calls itself.
        model: make and model, where it says them.
        service: e.g. `_ipp._tcp`.
        host: its name in the network.
        uri: what a printer would be added by; `HEX` in it is the digest of its certificate. None: by no way of ours.
    """

    name: str
    model: str | None
    service: str
    host: str
    port: int
    uri: str | None


def discover(seconds: float = 3.0, *, interfaces: list[str] | None = None) -> tuple[Suggestion, ...]:
    """Listen for printers, that long and two seconds more at most.

    Args:
        interfaces: addresses of ours to ask on; None: all.

    Raises:
        OSError: there is no network to ask.
    """
    with Zeroconf(interfaces or InterfaceChoice.All, ip_version=IPVersion.V4Only) as net:
        seen = _Seen()
        browser = ServiceBrowser(net, [f"{service}{_DOMAIN}" for service in SERVICES], handlers=[seen.heard])
        time.sleep(seconds)
        browser.cancel()
        deadline = time.monotonic() + _ASK_SECONDS
        found = {_found(net, service, name, deadline) for service, name in seen.announced()}
    whole = (one for one in found if one is not None)
    return tuple(sorted(whole, key=lambda one: (one.name, one.service, one.host, one.port)))


class _Seen:
    """What was announced until now; it is told by a thread of the library's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: dict[tuple[str, str], None] = {}

    def heard(self, service_type: str, name: str, state_change: ServiceStateChange, **_: Any) -> None:
        with self._lock:
            if state_change is ServiceStateChange.Removed:
                self._names.pop((service_type, name), None)
            elif len(self._names) < _AT_MOST:
                self._names[service_type, name] = None

    def announced(self) -> list[tuple[str, str]]:
        with self._lock:
            return list(self._names)


def _found(net: Zeroconf, service: str, name: str, deadline: float) -> Suggestion | None:
    """Return what an announcement comes to; None where it lacks something, or breaks a rule."""
    try:
        info = ServiceInfo(service, name)
        left = deadline - time.monotonic()
        if not info.load_from_cache(net) and (left <= 0 or not info.request(net, min(left, 1.0) * 1_000)):
            return None
    except zeroconf.Error:
        return None
    return _suggestion_of(info)


def _suggestion_of(info: ServiceInfo) -> Suggestion | None:
    addresses = info.parsed_addresses()
    if not addresses or not info.port or info.server is None:  # port 0: a name that is kept for nothing (RFC 6763, 7)
        return None
    name = info.name.removesuffix(f".{info.type}")
    texts: Mapping[Any, Any] = info.properties
    return suggest(info.type.removesuffix(_DOMAIN), name, (info.server, addresses[0], info.port), texts)


def suggest(service: str, name: str, where: tuple[str, str, int], texts: Mapping[Any, Any]) -> Suggestion:
    """Return what an announcement comes to.

    Args:
        where: host, address and port.
        texts: of its TXT record, bytes by bytes.
    """
    said = {_text(key).lower(): _text(value) for key, value in texts.items() if isinstance(value, bytes)}
    host, address, port = where
    model = said.get("ty") or " ".join(part for part in (said.get("usb_mfg"), said.get("usb_mdl")) if part)
    shown = clean(host.removesuffix("."))
    return Suggestion(clean(name), clean(model) or None, service, shown, port, _uri(service, address, port, said))


def _uri(service: str, address: str, port: int, said: Mapping[str, str]) -> str | None:
    way = SERVICES.get(service)
    if way is None:
        return None
    host = f"[{address}]" if ip_address(address).version == 6 else address
    path = "" if way == "tcp" else "/" + said.get("rp", IPP_PATH).strip("/")
    uri = f"{way}://{host}:{port}{path}"
    options = [f"uuid={said['uuid'].lower()}"] if way != "tcp" and said.get("uuid") else []
    if way == "ipps":
        options.append(_PIN)
    query = f"?{'&'.join(options)}" if options else ""
    try:
        transport_for(uri + query.replace(_PIN, _ANY_PIN), 8, Path())
    except InvalidInput:
        return None
    return uri + query


def _text(data: Any) -> str:
    return data.decode("utf-8", "replace") if isinstance(data, bytes) else str(data)


def clean(text: str) -> str:
    """Return what a stranger said so that it can be shown: no control character, no more than a line's worth."""
    return re.sub(r"\s+", " ", "".join(one if one.isprintable() else "?" for one in text))[:_TEXT_AT_MOST].strip()
