"""Messages of IPP against the examples of RFC 8010, and against ipptool; whatever comes, nothing but our error does."""

from __future__ import annotations

import struct
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from labelsvc.printers.dialing import Dial
from labelsvc.printers.ipp_client import Client
from labelsvc.printers.ipp_message import Attribute, Garbled, Group, Message, Tag, decode, encode

#: RFC 8010, A.1: a Print-Job request.
PRINT_JOB = b"".join(
    [
        bytes.fromhex("0101 0002 00000001 01"),
        b"\x47\x00\x12attributes-charset\x00\x05utf-8",
        b"\x48\x00\x1battributes-natural-language\x00\x05en-us",
        b"\x45\x00\x0bprinter-uri\x00\x2cipp://printer.example.com/ipp/print/pinetree",
        b"\x42\x00\x08job-name\x00\x06foobar",
        b"\x22\x00\x16ipp-attribute-fidelity\x00\x01\x01",
        b"\x02",
        b"\x21\x00\x06copies\x00\x04\x00\x00\x00\x14",
        b"\x44\x00\x05sides\x00\x13two-sided-long-edge",
        b"\x03",
    ]
)
#: The same, as A.1 lists it.
PRINT_JOB_MEANS = Message(
    2,
    1,
    (
        (
            Group.OPERATION,
            (
                Attribute("attributes-charset", Tag.CHARSET, ("utf-8",)),
                Attribute("attributes-natural-language", Tag.LANGUAGE, ("en-us",)),
                Attribute("printer-uri", Tag.URI, ("ipp://printer.example.com/ipp/print/pinetree",)),
                Attribute("job-name", Tag.NAME, ("foobar",)),
                Attribute("ipp-attribute-fidelity", Tag.BOOLEAN, (True,)),
            ),
        ),
        (
            Group.JOB,
            (Attribute("copies", Tag.INTEGER, (20,)), Attribute("sides", Tag.KEYWORD, ("two-sided-long-edge",))),
        ),
    ),
)


def test_the_request_of_the_standard_is_written_and_read() -> None:
    assert encode(PRINT_JOB_MEANS) == PRINT_JOB
    assert decode(PRINT_JOB) == PRINT_JOB_MEANS
    assert decode(PRINT_JOB + b"%!PDF...") == PRINT_JOB_MEANS  # the document follows


def test_values_out_of_band_with_a_language_and_in_collections_are_passed_by() -> None:
    nested = b"\x34\x00\x00\x00\x00\x4a\x00\x00\x00\x01x\x21\x00\x00\x00\x04\x00\x00\x00\x05\x37\x00\x00\x00\x00"
    data = b"".join(
        [
            bytes.fromhex("0101 0000 00000001 01 04"),
            b"\x10\x00\x01a\x00\x00",  # unsupported
            b"\x35\x00\x01b\x00\x09\x00\x02de\x00\x03Aus",  # text with a language
            b"\x34\x00\x01c\x00\x00\x4a\x00\x00\x00\x01y" + nested + b"\x37\x00\x00\x00\x00",
            nested,  # a second value of c
            b"\x44\x00\x01d\x00\x01p\x44\x00\x00\x00\x01q",
            b"\x33\x00\x01e\x00\x08\x00\x00\x00\x01\x00\x00\x00\x09",
            b"\x03",
        ]
    )
    found = decode(data)
    assert [found.values(Group.PRINTER, name) for name in "abcde"] == [
        (None,),
        ("Aus",),
        (None, None),
        ("p", "q"),
        (struct.pack(">ii", 1, 9),),
    ]
    assert found.values(Group.PRINTER, "f") == found.values(Group.JOB, "a") == ()


@pytest.mark.parametrize(
    ("attribute", "number"),
    [
        (Attribute("n", Tag.INTEGER, (-5,)), -5),
        (Attribute("n", Tag.ENUM, (2**31 - 1,)), 2**31 - 1),
        (Attribute("n", Tag.INTEGER, (1, 2)), None),
        (Attribute("n", Tag.BOOLEAN, (True,)), None),
        (Attribute("n", Tag.KEYWORD, ("1",)), None),
    ],
)
def test_a_number_is_one_number_and_nothing_else(attribute: Attribute, number: int | None) -> None:
    message = decode(encode(Message(0, 1, ((Group.JOB, (attribute,)),))))
    assert message.number(Group.JOB, "n") == number


@pytest.mark.parametrize("length", range(len(PRINT_JOB)))
def test_a_message_cut_off_anywhere_is_none(length: int) -> None:
    with pytest.raises(Garbled):
        decode(PRINT_JOB[:length])


