"""Lines of a station's journal: what is written can be read, and nothing else can."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain import journal
from labelsvc.errors import InvalidInput

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
GOOD: dict[str, dict[str, Any]] = {
    "boot": {"boot": "b", "instance": "i"},
    "begin": {},
    "hold": {"first": 1, "last": 2},
    "state": {"reasons": ["media-empty-error", "com.example.warmer-cold"]},  # a keyword of IPP has dots
    "met": {"identity": "XXQLJ1"},
    "use": {"key": "k", "first": 1, "last": 1, "age": 0.5},
    "return": {"spans": [[2, 3], [5, 5]], "why": "done", "age": 1},
}


@pytest.mark.parametrize("do", GOOD)
def test_what_is_written_is_read(do: str) -> None:
    entry = journal.read(journal.written(7, NOW, do, **GOOD[do]))
    assert (entry.number, entry.at, entry.do, dict(entry.said)) == (7, NOW, do, GOOD[do])


def test_a_line_names_its_labels() -> None:
    assert list(journal.read(journal.written(1, NOW, "hold", first=1, last=2)).labels) == [(1, 2)]
    assert list(journal.read(journal.written(1, NOW, "return", **GOOD["return"])).labels) == [(2, 3), (5, 5)]


@pytest.mark.parametrize("do", GOOD)
@given(value=st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists, max_leaves=4))
def test_a_field_of_another_kind_is_refused_or_kept_as_it_is(do: str, value: object) -> None:
    """Never anything but our own error."""
    for name in GOOD[do]:
        line = json.dumps({"n": 1, "at": NOW.isoformat(), "do": do, **GOOD[do], name: value})
        try:
            entry = journal.read(line)
        except InvalidInput:
            continue
        assert entry.said[name] == value


@given(st.text(max_size=200))
def test_any_other_text_is_refused(line: str) -> None:
    with pytest.raises(InvalidInput):
        journal.read(line)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1" * 500, "true", '"1"'])
def test_a_number_is_one_that_json_knows(number: str) -> None:
    line = journal.written(1, NOW, "use", **GOOD["use"]).replace('"age":0.5', f'"age":{number}')
    with pytest.raises(InvalidInput):
        journal.read(line)


def test_a_message_of_half_a_character_is_a_line_all_the_same() -> None:
    line = journal.written(1, NOW, "met", identity="a\udcff")
    assert journal.read(line).said["identity"] == "a?"
    assert line.encode()


def test_the_chain_is_sha256_over_the_digest_before_a_line_feed_and_the_line() -> None:
    first = hashlib.sha256(b"seed\none").hexdigest()
    assert list(journal.chained("seed", ["one", "two"])) == [
        first,
        hashlib.sha256(first.encode() + b"\ntwo").hexdigest(),
    ]
