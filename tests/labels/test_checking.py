"""The shipped formats keep what they promise, and a format that does not is found out."""

from __future__ import annotations

import string
from dataclasses import fields, replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelsvc.domain.logistic_units import Content
from labelsvc.errors import InvalidInput
from labelsvc.labels import checking, fonts
from labelsvc.labels.compiling import compile_layout
from labelsvc.labels.formats import LabelFormat, shipped
from labelsvc.labels.symbols import Shape
from labelsvc.labels.values import Values

NAMES = ["carton-100x150", "item-70x35", "logistic-100x150", "sheet-a4-3x8", "unit-100x50", "unit-50x25"]
CSET_82 = "!\"%&'()*+,-./:;<=>?_" + string.ascii_letters + string.digits
NARROW = [char for char in map(chr, range(0x20, 0x7F)) if fonts.resident(char)]

HEAD = 'name = "a"\ntitle = "A"\nwidth = 60\nheight = 30\n[limits]\nproduct_name = {}\nserial = 5\n'
TEXTS = (
    '[[text]]\nvalue = "{product.name}"\nbox = [0, 0, 60, 8]\nsize = 4\nmin_size = 2\nlines = 2\nbreak = "anywhere"\n'
    '[[text]]\nvalue = "{serial}"\nbox = [0, 20, 60, 4]\nsize = 4\nmin_size = 2\n'
)


@pytest.mark.parametrize("name", NAMES)
def test_shipped_formats_keep_their_promises(name: str) -> None:
    """At their limits, in the widest characters, for ZPL and PDF, at 8 and 12 dots per mm."""
    assert checking.check(shipped()[name]) == []


BEYOND = [
    # 22 code words of 11 modules, 13 and 20 quiet ones are 275: one more is wider than the 276 of 69 mm.
    ("item-70x35", "product_code", 10, "format_barcode_too_large"),
    ("item-70x35", "serial", 11, "format_barcode_too_large"),
    ("carton-100x150", "lot_number", 17, "format_barcode_too_large"),
    ("unit-100x50", "digital_link", 37, "format_barcode_too_large"),
    ("unit-50x25", "product_name", 58, "format_text_too_long"),
    ("sheet-a4-3x8", "product_name", 71, "format_text_too_long"),
]


@pytest.mark.parametrize(("name", "limit", "value", "code"), BEYOND)
def test_beyond_its_limit_a_shipped_format_does_not_fit(name: str, limit: str, value: int, code: str) -> None:
    """The limits are no more modest than they need to be, and one that promised more would be found out."""
    fmt = shipped()[name]
    problems = checking.check(replace(fmt, limits=replace(fmt.limits, **{limit: value})))
    assert {problem.code for problem in problems} == {code}


@st.composite
def values_within(draw: st.DrawFn, fmt: LabelFormat) -> tuple[Values, Shape]:
    """Anything a format promises to take, in characters that a printer has."""
    limits = fmt.limits
    kind = draw(st.sampled_from(fmt.kinds))
    maybe_date = st.none() | st.dates(date(2000, 1, 1), date(2099, 12, 31))
    item = st.text(
        st.sampled_from(string.ascii_letters + string.digits + "._-"), min_size=1, max_size=limits.product_code
    )
    values = Values(
        product_code="09520123456788" if kind == "gtin" else draw(item),
        product_kind=kind,
        product_name=draw(st.text(st.sampled_from(NARROW), max_size=limits.product_name)),
        lot_number=draw(st.text(st.sampled_from(CSET_82), min_size=1, max_size=limits.lot_number)),
        production=draw(st.dates(date(2000, 1, 1), date(2099, 12, 31))),
        expiry=draw(maybe_date),
        best_before=draw(maybe_date),
        line=draw(st.none() | st.text(st.sampled_from(NARROW), min_size=1, max_size=limits.line)),
        quantity=draw(st.integers(1, limits.quantity)),
        digital_link="https://" + "w" * draw(st.integers(1, limits.digital_link - 11)) + ".ex",
    )
    if kind == "sscc":
        content = Content("09520123456788", 99_999_999, values.lot_number, values.best_before, values.expiry)
        values = replace(values, product_code="(00)", content=draw(st.sampled_from([content, Content()])))
        return values, (string.digits,) * 18
    position = st.sampled_from([string.digits, "A", string.ascii_uppercase + string.digits + "-."])
    return values, tuple(draw(st.lists(position, min_size=1, max_size=limits.serial)))


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=25)
@given(st.data(), st.sampled_from([8, 12]))
def test_every_value_within_the_limits_compiles(name: str, data: st.DataObject, dpmm: int) -> None:
    """Checking the longest values is checking all."""
    fmt = shipped()[name]
    values, shape = data.draw(values_within(fmt))
    assert compile_layout(fmt, values, shape, dpmm).elements


