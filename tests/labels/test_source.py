"""Every key of a format file is found on its line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelsvc.errors import InvalidInput
from labelsvc.labels import source

TRICKY = '''\
name = "a"   # [[text]]
grid = [1,
  "]", # not = a key
  2]
[limits]  # comment
lot = 3
[[text]]
value = """
[[text]]
foo = 1 \\""" still
"""
size = 3
  [[ text ]]
"quoted key" = 'a"#['
path = 'C:\\'
'single' = {a = "}", b = [1]}
long = \'\'\'
size = 9\'\'\'
last = 1
[["barcode"]]
k = 1
'''


def lines_of(text: str) -> dict[tuple[str, int], dict[str, int]]:
    """Read a text and give the line of every key."""
    return {(entry.kind, entry.number): dict(entry.lines) for entry in source.read(text)}


def test_keys_are_found_among_strings_comments_and_brackets() -> None:
    """What only looks like a key or a table, in a string or a comment, is none."""
    assert lines_of(TRICKY) == {
        ("format", 0): {"name": 1, "grid": 2},
        ("limits", 0): {"lot": 6},
        ("text", 1): {"value": 8, "size": 12},
        ("text", 2): {"quoted key": 14, "path": 15, "single": 16, "long": 17, "last": 19},
        ("barcode", 1): {"k": 21},
    }


def test_tables_begin_on_their_line() -> None:
    """A missing key is reported where its table begins."""
    entries = source.read(TRICKY)
    assert [(entry.kind, entry.line) for entry in entries] == [
        ("format", 1),
        ("limits", 5),
        ("text", 7),
        ("text", 13),
        ("barcode", 20),
    ]
    assert entries[3].at("size") == source.Place(13, "text 2", "size")


def test_a_key_written_in_escapes_is_where_its_table_is() -> None:
    """Nobody writes a known key like that; an unknown one is still refused, in the table's line."""
    (_, entry) = source.read('[[text]]\n"siz\\u0065" = 1\n')
    assert entry.values == {"size": 1}
    assert entry.at("size").line == 1


def test_windows_line_ends_count_once() -> None:
    """A file from Windows has the same lines."""
    assert lines_of(TRICKY.replace("\n", "\r\n")) == lines_of(TRICKY)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("name = 'a'\nwidth = \n", 2),
        ("a = 1\nb = 2\na = 3\n", 3),
        ("x = " + "[" * 5000 + "]" * 5000, 1),
        ("x = " + "9" * 5000, 1),
        ("x = 2026-02-30", 1),
        ("a = 1\nx = '\ud800'", 2),
        ("x = 'abc", 1),
        ("\ufeffx = 1", 1),
    ],
)
def test_what_is_not_toml_is_refused_with_its_line(text: str, line: int) -> None:
    """Every text that TOML's parser cannot take is an error of ours, never a crash."""
    with pytest.raises(InvalidInput) as refusal:
        source.read(text)
    assert refusal.value.code == "format_syntax"
    assert refusal.value.facts["line"] == line


def test_a_file_has_at_most_64_000_bytes() -> None:
    """One byte more is refused before it is parsed; characters of several bytes count as such."""
    source.read("#" + "ä" * 31_999 + " ")
    with pytest.raises(InvalidInput, match="Expected at most 64000 bytes, got 64001"):
        source.read("#" + "ä" * 32_000)


@settings(deadline=None)
@given(st.text(st.sampled_from("\n\"'#[]={}\\ a1."), max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    """It is read, or refused as TOML."""
    try:
        code = "" if source.read(text) else "nothing"
    except InvalidInput as refusal:
        code = refusal.code
    assert code in ("", "format_syntax")


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", '"c d"']),
            st.sampled_from(["1", '"[["', "'#\\'", '"""x\n[[t]]\na = 1\n"""', "'''\n'''", "[1, # ]\n 2]", '{x = "}"}']),
        ),
        unique_by=lambda pair: pair[0],
    )
)
def test_each_key_is_on_the_line_where_it_was_written(pairs: list[tuple[str, str]]) -> None:
    """Whatever stands before it, a key's line is the number of line ends above, plus one."""
    text, expected = "", {}
    for key, value in pairs:
        expected[key.strip('"')] = text.count("\n") + 1
        text += f"{key} = {value}\n"
    assert lines_of(text) == {("format", 0): expected}


def test_an_error_from_below_learns_where_it_was_asked_for() -> None:
    """The message gets the line, and the facts with it; one that has a line already keeps it."""
    with pytest.raises(InvalidInput) as refusal, source.Place(7, "barcode 1").within():
        raise InvalidInput("symbol_empty", "Expected something, got nothing.")
    assert refusal.value.message == "Expected something, got nothing (line 7, barcode 1)."
    assert (refusal.value.code, refusal.value.facts["line"]) == ("symbol_empty", 7)
    with pytest.raises(InvalidInput, match=r"\(line 3, text 1\)\.$"), source.Place(7, "barcode 1").within():
        raise source.Place(3, "text 1").error("format_value", "a", "b")
