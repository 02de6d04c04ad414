"""Messages of the Internet Printing Protocol as bytes and back (RFC 8010, 3); no socket, no meaning."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import ClassVar

Value = int | bool | str | bytes | None


class Garbled(Exception):
    """Bytes that are no message.

    Attributes:
        message: one sentence.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Group:
    """Delimiter tags (RFC 8010, 3.5.1)."""

    OPERATION: ClassVar = 0x01
    JOB: ClassVar = 0x02
    PRINTER: ClassVar = 0x04


class Tag:
    """Value tags (RFC 8010, 3.5.2)."""

    INTEGER: ClassVar = 0x21
    BOOLEAN: ClassVar = 0x22
    ENUM: ClassVar = 0x23
    NAME: ClassVar = 0x42
    KEYWORD: ClassVar = 0x44
    URI: ClassVar = 0x45
    CHARSET: ClassVar = 0x47
    LANGUAGE: ClassVar = 0x48
    MEDIA_TYPE: ClassVar = 0x49


_END = 0x03
_DELIMITERS = range(0x10)
_OUT_OF_BAND = range(0x10, 0x20)
_NUMBERS = (Tag.INTEGER, Tag.ENUM)
_WITH_LANGUAGE = (0x35, 0x36)
_TEXTS = range(0x41, 0x4A)
_BEGIN_COLLECTION, _END_COLLECTION = 0x34, 0x37
_HEAD = struct.Struct(">BBHI")


@dataclass(frozen=True, slots=True)
class Attribute:
    """A name and its values.

    Attributes:
        tag: of the first value.
        values: collections and what is out of band (`unknown`, `no-value`) are None.
    """

    name: str
    tag: int
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer.

    Attributes:
        code: of the operation, or the status.
        groups: each a delimiter tag and its attributes.
        version: major and minor.
    """

    code: int
    request_id: int
    groups: tuple[tuple[int, tuple[Attribute, ...]], ...]
    version: tuple[int, int] = (1, 1)

    def values(self, group: int, name: str) -> tuple[Value, ...]:
        """Return the values of an attribute in the first group of a kind that has it; none if nobody has."""
        for tag, attributes in self.groups:
            for attribute in attributes:
                if (tag, attribute.name) == (group, name):
                    return attribute.values
        return ()

    def texts(self, group: int, name: str) -> tuple[str, ...]:
        """Return those values of an attribute that are text."""
        return tuple(value for value in self.values(group, name) if isinstance(value, str))

    def number(self, group: int, name: str) -> int | None:
        """Return the one number that an attribute is; None where it is anything else."""
        match self.values(group, name):
            case (bool(),):
                return None
            case (int(found),):
                return found
        return None


def encode(message: Message) -> bytes:
    """Return a message as bytes."""
    data = bytearray(_HEAD.pack(*message.version, message.code, message.request_id))
    for tag, attributes in message.groups:
        data.append(tag)
        for attribute in attributes:
            name = attribute.name.encode()
            for value in attribute.values:
                text = _bytes_of(attribute.tag, value)
                data += struct.pack(">BH", attribute.tag, len(name)) + name + struct.pack(">H", len(text)) + text
                name = b""  # the values after the first one have none
    data.append(_END)
    return bytes(data)


def _bytes_of(tag: int, value: Value) -> bytes:
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    return struct.pack(">?", value) if tag == Tag.BOOLEAN else struct.pack(">i", value)


def decode(data: bytes) -> Message:
    """Return the message that bytes are; what follows its end is not looked at.

    Raises:
        Garbled: they are none.
    """
    if len(data) < _HEAD.size:
        raise Garbled(f"Expected a message of at least {_HEAD.size} bytes, got {len(data)}.")
    major, minor, code, request_id = _HEAD.unpack_from(data)
    reader = _Reader(data, _HEAD.size)
    groups: list[tuple[int, list[_Found]]] = []
    while (tag := reader.byte()) != _END:
        if tag in _DELIMITERS:
            groups.append((tag, []))
            continue
        if not groups:
            raise Garbled("Expected a group of attributes, got an attribute in none.")
        _take(reader, tag, groups[-1][1])
    known = tuple((tag, tuple(Attribute(*one[:2], tuple(one[2])) for one in found)) for tag, found in groups)
    return Message(code, request_id, known, (major, minor))


#: An attribute that is being read: its name, the tag of its first value, and as many values as there are so far.
_Found = tuple[str, int, list[Value]]


def _take(reader: _Reader, tag: int, attributes: list[_Found]) -> None:
    """Read what follows a value tag: an attribute, or one more value of the last one."""
    name = _text(reader.field())
    value = _value(tag, reader.field())
    if tag == _BEGIN_COLLECTION:
        reader.skip_collection()
        value = None
    if name:
        attributes.append((name, tag, [value]))
    elif not attributes:
        raise Garbled("Expected the name of an attribute, got a value without one.")
    else:
        attributes[-1][2].append(value)


def _value(tag: int, data: bytes) -> Value:
    if tag in _OUT_OF_BAND:
        return None
    if tag in _NUMBERS:
        return _number(data)
    if tag == Tag.BOOLEAN:
        if len(data) != 1:
            raise Garbled(f"Expected a boolean of one byte, got {len(data)}.")
        return data != b"\0"
    if tag in _TEXTS:
        return _text(data)
    if tag in _WITH_LANGUAGE:
        inner = _Reader(data, 0)
        inner.field()  # the language
        return _text(inner.field())
    return data


def _number(data: bytes) -> int:
    if len(data) != 4:
        raise Garbled(f"Expected a number of four bytes, got {len(data)}.")
    return int.from_bytes(data, "big", signed=True)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


class _Reader:
    """Bytes that are read one after the other."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at

    def byte(self) -> int:
        return self._next(1)[0]

    def field(self) -> bytes:
        """Return what a length of two bytes stands before."""
        return self._next(int.from_bytes(self._next(2), "big"))

    def skip_collection(self) -> None:
        """Go on behind a collection, whatever is nested in it."""
        depth = 1
        while depth:
            tag = self.byte()
            if tag in _DELIMITERS:
                raise Garbled("Expected the end of a collection, got the end of its group.")
            self.field()
            self.field()
            depth += (tag == _BEGIN_COLLECTION) - (tag == _END_COLLECTION)

    def _next(self, count: int) -> bytes:
        found = self._data[self._at : self._at + count]
        if len(found) < count:
            raise Garbled(f"Expected {count} more bytes, got {len(found)}.")
        self._at += count
        return found
