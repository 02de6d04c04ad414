"""The virtual printer's ear: a ZPL II byte stream in, complete label formats, control commands and getvars out.

Framing as the programming guide gives it. A format runs from ^XA (or STX) to ^XZ (or ETX). A format command begins
with ^ (or RS), a control command with ~ (or DLE); ^CC, ^CT, ^CD and their ~ twins change prefix and delimiter for all
that follows. A control command is obeyed wherever it stands, also inside a field's data, and does not become part of
the format. Only counted binary data (^GFB, ^GFC, ~DY with B or C) is not looked into.

Where the guide is silent this printer takes the reading that is hardest on a sender: a ^XA inside an open format does
not begin a new one, and RS and DLE keep their meaning after a prefix was changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from labelsvc.printers.virtual.events import Control, Event, Format, Getvar, Setvar
from labelsvc.printers.virtual.fields import echoes_of

STX, ETX, SI, DLE, RS, BANG = 0x02, 0x03, 0x0F, 0x10, 0x1E, 0x21

ARGUMENTS = 64  # bytes of a command's arguments that are looked at
HEADER = 256  # bytes in which the counts of binary data must have come
LINE = 1024  # bytes of a "! U1" line

# Control commands without an argument: what follows them belongs to the format again.
BARE = frozenset(
    b"HB HD HI HM HS HU JA JB JC JD JE JF JG JL JN JO JP JR JX KB PH PL PP PR PS WC".split(),
)
# A format of these alone changes settings and moves no media.
SETTINGS = frozenset(
    b"CC CD CI CO CT CV CW EF EG FS FX HH HV HW HY HZ ID JI JJ JM JS JT JU JW JZ KD KL KN KP KV LF LH LL LR LS LT "
    b"MA MC MD MF ML MM MN MP MT MU MW NI NS PA PF PH PM PN PO PP PQ PR PW SC SE SI SL SO SP SQ SR SS ST SX SZ TO XB "
    b"XS ZZ".split(),
)
# Format commands that mean something here; the others are only carried along.
HEARD = (b"XA", b"XZ", b"CC", b"CT", b"CD", b"GF", b"DF", b"PQ", b"LL", b"PW", b"MM", b"JZ")
#: Those whose last arguments in a format count.
KEPT = (b"PQ", b"LL", b"PW", b"MM", b"JZ")
QUANTITY = 99_999_999  # most that ^PQ takes
GETVAR = re.compile(rb'! ?U1 getvar "([^"\r\n]*)"[ \r\n]')
SETVAR = re.compile(rb'! ?U1 (?:setvar|do) "([^"\r\n]*)" "([^"\r\n]*)"[ \r\n]')


FLAGS = re.IGNORECASE | re.DOTALL
Counts = re.Match[bytes] | Literal[False] | None


@dataclass(slots=True)
class _Draft:
    """The format that is coming in."""

    start: int
    data: bytearray = field(default_factory=bytearray)
    empty: bool = True  # no command yet
    moves: bool = False  # has a command that is not a setting
    stored: bool = False  # by ^DF
    values: dict[bytes, bytes] = field(default_factory=dict)  # last arguments of KEPT
    too_long: bool = False


class Stream:
    """The parser. It keeps what is incomplete, so it may be fed in pieces of any size.

    Bounded: an open format of more than `limit` bytes is given up and prints nothing.
    """

    def __init__(self, limit: int, overridden: Callable[[bytes], bool] = lambda _: False) -> None:
        """`overridden` says which commands (b"^CC") are not obeyed."""
        self._limit = limit
        self._overridden = overridden
        self.reset()

    def reset(self) -> None:
        """Forget everything, as a power-off does."""
        self._pending = bytearray()
        self._position = 0
        self.caret, self.tilde, self.delimiter = b"^", b"~", b","
        self.begun = 0  # formats begun
        self._compile()
        self.discard()

    def discard(self) -> None:
        """Drop the partly received format."""
        self._draft: _Draft | None = None
        self._command = b""
        self._arguments = bytearray()
        self._skipping = False
        self._counted = 0

    def forget_line(self) -> None:
        """Drop the partly received format and half a command, as when their connection has gone."""
        self._position += len(self._pending)
        self._pending = bytearray()
        self.discard()

    @property
    def partial(self) -> bool:
        """Whether a format has begun and not ended."""
        return self._draft is not None

    @property
    def held(self) -> int:
        """Bytes kept of what is incomplete."""
        return len(self._pending) + (len(self._draft.data) if self._draft else 0)

    @property
    def position(self) -> int:
        """Bytes received since the power-on."""
        return self._position + len(self._pending)

    def receive(self, data: bytes) -> Iterator[Event]:
        """Take the next bytes of the stream; the caller runs through all events before it gives more."""
        pending = self._pending
        pending += data
        at = 0
        while at < len(pending):
            end, event = self._whole(at) or self._token(at)
            if end == at:
                break
            if event is not None:
                yield event
                if self._pending is not pending:  # the power went off meanwhile, or the connection ended
                    return
            at = end
        self._position += at
        del self._pending[:at]

    def _compile(self) -> None:
        always = bytes((STX, ETX, SI, DLE, RS)) + self.caret + self.tilde
        self._specials = frozenset(always)
        self._format_prefixes = frozenset(self.caret + bytes((RS,)))
        self._in_format = re.compile(b"[" + re.escape(always) + b"]")
        self._idle = re.compile(b"[" + re.escape(always + b"!") + b"]")
        self._line_end = re.compile(b"[\r\n" + re.escape(always) + b"]")
        # Text and commands that mean nothing here, in one go: this is nearly all of a label.
        plain, caret = b"[^" + re.escape(always) + b"]", b"[\x1e" + re.escape(self.caret) + b"]"
        carried = b"(?:" + plain + b"++|" + caret + b"(?!" + b"|".join(HEARD) + b")" + plain + b"{2})*+"
        self._carried = re.compile(carried, re.IGNORECASE)
        caret = re.escape(self.caret)
        self._begin, self._end = self.caret + b"XA", self.caret + b"XZ"
        closer = b"|".join(sorted({*HEARD} - {*KEPT}))
        others = re.escape(bytes((STX, ETX, SI, DLE, RS)) + self.tilde)
        self._intricate = re.compile(b"[" + others + b"]|" + caret + b"(?:.?" + caret + b"|" + closer + b")", FLAGS)
        self._mover = re.compile(caret + b"(?!" + b"|".join(sorted(SETTINGS)) + b")", FLAGS)
        kept = caret + b"(" + b"|".join(KEPT) + b")([^" + caret + b"]{0,%d})" % ARGUMENTS
        self._kept = re.compile(kept, FLAGS)
        comma = re.escape(self.delimiter)
        number = b"([0-9]*)" + comma
        other = b"[^" + comma + b"]*" + comma
        self._gf_header = re.compile(b"[BCbc]" + comma + number + number + number)
        self._dy_header = re.compile(other + b"[BCbc]" + comma + other + number + number)

    def _whole(self, at: int) -> tuple[int, Event | None] | None:
        """Read a whole format in one go, if there is one there with nothing in it that needs a closer look."""
        if self._draft is not None or self._counted or not self._pending.startswith(self._begin, at):
            return None
        end = self._pending.find(self._end, at)
        if end < 0 or end - at > self._limit or self._intricate.search(self._pending, at + 3, end + 1):
            return None
        data = bytes(self._pending[at : end + 3])
        body = data[3:-3]
        draft = _Draft(start=self._position + at, data=bytearray(data), empty=self.caret not in body)
        draft.moves = self._mover.search(body) is not None
        draft.values = {name.upper(): arguments for name, arguments in self._kept.findall(body)}
        self.begun += 1
        self.discard()
        return end + 3, _finished(draft, self.caret, self.delimiter)

    def _token(self, at: int) -> tuple[int, Event | None]:
        """Read one token; gives where it ends (`at` itself: more bytes are needed) and what it was."""
        if self._counted:
            end = min(len(self._pending), at + self._counted)
            self._counted -= end - at
            self._keep(at, end)
            return end, None
        special = (self._in_format if self._draft else self._idle).search(self._pending, at)
        start = special.start() if special else len(self._pending)
        if start > at:
            self._text(at, start)
            return start, None
        byte = self._pending[at]
        if byte == BANG and BANG not in self._specials:
            return self._sgd(at)
        if byte in (STX, ETX, SI):
            return self._control_character(at)
        name = self._name(at + 1, 2)
        if not name:  # None: not all there yet; empty: a prefix with no command behind it
            return at + (name is not None), None
        return self._format_command(at, name) if byte in self._format_prefixes else self._control(at, name)

    def _control_character(self, at: int) -> tuple[int, Event | None]:
        if self._pending[at] == STX:
            return self._open(at, at + 1)
        if self._pending[at] == ETX:
            return self._close(at, at + 1)
        return self._begin_command(at, at + 1, b"FS")

    def _name(self, at: int, length: int) -> bytes | None:
        """The command name there, in capitals; b"" when none can stand there, None when more bytes are needed."""
        name = bytes(self._pending[at : at + length])
        if self._specials.intersection(name):
            return b""
        return name.upper() if len(name) == length else None

    def _format_command(self, at: int, name: bytes) -> tuple[int, Event | None]:
        end = at + 3
        if name == b"XA":
            return self._open(at, end)
        if name == b"XZ":
            return self._close(at, end)
        if name in (b"CC", b"CT", b"CD"):
            if end == len(self._pending):
                return at, None
            self._begin_command(at, end + 1, name)
            self._change(name, end)
            return end + 1, None
        if name == b"GF":
            counts = self._header(self._gf_header, end, b"BCbc")
            if counts is None:
                return at, None
            if counts:
                self._begin_command(at, counts.end(), name)
                self._counted = int(counts[1] or b"0")
                return counts.end(), None
        self._begin_command(at, end, name)
        if self._draft is not None and self._draft.moves and name not in HEARD:
            run = self._carried.match(self._pending, end)
            assert run is not None, "the pattern takes nothing, too"
            self._keep(end, run.end())
            end = run.end()
        return end, None

    def _control(self, at: int, name: bytes) -> tuple[int, Event | None]:
        end = at + 3
        self._skipping = False
        if name in (b"CC", b"CT", b"CD"):
            if end == len(self._pending):
                return at, None
            self._change(name, end)
            return end + 1, None
        if name == b"HQ":
            what = self._name(end, 2)
            if what is None:
                return at, None
            return end + len(what), Control((name + what).decode("latin-1"))
        if name == b"DY":
            counts = self._header(self._dy_header, end, None)
            if counts is None:
                return at, None
            if counts:
                self._counted, self._skipping = int(counts[1] or b"0"), True
                return counts.end(), None
        if name not in BARE:
            self._skipping = True  # its arguments reach to the next command
            return end, None
        if name in (b"JA", b"JX"):
            self.discard()
        return end, Control(name.decode("latin-1"))

    def _header(
        self, pattern: re.Pattern[bytes], at: int, first: bytes | None
    ) -> re.Match[bytes] | Literal[False] | None:
        """The counts before binary data; False when there is no binary data, None when more bytes are needed."""
        head = bytes(self._pending[at : at + HEADER])
        if first is not None and head and head[0] not in first:
            return False
        match = pattern.match(self._pending, at, at + HEADER)
        if match:
            return match
        return None if len(head) < HEADER and not self._specials.intersection(head) else False

    def _change(self, name: bytes, at: int) -> None:
        if not self._overridden(b"^" + name) and not self._overridden(b"~" + name):
            self.change(name, bytes(self._pending[at : at + 1]))

    def change(self, name: bytes, value: bytes) -> None:
        """Change format prefix (CC), control prefix (CT) or delimiter (CD); what cannot be one is not taken."""
        if not value or not 0x20 < value[0] < 0x7F:
            return
        if name == b"CC":
            self.caret = value
        elif name == b"CT":
            self.tilde = value
        else:
            self.delimiter = value
        self._compile()

    def _sgd(self, at: int) -> tuple[int, Event | None]:
        """Read a "! U1" line; a getvar is complete with the space, CR or LF behind its closing quote."""
        asked = GETVAR.match(self._pending, at, at + LINE)
        if asked:
            return asked.end(), Getvar(asked[1].decode("latin-1"))
        told = SETVAR.match(self._pending, at, at + LINE)
        if told:
            return told.end(), Setvar(told[1].decode("latin-1"), told[2].decode("latin-1"))
        end = self._line_end.search(self._pending, at + 1, at + LINE)
        if end:
            return end.start(), None
        return (at, None) if len(self._pending) - at < LINE else (at + 1, None)

    def _open(self, at: int, end: int) -> tuple[int, Event | None]:
        if self._draft is None:
            self.discard()
            self._draft = _Draft(start=self._position + at)
            self.begun += 1
            self._keep(at, end)
            return end, None
        return self._begin_command(at, end, b"XA")

    def _close(self, at: int, end: int) -> tuple[int, Event | None]:
        self._begin_command(at, end, b"XZ")
        draft = self._draft
        self.discard()
        if draft is None or draft.too_long:
            return end, None
        return end, _finished(draft, self.caret, self.delimiter)

    def _begin_command(self, at: int, end: int, name: bytes) -> tuple[int, Event | None]:
        """Begin a format command, which ends the one before."""
        self._skipping = False
        if self._draft is not None:
            if self._command in KEPT:
                self._draft.values[self._command] = bytes(self._arguments)
            if name not in (b"XA", b"XZ"):
                self._draft.empty = False
                self._draft.stored = self._draft.stored or name == b"DF"
                self._draft.moves = self._draft.moves or name not in SETTINGS
            self._command = name
            self._arguments.clear()
            self._keep(at, end)
        return end, None

    def _text(self, at: int, end: int) -> None:
        if self._draft is not None and not self._skipping:
            self._arguments += self._pending[at : min(end, at + ARGUMENTS - len(self._arguments))]
            self._keep(at, end)

    def _keep(self, at: int, end: int) -> None:
        """Keep bytes as part of the open format."""
        draft = self._draft
        if draft is None or draft.too_long or self._skipping:
            return
        if len(draft.data) + end - at > self._limit:
            draft.too_long = True
            draft.data.clear()
            return
        draft.data += self._pending[at:end]


def _finished(draft: _Draft, caret: bytes, delimiter: bytes) -> Format:
    parts = [part.strip() for part in draft.values.get(b"PQ", b"").split(delimiter)] + [b""] * 4
    moves_media = (draft.moves or draft.empty) and not draft.stored
    quantity = _number(parts[0], QUANTITY) or 1
    data = bytes(draft.data)
    return Format(
        data=data,
        start=draft.start,
        quantity=quantity if moves_media else 0,
        group=0 if parts[3].upper() == b"Y" else _number(parts[1], QUANTITY) or 0,
        label_length=_number(draft.values.get(b"LL", b"").split(delimiter)[0].strip(), 32_000),
        print_width=_number(draft.values.get(b"PW", b"").split(delimiter)[0].strip(), 32_000),
        mode=draft.values.get(b"MM", b"")[:1].decode("latin-1").upper() or None,
        reprints=draft.values.get(b"JZ", b"")[:1].decode("latin-1").upper() or None,
        echoes=echoes_of(data, caret, delimiter) if b"HV" in data.upper() else (),
    )


def _number(text: bytes, most: int) -> int | None:
    """A parameter from 1 to `most`; what is missing or out of range counts as not given."""
    if not text.isdigit() or len(text) > len(str(most)):
        return None
    value = int(text)
    return value if 1 <= value <= most else None
