"""Scenario files: a printer and what happens to it, as a user writes it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from labelsvc.errors import InvalidInput
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printers.virtual.scenario import DEEDS, Scenario, parse_scenario

WAIT = 20.0
DOCS = Path(__file__).parents[3] / "docs" / "operations" / "README.md"
HEAD_OPENED = """
[printer]
counts = "early"
echo = "none"

[[happens]]
at_label = 2
does = "open_head"

[[happens]]
after = 0.01
does = "close_head"

[[happens]]
after_label = 3
does = "foreign_job"
labels = 2

[[happens]]
at_byte = 1
does = "set_variable"
name = "device.unique_id"
value = "OTHER"

[[happens]]
at_second = 0
does = "load_media"
"""


def test_what_a_file_says_happens_in_its_order() -> None:
    scenario = parse_scenario(HEAD_OPENED)
    with VirtualPrinter(**scenario.traits) as printer:
        scenario.arm(printer)
        with socket.create_connection(("127.0.0.1", printer.port), timeout=WAIT) as line:
            line.sendall(b"^XA^FDa^FS^XZ" * 3 + b'! U1 getvar "device.unique_id"\r\n')
            assert line.recv(100) == b'"OTHER"'
            assert printer.wait_for_labels(5, WAIT)
        assert [(piece.torn, piece.source) for piece in printer.pieces] == [
            (False, "host"),
            (True, "host"),
            *[(False, "host")] * 2,
            *[(False, "foreign")] * 2,
        ]
        assert printer.pending == 0
        assert (printer.personality.counts, printer.personality.echo) == ("early", None)


def test_the_example_in_the_documentation_is_one() -> None:
    section = DOCS.read_text("utf-8").split("## A printer in software")[1].split("\n## ")[0]
    example = re.search(r"```toml\n(.*?)```", section, re.DOTALL)
    assert example
    scenario = parse_scenario(example[1])
    assert isinstance(scenario, Scenario)
    assert scenario.ports == {"data": 9100, "json": 9200}
    assert [happening.does for happening in scenario.happenings] == ["open_head", "close_head", "drop_after"]
    assert [deed for deed in DEEDS if f"`{deed}`" not in section] == []


def test_every_deed_is_one_of_the_printer_with_these_arguments() -> None:
    some = {int: "1", float: "0.5", str: '"fin"', bool: "true"}
    for deed, arguments in DEEDS.items():
        keys = "\n".join(f"{name.removesuffix('?')} = {some[kind]}" for name, kind in arguments.items())
        scenario = parse_scenario(f'[[happens]]\nat_second = 0\ndoes = "{deed}"\n{keys}\n')
        with VirtualPrinter() as printer:
            scenario.happenings[0](printer)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[printer", "Expected TOML, got "),
        ("[print]", "Expected only printer, ports, weblink, happens in the file, got print."),
        ("printer = 1", "Expected [printer], got 1."),
        ("happens = 1", "Expected [[happens]], got 1."),
        ("happens = [1]", "Expected a table as entry 1 of [[happens]], got 1."),
        ("[printer]\ndpmm = 9", "Expected 6, 8, 12 or 24 dots per mm, got 9."),
        ('[printer]\ndpmm = "8"', "Expected dpmm in [printer] to be a whole number, got '8'."),
        ("[printer]\nsilent_on_fault = 1", "Expected silent_on_fault in [printer] to be true or false, got 1."),
        (
            '[printer]\ncounts = "often"',
            "Expected counts in [printer] to be image or early or late or none, got 'often'.",
        ),
        ("[ports]\nusb = 1", "Expected only data, json, tls, tls_json, single in [ports], got usb."),
        ("[ports]\ndata = 70000", "Expected a port from 0 to 65535 as data, got 70000."),
        ("[weblink]\nca = 'x'", "Expected url and perhaps ca, texts, in [weblink], got {'ca': 'x'}."),
        (
            '[[happens]]\ndoes = "pause"',
            "Expected one of at_label, after_label, at_byte, at_second, after in entry 1 of ",
        ),
        ('[[happens]]\nat_label = 1\nafter = 1\ndoes = "pause"', "Expected one of at_label, after_label, at_byte, "),
        (
            '[[happens]]\nat_label = 1.5\ndoes = "pause"',
            "Expected a whole number as at_label in entry 1 of [[happens]], ",
        ),
        ('[[happens]]\nafter = -1\ndoes = "pause"', "Expected a number as after in entry 1 of [[happens]], got -1."),
        ('[[happens]]\nafter = 1\ndoes = "close"', "Expected one of open_head, "),
        ('[[happens]]\nafter = 1\ndoes = "babble"', "Expected count in entry 1 of [[happens]], got none."),
        (
            '[[happens]]\nafter = 1\ndoes = "pause"\nlabels = 1',
            "Expected only  in entry 1 of [[happens]], which does pause",
        ),
        (
            '[[happens]]\nafter = 1\ndoes = "drop_after"\ncount = 1\nkind = "x"',
            "Expected rst or fin as kind in entry 1 of ",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_one_sentence(text: str, message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_scenario(text)
    assert refused.value.message.startswith(message), refused.value.message


def test_the_command_plays_a_scenario_and_says_how_to_reach_the_printer(tmp_path: Path) -> None:
    file = tmp_path / "head.toml"
    file.write_text(HEAD_OPENED + "[ports]\ndata = 0\ntls = 0\ntls_json = 0\nsingle = 0\n")
    program = "from labelsvc.cli import main; main()"
    command = [
        sys.executable,
        "-c",
        program,
        "virtual-printer",
        "--scenario",
        str(file),
        "--output",
        str(tmp_path / "o"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            uris = [process.stdout.readline().strip() for _ in range(4)]
            plain, config, tls, single = uris
            assert re.fullmatch(r"tcp://127\.0\.0\.1:\d+", plain)
            assert re.fullmatch(re.escape(plain) + r"\?config=\d+", config)
            assert re.fullmatch(r"tls://127\.0\.0\.1:\d+\?pin=sha256:[0-9a-f]{64}&config=\d+", tls)
            assert single.startswith("tcp://127.0.0.1:")
            with socket.create_connection(("127.0.0.1", int(plain.rpartition(":")[2])), timeout=WAIT) as line:
                line.sendall(b"^XA^FDa^FS^XZ" * 3 + b"~HI")
                assert line.recv(1) == b"\x02"
            process.send_signal(signal.SIGTERM)
            assert process.wait(WAIT) == 0
        finally:
            process.kill()
    assert len((tmp_path / "o" / "labels.csv").read_text().splitlines()) == 1 + 5
