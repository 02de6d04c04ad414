"""Where printers dial in, at the shell: with serve and worker, and with a command while no worker runs."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from labelsvc.cli import dialling_in
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printers.virtual.weblink import Weblink
from tests.printers.weblink.exchange import SERIAL, write_certificate


@pytest.fixture
def listening(shell: Any, tmp_path: Path) -> Any:
    """A shell with a printer that dials in, and the settings of where it does: a free port."""
    write_certificate(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    files = {"WEBLINK_CERTIFICATE": str(tmp_path / "cert.pem"), "WEBLINK_KEY": str(tmp_path / "key.pem")}
    made = shell.with_settings(WEBLINK_LISTEN=address, **files)
    made.said("printers", "add", "line-3", f"weblink://{SERIAL}", "--media", "100x50")
    return made


def dial(printer: VirtualPrinter, shell: Any) -> Weblink:
    url = f"https://{shell.settings['LABELSVC_WEBLINK_LISTEN']}/weblink"
    return Weblink(printer, url, Path(shell.settings["LABELSVC_WEBLINK_CERTIFICATE"]), retry_seconds=0.05)


@pytest.mark.slow
def test_serve_lets_printers_dial_in_and_a_command_says_that_it_holds_them(listening: Any, serving: Any) -> None:
    lot = listening.lot()
    service = serving(listening)
    with VirtualPrinter() as printer, dial(printer, listening):
        batch = service.issue(lot, 5, "printed", printer="line-3")
        assert service.wait_for_job(batch["job"], "completed")["outcomes"] == {"sent": 5}
        assert printer.wait_for_labels(5, 30)
        status, sentence = listening.process("printers", "harden", "line-3", "--yes")[::2]
        assert status == 75
        assert "Stop the worker first: printers dial in there. (weblink_listen)" in sentence
    assert service.end() == 0
    events = service.events()
    assert {"weblink.listening", "weblink.connected"} <= {event["event"] for event in events}


def test_a_command_waits_for_the_printer_itself_where_no_worker_runs(listening: Any) -> None:
    with VirtualPrinter() as printer, dial(printer, listening):
        result = listening.run("printers", "harden", "line-3", "--yes")
    assert result.exit_code == 0, result.stderr
    assert f"Waiting for the printer {SERIAL} to dial in" in result.stderr


def test_a_printer_that_does_not_come_and_a_command_without_an_address_say_so(
    listening: Any, shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialling_in, "DIAL_SECONDS", 0.3)
    result = listening.run("printers", "harden", "line-3", "--yes")
    assert result.exit_code == 75
    assert f"Expected the printer {SERIAL} to dial in within 0.3 s, got no connection." in result.stderr
    result = shell.run("printers", "harden", "line-3", "--yes")
    assert result.exit_code == 75
    assert (
        "Expected LABELSVC_WEBLINK_LISTEN, where the printer dials in, got nothing. (weblink_listen)" in result.stderr
    )


def test_a_worker_whose_port_is_taken_or_whose_certificate_is_missing_does_not_start(listening: Any) -> None:
    host, _, port = listening.settings["LABELSVC_WEBLINK_LISTEN"].rpartition(":")
    with socket.create_server((host, int(port))):
        status, sentence = listening.refused("worker")
    assert status == 75
    assert f"Expected to listen for printers on {host}:{port}, got: address already in use" in sentence
    status, sentence = listening.with_settings(WEBLINK_KEY="/nowhere/key.pem").refused("worker")
    assert status == 75
    assert sentence.endswith("and its key in /nowhere/key.pem, got: no such file or directory. (weblink_certificate)")
