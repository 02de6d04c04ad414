"""Ports for servers that have to be told theirs."""

from __future__ import annotations

import random
import socket
from contextlib import suppress

#: Below the ports that systems give to outgoing connections: none of those takes one between the look and the use.
_RANGE = range(20_000, 32_000)
_chance = random.Random()


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port on which nobody listens, and which the system gives to nobody by itself."""
    for _ in range(200):
        port = _chance.choice(_RANGE)
        with suppress(OSError), socket.socket() as probe:
            probe.bind((host, port))
            return port
    raise OSError("Expected a free port, found none.")
