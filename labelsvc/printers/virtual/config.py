"""The virtual printer's JSON port (9200): `{}{"name":null}` asks, `{}{"name":"value"}` tells; any number of clients.

A question with a variable that gives no answer, device.host_status in a fault, gets none as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from labelsvc.printers.virtual.ports import Peer

#: Bytes of a question that is not complete.
QUESTION_AT_MOST = 16_384


class ConfigPort:
    """Who hears what the JSON port brings.

    Args:
        ask: gives a variable's value, None for no answer at all.
        tell: changes one; gives its value then, None where it cannot be changed.
        over: the printer closes a connection after each answer.
    """

    def __init__(
        self, ask: Callable[[str], str | None], tell: Callable[[str, str], str | None], *, over: bool = False
    ) -> None:
        self._ask = ask
        self._tell = tell
        self._over = over
        self._waiting: dict[int, str] = {}

    def room(self) -> int:
        """Bytes that fit in."""
        return QUESTION_AT_MOST

    def received(self, peer: Peer, data: bytes) -> bytes:
        """Take bytes; gives the answers."""
        text = self._waiting.pop(id(peer), "") + data.decode("utf-8", "replace")
        reply = b""
        while text:
            begin = text.find("{")
            if begin < 0:
                text = ""
                break
            try:
                question, end = json.JSONDecoder().raw_decode(text, begin)
            except (ValueError, RecursionError):
                break  # not complete
            text = text[end:]
            if question:
                reply += self._answer(question)
        self._waiting[id(peer)] = text[-QUESTION_AT_MOST:]
        peer.closing = bool(reply) and self._over
        return reply

    def _answer(self, question: dict[str, object]) -> bytes:
        said = {
            name: self._ask(name) if value is None else self._tell(name, str(value)) for name, value in question.items()
        }
        if any(answer is None and question[name] is None for name, answer in said.items()):
            return b""
        return json.dumps(said).encode()

    def ended(self, peer: Peer) -> None:
        """The connection is gone."""
        self._waiting.pop(id(peer), None)
