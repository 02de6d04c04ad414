from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from labelsvc import logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield io.StringIO()
    for handler in set(root.handlers) - set(before):
        root.removeHandler(handler)
    root.setLevel(level)


def test_an_event_is_one_json_object_on_one_line(stream: io.StringIO) -> None:
    logs.configure("json", "info", stream)
    logs.logger("a.b").info("issued", quantity=5)
    (line,) = stream.getvalue().splitlines()
    event = json.loads(line)
    assert (event["event"], event["quantity"], event["level"], event["logger"]) == ("issued", 5, "info", "a.b")
    assert event["timestamp"].endswith("Z")


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_nothing_that_a_caller_sends_can_forge_a_line_or_move_a_terminal(log_format, stream: io.StringIO) -> None:
    logs.configure(log_format, "info", stream)
    logs.logger("a").info("event", text="a\n{}\r\x1b[2J\u2028\x9b\ud800")
    written = stream.getvalue()
    assert len(written.splitlines()) == 1
    assert all(char.isprintable() for char in written.rstrip("\n"))


def test_a_long_text_is_cut(stream: io.StringIO) -> None:
    logs.configure("json", "info", stream)
    logs.logger("a").info("event", text="x" * 10_000_000)
    assert len(stream.getvalue()) < 2_000


def test_the_libraries_log_in_the_same_form(stream: io.StringIO) -> None:
    logs.configure("json", "info", stream)
    logging.getLogger("some.library").warning("lost %s", "a\nb")
    assert json.loads(stream.getvalue())["event"] == r"lost a\nb"


def test_an_exception_comes_with_its_traceback_and_the_lines_stay_apart(stream: io.StringIO) -> None:
    logs.configure("console", "info", stream)
    try:
        raise ValueError("bad\x1b[2J")
    except ValueError:
        logs.logger("a").exception("failed")
    assert r"ValueError: bad\x1b[2J" in stream.getvalue()
    assert "Traceback (most recent call last):\n" in stream.getvalue()


def test_below_the_level_nothing_is_written(stream: io.StringIO) -> None:
    logs.configure("json", "warning", stream)
    logs.logger("a").info("quiet")
    assert stream.getvalue() == ""


def test_setting_up_again_replaces_the_set_up(stream: io.StringIO) -> None:
    logs.configure("json", "info", io.StringIO())
    logs.configure("json", "info", stream)
    logs.logger("a").info("once")
    assert len(stream.getvalue().splitlines()) == 1
