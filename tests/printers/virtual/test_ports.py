"""The virtual printer's other ports: TLS, JSON questions, and the one that takes a single connection."""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
from pathlib import Path

import pytest

from labelsvc.errors import Conflict
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printers.virtual.ports import Port

WAIT = 20.0
LABELS = [b"^XA^FO10,10^FDlabel %d^FS^XZ" % number for number in range(3)]
JOB = b"".join(LABELS)


def plain(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=WAIT)


def trusting(printer: VirtualPrinter, folder: Path) -> ssl.SSLContext:
    """Trust this printer's certificate alone."""
    file = folder / "printer.pem"
    file.write_bytes(printer.identity.certificate)
    return ssl.create_default_context(cafile=file)


def secured(printer: VirtualPrinter, port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    return context.wrap_socket(plain(port), server_hostname="127.0.0.1")


def ask(line: socket.socket, question: dict[str, str | None]) -> dict[str, str]:
    line.sendall(b"{}" + json.dumps(question).encode())
    answer = b""
    while True:
        answer += line.recv(4096)
        try:
            return json.loads(answer)
        except ValueError:
            continue


def test_over_tls_it_prints_and_answers_and_its_certificate_is_that_of_the_pin(tmp_path: Path) -> None:
    with VirtualPrinter(tls_port=0, tls_json_port=0, unique_id="D1") as printer:
        context = trusting(printer, tmp_path)
        with secured(printer, printer.ports["tls"], context) as line:
            shown = line.getpeercert(binary_form=True)
            assert printer.pin == "sha256:" + hashlib.sha256(shown).hexdigest()
            line.sendall(JOB + b"~HI")
            assert line.recv(4096).startswith(b"\x02ZD621")
            assert printer.wait_for_labels(3, WAIT)
        with secured(printer, printer.ports["tls_json"], context) as line:
            asked = {"device.unique_id": None, "odometer.total_label_count": None}
            assert ask(line, asked) == {"device.unique_id": "D1", "odometer.total_label_count": "3"}
        assert printer.labels == LABELS
        expected = f"tls://127.0.0.1:{printer.ports['tls']}?pin={printer.pin}&config={printer.ports['tls_json']}"
        assert printer.tls_uri == expected


def test_over_tls_a_large_job_gets_through_a_small_buffer(tmp_path: Path) -> None:
    labels = [b"^XA^FD%06d%s^FS^XZ" % (number, b"x" * 2_000) for number in range(200)]
    with VirtualPrinter(tls_port=0, buffer_bytes=4_096, label_seconds=0.0005) as printer:
        with secured(printer, printer.ports["tls"], trusting(printer, tmp_path)) as line:
            line.sendall(b"".join(labels))
            assert printer.wait_for_labels(200, WAIT)
        assert printer.labels == labels


@pytest.mark.parametrize("kind", ["rst", "fin"])
def test_over_tls_a_drop_after_byte_n_prints_what_was_complete(kind: str, tmp_path: Path) -> None:
    for count in (0, 1, len(LABELS[0]) - 1, len(LABELS[0]), len(JOB) - 1):
        with VirtualPrinter(tls_port=0, keeps_partial=False) as printer:
            printer.drop_after(count, kind)  # type: ignore[arg-type]
            try:
                with secured(printer, printer.ports["tls"], trusting(printer, tmp_path)) as line:
                    line.sendall(JOB)
                    assert line.recv(1) == b""
            except OSError:
                pass
            assert printer.wait_for(lambda state, count=count: state.received == count, WAIT)  # type: ignore[misc]
            assert printer.labels == LABELS[: count // len(LABELS[0])]


def test_who_begins_tls_and_does_not_go_on_has_not_the_parser() -> None:
    with VirtualPrinter(tls_port=0) as printer, plain(printer.ports["tls"]):
        assert printer.wait_for(lambda state: state.connections == 1, WAIT)
        with plain(printer.port) as line:
            line.sendall(JOB)
            assert printer.wait_for_labels(3, WAIT)


def test_noise_instead_of_tls_ends_that_connection_alone() -> None:
    with VirtualPrinter(tls_port=0) as printer, plain(printer.ports["tls"]) as line:
        line.sendall(JOB)
        while True:
            try:
                if not line.recv(4096):  # an alert goes before
                    break
            except ConnectionError:
                break
        assert printer.wait_for(lambda state: not state.connections, WAIT)
        assert printer.printed == 0


def test_a_printer_without_tls_has_no_pin() -> None:
    with VirtualPrinter() as printer, pytest.raises(Conflict):
        _ = printer.pin


def test_the_json_port_asks_tells_and_takes_any_number_of_clients() -> None:
    with VirtualPrinter() as printer, plain(printer.json_port) as one, plain(printer.json_port) as two:
        assert ask(one, {"device.product_name": None}) == {"device.product_name": "ZD621"}
        assert ask(two, {"ezpl.reprint_mode": "on"}) == {"ezpl.reprint_mode": "on"}
        assert ask(one, {"ezpl.reprint_mode": None}) == {"ezpl.reprint_mode": "on"}
        assert ask(two, {"appl.name": None, "no.such": None}) == {"appl.name": "V84.20.23Z", "no.such": "?"}
        assert ask(one, {"ip.port_json_config": None}) == {"ip.port_json_config": str(printer.json_port)}
        assert printer.state().connections == 0, "those of data"


def test_settings_survive_the_power_cut_and_so_do_overridden_commands() -> None:
    with VirtualPrinter() as printer:
        with plain(printer.json_port) as line:
            ask(line, {"device.command_override.add": "^CC"})
            ask(line, {"device.command_override.active": "yes"})
        printer.power_cycle()
        with plain(printer.port) as line:
            line.sendall(b"^XA^CC+^XZ" + LABELS[0])
            assert printer.wait_for_labels(1, WAIT)
        with plain(printer.json_port) as line:
            assert ask(line, {"zpl.caret": None, "device.command_override.list": None}) == {
                "zpl.caret": "^",
                "device.command_override.list": "^CC",
            }


def test_json_still_answers_when_the_prefix_was_changed_and_sets_it_right() -> None:
    with VirtualPrinter() as printer, plain(printer.port) as line, plain(printer.json_port) as config:
        line.sendall(b"^XA^CC+^XZ~CT!" + LABELS[0] + b"!HD")
        answer = b""
        while not answer.endswith(b"\x03"):
            answer += line.recv(4096)
        assert b"COMMAND PFX = ! : FORMAT PFX = + : DELIMITER = ," in answer
        assert printer.printed == 0
        assert ask(config, {"zpl.caret": "^", "zpl.control_character": "~"}) == {
            "zpl.caret": "^",
            "zpl.control_character": "~",
        }


def test_device_host_status_gets_no_answer_in_a_fault() -> None:
    with VirtualPrinter() as printer, plain(printer.json_port) as line:
        printer.open_head()
        line.sendall(b'{}{"device.host_status":null}')
        assert ask(line, {"head.latch": None}) == {"head.latch": "open"}


def test_user_label_counts_can_be_set_back_and_the_total_cannot() -> None:
    with VirtualPrinter(odometer=100) as printer, plain(printer.port) as line, plain(printer.json_port) as config:
        line.sendall(JOB)
        assert printer.wait_for_labels(3, WAIT)
        assert ask(config, {"odometer.user_label_count1": None}) == {"odometer.user_label_count1": "103"}
        ask(config, {"odometer.user_label_count1": "0", "odometer.total_label_count": "0"})
        asked = {"odometer.user_label_count1": None, "odometer.total_label_count": None}
        assert ask(config, asked) == {"odometer.user_label_count1": "0", "odometer.total_label_count": "103"}


def test_a_printer_may_end_each_connection_of_json_after_its_answer() -> None:
    with VirtualPrinter(closes_json=True) as printer, plain(printer.json_port) as line:
        ask(line, {"zpl.caret": None})
        assert line.recv(1) == b""


def test_the_port_for_one_connection_refuses_a_second_one_and_the_others_stay_open() -> None:
    with VirtualPrinter(single_port=0) as printer:
        with plain(printer.ports["single"]) as first:
            first.sendall(LABELS[0])
            assert printer.wait_for_labels(1, WAIT)
            with plain(printer.ports["single"]) as second:
                assert second.recv(1) == b""
            with plain(printer.json_port) as line:
                assert ask(line, {"zpl.caret": None}) == {"zpl.caret": "^"}
            first.sendall(LABELS[1])
            assert printer.wait_for_labels(2, WAIT)
        assert printer.wait_for(lambda state: not state.connections, WAIT)
        with plain(printer.ports["single"]) as third:
            third.sendall(LABELS[2])
            assert printer.wait_for_labels(3, WAIT)


def test_the_port_for_one_connection_takes_another_when_the_first_was_idle_for_180_seconds() -> None:
    with VirtualPrinter(single_port=0) as printer, plain(printer.ports["single"]) as first:
        assert printer.wait_for(lambda state: state.connections == 1, WAIT)
        port: Port = printer._ports["single"]
        assert port.single == 180
        port.single = 0.0
        with plain(printer.ports["single"]) as second:
            second.sendall(LABELS[0])
            assert printer.wait_for_labels(1, WAIT)
        assert first.recv(1) == b""


def test_all_ports_stay_the_same_over_a_power_cycle(tmp_path: Path) -> None:
    with VirtualPrinter(tls_port=0, tls_json_port=0, single_port=0) as printer:
        before = printer.ports
        printer.power_off()
        for port in before.values():
            with pytest.raises(ConnectionRefusedError):
                plain(port)
        printer.power_on()
        assert printer.ports == before
        for port in before.values():
            plain(port).close()
