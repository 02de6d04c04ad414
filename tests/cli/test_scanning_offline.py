"""scan --offline keeps what a hand scanner types; --replay needs a server."""

from __future__ import annotations

import base64
import json

from click.testing import CliRunner

from labelsvc.cli import main


def test_each_line_is_kept_with_its_time(tmp_path) -> None:
    path = tmp_path / "scans.jsonl"
    typed = b"]d2010952132100001821Q1\n\n]d201095213210000182\x1d1Q2\r\n"
    run = CliRunner().invoke(main, ["scan", "--offline", str(path), "--intent", "receive"], input=typed)
    assert (run.exit_code, run.stdout) == (0, "kept\nkept\n")
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [base64.b64decode(line["raw"]) for line in lines] == [typed.split(b"\n")[0], typed.split(b"\n")[2][:-1]]
    assert {line["intent"] for line in lines} == {"receive"}
    assert len({line["id"] for line in lines}) == 2


def test_without_a_server_nothing_is_sent(tmp_path) -> None:
    path, key = tmp_path / "scans.jsonl", tmp_path / "key"
    CliRunner().invoke(main, ["scan", "--offline", str(path)], input="x\n")
    key.write_text("lsk_x", "ascii")
    assert CliRunner().invoke(main, ["scan", "--replay", str(path)]).exit_code == 2
    run = CliRunner().invoke(
        main, ["scan", "--replay", str(path), "--server", "http://127.0.0.1:9", "--key-file", str(key)]
    )
    assert run.exit_code == 75
    assert not path.with_name("scans.jsonl.sent").exists()
