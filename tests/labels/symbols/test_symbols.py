"""Symbols of a batch: an independent decoder reads every serial, and all serials look alike from outside."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelsvc.domain.gs1 import element_string
from labelsvc.errors import InvalidInput
from labelsvc.labels.symbols import FNC1, GS1_128_AT_MOST, QUIET_ZONES, Symbol, Symbology, build

Read = Callable[[Symbol, str], tuple[bytes, str]]

GTIN = "09520123456788"
CSET_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
SERIAL_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-"
AIM: dict[Symbology, str] = {"code-128": "]C0", "gs1-128": "]C1", "qr": "]Q1", "gs1-datamatrix": "]d2"}
PLACES: list[tuple[Symbology, tuple[str, ...]]] = [
    ("code-128", ("PUMP-4711/", "")),
    ("gs1-128", (f"01{GTIN}21", "")),
    ("qr", (f"https://id.example.com/01/{GTIN}/21/", "?17=180426")),
    ("gs1-datamatrix", (f"01{GTIN}1118030110ABC1{FNC1}21", "")),
]

serials = st.integers(1, 20).flatmap(lambda n: st.text(SERIAL_CHARACTERS, min_size=n, max_size=n))
lots = st.text(CSET_82, min_size=1, max_size=20)


def shape_of(serial: str) -> tuple[str, ...]:
    return (SERIAL_CHARACTERS,) * len(serial)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[0])
@settings(max_examples=60, deadline=None)
@given(serial=serials)
def test_every_serial_reads_back(read: Read, place: tuple[Symbology, tuple[str, ...]], serial: str) -> None:
    """Payload and AIM identifier come back as they were meant, for serials of every length."""
    symbology, pieces = place
    symbol = build(symbology, pieces, shape_of(serial))
    assert read(symbol, serial) == (serial.join(pieces).encode(), AIM[symbology])


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[0])
@settings(max_examples=30, deadline=None)
@given(serial=st.text("0123456789", min_size=1, max_size=20))
def test_serials_of_digits_only_read_back(read: Read, place: tuple[Symbology, tuple[str, ...]], serial: str) -> None:
    """Digits go to denser encodations, which must not lose one."""
    symbology, pieces = place
    symbol = build(symbology, pieces, ("0123456789",) * len(serial))
    assert read(symbol, serial) == (serial.join(pieces).encode(), AIM[symbology])


@settings(max_examples=60, deadline=None)
@given(lot=lots, serial=serials)
def test_any_lot_of_set_82_survives_in_a_gs1_datamatrix(read: Read, lot: str, serial: str) -> None:
    """The separator behind the lot and all 82 characters come back, brackets and quotes among them."""
    pieces = (element_string([("01", GTIN), ("17", "180426"), ("10", lot), ("21", "")]), "")
    symbol = build("gs1-datamatrix", pieces, shape_of(serial))
    assert read(symbol, serial) == (f"01{GTIN}1718042610{lot}\x1d21{serial}".encode(), "]d2")


@settings(max_examples=60, deadline=None)
@given(lot=lots, serial=st.text(SERIAL_CHARACTERS, min_size=1, max_size=8))
def test_any_lot_of_set_82_survives_in_a_gs1_128(read: Read, lot: str, serial: str) -> None:
    """The same between code sets B and C."""
    pieces = (element_string([("10", lot), ("21", "")]), "")
    symbol = build("gs1-128", pieces, shape_of(serial))
    assert read(symbol, serial) == (f"10{lot}\x1d21{serial}".encode(), "]C1")


@pytest.mark.parametrize(("copies", "side"), [(1, 26), (2, 36), (4, 44), (6, 64), (12, 80)])
def test_large_datamatrix_symbols_read_back(read: Read, copies: int, side: int) -> None:
    """Symbols of several data regions and of several Reed-Solomon blocks."""
    pieces = (element_string([("01", GTIN), *[("240", "abcdefghijklmnopqrstuvwxyzABCD")] * copies, ("21", "")]), "")
    symbol = build("gs1-datamatrix", pieces, shape_of("x"))
    assert symbol.columns == side
    assert read(symbol, "7") == ("7".join(pieces).encode(), "]d2")


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[0])
def test_every_serial_has_the_same_number_of_modules(place: tuple[Symbology, tuple[str, ...]]) -> None:
    """A layout that holds for one serial holds for all."""
    symbol = build(*place, (SERIAL_CHARACTERS,) * 10)
    size = symbol.rows * -(-symbol.columns // 8)
    for serial in ("0000000000", "ZZZZZZZZZZ", "12345abcde", "a1b2c3d4e5", "..-.--0a9Z"):
        assert len(symbol.modules(serial)) == size


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[0])
def test_the_spare_bits_of_a_row_stay_light(place: tuple[Symbology, tuple[str, ...]]) -> None:
    """Rows are packed to whole bytes and what is beyond the last module is 0."""
    symbol = build(*place, (SERIAL_CHARACTERS,) * 10)
    width = -(-symbol.columns // 8)
    rows = symbol.modules("0A9Z.-abc0")
    spare = 8 * width - symbol.columns
    assert not any(rows[last] & ((1 << spare) - 1) for last in range(width - 1, len(rows), width))


def test_a_symbol_without_the_serial_is_the_same_on_every_label(read: Read) -> None:
    """A carton's lot symbol has one piece; whatever the serial, its modules are the same."""
    for symbology, text in (
        ("gs1-128", f"01{GTIN}10ABC1"), ("gs1-datamatrix", f"01{GTIN}10ABC1"), ("qr", "LOT ABC1"), ("code-128", "ABC1"),
    ):  # fmt: skip
        symbol = build(symbology, (text,), (SERIAL_CHARACTERS,) * 3)
        assert symbol.modules("abc") == symbol.modules("xyz-other-length")
        assert symbol.payload("abc") == text
        assert read(symbol, "abc") == (text.encode(), AIM[symbology])


