"""The HTTP server of `serve`: it listens, answers, and ends without cutting an answer short."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import waitress
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer

from labelsvc.errors import Unavailable

#: Whoever is still being answered this long after the end was asked for is cut off.
DRAIN_SECONDS = 10.0


class Listener:
    """Listens on an address and answers with an app, until it is told to stop.

    Args:
        address: host and port; a host name with several addresses is listened to on all of them.
        threads: requests answered at the same time.
        body_at_most: bytes of a body that is read at all; the app has its own, better answer for what is too long.
        proxy: whose X-Forwarded-For and X-Forwarded-Proto are believed; None: nobody's.

    Raises:
        Unavailable: the address cannot be listened on.
    """

    def __init__(
        self,
        app: Callable[..., Any],
        address: tuple[str, int],
        threads: int,
        body_at_most: int,
        proxy: str | None = None,
    ) -> None:
        self._stopping = threading.Event()
        self._pulling = threading.Lock()  # held while the server's thread is woken through a pipe of its own
        self._sockets: dict[int, Any] = {}  # waitress keeps here whatever it reads from or writes to
        host, port = address
        try:
            self._server = waitress.create_server(
                app,
                map=self._sockets,
                host=host,
                port=port,
                threads=threads,
                channel_timeout=120,
                clear_untrusted_proxy_headers=True,
                **(_believing(proxy) if proxy else {}),
                ident=None,
                max_request_body_size=body_at_most,
            )
        except (OSError, ValueError) as error:
            for half_made in list(self._sockets.values()):
                half_made.close()
            got = getattr(error, "strerror", None) or str(error)
            raise Unavailable(
                "address_unusable", f"Expected to listen on {host}:{port}, got: {got.rstrip('.')}."
            ) from None
        self._listening = [one for one in self._sockets.values() if isinstance(one, BaseWSGIServer)]

    @property
    def urls(self) -> tuple[str, ...]:
        """Where it listens."""
        addresses = ((one.effective_host, one.effective_port) for one in self._listening)
        return tuple(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}" for host, port in addresses)

    def run(self) -> None:
        """Answer, until `stop` was called and those who were being answered have their answers."""
        threading.Thread(target=self._drain, daemon=True, name="drain").start()
        self._server.run()
        self._server.task_dispatcher.shutdown()

    def stop(self) -> None:
        """Ask for the end."""
        self._stopping.set()

    def _drain(self) -> None:
        self._stopping.wait()
        self._soon(self._refuse_new)
        deadline = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < deadline and any(map(_busy, self._connections())):
            time.sleep(0.05)
        self._soon(self._hang_up)

    def _soon(self, work: Callable[[], None]) -> None:
        """Let the thread that runs the server do something: the sockets are its alone."""
        with self._pulling:
            self._listening[0].trigger.pull_trigger(work)

    def _refuse_new(self) -> None:
        for one in self._listening:
            one.del_channel()
            one.socket.close()

    def _hang_up(self) -> None:
        """Close what is left; with nothing to read from or write to the server's loop ends."""
        for connection in self._connections():
            connection.handle_close()
        with self._pulling:  # awake from an earlier pull, it may be here before the pull that asked for this is over
            for one in self._listening:
                one.trigger.close()

    def _connections(self) -> list[HTTPChannel]:
        return [one for one in list(self._sockets.values()) if isinstance(one, HTTPChannel)]


def _believing(proxy: str) -> dict[str, Any]:
    return {
        "trusted_proxy": proxy,
        "trusted_proxy_count": 1,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
    }


def _busy(connection: HTTPChannel) -> bool:
    """Whether a request is being read, waits, is worked on, or its answer is on its way."""
    return bool(connection.request or connection.requests or connection.total_outbufs_len)
