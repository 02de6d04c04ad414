"""The server, as a station talks to it: few requests, each bounded in time and size, over TLS where it is https."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from labelsvc import __version__
from labelsvc.errors import InvalidInput

#: Seconds without a byte after which a request has failed; a long poll may take so much longer.
SILENCE = 20.0
_ANSWER_AT_MOST = 10_000_000
_LABELS_AT_MOST = 2_000_000_000


class Unreachable(Exception):
    """No answer, or none that can be read: later there may be one."""


class Refused(Exception):
    """The server understood, and will not do it.

    Attributes:
        status: of the answer; code: of the problem.
        facts: all that the answer says.
    """

    def __init__(self, status: int, facts: dict[str, Any]) -> None:
        self.status = status
        self.facts = facts
        self.code = str(facts.get("code", ""))
        super().__init__(f"{status} {self.code}: {str(facts.get('detail', ''))[:300]}")


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server is, and how it is known.

    Attributes:
        key_file: with the station's key; read anew for each request, so that the key can be changed.
        ca: file of authorities (PEM); pin: SHA-256 of the server's certificate; neither: the system's authorities.
    """

    url: str
    key_file: Path
    ca: Path | None = None
    pin: str | None = None

    def __post_init__(self) -> None:
        """See that the URL is one.

        Raises:
            InvalidInput: it is not, or the pin is none.
        """
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise InvalidInput("station_server", f"Expected http:// or https:// of a server, got {self.url[:100]!r}.")
        if self.pin is not None and not re.fullmatch(r"sha256:[0-9a-fA-F]{64}", self.pin):
            raise InvalidInput("station_server", "Expected a pin as sha256:HEX, got another.")

    def ask(self, path: str, body: dict[str, Any], *, patience: float = 0, key: str | None = None) -> dict[str, Any]:
        """POST a question and return the answer.

        Args:
            patience: seconds that the server may take.
            key: the Idempotency-Key, where the route takes one.

        Raises:
            Unreachable, Refused: there is none.
        """
        with _Exchange(self, "POST", path, body, (patience, key)) as exchange:
            return exchange.answer()

    def fetch(self, path: str) -> Iterator[bytes]:
        """Yield the bytes of a download.

        Raises:
            Unreachable, Refused: there are none, or they broke off.
        """
        with _Exchange(self, "GET", path, None) as exchange:
            yield from exchange.body()


class _Exchange:
    """One request and its answer."""

    def __init__(
        self,
        server: Server,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        terms: tuple[float, str | None] = (0, None),
    ) -> None:
        self._server = server
        patience, self._key = terms
        self._connection = _connection(server, SILENCE + patience)
        self._request = (method, urlsplit(server.url).path.rstrip("/") + path, body)

    def __enter__(self) -> _Exchange:
        method, path, body = self._request
        try:
            headers = {"User-Agent": f"labelsvc-station/{__version__}", "Connection": "close"}
            headers["Authorization"] = f"Bearer {self._server.key_file.read_text('ascii').strip()}"
            if body is not None:
                headers["Content-Type"] = "application/json"
            if self._key is not None:
                headers["Idempotency-Key"] = self._key
            self._connection.connect()
            _check_pin(self._connection, self._server.pin)
            self._connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
            self._answer = self._connection.getresponse()
        except (OSError, http.client.HTTPException, UnicodeError, ValueError) as error:
            self._connection.close()
            raise Unreachable(f"Expected an answer of the server, got {type(error).__name__}: {error}"[:300]) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def answer(self) -> dict[str, Any]:
        """Return the answer's JSON object."""
        try:
            said = json.loads(self._answer.read(_ANSWER_AT_MOST) or b"{}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._unreadable(error) from error
        if not isinstance(said, dict):
            raise Unreachable("Expected a JSON object, got another value.")
        if self._answer.status >= 500 or self._answer.status == 429:
            raise Unreachable(f"Expected an answer of the server, got {self._answer.status}.")
        if self._answer.status >= 300:
            raise Refused(self._answer.status, said)
        return said

    def _unreadable(self, error: Exception) -> Exception:
        if 400 <= self._answer.status < 500 and self._answer.status != 429:
            return Refused(self._answer.status, {})
        return Unreachable(f"Expected a whole answer, got {type(error).__name__}.")

    def body(self) -> Iterator[bytes]:
        """Yield the answer's bytes."""
        if self._answer.status != 200:
            self.answer()
            raise Unreachable(f"Expected labels, got {self._answer.status}.")
        passed = 0
        try:
            while chunk := self._answer.read(65_536):
                passed += len(chunk)
                if passed > _LABELS_AT_MOST:
                    raise Unreachable("Expected labels, got too many bytes.")
                yield chunk
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"Expected all labels, got {type(error).__name__}.") from error


def _connection(server: Server, seconds: float) -> http.client.HTTPConnection:
    parts = urlsplit(server.url)
    assert parts.hostname is not None, "checked when it was made"
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=seconds)
    if server.pin is None:
        context = ssl.create_default_context(cafile=server.ca)
    else:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the pin decides
    return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=seconds, context=context)


def _check_pin(connection: http.client.HTTPConnection, pin: str | None) -> None:
    """See that it is the server, before the key is sent.

    Raises:
        OSError: it is not.
    """
    if pin is None:
        return
    found = connection.sock.getpeercert(binary_form=True) if isinstance(connection.sock, ssl.SSLSocket) else None
    if found is None or f"sha256:{hashlib.sha256(found).hexdigest()}" != pin.lower():
        raise OSError("Expected the certificate that is pinned, got another")