def test_a_promise_that_is_not_kept_is_told_once() -> None:
    """With the message, and everywhere it holds."""
    widest = max(fonts.widths("sans")[char] for char in string.printable[:94]) * 2
    fits = int(60 / widest) * 2
    assert checking.check(LabelFormat.parse(HEAD.format(fits) + TEXTS)) == []
    (problem,) = checking.check(LabelFormat.parse(HEAD.format(fits + 1) + TEXTS))
    assert (problem.code, problem.resolutions) == ("format_text_too_long", (8, 12))
    assert "(line 9, key value of text 1)" in problem.message


def test_a_problem_of_one_resolution_says_which() -> None:
    """0.33 mm are whole dots at 12 per mm and not at 8."""
    barcode = '[[barcode]]\nsymbology = "qr"\ndata = "{serial}"\nx = [0.33, 0.333, 0.34]\nbox = [30, 8, 12, 12]\n'
    (problem,) = checking.check(LabelFormat.parse(HEAD.format(5) + TEXTS + barcode))
    assert (problem.code, problem.resolutions) == ("format_resolution", (8,))


def test_a_format_that_needs_a_date_is_found_out() -> None:
    """A lot may have none: the element must depend on it."""
    text = '[[text]]\nvalue = "{lot.expiry}"\nbox = [0, 10, 60, 4]\nsize = 4\n'
    (problem,) = checking.check(LabelFormat.parse(HEAD.format(5) + TEXTS + text))
    assert problem.code == "format_value_absent"
    assert checking.check(LabelFormat.parse(HEAD.format(5) + TEXTS + text + 'when = "lot.expiry"')) == []


def test_the_longest_values_are_at_the_limits() -> None:
    """Each as long as it says, with all that may be absent and with nothing of it."""
    fmt = shipped()["sheet-a4-3x8"]
    for values in checking.longest_values(fmt):
        assert len(values.product_name) == fmt.limits.product_name
        assert len(values.lot_number) == fmt.limits.lot_number
        assert len(values.digital_link) == fmt.limits.digital_link
        assert len(values.product_code) == (14 if values.product_kind == "gtin" else fmt.limits.product_code)
    assert {values.product_kind for values in checking.longest_values(fmt)} == {"gtin", "item"}
    assert {values.expiry is None for values in checking.longest_values(fmt)} == {True, False}


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_values_of_their_format(name: str) -> None:
    """They compile, and are within the limits."""
    fmt = shipped()[name]
    for kind in fmt.kinds:
        values = checking.example_values(fmt, kind)
        serial = checking.example_serial(fmt)
        assert values.product_kind == kind
        assert len(values.product_name) <= fmt.limits.product_name
        assert compile_layout(fmt, values, tuple(serial), 8).elements


def test_a_short_name_is_made_of_whole_words() -> None:
    """Where that is possible."""
    fmt = LabelFormat.parse(HEAD.format(20) + TEXTS)
    assert checking.example_values(fmt).product_name == "Circulation pump"
    assert checking.example_values(LabelFormat.parse(HEAD.format(5) + TEXTS)).product_name == "Circu"


def test_a_name_beyond_the_limit_is_taken_where_it_fits() -> None:
    """Limits are promises, not fences: narrow letters need less room."""
    fmt = LabelFormat.parse(HEAD.format(10) + TEXTS)
    values = replace(checking.example_values(fmt), product_name="i" * 60)
    assert compile_layout(fmt, values, tuple("12345"), 8)
    with pytest.raises(InvalidInput):
        compile_layout(fmt, replace(values, product_name="W" * 200), tuple("12345"), 8)


def test_problems_can_be_shown_as_json() -> None:
    """Only texts, tuples and numbers in them."""
    assert {field.name for field in fields(checking.Problem)} == {"code", "message", "resolutions"}
