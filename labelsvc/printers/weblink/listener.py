"""Where printers dial in: a port with TLS; connections, time and whoever is not known are bounded."""

from __future__ import annotations

import hmac
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from types import TracebackType
from typing import Self

from websockets.http11 import Request

from labelsvc import logs
from labelsvc.errors import Unavailable
from labelsvc.printers.connection import SocketConnection, said
from labelsvc.printers.weblink import messages
from labelsvc.printers.weblink.callers import Callers, Main
from labelsvc.printers.weblink.credentials import basic
from labelsvc.printers.weblink.websocket import WebSocket

log = logs.logger(__name__)

PATH = "/weblink"
#: From the first byte of TLS to the message that tells who dials in, seconds.
GREETING_SECONDS = 10.0
#: Connections at that stage; more are closed at once.
GREETINGS_AT_MOST = 64
#: Main connections of all printers.
MAINS_AT_MOST = 1_000
#: How long the other end may take no byte, seconds.
STALL_SECONDS = 20.0
#: Between two words in the log about connections that were refused, seconds.
SAY_SECONDS = 10.0
#: Between two looks for another certificate, seconds.
RENEW_SECONDS = 10.0
_TICK_SECONDS = 0.2
_BACKLOG = 64


class Listener:
    """A context manager that lets printers dial in.

    Args:
        address: host and port; port 0 takes a free one.
        passwords: by serial number; None: none is asked for, and a serial number is no secret.
        renewed: looks for another context than the one before, to be used from then on.
    """

    def __init__(
        self,
        callers: Callers,
        address: tuple[str, int],
        context: ssl.SSLContext,
        passwords: Mapping[str, str] | None = None,
        renewed: Callable[[], ssl.SSLContext | None] = lambda: None,
    ) -> None:
        self.callers = callers
        self._use(context)
        self._renewed, self._renew_at = renewed, time.monotonic() + RENEW_SECONDS
        self._passwords = passwords
        self._lock = threading.Lock()
        self._greeting: dict[ssl.SSLSocket, float] = {}  # those not known yet, and until when they may be
        self._threads: set[threading.Thread] = set()
        self._mains: set[Main] = set()
        self._closing = threading.Event()
        self._said_at, self._unsaid = float("-inf"), 0
        try:
            family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
            self._socket = socket.create_server(address, family=family, backlog=_BACKLOG)
        except OSError as error:
            where = f"{address[0]}:{address[1]}"
            message = f"Expected to listen for printers on {where}, got: {said(error)}."
            raise Unavailable("weblink_listen", message) from None
        self._socket.settimeout(_TICK_SECONDS)
        #: Where it listens.
        self.address: tuple[str, int] = self._socket.getsockname()[:2]
        self._accepting = threading.Thread(target=self._accept, name="weblink")

    def __enter__(self) -> Self:
        self._accepting.start()
        log.info("weblink.listening", host=self.address[0], port=self.address[1])
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.set()
        self._accepting.join()
        self._socket.close()
        with self._lock:
            greeting, mains, threads = list(self._greeting), list(self._mains), list(self._threads)
        for connection in greeting:
            _shut(connection)
        for main in mains:
            main.end()
        for thread in threads:
            thread.join()

    def _use(self, context: ssl.SSLContext) -> None:
        # Nobody resumes; and tickets come behind the handshake, when a simple client may not expect to read any more.
        context.num_tickets = 0
        self._context = context

    def _renew(self) -> None:
        """Use another certificate for who comes from now on, where there is one."""
        self._renew_at = time.monotonic() + RENEW_SECONDS
        context = self._renewed()
        if context is not None:
            self._use(context)
            log.info("weblink.certificate_renewed")

    def _accept(self) -> None:
        while not self._closing.is_set():
            with suppress(OSError):  # nobody within a tick, or one that has left already
                self._take(self._socket.accept()[0])
            now = time.monotonic()
            if now >= self._renew_at:
                self._renew()
            with self._lock:
                late = [connection for connection, until in self._greeting.items() if until < now]
            for connection in late:
                _shut(connection)

    def _take(self, connection: socket.socket) -> None:
        connection.settimeout(GREETING_SECONDS)
        try:
            # No handshake yet: it is the caller's own thread that waits for it.
            secured = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        except OSError:
            connection.close()
            raise
        with self._lock:
            full = len(self._greeting) >= GREETINGS_AT_MOST
            if not full:
                self._greeting[secured] = time.monotonic() + GREETING_SECONDS
                thread = threading.Thread(target=self._greet, args=(secured,), name="weblink caller", daemon=True)
                self._threads.add(thread)
                thread.start()
        if full:
            secured.close()
            self._refuse("too many at once")

    def _greet(self, connection: ssl.SSLSocket) -> None:
        """Find out who dials in, and hold a main connection to its end."""
        main = None
        try:
            main = self._known(connection)
        except OSError as error:
            self._refuse(said(error))
        except Exception:
            log.exception("weblink.failed")
        finally:
            with self._lock:
                self._greeting.pop(connection, None)
        if main is not None:
            self._hold(main)
        with self._lock:
            self._threads.discard(threading.current_thread())

    def _known(self, connection: ssl.SSLSocket) -> Main | None:
        """Return the main connection that it is; a channel goes to who waits for it.

        Raises:
            OSError: it is neither, or not in time.
        """
        line, kept = SocketConnection(connection, STALL_SECONDS), False
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            connection.do_handshake()
            user: list[str] = []
            caller = WebSocket.accept(line, lambda request: self._door(request, user), GREETING_SECONDS)
            greeting = messages.greeting(caller.message(GREETING_SECONDS) or b"")
            if greeting is None or (user and user[0] != greeting.serial):
                raise ConnectionRefusedError("no greeting of a printer, or another's password")
            if greeting.channel is not None:
                kept = self.callers.hand_over(greeting, caller)
                return None
            main = Main(greeting.serial, caller)
            kept = self.callers.admit(main)
            if not kept:
                raise ConnectionRefusedError(f"the printer {greeting.serial}, which is not known or has enough")
            return main
        finally:
            if not kept:
                line.close()

    def _door(self, request: Request, user: list[str]) -> HTTPStatus | None:
        """Say with what a request is refused; tell whose password it brought."""
        if request.path != PATH:
            return HTTPStatus.NOT_FOUND
        with self._lock:
            if len(self._mains) >= MAINS_AT_MOST:
                return HTTPStatus.SERVICE_UNAVAILABLE
        if self._passwords is None:
            return None
        name, password = basic(request.headers.get_all("Authorization"))
        wanted = self._passwords.get(name, "")
        same = hmac.compare_digest(password.encode(), wanted.encode())
        if not wanted or not same:
            return HTTPStatus.UNAUTHORIZED
        user.append(name)
        return None

    def _hold(self, main: Main) -> None:
        with self._lock:
            self._mains.add(main)
        if self._closing.is_set():
            main.end()
        log.info("weblink.connected", printer=main.serial)
        try:
            main.run()
        finally:
            self.callers.leave(main)
            with self._lock:
                self._mains.discard(main)
            log.info("weblink.gone", printer=main.serial)

    def _refuse(self, why: str) -> None:
        """Say that someone was refused, but not more often than a person reads."""
        now = time.monotonic()
        with self._lock:
            self._unsaid += 1
            if now - self._said_at < SAY_SECONDS:
                return
            count, self._unsaid, self._said_at = self._unsaid, 0, now
        log.warning("weblink.refused", got=why, times=count)


def _shut(connection: ssl.SSLSocket) -> None:
    """Break off what another thread waits for; TLS itself is that thread's."""
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
