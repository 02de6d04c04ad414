"""The virtual printer's network side: its ports, their connections, one parser for all, and faults of the line.

As on a real one the connection that came first has the parser; the next one is accepted but not read before the first
has closed. Beside the ports of data there may be others, each with a listener of its own, where everyone is read. A
full receive buffer, or a client that does not take its answers, stops the reading: TCP does the rest. One thread, that
of a Loop, runs a Line.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from labelsvc.printers.virtual.ports import Listener, Peer, Port

CHUNK = 65_536  # bytes read in one go, at most
ANSWERS = 65_536  # bytes of answers kept for a client that does not read them; then the printer stops reading too

DropKind = Literal["rst", "fin"]


@dataclass(slots=True, eq=False)
class Fuse:
    """Something that is done when so many more bytes were read; it returns False when it is to be tried again."""

    left: int
    deed: Callable[[], object]


class Line:
    """The ports and their connections (at most `max_connections` to those of data, and to the others)."""

    def __init__(
        self, listener: Listener, selector: selectors.BaseSelector, owner: object, *, max_connections: int
    ) -> None:
        """`owner` is what the selector gives, in a pair, with the port or connection that is ready."""
        self._listener = listener
        self._selector = selector
        self._owner = owner
        self._max_connections = max_connections
        self.window_bytes: int | None = None
        self.ports: list[Port] = []
        self.peers: list[Peer] = []
        self.deaf = False  # reads nothing, though connections are taken
        self.turns_away = False  # ends each connection as soon as it is there
        self.keeps_owed = False  # what is said to a connection that is gone is said to the next one
        self._owed = bytearray()
        self._babble, self._noise = 0, b"#"
        self._fuses: list[Fuse] = []
        self._drop: Fuse | None = None
        self._slow: tuple[int, float] | None = None
        self._read_again_at = 0.0
        self._watched: dict[socket.socket, int] = {}

    def open(self, port: Port) -> Port:
        """Take a port and listen. Raises OSError."""
        port.bind(self.window_bytes)
        self.ports.append(port)
        return port

    def listen(self) -> None:
        """Let clients connect (again)."""
        for port in self.ports:
            port.listen(self.window_bytes)

    def refuse(self) -> None:
        """Refuse further connections; those open stay."""
        for port in self.ports:
            if port.listening is not None:
                self._forget(port.listening)
                port.listening.close()
                port.listening = None

    def reset_all(self) -> None:
        """Cut every connection (RST)."""
        self._owed.clear()
        while self.peers:
            self._end(self.peers[0], reset=True)

    def close(self) -> None:
        """Close everything."""
        while self.peers:
            self._end(self.peers[0], reset=False)
        self.refuse()
        for port in self.ports:
            port.close()

    def at_byte(self, count: int, deed: Callable[[], object]) -> None:
        """Do something once the `count`-th byte of data from now was read, and read nothing behind it before."""
        self._fuses.append(Fuse(count, deed))
        self._burn(0)

    @property
    def fuses(self) -> int:
        """How many of those are still to be done."""
        return len(self._fuses)

    def forget_fuses(self) -> None:
        """Do none of them."""
        self._fuses.clear()

    def drop_after(self, count: int, kind: DropKind) -> None:
        """Cut the connection that brings the `count`-th byte from now, once, and read nothing behind it."""
        if self._drop in self._fuses:
            self._fuses.remove(self._drop)
        self._drop = Fuse(count, lambda: self._cut(kind))
        self._fuses.append(self._drop)
        self._burn(0)

    def slow(self, count: int, seconds: float) -> None:
        """Read at most `count` bytes every so many seconds; count 0: as fast as they come."""
        self._slow = (count, seconds) if count else None
        self._read_again_at = 0.0

    @property
    def holder(self) -> Peer | None:
        """The connection that has the parser."""
        usable = (peer for peer in self.peers if not peer.dropped and peer.beside is None and not peer.greeting)
        return next(usable, None)

    @property
    def clients(self) -> int:
        """Connections to the ports of data."""
        return sum(peer.beside is None for peer in self.peers)

    def babble(self, count: int, noise: bytes) -> None:
        """Send so many bytes, noise over and over again, to whoever is or comes to be connected."""
        self._babble, self._noise = count, noise or b"#"

    def say(self, peer: Peer, data: bytes) -> None:
        """Send something that was not asked for just now; lost where the connection is gone."""
        if peer in self.peers and not peer.dropped:
            peer.answers += data
            self._send(peer)
        elif self.keeps_owed:
            other = self.holder
            if other is not None:
                self.say(other, data)
            elif len(self._owed) < ANSWERS:
                self._owed += data

    def ready(self, what: Any, mask: int, now: float) -> None:
        """Do what can be done with a port or connection that is ready."""
        if isinstance(what, Port):
            self._accept(what, now)
            return
        if what in self.peers and what.greeting:
            self._greet(what)
            return
        if what in self.peers and mask & selectors.EVENT_WRITE:
            self._send(what)
        if what in self.peers and mask & selectors.EVENT_READ:
            self._read(what, now)

    def catch_up(self, now: float) -> None:
        """Read what TLS has already taken from the system."""
        for peer in [peer for peer in self.peers if peer.pending]:
            if peer in self.peers and self._may_read(peer, self.holder, now):
                self._read(peer, now)

    def watch(self, now: float) -> float | None:
        """Tell the selector what to wait for; gives when to look again without it, None for never."""
        wanted: dict[socket.socket, tuple[int, Port | Peer]] = {
            port.listening: (selectors.EVENT_READ, port) for port in self.ports if port.listening is not None
        }
        holder = self.holder
        again = self._read_again_at if now < self._read_again_at else None
        for peer in self.peers:
            self._make_noise(peer)
            reads = peer.dropped or self._may_read(peer, holder, now)
            if reads and peer.pending:
                again = 0.0
            events = reads * selectors.EVENT_READ | bool(peer.answers) * selectors.EVENT_WRITE
            if peer.greeting:
                events = peer.greeting * (not self.deaf)
            if events:
                wanted[peer.socket] = (events, peer)
        for end in [end for end in self._watched if end not in wanted]:
            self._forget(end)
        for end, (events, what) in wanted.items():
            known = self._watched.get(end)
            if known is None:
                self._selector.register(end, events, (self._owner, what))
            elif known != events:
                self._selector.modify(end, events, (self._owner, what))
            self._watched[end] = events
        return again

    def _make_noise(self, peer: Peer) -> None:
        if self._babble and len(peer.answers) < ANSWERS:
            portion = (self._noise * (ANSWERS // len(self._noise) + 1))[: min(self._babble, ANSWERS)]
            peer.answers += portion
            self._babble -= len(portion)

    def _may_read(self, peer: Peer, holder: Peer | None, now: float) -> bool:
        if self.deaf or peer.greeting or len(peer.answers) >= ANSWERS:
            return False
        if peer.beside is not None:
            return True
        return peer is holder and now >= self._read_again_at and self._listener.room() > 0

    def _accept(self, port: Port, now: float) -> None:
        if port.listening is None:
            return
        try:
            client, _ = port.listening.accept()
        except OSError:  # gone again
            return
        client.settimeout(0)
        others = self.clients if port.beside is None else len(self.peers) - self.clients
        if self.turns_away or others >= self._max_connections or not self._is_free(port, now):
            client.close()
            return
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = Peer(client, port, heard_at=now)
        if port.secured is not None:
            peer.socket = port.secured.wrap_socket(client, server_side=True, do_handshake_on_connect=False)
            peer.greeting = selectors.EVENT_READ
        self.peers.append(peer)
        if not peer.greeting:
            self._welcome()

    def _is_free(self, port: Port, now: float) -> bool:
        """Whether a port for one connection can take one; who was idle for too long has to go."""
        held = [peer for peer in self.peers if peer.port is port]
        if port.single is None or not held:
            return True
        if now - held[0].heard_at < port.single:
            return False
        self._end(held[0], reset=False)
        return True

    def _greet(self, peer: Peer) -> None:
        if not peer.greet():
            self._end(peer, reset=False)
        elif not peer.greeting:
            self._welcome()

    def _welcome(self) -> None:
        """Do what waited for a connection."""
        self._burn(0)
        if self._owed and self.holder is not None:
            owed = bytes(self._owed)
            self._owed.clear()
            self.say(self.holder, owed)

    def _read(self, peer: Peer, now: float) -> None:
        beside = peer.beside is not None
        data = peer.read(CHUNK if peer.dropped or beside else self._portion())
        if data is None:
            return
        if not data:
            self._end(peer, reset=False)
        elif not peer.dropped:
            peer.heard_at = now
            if self._slow and not beside:
                self._read_again_at = now + self._slow[1]
            peer.answers += (peer.beside or self._listener).received(peer, data)
            if peer.answers:
                self._send(peer)
            if not beside:
                self._burn(len(data))

    def _portion(self) -> int:
        count = min(CHUNK, self._listener.room())
        if self._slow:
            count = min(count, self._slow[0])
        return min([count, *(fuse.left for fuse in self._fuses if fuse.left > 0)])

    def _burn(self, count: int) -> None:
        """Count bytes towards what was to be done then; do it when they are all there."""
        for fuse in self._fuses:
            fuse.left -= count
        for fuse in [fuse for fuse in self._fuses if fuse.left <= 0]:
            if fuse in self._fuses:
                self._fuses.remove(fuse)  # first: the deed may count bytes itself
                if fuse.deed() is False:
                    self._fuses.append(fuse)

    def _cut(self, kind: DropKind) -> bool:
        """Cut the connection that has the parser; False when there is none."""
        holder = self.holder
        if holder is None:
            return False
        if kind == "rst":
            self._end(holder, reset=True)
            return True
        # Closing now, with bytes unread, would be a RST: hang up, and throw away what still comes.
        holder.dropped = True
        with contextlib.suppress(OSError):
            holder.socket.shutdown(socket.SHUT_WR)
        self._listener.ended(holder)
        return True

    def _send(self, peer: Peer) -> None:
        if not peer.send() or (peer.closing and not peer.answers):
            self._end(peer, reset=False)

    def _forget(self, end: socket.socket) -> None:
        if self._watched.pop(end, None) is not None:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(end)

    def _end(self, peer: Peer, *, reset: bool) -> None:
        if peer not in self.peers:
            return
        self.peers.remove(peer)
        self._forget(peer.socket)
        peer.close(reset=reset)
        if peer.beside is not None:
            peer.beside.ended(peer)
        elif not peer.dropped:
            self._listener.ended(peer)
