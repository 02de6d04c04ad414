"""Questions and answers of the JSON port."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.printers.zebra.settings import ANSWER_AT_MOST, JsonAnswers, getvar, order, question

TEXTS = st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=40), min_size=1, max_size=4)


def test_questions_are_as_the_guide_has_them() -> None:
    assert question(["device.unique_id"]) == b'{}{"device.unique_id":null}'
    assert order({"ezpl.reprint_mode": "off"}) == b'{}{"ezpl.reprint_mode":"off"}'
    assert getvar("odometer.total_label_count") == b'! U1 getvar "odometer.total_label_count"\r\n'


@pytest.mark.parametrize("name", ["", "a b", 'a"', "a\r\n", "A.b", "a..b"])
def test_no_other_command_hides_in_a_name(name: str) -> None:
    with pytest.raises(ValueError, match="a setting's name"):
        getvar(name)


@given(st.lists(TEXTS, max_size=4), st.lists(st.integers(0, 2_000), max_size=6).map(sorted), st.booleans())
def test_answers_come_in_any_pieces(said: list[dict[str, str]], cuts: list[int], ascii_only: bool) -> None:
    data = b"\r\n".join(json.dumps(each, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass") for each in said)
    answers = JsonAnswers()
    ends = [0, *cuts, len(data)]
    found = [each for at, end in itertools.pairwise(ends) for each in answers.feed(data[at:end])]
    assert found == said


def test_braces_and_quotes_in_texts_do_not_count() -> None:
    said = {"a": 'x}{"', "b": "\\"}
    assert JsonAnswers().feed(b"hello {} " + json.dumps(said).encode()) == [said]


def test_what_is_no_text_is_no_value() -> None:
    assert JsonAnswers().feed(b'{"a":null,"b":1,"c":{"d":"e"},"f":"g"}') == [{"f": "g"}]


def test_an_answer_without_an_end_is_not_kept() -> None:
    answers = JsonAnswers()
    for _ in range(100):
        assert answers.feed(b'{"a":"' + b"x" * ANSWER_AT_MOST) == []
    assert answers.feed(b'"}' + b"y" * ANSWER_AT_MOST) == []
    assert answers.feed(b'}{"a":"b"}') == [{"a": "b"}]


@given(st.lists(st.binary(max_size=400), max_size=6))
def test_nothing_raises(pieces: list[bytes]) -> None:
    answers = JsonAnswers()
    for piece in pieces:
        assert all(answer for answer in answers.feed(piece))


@pytest.mark.parametrize(
    "noise", [b"[" * 100_000 + b"}", b'{"' * 50_000 + b"}", b'{"\\"' * 20_000 + b"}", b"}" * 9_000]
)
def test_noise_ends(noise: bytes) -> None:
    assert JsonAnswers().feed(noise) == []
