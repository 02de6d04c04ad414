"""Printer URIs: text in, the way to the printer out; whatever is not plainly one of ours is refused."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address
from pathlib import Path

from labelsvc.domain.profiles import NOTHING, Profile
from labelsvc.errors import InvalidInput
from labelsvc.printers.confirming import ConfirmingTcp
from labelsvc.printers.connection import Way
from labelsvc.printers.dialing import Dial, trust_of
from labelsvc.printers.file import FileTransport
from labelsvc.printers.ipp import ZPL, IppTransport
from labelsvc.printers.os_queue import QueueTransport
from labelsvc.printers.tcp import TcpTransport
from labelsvc.printers.transport import Transport
from labelsvc.printers.weblink import messages
from labelsvc.printers.weblink.callers import Callers, Channel

#: A path that a printer's queue has, where none is named.
IPP_PATH = "/ipp/print"
_IPP_PORT = 631
#: An IPP printer takes its time: so many times what a plain port may take to answer.
_IPP_PATIENCE = 10
#: Data port and JSON port of each way (ip.port, ip.port_json_config, ip.tls.port, ip.tls.port_json_config).
PORTS = {"tcp": (9100, 9200), "tls": (9143, 9243)}
#: How long a printer may take to answer.
ANSWER_SECONDS = 1.0
_NAME = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_TCP = re.compile(
    rf"(?P<way>tcp|tls)://(?P<host>{_NAME}(?:\.{_NAME})*|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?/?"
    r"(?:\?(?P<options>[a-z]+=[A-Za-z0-9:_.-]{1,100}(?:&[a-z]+=[A-Za-z0-9:_.-]{1,100}){0,2}))?"
)
_OPTION = "[a-z]+=[A-Za-z0-9:_.+/-]{1,100}"
_IPP = re.compile(
    rf"(?P<way>ipps?)://(?P<host>{_NAME}(?:\.{_NAME})*|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?"
    rf"(?P<path>(?:/[A-Za-z0-9_][A-Za-z0-9_.-]{{0,99}}){{0,8}})/?(?:\?(?P<options>{_OPTION}(?:&{_OPTION}){{0,2}}))?"
)
_UUID = re.compile("[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_MEDIA_TYPE = re.compile(r"[a-z]{1,20}/[A-Za-z0-9.+-]{1,70}")
_QUEUE = re.compile(r"queue:///([A-Za-z0-9_][A-Za-z0-9_.-]{0,126})")
_FILE = re.compile(r"file://((?:/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}){1,8})")
_WEBLINK = re.compile(rf"weblink://({messages.SERIAL.pattern})")
_FORMS = (
    "tcp://HOST:PORT, tls://HOST:PORT?pin=sha256:HEX, ipp://HOST:PORT/PATH, ipps://HOST:PORT/PATH?pin=sha256:HEX, "
    "weblink://SERIAL, queue:///NAME or file:///FILE"
)


def transport_for(
    uri: str,
    dpmm: int,
    data_dir: Path,
    profile: Profile = NOTHING,
    *,
    answer_seconds: float = ANSWER_SECONDS,
    callers: Callers | None = None,
) -> Transport:
    """Return the way to a printer; nothing is opened yet.

    Args:
        dpmm: dots per mm the printer is said to have.
        data_dir: files are written to its folder `printed` only; authorities are files in `certificates`.
        profile: what the printer was certified to prove; where that confirms labels the way does, too.
        answer_seconds: how long to wait for a printer's answer; many ports never give any.
        callers: where printers dial in; None: not here.

    Raises:
        InvalidInput: the URI is none of ours.
    """
    if _TCP.fullmatch(uri) or _WEBLINK.fullmatch(uri):
        dial, config = ways_of(uri, data_dir, callers)
        if not profile.confirms:
            return TcpTransport(dial, dpmm, answer_seconds=answer_seconds)
        asks = profile.counter is not None or profile.uptime or profile.unique_id is not None
        return ConfirmingTcp(dial, config if asks else None, dpmm, profile, answer_seconds=answer_seconds)
    if found := _IPP.fullmatch(uri):
        return _ipp(found, data_dir, answer_seconds)
    if found := _QUEUE.fullmatch(uri):
        return QueueTransport(found[1])
    if found := _FILE.fullmatch(uri):
        return FileTransport(_below(data_dir, found[1]))
    raise _refused(uri)


def ways_of(uri: str, data_dir: Path, callers: Callers | None = None) -> tuple[Way, Way]:
    """Return where labels go and where questions are answered, at a printer that talks.

    Raises:
        InvalidInput: it is none.
    """
    if serial := serial_of(uri):
        return Channel(callers, serial, messages.RAW), Channel(callers, serial, messages.CONFIG)
    found = _TCP.fullmatch(uri)
    if found is None:
        raise InvalidInput("printer_uri", f"Expected tcp://, tls:// or weblink://, got {uri[:100]!r}.")
    return _dials(found, data_dir)


def serial_of(uri: str) -> str | None:
    """Return the serial number of a printer that dials in; None: it does not."""
    found = _WEBLINK.fullmatch(uri)
    return found[1] if found else None


def _dials(found: re.Match[str], data_dir: Path) -> tuple[Dial, Dial]:
    options = _options(found, {"config", "pin", "ca"})
    config = options.pop("config", None)
    usual, usual_config = PORTS[found["way"]]
    data = _dial(found, options, usual, data_dir)
    return data, data.other(_port(found[0], config, usual_config))


def _ipp(found: re.Match[str], data_dir: Path, answer_seconds: float) -> IppTransport:
    options = _options(found, {"format", "uuid", "pin", "ca"})
    media_type, uuid = options.pop("format", ZPL), options.pop("uuid", None)
    if not _MEDIA_TYPE.fullmatch(media_type) or not (uuid is None or _UUID.fullmatch(uuid)):
        raise _refused(found[0])
    dial = _dial(found, options, _IPP_PORT, data_dir)
    known_by = None if uuid is None else uuid.lower()
    path, patience = found["path"] or IPP_PATH, _IPP_PATIENCE * answer_seconds
    return IppTransport(dial, path, media_type, uuid=known_by, answer_seconds=patience)


def _options(found: re.Match[str], known: set[str]) -> dict[str, str]:
    given = [option.split("=", 1) for option in (found["options"] or "").split("&") if option]
    options = dict(given)
    if len(options) < len(given) or not set(options) <= known:
        raise _refused(found[0])
    return options


def _dial(found: re.Match[str], options: dict[str, str], usual: int, data_dir: Path) -> Dial:
    """Return the port that a URI names; of its options only those are left that say by what a printer is known."""
    trust = None
    if found["way"] in ("tls", "ipps"):
        trust = trust_of(options, data_dir.resolve() / "certificates")
    elif options:
        raise _refused(found[0])
    return Dial(_host(found[0], found["host"]), _port(found[0], found["port"], usual), trust)


def _port(uri: str, port: str | None, usual: int) -> int:
    if port is None:
        return usual
    if not re.fullmatch("[0-9]{1,5}", port) or not 1 <= int(port) <= 65_535:
        raise _refused(uri)
    return int(port)


def _host(uri: str, host: str) -> str:
    if len(host) > 253:
        raise _refused(uri)
    if host.startswith("["):
        host = host.strip("[]")
        try:
            IPv6Address(host)
        except AddressValueError:
            raise _refused(uri) from None
    return host


def _below(data_dir: Path, path: str) -> Path:
    """Return the file's place in a folder of its own below the data directory, links included.

    Of its own, so that no printer can be told to write into the database or the master secret.
    """
    root = data_dir.resolve() / "printed"
    try:
        place = (root / path.lstrip("/")).resolve()
    except (OSError, RuntimeError):  # a loop of links
        place = root
    if not place.is_relative_to(root) or place == root:
        raise InvalidInput("printer_uri", "Expected a file below the data directory, got one outside.")
    return place


def _refused(uri: str) -> InvalidInput:
    return InvalidInput("printer_uri", f"Expected {_FORMS}, got {uri[:100]!r}.")
