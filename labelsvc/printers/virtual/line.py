"""The virtual printer's network side: a listening port, its connections, one parser for all, and faults of the line.

As on port 9100 the connection that came first has the parser; the next one is accepted but not read before the first
has closed. Beside it there may be further ports, each with a listener of its own, where everyone is read. A full
receive buffer, or a client that does not take its answers, stops the reading: TCP does the rest. One thread runs a
Line; only `wake` may be called from another.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import struct
import sys
from dataclasses import dataclass, field
from typing import Literal, Protocol

CHUNK = 65_536  # bytes read in one go, at most
ANSWERS = 65_536  # bytes of answers kept for a client that does not read them; then the printer stops reading too
BACKLOG = 16
LINGER = "hh" if os.name == "nt" else "ii"  # the system's struct linger

DropKind = Literal["rst", "fin"]


@dataclass(slots=True, eq=False)
class Peer:
    """A connection.

    Attributes:
        answers: bytes not yet taken by the client.
        dropped: the printer has hung up (FIN): what still comes is thrown away.
        opened_at: position in the printer's stream where this connection's bytes begin; -1 before its first.
        job: its number among the connections that brought a format; 0 for none yet.
        beside: who hears it, on another port than that of the data.
        closing: the printer ends it once its answers were taken.

    """

    socket: socket.socket
    answers: bytearray = field(default_factory=bytearray)
    dropped: bool = False
    opened_at: int = -1
    job: int = 0
    beside: Listener | None = None
    closing: bool = False


class Listener(Protocol):
    """Who hears what the line brings."""

    def room(self) -> int:
        """Bytes that fit into the receive buffer."""

    def received(self, peer: Peer, data: bytes) -> bytes:
        """Take bytes; gives the answers."""

    def ended(self, peer: Peer) -> None:
        """The connection is gone, however it ended."""


class Line:
    """The port and its connections (at most `max_connections`)."""

    def __init__(self, listener: Listener, *, max_connections: int, window_bytes: int | None) -> None:
        self._listener = listener
        self._max_connections = max_connections
        self._window_bytes = window_bytes
        self._selector = selectors.DefaultSelector()
        self._wake_out, self._wake_in = socket.socketpair()
        self._wake_in.settimeout(0)
        self._wake_out.settimeout(0)
        self._port: socket.socket | None = None
        self._reserved: socket.socket | None = None
        self.address = ("", 0)
        self.peers: list[Peer] = []
        self._beside: dict[tuple[str, int], Listener] = {}
        self._listening: dict[socket.socket, Listener] = {}
        self.deaf = False  # reads nothing, though connections are taken
        self.turns_away = False  # ends each connection as soon as it is there
        self._babble = 0
        self._fuse: tuple[int, DropKind] | None = None
        self._slow: tuple[int, float] | None = None
        self._read_again_at = 0.0

    def bind(self, host: str, port: int) -> None:
        """Take the address and listen. Raises OSError."""
        self.address = (host, port)
        if sys.platform == "linux":
            # Keeps the port while nobody listens: else a client's own end could be given it.
            self._reserved = self._bound()
            self.address = (host, self._reserved.getsockname()[1])
        self.listen()
        assert self._port is not None, "just opened"
        self.address = (host, self._port.getsockname()[1])

    def open_beside(self, port: int, listener: Listener) -> int:
        """Listen on one more port of the same address (0: a free one); gives its number. Raises OSError."""
        opened = self._bound((self.address[0], port))
        number = int(opened.getsockname()[1])
        opened.listen(BACKLOG)
        opened.settimeout(0)
        self._beside[self.address[0], number] = listener
        self._listening[opened] = listener
        return number

    def _bound(self, address: tuple[str, int] | None = None) -> socket.socket:
        address = address or self.address
        bound = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_STREAM)
        try:
            if os.name == "posix":
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if self._window_bytes is not None:  # inherited by the connections, must be set before they are made
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._window_bytes)
            bound.bind(address)
        except OSError:
            bound.close()
            raise
        return bound

    def listen(self) -> None:
        """Let clients connect (again)."""
        if self._port is None:
            port = self._bound()
            try:
                port.listen(BACKLOG)
            except OSError:
                port.close()
                raise
            port.settimeout(0)
            self._port = port
        for address, listener in self._beside.items():
            if listener not in self._listening.values():
                again = self._bound(address)
                again.listen(BACKLOG)
                again.settimeout(0)
                self._listening[again] = listener

    def refuse(self) -> None:
        """Refuse further connections; those open stay."""
        if self._port is not None:
            self._forget(self._port)
            self._port.close()
            self._port = None
        for port in list(self._listening):
            self._forget(port)
            port.close()
            del self._listening[port]

    def reset_all(self) -> None:
        """Cut every connection (RST)."""
        while self.peers:
            self._end(self.peers[0], reset=True)

    def drop_after(self, count: int, kind: DropKind) -> None:
        """Cut the connection that brings the `count`-th byte from now, once, and read nothing behind it."""
        self._fuse = (count, kind)
        self._burn(self.holder, 0)

    def slow(self, count: int, seconds: float) -> None:
        """Read at most `count` bytes every so many seconds; count 0: as fast as they come."""
        self._slow = (count, seconds) if count else None
        self._read_again_at = 0.0

    def wake(self) -> None:
        """End a waiting `step`. The one method for other threads."""
        with contextlib.suppress(OSError):  # full: it is awake; closed: it is over
            self._wake_out.send(b"!")

    def close(self) -> None:
        """Close everything."""
        self.refuse()
        while self.peers:
            self._end(self.peers[0], reset=False)
        for end in (self._wake_in, self._wake_out, self._reserved):
            if end is not None:
                end.close()
        self._selector.close()

    @property
    def holder(self) -> Peer | None:
        """The connection that has the parser."""
        return next((peer for peer in self.peers if not peer.dropped and peer.beside is None), None)

    @property
    def clients(self) -> int:
        """Connections to the data port."""
        return sum(peer.beside is None for peer in self.peers)

    def babble(self, count: int) -> None:
        """Send so many bytes of noise to whoever is or comes to be connected."""
        self._babble = count

    def say(self, peer: Peer, data: bytes) -> None:
        """Send something that was not asked for just now; lost where the connection is gone."""
        if peer in self.peers and not peer.dropped:
            peer.answers += data
            self._send(peer)

    def step(self, now: float, timeout: float | None) -> None:
        """Do what can be done; wait for something to do at most `timeout` seconds (None: for ever)."""
        if now < self._read_again_at:
            wait = self._read_again_at - now
            timeout = wait if timeout is None else min(timeout, wait)
        self._watch(now)
        for key, mask in self._selector.select(timeout):
            if key.fileobj is self._wake_in:
                self._wake_in.recv(4096)
            elif key.fileobj is self._port:
                self._accept(self._port, None)
            elif isinstance(key.fileobj, socket.socket) and key.fileobj in self._listening:
                self._accept(key.fileobj, self._listening[key.fileobj])
            elif key.data in self.peers:
                if mask & selectors.EVENT_WRITE:
                    self._send(key.data)
                if mask & selectors.EVENT_READ and key.data in self.peers:
                    self._read(key.data, now)

    def _watch(self, now: float) -> None:
        """Tell the selector what to wait for."""
        wanted: dict[socket.socket, tuple[int, Peer | None]] = {self._wake_in: (selectors.EVENT_READ, None)}
        if self._port is not None:
            wanted[self._port] = (selectors.EVENT_READ, None)
        wanted |= dict.fromkeys(self._listening, (selectors.EVENT_READ, None))
        holder = self.holder
        for peer in self.peers:
            if self._babble and len(peer.answers) < ANSWERS:
                noise = min(self._babble, ANSWERS)
                peer.answers += b"#" * noise
                self._babble -= noise
            reads = peer.dropped or self._may_read(peer, holder, now)
            events = reads * selectors.EVENT_READ | bool(peer.answers) * selectors.EVENT_WRITE
            if events:
                wanted[peer.socket] = (events, peer)
        for key in list(self._selector.get_map().values()):
            if key.fileobj not in wanted:
                self._selector.unregister(key.fileobj)
        known = self._selector.get_map()
        for end, (events, data) in wanted.items():
            if end not in known:
                self._selector.register(end, events, data)
            elif known[end].events != events:
                self._selector.modify(end, events, data)

    def _may_read(self, peer: Peer, holder: Peer | None, now: float) -> bool:
        if self.deaf or len(peer.answers) >= ANSWERS:
            return False
        if peer.beside is not None:
            return True
        return peer is holder and now >= self._read_again_at and self._listener.room() > 0

    def _accept(self, port: socket.socket, beside: Listener | None) -> None:
        try:
            client, _ = port.accept()
        except OSError:  # gone again
            return
        client.settimeout(0)
        others = self.clients if beside is None else len(self.peers) - self.clients
        if self.turns_away or others >= self._max_connections:
            client.close()
            return
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.peers.append(Peer(client, beside=beside))
        self._burn(self.holder, 0)

    def _read(self, peer: Peer, now: float) -> None:
        if peer.beside is not None:
            self._read_beside(peer, peer.beside)
            return
        count = CHUNK if peer.dropped else self._portion()
        try:
            data = peer.socket.recv(count)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end(peer, reset=False)
        elif not peer.dropped:
            if self._slow:
                self._read_again_at = now + self._slow[1]
            peer.answers += self._listener.received(peer, data)
            if peer.answers:
                self._send(peer)
            self._burn(peer, len(data))

    def _read_beside(self, peer: Peer, listener: Listener) -> None:
        try:
            data = peer.socket.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end(peer, reset=False)
            return
        peer.answers += listener.received(peer, data)
        if peer.answers:
            self._send(peer)

    def _portion(self) -> int:
        count = min(CHUNK, self._listener.room())
        if self._slow:
            count = min(count, self._slow[0])
        return min(count, self._fuse[0]) if self._fuse else count

    def _burn(self, holder: Peer | None, count: int) -> None:
        """Count bytes towards the drop that was asked for; cut the holder when they are all there."""
        if self._fuse is None:
            return
        left, kind = self._fuse[0] - count, self._fuse[1]
        if left > 0 or holder is None:
            self._fuse = (left, kind)
            return
        self._fuse = None
        if kind == "rst":
            self._end(holder, reset=True)
            return
        # Closing now, with bytes unread, would be a RST: hang up, and throw away what still comes.
        if holder not in self.peers:
            return
        holder.dropped = True
        with contextlib.suppress(OSError):
            holder.socket.shutdown(socket.SHUT_WR)
        self._listener.ended(holder)

    def _send(self, peer: Peer) -> None:
        try:
            sent = peer.socket.send(peer.answers)
        except BlockingIOError:
            return
        except OSError:
            self._end(peer, reset=False)
            return
        del peer.answers[:sent]
        if peer.closing and not peer.answers:
            self._end(peer, reset=False)

    def _forget(self, end: socket.socket) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(end)

    def _end(self, peer: Peer, *, reset: bool) -> None:
        if peer not in self.peers:
            return
        self.peers.remove(peer)
        self._forget(peer.socket)
        if reset:
            with contextlib.suppress(OSError):
                peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(LINGER, 1, 0))
        peer.socket.close()
        if peer.beside is not None:
            peer.beside.ended(peer)
        elif not peer.dropped:
            self._listener.ended(peer)
