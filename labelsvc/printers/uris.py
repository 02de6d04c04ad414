"""Printer URIs: text in, the way to the printer out; whatever is not plainly one of ours is refused."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address
from pathlib import Path

from labelsvc.errors import InvalidInput
from labelsvc.printers.file import FileTransport
from labelsvc.printers.os_queue import QueueTransport
from labelsvc.printers.tcp import TcpTransport
from labelsvc.printers.transport import Transport

DEFAULT_PORT = 9100
_NAME = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_TCP = re.compile(rf"tcp://(?P<host>{_NAME}(?:\.{_NAME})*|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?/?")
_QUEUE = re.compile(r"queue:///([A-Za-z0-9_][A-Za-z0-9_.-]{0,126})")
_FILE = re.compile(r"file://((?:/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}){1,8})")
_FORMS = "tcp://HOST:PORT, queue:///NAME or file:///FILE"


def transport_for(uri: str, dpmm: int, data_dir: Path) -> Transport:
    """Return the way to a printer; nothing is opened yet.

    Args:
        dpmm: dots per mm the printer is said to have.
        data_dir: files are written to its folder `printed` only.

    Raises:
        InvalidInput: the URI is none of ours.
    """
    if found := _TCP.fullmatch(uri):
        return TcpTransport(_address(uri, found["host"], found["port"]), dpmm)
    if found := _QUEUE.fullmatch(uri):
        return QueueTransport(found[1])
    if found := _FILE.fullmatch(uri):
        return FileTransport(_below(data_dir, found[1]))
    raise _refused(uri)


def _address(uri: str, host: str, port: str | None) -> tuple[str, int]:
    number = DEFAULT_PORT if port is None else int(port)
    if not 1 <= number <= 65_535 or len(host) > 253:
        raise _refused(uri)
    if host.startswith("["):
        host = host.strip("[]")
        try:
            IPv6Address(host)
        except AddressValueError:
            raise _refused(uri) from None
    return host, number


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
