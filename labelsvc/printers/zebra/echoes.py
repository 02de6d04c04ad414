"""What a printer sends back for each label (^HV), among whatever else it says on the data connection.

Every label of a certified printer ends with `^HV1,n,K:,_0D_0A,L`: the n bytes of the field that carries its serial come
back behind the header `K:`, closed by CR LF; n is at most 256 (ZPL II guide, ^HV).
"""

from __future__ import annotations

import re

#: What is longer than this is no echo.
_LINE_AT_MOST = 512
_ECHO = re.compile(rb"K:([^\x00-\x1f]{1,256})$")


class Echoes:
    """Collects echoes, in whatever pieces they come; everything else is passed over."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._overlong = False

    def feed(self, data: bytes) -> list[str]:
        """Take bytes from the printer; return the texts that are complete now, in order."""
        *lines, rest = (self._rest + data).split(b"\r\n")
        found = []
        for line in lines:
            echo = None if self._overlong else _ECHO.search(line[-_LINE_AT_MOST:])
            self._overlong = False
            if echo is not None:
                found.append(echo[1].decode("utf-8", "replace"))
        self._overlong = len(rest) > _LINE_AT_MOST or (self._overlong and not lines)
        self._rest = bytearray(rest[-_LINE_AT_MOST:])
        return found