def test_the_serial_may_stand_twice(read: Read) -> None:
    """A Digital Link that repeats the serial in its query is still one symbol."""
    symbol = build("qr", ("https://id.example.com/", "?again=", ""), (SERIAL_CHARACTERS,) * 5)
    assert read(symbol, "A1b2.") == (b"https://id.example.com/A1b2.?again=A1b2.", "]Q1")


@pytest.mark.parametrize(
    ("symbology", "expected"),
    [("code-128", (10, 10, 0, 0)), ("gs1-128", (10, 10, 0, 0)), ("qr", (4, 4, 4, 4)), ("gs1-datamatrix", (1, 1, 1, 1))],
)
def test_quiet_zones_are_those_of_the_standards(symbology: Symbology, expected: tuple[int, ...]) -> None:
    """10 modules at the ends of Code 128, 4 around QR, 1 around Data Matrix."""
    quiet = QUIET_ZONES[symbology]
    assert (quiet.left, quiet.right, quiet.top, quiet.bottom) == expected


def test_known_size_of_a_gs1_128() -> None:
    """Start, FNC1, 9 pairs, switch to B, 12 letters, check: 25 characters of 11 modules, and the stop of 13."""
    symbol = build("gs1-128", (f"01{GTIN}21", ""), ("ABCDEF",) * 12)
    assert symbol.columns == 25 * 11 + 13
    assert symbol.rows == 1
    assert symbol.linear


def test_gs1_128_takes_48_data_characters_with_its_separators() -> None:
    """AIs and separating FNC1 count, the leading FNC1 does not (General Specifications 5.4.1)."""
    pieces = (f"01{GTIN}10{'L' * 7}{FNC1}21", "")
    assert len("".join(pieces)) == 28
    assert build("gs1-128", pieces, ("A",) * 20).payload("A" * 20)
    longer = (f"01{GTIN}10{'L' * 8}{FNC1}21", "")
    with pytest.raises(InvalidInput, match=r"^Expected at most 48 data characters .* in GS1-128, got 49\.$") as error:
        build("gs1-128", longer, ("A",) * 20)
    assert error.value.code == "symbol_too_long"
    assert GS1_128_AT_MOST == 48


