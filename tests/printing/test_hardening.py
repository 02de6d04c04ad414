"""printers harden: what is set, and that it holds."""

from __future__ import annotations

import pytest

from labelsvc.errors import Conflict, InvalidInput, NotFound, Unavailable
from labelsvc.printers.asking import JsonPort
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printing.hardening import harden, settings_for
from tests.printers.test_confirming import opened


def test_a_hardened_printer_keeps_its_prefixes_and_reprints_nothing(works) -> None:
    with VirtualPrinter() as printer:
        printer.set_variable("ezpl.reprint_mode", "on")
        works.add_printer("p", printer.config_uri)
        assert harden(works.db, works.call(), "p", works.data_dir) == settings_for()
        assert not printer.press_reprint()
        transport = opened(printer)
        transport.send([b"^XA^CC+^XZ", b"~CT+"])
        transport.close()
        assert printer.wait_for(lambda state: not state.connections, timeout=5)
        opened(printer).abandon()  # its prefixes are looked at: they are what they were
        (entry,) = [each for each in works.audit("printer:p") if each["action"] == "printer.harden"]
        assert {"name": "ezpl.reprint_mode", "value": "off"} in entry["after"]["settings"]


@pytest.mark.parametrize("name", ["ezpl.reprint_mode", "device.command_override.active", "device.command_override.add"])
def test_a_setting_that_does_not_take_is_found_and_what_was_changed_is_in_the_audit(works, monkeypatch, name) -> None:
    plain = JsonPort.tell

    def tell(port: JsonPort, values: dict[str, str]) -> dict[str, str] | None:
        return values if name in values else plain(port, values)  # it says so, and does nothing

    monkeypatch.setattr(JsonPort, "tell", tell)
    with VirtualPrinter() as printer:
        printer.set_variable("ezpl.reprint_mode", "on")
        works.add_printer("p", printer.config_uri)
        with pytest.raises(Conflict) as refused:
            harden(works.db, works.call(), "p", works.data_dir)
    assert refused.value.code == "printer_setting"
    (entry,) = [each for each in works.audit("printer:p") if each["action"] == "printer.harden"]
    assert entry["reason"] == refused.value.message
    assert {"name": "ezpl.reprint_mode", "value": "off"} in entry["after"]["settings"]


def test_a_printer_that_is_away_is_said_to_be(works) -> None:
    works.add_printer("p", "tcp://127.0.0.1:1?config=1")
    with pytest.raises(Unavailable):
        harden(works.db, works.call(), "p", works.data_dir)
    assert [entry["action"] for entry in works.audit("printer:p")] == ["printer.add"]


def test_a_file_cannot_be_hardened(works) -> None:
    works.add_printer("p", "file:///line.zpl")
    with pytest.raises(InvalidInput):
        harden(works.db, works.call(), "p", works.data_dir)
    with pytest.raises(NotFound):
        harden(works.db, works.call(), "q", works.data_dir)
