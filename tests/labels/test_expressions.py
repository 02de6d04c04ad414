"""Value expressions say what is on a label; only the serial is left open."""

from __future__ import annotations

import calendar
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.errors import InvalidInput
from labelsvc.labels import expressions
from labelsvc.labels.expressions import Field
from labelsvc.labels.source import Place
from labelsvc.labels.values import Values

PLACE = Place(5, "text 1", "value")
BATCH = Values(
    product_code="09520123456788",
    product_kind="gtin",
    product_name="Čaj {zelený}",
    lot_number="L/1%",
    production=date(2026, 3, 5),
    expiry=date(2027, 11, 30),
    best_before=None,
    line=None,
    quantity=500,
    digital_link="https://id.example.com",
)
ITEM = Values("PUMP-1", "item", "Pump", "L1", date(2026, 3, 5), None, None, "Line 3", 5, "https://id.example.com")


def text(expression: str, batch: Values = BATCH) -> tuple[str, ...]:
    """Parse and resolve."""
    return expressions.resolve(expressions.parse(expression, PLACE), batch)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("plain", ("plain",)),
        ("{product.name}", ("Čaj {zelený}",)),
        ("{product.code} {product.gtin}", ("09520123456788 09520123456788",)),
        ("Lot {lot.number}.", ("Lot L/1%.",)),
        ("{lot.production}", ("2026-03-05",)),
        ("{lot.expiry:%d.%m.%Y}", ("30.11.2027",)),
        ("{lot.expiry:%y%m%d}", ("271130",)),
        ("{lot.production:%j of %Y, 100%%}", ("064 of 2026, 100%",)),
        ("{lot.production:%b %Y}", ("MAR 2026",)),
        ("{batch.quantity} pcs", ("500 pcs",)),
        ("{serial}", ("", "")),
        ("a{serial}b{serial}", ("a", "b", "")),
        ("{{{serial}}}", ("{", "}")),
        ("{{serial}}", ("{serial}",)),
        # GS1 Digital Link 1.2, 4.6: GTIN, then lot, then serial; percent-encoded by RFC 3986, 2.1.
        ("{digital_link}", ("https://id.example.com/01/09520123456788/10/L%2F1%25/21/", "")),
        ("<{digital_link}> {serial}", ("<https://id.example.com/01/09520123456788/10/L%2F1%25/21/", "> ", "")),
    ],
)
def test_values_take_their_places(expression: str, expected: tuple[str, ...]) -> None:
    """Each name gives its value; a serial cuts the text, and values are never read as expressions again."""
    assert text(expression) == expected


def test_an_own_item_has_its_code_and_line() -> None:
    """The names of what only own items, or only some batches, have."""
    assert text("{product.item}/{serial} {batch.line}", ITEM) == ("PUMP-1/", " Line 3")


@pytest.mark.parametrize(
    ("expression", "got"),
    [
        ("{lot.colour}", "got 'lot.colour' (line 5, key value of text 1)."),
        ("{}", "got '' (line 5"),
        ("{ serial }", "got ' serial ' (line 5"),
        ("{serial:%d}", "Expected no format, for serial is no date, got '%d'"),
        ("{lot.number:}", "Expected no format, for lot.number is no date, got ''"),
        ("{lot.expiry:}", "Expected a date format of %d %m %y %Y %j %b %%, got ''"),
        ("{lot.expiry:%H}", "got '%H'"),
        ("{lot.expiry:%}", "got '%'"),
        ("{lot.expiry:%-d}", "got '%-d'"),
        ("a { b", "Expected {{ or }} for a brace that is printed, got { in 'a { b'"),
        ("a } b", "got } in 'a } b'"),
        ("{serial", "got { in '{serial'"),
        ("{{serial}", "got } in '{{serial}'"),
        ("{a{serial}}", "got { in"),
        ("x" * 501, "Expected at most 500 characters, got 501"),
    ],
)
def test_what_is_no_expression_is_refused(expression: str, got: str) -> None:
    """Unknown names, formats and single braces are errors that say where."""
    with pytest.raises(InvalidInput) as refusal:
        expressions.parse(expression, PLACE)
    assert refusal.value.code == "format_expression"
    assert got in refusal.value.message


