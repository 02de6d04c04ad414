"""~HS and ~HI answers, built here field by field from the ZPL II guide's lists, and everything that is not one."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labelsvc.printers.zebra.status import FRAME_AT_MOST, Answers, HostStatus, Identity

#: The guide's names of the fields of ~HS, string 1 and 2, with what an idle printer says; string 3 is `xxxx,y`.
ONE = {
    "aaa communication settings": "030",
    "b paper out": "0",
    "c pause": "0",
    "dddd label length": "1245",
    "eee formats in receive buffer": "000",
    "f buffer full": "0",
    "g communications diagnostic mode": "0",
    "h partial format": "0",
    "iii unused": "000",
    "j corrupt RAM": "0",
    "k under temperature": "0",
    "l over temperature": "0",
}
TWO = {
    "mmm function settings": "000",
    "n unused": "0",
    "o head up": "0",
    "p ribbon out": "0",
    "q thermal transfer": "0",
    "r print mode": "2",
    "s print width mode": "0",
    "t label waiting": "0",
    "uuuuuuuu labels remaining": "00000000",
    "v always 1": "1",
    "www graphics stored": "000",
}
THREE = "1234,0"

#: Keywords of printer-state-reasons, RFC 8011 5.4.12, without their -report, -warning or -error.
RFC_8011 = (
    " other none media-needed media-jam moving-to-paused paused shutdown connecting-to-device timed-out stopping "
    "stopped-partly toner-low toner-empty spool-area-full cover-open interlock-open door-open input-tray-missing "
    "media-low media-empty output-tray-missing output-area-almost-full output-area-full marker-supply-low "
    "marker-supply-empty marker-waste-almost-full marker-waste-full fuser-over-temp fuser-under-temp opc-near-eol "
    "opc-life-over developer-low developer-empty interpreter-resource-unavailable "
)


def frame(text: str) -> bytes:
    return b"\x02" + text.encode() + b"\x03\r\n"


def status(**changed: str) -> bytes:
    """Build an answer to ~HS; a field is named by its letter: b="1"."""
    one, two = dict(ONE), dict(TWO)
    for letter, value in changed.items():
        for fields in (one, two):
            for name in fields:
                if name.split()[0] in (letter, letter * 3, letter * 8):
                    fields[name] = value
    return frame(",".join(one.values())) + frame(",".join(two.values())) + frame(THREE)


IDENTITY = b"\x02ZD621-203dpi,V84.20.23Z,8,8176KB,X\x03"
IDLE = HostStatus(
    paper_out=False,
    paused=False,
    formats_waiting=0,
    buffer_full=False,
    partial_format=False,
    corrupt_ram=False,
    under_temperature=False,
    over_temperature=False,
    head_up=False,
    ribbon_out=False,
    labels_remaining=0,
)
KNOWN = Identity("ZD621-203dpi", "V84.20.23Z", 8)


def fed(*pieces: bytes) -> Answers:
    answers = Answers()
    for piece in pieces:
        answers.feed(piece)
    return answers


def test_an_idle_printer_says_so_and_says_who_it_is() -> None:
    answers = fed(IDENTITY + status())
    assert (answers.identity, answers.status) == (KNOWN, IDLE)
    assert answers.complete
    assert (IDLE.reasons, IDLE.busy) == ((), False)


@pytest.mark.parametrize(
    ("letter", "name", "reason"),
    [
        ("b", "paper_out", "media-empty-error"),
        ("c", "paused", "paused"),
        ("j", "corrupt_ram", "other-error"),
        ("k", "under_temperature", "other-error"),
        ("l", "over_temperature", "other-error"),
        ("o", "head_up", "cover-open"),
        ("p", "ribbon_out", "marker-supply-empty-error"),
    ],
)
def test_each_fault_stands_in_its_own_field_and_has_a_word_of_rfc_8011(letter: str, name: str, reason: str) -> None:
    found = fed(status(**{letter: "1"})).status
    assert found is not None
    assert [field for field in IDLE.__slots__ if getattr(found, field) != getattr(IDLE, field)] == [name]
    assert found.reasons == (reason,)
    assert f" {reason.removesuffix('-error')} " in RFC_8011


@pytest.mark.parametrize("letter", ["f", "g", "h", "n", "q", "t"])
def test_a_flag_that_is_no_fault_stops_nothing(letter: str) -> None:
    found = fed(status(**{letter: "1"})).status
    assert found is not None
    assert found.reasons == ()


def test_faults_add_up() -> None:
    found = fed(status(b="1", c="1", o="1", p="1", l="1")).status
    assert found is not None
    assert set(found.reasons) == {
        "media-empty-error",
        "cover-open",
        "marker-supply-empty-error",
        "paused",
        "other-error",
    }


@pytest.mark.parametrize(("letter", "value"), [("e", "001"), ("e", "999"), ("u", "00000001"), ("u", "99999999")])
def test_a_printer_with_labels_of_before_in_it_is_busy(letter: str, value: str) -> None:
    found = fed(status(**{letter: value})).status
    assert found is not None
    assert found.busy
    assert found.reasons == ()


@pytest.mark.parametrize("cut", range(len(IDENTITY + status()) + 1))
def test_answers_come_in_two_pieces_cut_anywhere(cut: int) -> None:
    whole = IDENTITY + status()
    answers = fed(whole[:cut], whole[cut:])
    assert (answers.identity, answers.status) == (KNOWN, IDLE)


def test_answers_come_byte_by_byte() -> None:
    answers = fed(*(bytes((byte,)) for byte in status(c="1") + IDENTITY))
    assert answers.identity == KNOWN
    assert answers.status is not None
    assert answers.status.paused


def test_several_answers_at_once_leave_the_last_one() -> None:
    answers = fed(status(b="1") + status() + IDENTITY + status(c="1"))
    assert answers.status is not None
    assert answers.status.reasons == ("paused",)


def test_string_1_of_an_answer_that_broke_off_is_not_joined_with_a_later_string_2() -> None:
    broken = frame(",".join(ONE.values()).replace("030,0,0", "030,1,0"))
    answers = fed(broken + status())
    assert answers.status == IDLE


@pytest.mark.parametrize(
    "noise",
    [
        b"",
        b"\r\n",
        b"hello",
        b"\x02",
        b"\x03",
        b"\x02\x03",
        b"\x02\x02",
        b"\x02,,,\x03",
        b"\xff\xfe",
        b'"?"\r\n',
        b"\x00",
    ],
)
def test_noise_around_answers_is_passed_over(noise: bytes) -> None:
    one, two, three = (part + b"\r\n" for part in status().split(b"\r\n")[:3])
    answers = fed(noise + IDENTITY + noise + one + noise + two + noise + three + noise)
    assert (answers.identity, answers.status) == (KNOWN, IDLE)


def test_silence_is_no_answer() -> None:
    answers = fed(b"")
    assert (answers.identity, answers.status, answers.complete) == (None, None, False)


@pytest.mark.parametrize(
    "garbled",
    [
        status(b="2"),
        status(c=""),
        status(o=" 1"),
        status(p="x"),
        status(e="-01"),
        status(e="+01"),
        status(e="1_0"),
        status(e=""),
        status(u="4294967296"),
        status(u="٣".encode().decode("latin-1")),
        frame(",".join([*ONE.values(), "0"])) + frame(",".join(TWO.values())),
        frame(",".join(ONE.values())) + frame(",".join([*TWO.values(), "0"])),
        frame(",".join(TWO.values())) + frame(",".join(ONE.values())),
        frame(",".join(TWO.values())),
        status().replace(b"\x03", b""),
        status().replace(b"\x02", b""),
    ],
)
def test_a_garbled_status_is_no_status(garbled: bytes) -> None:
    assert fed(garbled).status is None


def test_a_garbled_status_does_not_take_back_a_good_one() -> None:
    assert fed(status(c="1") + status(b="?")).status == fed(status(c="1")).status


@pytest.mark.parametrize(
    ("answer", "identity"),
    [
        (b"\x02ZTC GK420d,V61.17.16Z,8,2104KB\x03", Identity("ZTC GK420d", "V61.17.16Z", 8)),
        (b"\x02ZT411-300dpi ZPL,V92.21.16Z,12,65536KB,X\x03\r\n", Identity("ZT411-300dpi ZPL", "V92.21.16Z", 12)),
        (b"\x02ZT411-600dpi,V92.21.16Z,24,65536KB,C,R,P\x03", Identity("ZT411-600dpi", "V92.21.16Z", 24)),
        (b"\x02 105SL , V48.15.4 , 08 , 3072KB , X \x03", Identity("105SL", "V48.15.4", 8)),
        (b"\x02S4M,V53.17.9Z,6,7168KB,X\x03", Identity("S4M", "V53.17.9Z", 6)),
        (b"\x02ZD\x00621,V\xff84\r\n.1,8,8176KB,X\x03", Identity("ZD?621", "V?84??.1", 8)),
    ],
)
def test_models_say_who_they_are_in_several_forms(answer: bytes, identity: Identity) -> None:
    assert fed(answer).identity == identity


@pytest.mark.parametrize(
    "answer",
    [
        b"\x02ZD621,V84,0,8176KB,X\x03",
        b"\x02ZD621,V84,49,8176KB,X\x03",
        b"\x02ZD621,V84,0008,8176KB,X\x03",
        b"\x02ZD621,V84,-8,8176KB,X\x03",
        b"\x02ZD621,V84,eight,8176KB,X\x03",
        b"\x02ZD621,V84,8.0,8176KB,X\x03",
        b"\x02ZD621,V84,\xb2,8176KB,X\x03",
        b"\x02,V84,8,8176KB,X\x03",
        b"\x02ZD621,,8,8176KB,X\x03",
        b"\x02ZD621,V84,8\x03",
        b"ZD621,V84,8,8176KB,X\x03",
        b"\x02ZD621,V84,8,8176KB,X",
    ],
)
def test_what_names_no_printer_is_no_identity(answer: bytes) -> None:
    assert fed(answer).identity is None


FRAGMENTS = st.sampled_from([b"\x02", b"\x03", b"\r\n", b",", b"0", b"1", IDENTITY, status(), status(b="1")[:40]])
NOISE = st.lists(FRAGMENTS | st.binary(max_size=50), max_size=40)


@given(NOISE)
@example([b"\x02" * 5_000, b"\x03" * 5_000])
@example([b"\x02" + b"9" * 5_000 + b",8,8,8\x03"])
@example([b"0" * 100_000])
@example([b"\x02" + b"," * 4 + b"\x03"])
def test_no_bytes_raise_anything_and_no_more_than_a_frame_is_kept(pieces: list[bytes]) -> None:
    answers = Answers()
    for piece in pieces:
        answers.feed(piece)
        assert len(answers._buffer) <= FRAME_AT_MOST


@given(NOISE)
def test_after_any_noise_a_whole_answer_is_understood(pieces: list[bytes]) -> None:
    answers = fed(*pieces, b"\x03", IDENTITY, status(p="1"))
    assert answers.identity == KNOWN
    assert answers.status is not None
    assert answers.status.ribbon_out


@given(NOISE, st.data())
def test_how_bytes_are_cut_into_pieces_does_not_matter(pieces: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(pieces)[: FRAME_AT_MOST - 1]  # beyond that the start of a frame may be given up early
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    cut = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    one, many = fed(whole), fed(*cut)
    assert (one.identity, one.status) == (many.identity, many.status)
