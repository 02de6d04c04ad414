"""The text of a label format, with the line of every key: an error says where to look."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from labelsvc.errors import InvalidInput

MOST_BYTES = 64_000
"""Of a format file."""

_HEADER = re.compile(r"""\[\[?\s*["']?([A-Za-z0-9_-]+)""")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"([^"\\\n]*)"|'([^'\n]*)'""")
_SYNTAX = re.compile(r"(?P<what>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a format file.

    Attributes:
        line: from 1.
        owner: what stands there in words, `text 2` for the second text, `format` for the head of the file.
        key: where one key of it is meant.
    """

    line: int
    owner: str
    key: str | None = None

    def error(self, code: str, expected: str, got: str) -> InvalidInput:
        """Make the error for what stands here."""
        what = f"key {self.key} of {self.owner}" if self.key else self.owner
        message = f"Expected {expected}, got {got} (line {self.line}, {what})."
        return InvalidInput(code, message, line=self.line, key=self.key, element=self.owner)

    @contextmanager
    def within(self) -> Iterator[None]:
        """Say where the format asked for it, for an error from below that does not know."""
        try:
            yield
        except InvalidInput as error:
            if "line" in error.facts:
                raise
            message = f"{error.message.removesuffix('.')} (line {self.line}, {self.owner})."
            raise InvalidInput(error.code, message, line=self.line, key=self.key, element=self.owner) from error


@dataclass(frozen=True, slots=True)
class Entry:
    """One table of a format: the head, `[limits]`, or the second `[[text]]`.

    Attributes:
        kind: the table's name, `format` for the head of the file.
        number: of the table among those of its name, from 1; 0 where there is only one.
        lines: line of each key.
    """

    kind: str
    number: int
    line: int
    values: Mapping[str, Any]
    lines: Mapping[str, int]

    @property
    def place(self) -> Place:
        """Where the table begins."""
        return Place(self.line, f"{self.kind} {self.number}" if self.number else self.kind)

    def at(self, key: str) -> Place:
        """Where a key stands; a missing one stands where the table begins."""
        return Place(self.lines.get(key, self.line), self.place.owner, key)


def read(text: str) -> tuple[Entry, ...]:
    """Read a format file into its tables: the head first, then in the order of the file.

    Raises:
        InvalidInput: format_too_large, format_syntax.
    """
    size = len(text.encode("utf-8", "replace"))
    if size > MOST_BYTES:
        raise Place(1, "format").error("format_too_large", f"at most {MOST_BYTES} bytes", f"{size}")
    for number, line in enumerate(text.split("\n"), 1):
        if any("\ud800" <= char <= "\udfff" for char in line):
            raise Place(number, "format").error("format_syntax", "UTF-8", "half of a surrogate pair")
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _syntax(text, str(error)) from None
    except ValueError as error:  # a number of thousands of digits, a date that does not exist
        raise _syntax(text, str(error).splitlines()[0]) from None
    return tuple(_entries(document, _Lines.of(text)))


def _syntax(text: str, said: str) -> InvalidInput:
    found = _SYNTAX.fullmatch(said)
    line = int(found["line"]) if found and found["line"] else text.count("\n") + 1
    what = found["what"] if found else said[:200]
    return InvalidInput("format_syntax", f"Expected TOML, got a mistake in line {line}: {what}.", line=line)


def _entries(document: Mapping[str, Any], lines: _Lines) -> Iterator[Entry]:
    head: dict[str, Any] = {}
    tables: list[Entry] = []
    for name, value in document.items():
        if isinstance(value, dict) and (name, 0) in lines.tables:
            tables.append(_entry(lines, name, 0, value))
        elif isinstance(value, list) and (name, 1) in lines.tables:
            tables.extend(_entry(lines, name, number, table) for number, table in enumerate(value, 1))
        else:
            head[name] = value
    yield Entry("format", 0, 1, head, lines.keys.get(("", 0), {}))
    yield from sorted(tables, key=lambda entry: entry.line)


def _entry(lines: _Lines, name: str, number: int, values: Mapping[str, Any]) -> Entry:
    table = (name, number)
    return Entry(name, number, lines.tables.get(table, 1), values, lines.keys.get(table, {}))


@dataclass(slots=True)
class _Lines:
    """Where tables begin and keys stand. Only for text that tomllib has read, so it need not be strict."""

    tables: dict[tuple[str, int], int]
    keys: dict[tuple[str, int], dict[str, int]]

    @classmethod
    def of(cls, text: str) -> _Lines:
        lines = cls({}, {})
        table, counts = ("", 0), dict[str, int]()
        for line, statement in _statements(text):
            header = _HEADER.match(statement)
            if header:
                name = header[1]
                if statement.startswith("[["):
                    counts[name] = counts.get(name, 0) + 1
                table = (name, counts.get(name, 0))
                lines.tables.setdefault(table, line)
            elif key := _KEY.match(statement):
                name = key[1] or key[2] or key[0]
                lines.keys.setdefault(table, {}).setdefault(name, line)
        return lines


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Give each statement's first line and number; a value over several lines belongs to its statement."""
    number, depth, quote = 0, 0, ""
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not quote and not depth and stripped and not stripped.startswith("#"):
            yield number, stripped
        depth, quote = _after(line, depth, quote)


_OPENING = re.compile(r'"""|\'\'\'|["\'#\[\]{}]')


def _after(line: str, depth: int, quote: str) -> tuple[int, str]:
    """Tell how deep in brackets, and in which kind of long string, a line ends."""
    at = 0
    while at < len(line):
        if quote:
            closing = re.compile(rf"(?:[^\\]|\\.)*?{quote}" if quote[0] == '"' else rf".*?{quote}")
            found = closing.match(line, at)
            if not found:
                return depth, quote
            at, quote = found.end(), ""
        elif found := _OPENING.search(line, at):
            at, sign = found.end(), found[0]
            if sign == "#":
                break
            quote = sign if sign[0] in "\"'" else ""
            depth += (sign in "[{") - (sign in "]}")
        else:
            break
    return depth, quote