@pytest.mark.parametrize(
    "rest",
    [
        b"\x21\x00\x01a\x00\x04\x00\x00\x00\x01\x03",  # in no group
        b"\x01\x21\x00\x00\x00\x04\x00\x00\x00\x01\x03",  # no name
        b"\x01\x21\x00\x01a\x00\x03\x00\x00\x01\x03",  # three bytes
        b"\x01\x22\x00\x01a\x00\x00\x03",
        b"\x01\x35\x00\x01a\x00\x03\x00\x02d\x03",
        b"\x01\x34\x00\x01a\x00\x00\x03",  # a collection that never ends
        b"\x01\x34\x00\x01a\x00\x00\x01\x37\x00\x00\x00\x00\x03",
    ],
)
def test_a_message_that_breaks_the_rules_is_none(rest: bytes) -> None:
    with pytest.raises(Garbled) as garbled:
        decode(bytes.fromhex("0101 0000 00000001") + rest)
    assert garbled.value.message.startswith("Expected ")


NAMES = st.text("abc-XYZ_09", min_size=1, max_size=20)
TEXT = st.text("az \0\n\x7fé€中", max_size=20)
NUMBERS = st.integers(-(2**31), 2**31 - 1)
VALUES = {
    Tag.INTEGER: NUMBERS,
    Tag.ENUM: NUMBERS,
    Tag.BOOLEAN: st.booleans(),
    Tag.NAME: TEXT,
    Tag.KEYWORD: TEXT,
    Tag.MEDIA_TYPE: TEXT,
    0x30: st.binary(max_size=300),
    0x12: st.none(),
}
ATTRIBUTES = st.sampled_from(sorted(VALUES)).flatmap(
    lambda tag: st.builds(Attribute, NAMES, st.just(tag), st.lists(VALUES[tag], min_size=1, max_size=4).map(tuple))
)
GROUPS = st.tuples(st.sampled_from([0x01, 0x02, 0x04, 0x05, 0x0F]), st.lists(ATTRIBUTES, max_size=4).map(tuple))
MESSAGES = st.builds(
    Message,
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFF_FFFF),
    st.lists(GROUPS, max_size=4).map(tuple),
    st.tuples(st.integers(0, 255), st.integers(0, 255)),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MESSAGES)
def test_what_is_written_is_read_again(message: Message) -> None:
    assert decode(encode(message)) == message


@given(st.binary(max_size=400))
@example(b"\x01\x01\0\0\0\0\0\x01\x01" + b"\x34\0\x01a\0\0" * 50)
def test_any_bytes_are_a_message_or_our_error(data: bytes) -> None:
    for given_bytes in (data, bytes.fromhex("0101 0000 00000001 01") + data):
        with suppress(Garbled):
            assert decode(given_bytes).version == (given_bytes[0], given_bytes[1])


@given(st.integers(0, len(PRINT_JOB) - 1), st.integers(0, 255))
def test_one_byte_changed_makes_another_message_or_our_error(at: int, byte: int) -> None:
    changed = PRINT_JOB[:at] + bytes([byte]) + PRINT_JOB[at + 1 :]
    with suppress(Garbled):
        assert len(decode(changed).groups) in (1, 2, 3)  # a byte makes one group more, or one less


def test_all_that_a_real_printer_says_of_itself_is_read_as_ipptool_reads_it(ipp_printer, tmp_path: Path) -> None:
    printer = ipp_printer()
    asked = tmp_path / "asked.test"
    asked.write_text(
        "{ OPERATION Get-Printer-Attributes GROUP operation-attributes-tag ATTR charset attributes-charset utf-8\n"
        "ATTR language attributes-natural-language en ATTR uri printer-uri $uri }\n"
    )
    command = ["ipptool", "-tv", printer.uri, str(asked)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.splitlines()
    received = lines[next(at for at, line in enumerate(lines) if "RECEIVED" in line) :]
    names = [line.split()[0] for line in received if " = " in line and "status-code" not in line]
    client = Client(Dial("localhost", printer.port), "/ipp/print", 10.0, 10.0)
    about = tuple(
        Attribute(name, tag, (value,))
        for name, tag, value in (
            ("attributes-charset", Tag.CHARSET, "utf-8"),
            ("attributes-natural-language", Tag.LANGUAGE, "en"),
            ("printer-uri", Tag.URI, printer.uri),
        )
    )
    found = client.ask(Message(0x000B, 1, ((Group.OPERATION, about),)))
    client.close()
    assert [attribute.name for _, attributes in found.groups for attribute in attributes] == names
    assert len(names) > 100
    assert found.texts(Group.PRINTER, "printer-make-and-model") == ("Zebra ZD621",)


def test_an_attribute_of_a_whole_answer_full_of_values_is_read_in_one_pass() -> None:
    """Values without a name belong to the attribute before; 52,000 of them are as much as an answer may be."""
    head = b"\x01\x01" + b"\0\0" + b"\0\0\0\x01"
    body = b"\x04" + b"\x44\0\x01a\0\x01x" + b"\x44\0\0\0\x01y" * 43_000 + b"\x03"
    assert decode(head + body).texts(Group.PRINTER, "a") == ("x", *("y",) * 43_000)
