"""lot reconcile, sampling, declare, close, report, end-card; move; scan."""

from __future__ import annotations

import hashlib

from click.testing import CliRunner

from labelsvc.cli import main


def figures(lines) -> dict[str, str]:
    return dict(line.split("\t", 1) for line in lines)


def scan(shell, *texts, options=()):
    """Type scans into the command."""
    typed = "".join(f"{text}\n" for text in texts)
    result = CliRunner().invoke(main, ["scan", *map(str, options)], input=typed, env=shell.settings)
    assert result.exit_code == 0, result.stderr
    return [line.split("\t")[:2] for line in result.stdout.splitlines()]


def test_a_lot_is_explained_and_closed_at_a_shell(shell, tmp_path) -> None:
    lot = shell.lot()
    serials = shell.said("issue", lot, 6)
    product = shell.said("lot", "list")[0].split("\t")[1]
    assert shell.said("move", product, "spoiled", *serials[:2], "--reason", "torn") == ["2\tspoiled"]
    assert shell.refused("move", product, "returned", serials[0], "--reason", "left")[0] == 73
    assert shell.said("lot", "tracking", lot, "--commission-on", "scanned") == [
        "commission on\tscanned",
        "gated since\t-",
    ]
    assert shell.refused("lot", "tracking", lot, "--gate")[0] == 73  # no test of the product could open it
    shell.said("lot", "sampling", lot, "ends")
    assert figures(shell.said("lot", "reconcile", lot))["to scan"] == "2"
    assert scan(shell, serials[2], "rub bish", serials[2], f"{product}/{serials[5]}", options=("--lot", lot)) == [
        ["right", serials[2]],
        ["unreadable", "-"],
        ["duplicate", serials[2]],
        ["right", serials[5]],
    ]
    status, sentence = shell.refused("lot", "close", lot)
    assert status == 73
    assert "2 held" in sentence
    shell.said("lot", "declare", lot, "held", "confirmed", "--statement", "Anna saw them.")
    said = figures(shell.said("lot", "close", lot, "--statement", "done"))
    listed = "".join(f"{serial}\n" for serial in sorted(serials[2:]))
    assert (said["granted"], said["confirmed"], said["spoiled"], said["difference"]) == ("6", "4", "2", "0")
    assert said["closed"].split("\t")[1:] == ["4", hashlib.sha256(listed.encode()).hexdigest()]
    shell.said("lot", "report", lot, tmp_path / "report.pdf")
    shell.said("lot", "end-card", lot, tmp_path / "card.pdf")
    shell.said("lot", "end-card", lot, tmp_path / "card.zpl", "--dpmm", 12, "--media", "100x50")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert (tmp_path / "card.pdf").read_bytes().startswith(b"%PDF-")
    assert (tmp_path / "card.zpl").read_bytes().startswith(b"^XA^CI28^PW1200^LL600")


def test_a_size_is_two_numbers_and_a_card_has_a_form_that_is_known(shell, tmp_path) -> None:
    lot = shell.lot()
    assert shell.refused("lot", "end-card", lot, tmp_path / "card.zpl", "--media", "wide")[0] == 65
    assert shell.refused("lot", "end-card", lot, tmp_path / "card.zpl", "--media", "5x5")[0] == 65
    assert shell.run("lot", "end-card", lot, tmp_path / "card.png").exit_code == 2
    assert list(tmp_path.glob("card*")) == []
