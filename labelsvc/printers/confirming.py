"""A way to a printer that was certified: echoes on the data connection, readings from the JSON port.

Questions never mix with labels where there is a JSON port (9200, over TLS 9243; a config channel of Weblink). A printer
without one is asked by ~HS on the data connection, between two labels.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from labelsvc.domain.profiles import Profile
from labelsvc.domain.readings import Reading
from labelsvc.printers import tcp
from labelsvc.printers.asking import JsonPort
from labelsvc.printers.connection import Connection, Way, said
from labelsvc.printers.transport import LinkLost, NotReady, SendFailed, Unfit
from labelsvc.printers.zebra import reading
from labelsvc.printers.zebra.echoes import Echoes
from labelsvc.printers.zebra.status import ASK, Answers, Identity

#: What a printer may say while we look once; beyond it the connection is given up.
_SAID_AT_MOST = 262_144
#: Bytes taken in one go.
_AT_ONCE = 16_384
#: Echoes of one look.
_ECHOES_AT_MOST = 1_000

#: Prefixes that our labels are made of, and what a true reprint would come out behind our back by.
_SETTINGS = {"zpl.caret": "^", "zpl.control_character": "~", "zpl.delimiter": ","}
_REPRINT = "ezpl.reprint_mode"


class ConfirmingTcp:
    """A connection to one printer, and one to its JSON port.

    Args:
        dial: the data port.
        config: the JSON port; None: the profile needs none.
        answer_seconds: how long to wait for an answer.
        stall_seconds: how long a printer may take no byte.
    """

    windowed = True

    def __init__(
        self,
        dial: Way,
        config: Way | None,
        dpmm: int,
        profile: Profile,
        *,
        answer_seconds: float = 1.0,
        stall_seconds: float = 20.0,
    ) -> None:
        self._dial = dial
        self._config = config
        self._dpmm = dpmm
        self._profile = profile
        self._answer_seconds = answer_seconds
        self._stall_seconds = stall_seconds
        self._data: Connection | None = None
        self._port = None if config is None else JsonPort(config, answer_seconds)
        self._echoes = Echoes()
        self._heard: list[str] = []
        self._answers = Answers()

    def open(self, *, at_rest: bool) -> None:  # noqa: ARG002  it always has to be
        """Connect, and see that it is the printer that was certified, as it was then, without a fault and empty."""
        try:
            self._data = tcp.connect(self._dial, self._stall_seconds)
            self._data.send_all(ASK)
            identity = self._identity()
            self._judge(identity)
            said = self._settings()
            self._judge_unique_id(said)
            found = self.read()
        except OSError as error:
            self.abandon()
            raise tcp.not_there(self._dial, error) from None
        except LinkLost as error:
            self.abandon()
            raise NotReady(("connecting-to-device",), error.message) from None
        except (NotReady, Unfit):
            self.abandon()
            raise
        try:
            self._judge_settings(said)
            self._judge_reading(found)
            self._set_policy()
        except (NotReady, Unfit):
            self.abandon()
            raise

    @property
    def identity(self) -> Identity | None:
        """What ~HI said when the connection was made."""
        return self._answers.identity

    def _identity(self) -> Identity | None:
        """Return what ~HI says, once ~HS was answered too or the time is over."""
        deadline = time.monotonic() + self._answer_seconds
        while not self._answers.complete and (left := deadline - time.monotonic()) > 0:
            self._hear(left)
        return self._answers.identity

    def _judge(self, identity: Identity | None) -> None:
        if identity is None:
            raise NotReady(("timed-out",), f"Expected {self._dial} to say what it is, got no answer to ~HI.")
        certified = (self._profile.model, self._profile.firmware)
        if identity.dpmm != self._dpmm:
            message = f"Expected a printer of {self._dpmm} dots per mm, got one of {identity.dpmm}."
            raise Unfit(("resources-are-not-ready",), message)
        if self._profile.model and (identity.model, identity.version) != certified:
            found = f"{identity.model} {identity.version}"
            message = f"Expected {' '.join(certified)} as certified, got {found}: certify it again."
            raise Unfit(("printer-stopped", "x-identity-changed"), message, identity=found)

    def _settings(self) -> dict[str, str]:
        if self._port is None:
            return {}
        return self._port.ask((reading.UNIQUE_ID, *_SETTINGS, _REPRINT)) or {}

    def _judge_unique_id(self, said: dict[str, str]) -> None:
        found = reading.of(said, None)
        if self._is_another(found):
            message = f"Expected the printer {self._profile.unique_id}, got {found.unique_id} at its address."
            raise Unfit(("printer-stopped", "x-identity-changed"), message, identity=found.unique_id)

    def _judge_settings(self, said: dict[str, str]) -> None:
        for name, wanted in _SETTINGS.items():
            if said.get(name, wanted) not in (wanted, "?"):
                message = f"Expected {wanted!r} for {name}, got {said[name][:20]!r}: labels would come out as text."
                raise Unfit(("printer-stopped", "x-prefix-changed"), message)
        if said.get(_REPRINT) == "on":
            message = f"Expected {_REPRINT} off, got on: its panel could print labels again unseen. Harden it."
            raise Unfit(("printer-stopped",), message)

    def _judge_reading(self, found: Reading | None) -> None:
        if found is None:
            message = "Expected a printer that can print, got no answer (media, ribbon or head)."
            raise NotReady(("other-error",), message)
        if found.reasons:
            message = f"Expected a printer that can print, got {', '.join(found.reasons)}."
            raise NotReady(found.reasons, message)
        if found.busy:
            raise NotReady(("x-not-at-rest",), "Expected a printer that is empty, got one with labels of before in it.")

    def _set_policy(self) -> None:
        """Have a label that a fault tears treated as it was when the printer was certified; ^JZ is volatile."""
        assert self._data is not None, "connected just now"
        try:
            self._data.send_all(b"^XA^JZY^XZ\n" if self._profile.reprints_partial else b"^XA^JZN^XZ\n")
        except OSError as error:
            raise tcp.not_there(self._dial, error) from None

    def send(self, chunks: Iterable[bytes]) -> None:
        """Write labels, counting what the network took."""
        assert self._data is not None, "open() comes first"
        try:
            self._hear(0.0)
        except LinkLost as error:
            raise SendFailed(0, error.message) from None
        tcp.hand_over(self._data, chunks)

    def listen(self, seconds: float) -> tuple[str, ...]:
        """Return what was echoed until now."""
        if not self._heard:
            self._hear(seconds)
        heard, self._heard = tuple(self._heard[:_ECHOES_AT_MOST]), self._heard[_ECHOES_AT_MOST:]
        return heard

    def read(self, *, briefly: bool = False) -> Reading | None:
        """Ask how it is and what it has counted."""
        if self._port is None:
            return self._read_by_host_status()
        values = self._port.ask(reading.ASKED)
        if values is None:
            return None
        found = reading.of_faultless(values) if briefly else None
        if found is None:
            status = (self._port.ask((reading.HOST_STATUS,)) or {}).get(reading.HOST_STATUS)
            found = reading.of(values, None if status is None else reading.host_status(status))
        if self._is_another(found):
            raise LinkLost(f"Expected the printer {self._profile.unique_id}, got answers of {found.unique_id}.")
        return found

    def _is_another(self, found: Reading) -> bool:
        return None not in (self._profile.unique_id, found.unique_id) and found.unique_id != self._profile.unique_id

    def _read_by_host_status(self) -> Reading | None:
        assert self._data is not None, "open() comes first"
        self._hear(0.0)  # what was asked before says nothing of now
        self._answers.status = None
        try:
            self._data.send_all(b"~HS\r\n")
        except OSError as error:
            raise LinkLost(f"Expected the printer to answer, got {said(error)}.") from None
        deadline = time.monotonic() + self._answer_seconds
        while self._answers.status is None and (left := deadline - time.monotonic()) > 0:
            self._hear(left)
        status = self._answers.status
        return None if status is None else Reading(reasons=status.reasons, busy=status.busy or status.partial_format)

    def _hear(self, seconds: float) -> None:
        """Take what the printer says on the data connection; wait for its first byte so long.

        Raises:
            LinkLost: it ended the connection, broke it, or says more than a printer has to say.
        """
        connection = self._data
        if connection is None:
            raise LinkLost("Expected a connection to the printer, got none.")
        heard = 0
        try:
            while (data := connection.hear(0.0 if heard else seconds)) is not None:
                if not data:
                    raise LinkLost("Expected the printer to stay connected, got its end of the connection.")
                heard += len(data)
                if heard > _SAID_AT_MOST:
                    raise LinkLost(f"Expected at most {_SAID_AT_MOST} bytes from the printer at once, got more.")
                self._answers.feed(data)
                self._heard += self._echoes.feed(data)
        except OSError as error:
            raise LinkLost(f"Expected the printer to stay connected, got {said(error)}.") from None

    def close(self) -> str | None:
        """End the connections; what was confirmed needs no more looking after."""
        data, self._data = self._data, None
        if self._port is not None:
            self._port.close()
        if data is not None:
            data.close()
        return None

    def abandon(self) -> None:
        """Break off: what our side still holds back must not come out behind anyone's back."""
        data, self._data = self._data, None
        if self._port is not None:
            self._port.close()
        if data is not None:
            data.reset()
