"""The virtual printer's framing, against what the ZPL II programming guide says of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelsvc.printers.virtual.events import Control, Event, Format, Getvar, Setvar
from labelsvc.printers.virtual.zpl import Stream

LIMIT = 1_000_000

JOB = (
    b"\r\n^XA^FO10,10^A0N,30^FDone^FS^PQ2,1,0,Y^XZ\r\n"
    b'~HS! U1 getvar "zpl.caret"\r\n'
    b"\x02\x1eFDtwo ~HI~HQES!\x0f\x03"
    b"^XA^GFB,8,8,4,^XZ~JA\x02\x03^FS^LL406^PW812^MMP^XZ"
    b"^CC/~CT#/CD;/XA/PQ3;1/FD^XZ~HS#HS/XZ/CC^^CT~^CD,"
    b"^XA^FDlost^FS~JX^FDgone^FS^XZ"
    b"~DYR:LOGO,B,P,10,0,^XA~JA^XZ!^XA^FDend^FS^XZ"
)


def events(*pieces: bytes, limit: int = LIMIT) -> list[Event]:
    stream = Stream(limit)
    return [event for piece in pieces for event in stream.receive(piece)]


def formats(*pieces: bytes, limit: int = LIMIT) -> list[bytes]:
    return [event.data for event in events(*pieces, limit=limit) if isinstance(event, Format)]


def test_a_format_runs_from_xa_to_xz_and_what_stands_between_formats_is_no_label() -> None:
    assert formats(b"junk^FDx^FS\r\n^XA^FDa^FS^XZ\r\n^XZ^XA^FDb^FS^XZ") == [b"^XA^FDa^FS^XZ", b"^XA^FDb^FS^XZ"]


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        (b"\x02^FDa^FS^XZ", b"^XA^FDa^FS^XZ"),
        (b"^XA^FDa^FS\x03", b"^XA^FDa^FS^XZ"),
        (b"^XA^PQ2\x0f^FDa\x0f^XZ", b"^XA^PQ2^FS^FDa^FS^XZ"),
        (b"\x1eXA\x1eFDa\x1eFS\x1ePQ2\x1eXZ", b"^XA^FDa^FS^PQ2^XZ"),
        (b"^xa^fda^fs^pq2^xz", b"^XA^FDa^FS^PQ2^XZ"),
    ],
    ids=["STX is ^XA", "ETX is ^XZ", "SI is ^FS", "RS is the caret", "small letters are capitals"],
)
def test_a_control_character_is_the_command_it_stands_for(text: bytes, same_as: bytes) -> None:
    (here,), (there,) = events(text), events(same_as)
    assert isinstance(here, Format)
    assert isinstance(there, Format)
    assert here.data == text
    assert here.quantity == there.quantity


def test_a_control_command_is_obeyed_inside_a_field_and_is_no_part_of_the_format() -> None:
    assert events(b"^XA^FDab~HScd\x10HQESe^FS^XZ") == [
        Control("HS"),
        Control("HQES"),
        Format(b"^XA^FDabcde^FS^XZ", start=0, quantity=1),
    ]


def test_an_unknown_control_command_takes_the_text_behind_it_up_to_the_next_command() -> None:
    assert formats(b"^XA~SD15^FDa~xyz^FS^XZ") == [b"^XA^FDa^FS^XZ"]


@pytest.mark.parametrize("command", [b"~JX", b"~JA"])
def test_a_cancelled_partial_format_is_gone_with_its_rest(command: bytes) -> None:
    assert formats(b"^XA^FDa" + command + b"b^FS^XZ^XA^FDc^FS^XZ") == [b"^XA^FDc^FS^XZ"]


@pytest.mark.parametrize("change", [b"^CC+", b"~CC+"])
def test_a_changed_format_prefix_holds_for_all_that_follows(change: bytes) -> None:
    assert formats(change, b"^XA^FDno^FS^XZ+XA+FDa^b+FS+XZ") == [b"+XA+FDa^b+FS+XZ"]


@pytest.mark.parametrize("change", [b"^CT+", b"~CT+"])
def test_a_changed_control_prefix_holds_for_all_that_follows(change: bytes) -> None:
    assert events(change, b"~HS+HI") == [Control("HI")]


@pytest.mark.parametrize("change", [b"^CD;", b"~CD;"])
def test_a_changed_delimiter_parts_the_parameters(change: bytes) -> None:
    (label,) = events(change, b"^XA^FDa^FS^PQ6;2;0;N^XZ")
    assert isinstance(label, Format)
    assert (label.quantity, label.group) == (6, 2)


@pytest.mark.parametrize(
    ("command", "quantity", "group"),
    [
        (b"", 1, 0),
        (b"^PQ3", 3, 0),
        (b"^PQ50,10,1,N", 50, 10),
        (b"^PQ50,10,1,Y", 50, 0),
        (b"^PQ99999999", 99_999_999, 0),
        (b"^PQ0", 1, 0),
        (b"^PQ100000000", 1, 0),
        (b"^PQx", 1, 0),
        (b"^PQ5^PQ2", 2, 0),
    ],
)
def test_pq_gives_quantity_and_pause_and_out_of_its_range_nothing(command: bytes, quantity: int, group: int) -> None:
    (label,) = events(b"^XA^FDa^FS" + command + b"^XZ")
    assert isinstance(label, Format)
    assert (label.quantity, label.group) == (quantity, group)


def test_label_length_print_width_and_mode_are_noticed() -> None:
    (label,) = events(b"^XA^MMP^PW812^LL406^FDa^FS^XZ")
    assert isinstance(label, Format)
    assert (label.label_length, label.print_width, label.mode) == (406, 812, "P")


@pytest.mark.parametrize(
    ("text", "moves"),
    [
        (b"^XA^XZ", True),
        (b"^XA^FDa^FS^XZ", True),
        (b"^XA^GB100,100,3^FS^XZ", True),
        (b"^XA^XFR:A.ZPL^FS^PQ2^XZ", True),
        (b"^XA^MMT^PW812^CI28^JUS^XZ", False),
        (b"^XA^DFR:A.ZPL^FS^FN1^FS^XZ", False),
    ],
)
def test_settings_alone_and_a_stored_format_move_no_media(text: bytes, *, moves: bool) -> None:
    (label,) = events(text)
    assert isinstance(label, Format)
    assert (label.quantity > 0) is moves


def test_counted_binary_data_is_not_looked_into() -> None:
    graphic = b"^XA^GFB,12,12,4,^XZ~JA\x02\x03^XA^FS^XZ"
    assert events(graphic) == [Format(graphic, start=0, quantity=1)]
    assert events(b"~DYR:A,B,P,9,0,^XA~JA^XZ~HS") == [Control("HS")]


def test_a_prefix_in_hex_graphics_ends_them() -> None:
    assert formats(b"^XA^GFA,8,8,4,00FF^XZ") == [b"^XA^GFA,8,8,4,00FF^XZ"]


def test_a_text_that_comes_as_dots_is_part_of_its_label() -> None:
    """In hexadecimal there is nothing that ends it, so the label is one, with all that stands behind the dots."""
    label = b"^XA^CI28^PW800^LL400^FO32,40,0^GFA,8,8,4,00FF00FF0AF0A5E7^FS^FO9,9^BCN,9^FD42^FS^PQ1^XZ"
    assert formats(label + label) == [label, label]
    for at in range(len(label)):
        assert formats(label[:at], label[at:]) == [label]


def test_a_control_command_in_hex_graphics_is_obeyed() -> None:
    """A printer looks for prefixes there too: ~JA in the midst of dots gives up the label."""
    assert [*events(b"^XA^GFA,8,8,4,00FF~JA00FF^FS^XZ")] == [Control("JA")]


@pytest.mark.parametrize("end", [b"\r\n", b" ", b"\n"])
def test_getvar_is_complete_with_what_ends_it(end: bytes) -> None:
    assert events(b'! U1 getvar "device.unique_id"' + end) == [Getvar("device.unique_id")]


def test_an_sgd_line_is_none_without_its_end_or_inside_a_format() -> None:
    assert events(b'! U1 getvar "zpl.caret"', b"^XA^FDa^FS^XZ") == [Format(b"^XA^FDa^FS^XZ", start=23, quantity=1)]
    assert formats(b'^XA^FD! U1 getvar "zpl.caret"\r\n^FS^XZ') == [b'^XA^FD! U1 getvar "zpl.caret"\r\n^FS^XZ']
    assert events(b'! U1 setvar "a.b" "+"\r\n~HI') == [Setvar("a.b", "+"), Control("HI")]
    assert events(b'! U1 setvar "a.b" "+\r\n~HI') == [Control("HI")]


def test_a_format_begun_inside_an_open_one_is_part_of_it() -> None:
    assert formats(b"^XA^FDhalf", b"^XA^FDnext^FS^XZ") == [b"^XA^FDhalf^XA^FDnext^FS^XZ"]


def test_a_format_longer_than_the_memory_is_given_up_and_the_next_one_is_fine() -> None:
    stream = Stream(100)
    list(stream.receive(b"^XA^FD" + b"x" * 10_000))
    assert stream.partial
    assert stream.held <= 100
    assert [*stream.receive(b"^FS^XZ^XA^FDb^FS^XZ")] == [Format(b"^XA^FDb^FS^XZ", start=10_012, quantity=1)]


def test_a_job_gives_the_same_whole_or_split_at_every_byte() -> None:
    whole = events(JOB)
    assert [type(event).__name__[0] for event in whole] == list("FCGCCFFCFCF")
    assert events(*(JOB[at : at + 1] for at in range(len(JOB)))) == whole
    for at in range(len(JOB) + 1):
        assert events(JOB[:at], JOB[at:]) == whole


@given(st.lists(st.sampled_from([*(JOB[at : at + 3] for at in range(len(JOB))), b"^", b"~", b"\x02", b"! U1 "])))
@settings(max_examples=200, deadline=None)
def test_any_noise_is_read_without_an_error_and_the_same_in_any_pieces(pieces: list[bytes]) -> None:
    assert events(*pieces) == events(b"".join(pieces))


COMMANDS = (
    b"^FO1,1 ^A0N,9,9 ^FH_ ^FDa_5E,b^ ^FS ^PQ3 ^pq2,1 ^PQ ^LL400 ^ll0 ^PW300,1 ^MMC ^mmt ^JZN ^JZ ^CI28 ^FN1 ^FDtext "
    b"^HV1,3,<,>,L ^HV ^XA ^DFE:A.ZPL ^GFA,4,4,1,00FF ^GFB,2,2,1,^^ "
    b"^CC+ ^CT! ^CD; ^ ^^ ~HS ~JA \x0f \x1e \x1eFDx ^BCN,9 ^F ^xz"
).split(b" ")


@given(st.lists(st.sampled_from(COMMANDS), max_size=12))
@settings(max_examples=400, deadline=None)
def test_a_format_that_comes_at_once_is_what_it_is_when_it_comes_byte_by_byte(commands: list[bytes]) -> None:
    data = b"^XA" + b"".join(commands) + b"^XZ^XA^FDnext^FS^XZ"
    assert events(data) == events(*(data[at : at + 1] for at in range(len(data))))


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_after_a_power_off_nothing_of_before_is_left(noise: bytes) -> None:
    stream = Stream(LIMIT)
    list(stream.receive(noise))
    stream.reset()
    assert list(stream.receive(b"^XA^FDa^FS^XZ~HS")) == [Format(b"^XA^FDa^FS^XZ", start=0, quantity=1), Control("HS")]