@pytest.mark.parametrize(
    ("symbology", "pieces", "shown"),
    [
        ("code-128", ("Pumpe ü/", ""), r"got 'ü' \(U\+00FC\)"),
        ("code-128", ("A\x1dB", ""), r"got U\+001D"),
        ("qr", ("https://id.example.com/é/", ""), r"got 'é' \(U\+00E9\)"),
        ("qr", ("a\nb", ""), r"got U\+000A"),
        ("gs1-128", (f"01{GTIN}10A B{FNC1}21", ""), r"got ' ' \(U\+0020\)"),
        ("gs1-datamatrix", (f"01{GTIN}10A[B{FNC1}21", ""), r"got '\[' \(U\+005B\)"),
        ("gs1-datamatrix", (f"01{GTIN}10^XZ{FNC1}21", ""), r"got '\^' \(U\+005E\)"),
    ],
)
def test_a_character_that_cannot_be_carried_is_refused_by_name(
    symbology: Symbology, pieces: tuple[str, ...], shown: str
) -> None:
    """No character is ever replaced or left out in silence."""
    with pytest.raises(InvalidInput, match=shown) as error:
        build(symbology, pieces, ("AB",))
    assert error.value.code == "symbol_character"


def test_a_character_that_only_some_serials_have_is_refused_too() -> None:
    """What one serial in a million would break is broken for the batch."""
    with pytest.raises(InvalidInput) as error:
        build("gs1-datamatrix", (f"01{GTIN}21", ""), ("AB", "A#"))
    assert error.value.code == "symbol_character"


@pytest.mark.parametrize(
    ("pieces", "code"),
    [
        (("01" + "09520123456789" + "21", ""), "gs1_check_digit"),
        ((f"01{GTIN}10ABC121", ""), None),  # one lot number "ABC121..." for all anyone can tell
        ((f"01{GTIN}{FNC1}21", ""), "gs1_separator"),
        ((f"01{GTIN}99ABC{FNC1}21", ""), "gs1_ai_unknown"),
        ((f"01{GTIN}17180431{FNC1}21", ""), "gs1_date"),
        (("010952012345678", ""), "gs1_serial_place"),
        (("01", ""), "gs1_value_length"),
    ],
)
def test_gs1_symbols_carry_sound_element_strings_only(pieces: tuple[str, ...], code: str | None) -> None:
    """Wrong keys, dates and separators do not get as far as a label."""
    shape = ("8",) if code == "gs1_serial_place" else ("8",) * 3
    if code is None:
        assert build("gs1-datamatrix", pieces, shape)
        return
    with pytest.raises(InvalidInput) as error:
        build("gs1-datamatrix", pieces, shape)
    assert error.value.code == code


def test_nothing_and_too_much_are_refused() -> None:
    """An empty payload is no symbol; a matrix symbol has a largest size."""
    with pytest.raises(InvalidInput) as error:
        build("qr", ("",), ("A",))
    assert error.value.code == "symbol_empty"
    with pytest.raises(InvalidInput, match="2331") as error:
        build("qr", ("a" * 2332,), ("A",))
    assert error.value.code == "symbol_too_long"
    lots_of = element_string([("250", "S" * 30)] * 45)
    with pytest.raises(InvalidInput, match="1304") as error:
        build("gs1-datamatrix", (lots_of,), ("A",))
    assert error.value.code == "symbol_too_long"


def test_a_serial_of_another_length_is_no_serial_of_the_batch() -> None:
    """A programming error, never drawn."""
    symbol = build("qr", ("a", ""), ("AB",) * 3)
    with pytest.raises(ValueError, match="Expected a serial of 3 characters"):
        symbol.modules("ABAB")
