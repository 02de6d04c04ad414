"""One POST to a webhook: to the address that was checked, no redirect followed, bounded in time and in bytes."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from labelsvc.webhooks import targets
from labelsvc.webhooks.targets import Reach, Target

#: The whole of a try, name resolution apart; and how long a receiver may be silent.
SECONDS_AT_MOST = 10.0
_SILENCE_SECONDS = 5.0


class _Pinned(http.client.HTTPConnection):
    """A connection to an address, for a host of another name."""

    def __init__(self, target: Target, address: str, context: ssl.SSLContext | None) -> None:
        super().__init__(target.host, target.port, timeout=_SILENCE_SECONDS)
        self._target, self._address, self._context = target, address, context
        self._ended = False

    def connect(self) -> None:
        """Connect, without asking for the name's address again: it could be another now."""
        raw = socket.create_connection((self._address, self._target.port), self.timeout)
        self.sock = raw
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._context is not None:
            self.sock = self._context.wrap_socket(raw, server_hostname=self._target.host)
        if self._ended:
            raise TimeoutError

    def end(self) -> None:
        """Break the connection off, from another thread."""
        self._ended = True
        sock = self.sock
        if sock is not None:
            with suppress(OSError):
                # Not close: a thread that reads from it would go on to wait. Not SSLSocket's own either: it unwraps.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


def post(
    url: str, headers: Mapping[str, str], body: bytes, reach: Reach, *, context: ssl.SSLContext | None = None
) -> int:
    """Send a message; return the status of the answer, of which nothing else is read.

    Args:
        context: how TLS is spoken; by default with the system's certificate authorities.

    Raises:
        InvalidInput: the URL leads where it may not.
        OSError, http.client.HTTPException: no answer came, or none in time.
    """
    target = targets.parse(url, reach)
    address = str(targets.resolve(target, reach))
    if target.tls and context is None:
        context = ssl.create_default_context()
    connection = _Pinned(target, address, context if target.tls else None)
    clock = threading.Timer(SECONDS_AT_MOST, connection.end)
    clock.daemon = True
    clock.start()
    try:
        fixed: dict[str, Any] = {"Host": target.authority, "Content-Length": str(len(body)), "Connection": "close"}
        connection.request("POST", target.path, body, {**fixed, **headers})
        return connection.getresponse().status
    finally:
        clock.cancel()
        connection.close()