@pytest.mark.parametrize(
    ("expression", "batch", "expected"),
    [
        ("{lot.best_before}", BATCH, "Expected a value for lot.best_before, got a batch without one (line 5,"),
        ("{batch.line}", BATCH, "Expected a value for batch.line"),
        ("{product.item}", BATCH, "Expected an own item code"),
        ("{product.gtin}", ITEM, "Expected a GTIN, got a batch without one"),
        ("{digital_link}", ITEM, "Expected a GTIN, got a batch without one"),
    ],
)
def test_a_value_that_is_not_there_is_an_error(expression: str, batch: Values, expected: str) -> None:
    """A label never shows an empty place where a date should be."""
    with pytest.raises(InvalidInput) as refusal:
        text(expression, batch)
    assert refusal.value.code == "format_value_absent"
    assert refusal.value.message.startswith(expected)


@pytest.mark.parametrize("name", expressions.OPTIONAL)
def test_optional_values_can_be_asked_for(name: str) -> None:
    """What an element may depend on is present in exactly the batches that have it."""
    assert expressions.present(name, BATCH) is (name in ("product.gtin", "lot.expiry"))
    assert expressions.present(name, ITEM) is (name in ("product.item", "batch.line"))


def test_control_characters_in_values_are_refused() -> None:
    """A product's name cannot break a line of the label, whoever typed it."""
    batch = Values("X", "item", "a\nb", "L", date(2026, 1, 1), None, None, None, 1, "https://id.example.com")
    with pytest.raises(InvalidInput, match=r"Expected no control characters in product.name, got U\+000A"):
        text("{product.name}", batch)
    assert text("a\n{serial}", batch) == ("a\n", "")


@given(st.text(st.sampled_from("ab{}: .%\né"), max_size=30))
def test_any_text_can_be_printed_with_its_braces_doubled(literal: str) -> None:
    """Doubling braces is the whole of the escaping."""
    assert text(literal.replace("{", "{{").replace("}", "}}")) == (literal,)


@given(
    st.lists(
        st.one_of(st.text(st.characters(exclude_characters="{}", exclude_categories=["Cs"])), st.just(Field("serial")))
    )
)
def test_parts_come_back_in_order(parts: list[str | Field]) -> None:
    """An expression is read as it was written, and its serials are where they stood."""
    written = "".join("{serial}" if isinstance(part, Field) else part for part in parts)
    resolved = text(written)
    assert "{serial}".join(resolved) == written
    assert len(resolved) == 1 + sum(isinstance(part, Field) for part in parts)


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_dates_are_written_as_strftime_does(day: date) -> None:
    """The same as C's strftime, but never in another language."""
    assert expressions.write_date(day, "%d|%m|%y|%Y|%j|%%") == day.strftime("%d|%m|%y|%Y|%j|%%")
    assert expressions.write_date(day, "%b") == calendar.month_abbr[day.month].upper()


# Application Identifiers.


def test_element_strings_separate_what_is_of_variable_length() -> None:
    """FNC1 behind (10) and none behind (01), (17) and the last (GS1 General Specifications, 7.8.5)."""
    pairs = expressions.element_pairs(BATCH, ["01", "17?", "10", "21"], PLACE)
    assert expressions.element_string(pairs) == ("010952012345678817271130" + "10L/1%\x1d21", "")
    assert expressions.hri(pairs) == ("(01)09520123456788(17)271130(10)L/1%(21)", "")


def test_an_optional_identifier_is_left_out_with_its_value() -> None:
    """15? needs no best-before date, 15 does."""
    assert expressions.element_pairs(BATCH, ["01", "15?"], PLACE) == (("01", "09520123456788"),)
    with pytest.raises(InvalidInput, match=r"Expected a value for lot\.best_before"):
        expressions.element_pairs(BATCH, ["01", "15"], PLACE)


def test_digital_links_keep_dates_in_the_query() -> None:
    """Keys in the path in the standard's order, whatever the order asked for; dates behind the question mark."""
    assert expressions.digital_link(BATCH, ["01", "17", "21", "10", "11"], PLACE) == (
        "https://id.example.com/01/09520123456788/10/L%2F1%25/21/",
        "?17=271130&11=260305",
    )


def test_values_are_checked_before_they_are_encoded() -> None:
    """A lot number outside of GS1's character set 82 gets into no symbol."""
    batch = Values(
        "09520123456788", "gtin", "x", "L 1", date(2026, 1, 1), None, None, None, 1, "https://id.example.com"
    )
    with pytest.raises(InvalidInput) as refusal:
        expressions.element_pairs(batch, ["10"], PLACE)
    assert refusal.value.code == "gs1_value_characters"
