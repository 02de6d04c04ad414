"""A printer's settings and counters (SGD): questions as bytes, answers as texts.

On the JSON port (9200, over TLS 9243) a question is `{}{"name":null,...}` and the answer one JSON object. On the data
port it is `! U1 getvar "name"`, answered by the value between double quotes, `"?"` where it has none (SGD guide).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

#: Answers are some hundred bytes; what is longer is none.
ANSWER_AT_MOST = 8_192
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|["{}]', re.DOTALL)
_NAME = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")


def question(names: Iterable[str]) -> bytes:
    """Return what asks for settings on the JSON port."""
    return b"{}" + json.dumps(dict.fromkeys(names), separators=(",", ":")).encode("ascii")


def order(values: Mapping[str, str]) -> bytes:
    """Return what changes settings on the JSON port."""
    return b"{}" + json.dumps(dict(values), separators=(",", ":")).encode("ascii")


def getvar(name: str) -> bytes:
    """Return what asks for a setting on the data port.

    Raises:
        ValueError: it is no name of a setting.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"Expected a setting's name, got {name!r}.")
    return f'! U1 getvar "{name}"\r\n'.encode("ascii")


class JsonAnswers:
    """Collects answers of the JSON port, in whatever pieces they come; what is no answer is passed over."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[dict[str, str]]:
        """Take bytes from the printer; return the answers that are complete now."""
        self._buffer += data
        found = []
        if b"}" in data:  # nothing else can complete one
            while (answer := self._next()) is not None:
                if answer:
                    found.append(answer)
        del self._buffer[:-ANSWER_AT_MOST]
        return found

    def _next(self) -> dict[str, str] | None:
        """Take the next object from the buffer; empty where it was none of texts, None where none is complete."""
        start = self._buffer.find(b"{")
        if start < 0:
            self._buffer.clear()
            return None
        del self._buffer[:start]
        end = _end(self._buffer)
        if end is None:
            return None
        text = bytes(self._buffer[:end])
        del self._buffer[:end]
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            return {}
        return {name: value for name, value in said.items() if isinstance(value, str)}


def _end(buffer: bytearray) -> int | None:
    """Return where the object that the buffer begins with ends; braces in texts do not count."""
    depth = 0
    for token in _TOKEN.finditer(buffer):
        if token[0] == b'"':  # a text that is not complete
            return None
        depth += {b"{": 1, b"}": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return None
