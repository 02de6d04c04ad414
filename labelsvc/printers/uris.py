"""Printer URIs: text in, the way to the printer out; whatever is not plainly one of ours is refused."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from labelsvc.errors import InvalidInput
from labelsvc.printers.file import FileTransport
from labelsvc.printers.os_queue import QueueTransport
from labelsvc.printers.tcp import TcpTransport
from labelsvc.printers.transport import Transport

DEFAULT_PORT = 9100
_HOST = re.compile(r"(?!-)[A-Za-z0-9.-]{1,253}(?<!-)|\[[0-9A-Fa-f:.]{2,45}\]")
_QUEUE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,126}")
_PATH = re.compile(r"(/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}){1,8}")
_FORMS = "tcp://HOST:PORT, queue:///NAME or file:///FILE"


def transport_for(uri: str, dpmm: int, data_dir: Path) -> Transport:
    """Return the way to a printer; nothing is opened yet.

    Args:
        dpmm: dots per mm the printer is said to have.
        data_dir: files are written to its folder `printed` only.

    Raises:
        InvalidInput: the URI is none of ours.
    """
    if not uri.isascii() or not uri.isprintable() or " " in uri:
        raise _refused(uri)
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        raise _refused(uri) from None
    if parts.query or parts.fragment or "?" in uri or "#" in uri or parts.username is not None:
        raise _refused(uri)
    if parts.scheme == "tcp" and parts.path in ("", "/"):
        host = parts.netloc.rsplit(":", 1)[0] if port is not None else parts.netloc
        if _HOST.fullmatch(host) and port != 0:
            return TcpTransport((host.strip("[]"), port or DEFAULT_PORT), dpmm)
    elif parts.scheme == "queue" and not parts.netloc and _QUEUE.fullmatch(parts.path.removeprefix("/")):
        return QueueTransport(parts.path.removeprefix("/"))
    elif parts.scheme == "file" and not parts.netloc and _PATH.fullmatch(parts.path):
        return FileTransport(_below(data_dir, parts.path))
    raise _refused(uri)


def _below(data_dir: Path, path: str) -> Path:
    """Return the file's place in a folder of its own below the data directory, links included.

    Of its own, so that no printer can be told to write into the database or the master secret.
    """
    root = data_dir.resolve() / "printed"
    place = (root / path.lstrip("/")).resolve()
    if not place.is_relative_to(root) or place == root:
        raise InvalidInput("printer_uri", "Expected a file below the data directory, got one outside.")
    return place


def _refused(uri: str) -> InvalidInput:
    return InvalidInput("printer_uri", f"Expected {_FORMS}, got {uri[:100]!r}.")
