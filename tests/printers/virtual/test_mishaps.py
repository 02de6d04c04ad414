"""What happens to a virtual printer at an exact label, byte or moment, and what then has physically come out."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from labelsvc.errors import Conflict
from labelsvc.printers.virtual import Fleet, Personality, VirtualPrinter

WAIT = 20.0  # seconds; never reached when all is well


def label(number: int) -> bytes:
    """One label as a host sends it that wants to hear of each."""
    return b"^XA^FO20,20^BCN,80,N,N,N,N^FH_^FD>:SN%03d^FS^FN1^FDSN%03d^FS^FH_^HV1,64,K:,_0D_0A,L^FS^PQ1^XZ" % (
        number,
        number,
    )


def job(count: int) -> bytes:
    return b"".join(label(number) for number in range(1, count + 1))


def connect(printer: VirtualPrinter) -> socket.socket:
    return socket.create_connection(("127.0.0.1", printer.port), timeout=WAIT)


def lines(line: socket.socket, count: int) -> list[bytes]:
    data = b""
    while data.count(b"\r\n") < count:
        piece = line.recv(4096)
        assert piece, data
        data += piece
    return data.split(b"\r\n")[:-1]


def count_of(printer: VirtualPrinter) -> int:
    return printer.state().odometer


def pieces(printer: VirtualPrinter) -> list[str]:
    """SN001, SN002 torn, SN002 again, ..."""
    said = []
    for piece in printer.pieces:
        what = piece.payloads[0] if piece.payloads else piece.source
        said.append(
            what
            + " torn" * piece.torn
            + " again" * (piece.again and piece.whole)
            + " panel" * (piece.source == "panel")
        )
    return said


@pytest.mark.parametrize(
    ("fault", "repair"),
    [("open_head", "close_head"), ("media_out", "load_media"), ("ribbon_out", "load_ribbon")],
)
def test_a_fault_tears_the_label_that_moves_and_jz_prints_it_once_more(fault: str, repair: str) -> None:
    with VirtualPrinter() as printer, connect(printer) as line:
        printer.at_label(2, lambda one: getattr(one, fault)())
        line.sendall(job(3))
        assert lines(line, 1) == [b"K:SN001"]
        assert printer.wait_for(lambda state: state.spoiled == 1, WAIT)
        assert printer.printed == 1
        getattr(printer, repair)()
        assert lines(line, 2) == [b"K:SN002", b"K:SN003"]
        assert pieces(printer) == ["SN001", "SN002 torn", "SN002 again", "SN003"]
        assert count_of(printer) == 3


def test_after_jzn_the_torn_label_is_lost() -> None:
    with VirtualPrinter() as printer, connect(printer) as line:
        printer.at_label(2, VirtualPrinter.open_head)
        line.sendall(b"^XA^JZN^XZ" + job(3))
        assert printer.wait_for(lambda state: state.spoiled == 1, WAIT)
        printer.close_head()
        assert lines(line, 2) == [b"K:SN001", b"K:SN003"]
        assert pieces(printer) == ["SN001", "SN002 torn", "SN003"]


@pytest.mark.parametrize(
    ("traits", "at_fault", "at_end"),
    [
        ({"counts": "late"}, 1, 3),
        ({"counts": "late", "counts_torn": True}, 2, 4),
        ({"counts": "early"}, 2, 4),
        ({"counts": "early", "counts_again": False}, 2, 3),
        ({"counts": "image"}, 3, 3),
    ],
)
def test_what_the_odometer_counts_is_a_matter_of_the_personality(traits: dict, at_fault: int, at_end: int) -> None:
    with VirtualPrinter(**traits) as printer, connect(printer) as line:
        printer.at_label(2, VirtualPrinter.open_head)
        line.sendall(job(3))
        assert printer.wait_for(lambda state: state.spoiled == 1, WAIT)
        assert printer.wait_for(lambda state: state.formats_waiting == 1, WAIT)
        assert count_of(printer) == at_fault
        printer.close_head()
        assert printer.wait_for_labels(3, WAIT)
        assert count_of(printer) == at_end


def test_a_power_cut_loses_the_buffer_and_with_it_the_torn_label() -> None:
    with VirtualPrinter(on_for=100_000) as printer, connect(printer) as line:
        printer.at_label(2, VirtualPrinter.power_cycle)
        line.sendall(job(5))
        with suppress(ConnectionError):
            assert lines(line, 1) == [b"K:SN001"]
            line.recv(1)
        assert printer.wait_for(lambda state: state.powered, WAIT)
        with connect(printer) as again:
            again.sendall(label(9))
            assert lines(again, 1) == [b"K:SN009"]
        assert pieces(printer) == ["SN001", "SN002 torn", "SN009"]
        assert count_of(printer) == 2


def test_a_count_that_does_not_survive_falls_back_to_that_of_the_power_on() -> None:
    with VirtualPrinter(counter_survives=False, odometer=70) as printer, connect(printer) as line:
        line.sendall(job(3))
        assert printer.wait_for_labels(3, WAIT)
        assert count_of(printer) == 73
        printer.power_cycle()
        assert count_of(printer) == 70


def test_after_a_label_nothing_is_torn() -> None:
    with VirtualPrinter() as printer, connect(printer) as line:
        printer.after_label(2, VirtualPrinter.open_head)
        line.sendall(job(3))
        assert printer.wait_for_labels(2, WAIT)
        assert printer.wait_for(lambda state: state.head_open and state.formats_waiting == 1, WAIT)
        assert (pieces(printer), printer.state().spoiled) == (["SN001", "SN002"], 0)


def test_deeds_happen_at_their_byte_and_the_bytes_behind_are_not_looked_at_before() -> None:
    whole = job(2)
    for number in range(1, len(whole) + 1, 7):
        seen: list[int] = []
        with VirtualPrinter() as printer, connect(printer) as line:
            printer.at_byte(number, lambda one, seen=seen: seen.append(one.state().received))
            line.sendall(whole)
            assert printer.wait_for_labels(2, WAIT)
            assert seen == [number]
            assert printer.pending == 0


def test_deeds_happen_in_their_time_and_can_be_forgotten() -> None:
    with VirtualPrinter() as printer:
        printer.after(0.02, VirtualPrinter.pause)
        assert printer.wait_for(lambda state: state.paused, WAIT)
        printer.after(3600, VirtualPrinter.resume)
        printer.at_label(5, VirtualPrinter.open_head)
        printer.drop_after(100)
        assert printer.pending == 3
        printer.forget_deeds()
        assert printer.pending == 0


def test_a_deed_that_fails_is_told_to_who_uses_the_printer_next() -> None:
    printer = VirtualPrinter().start()
    printer.after(0, lambda one: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        printer.wait_for(lambda state: False, WAIT)
    with pytest.raises(ZeroDivisionError):
        printer.close()


def test_a_foreign_job_is_counted_echoes_to_nobody_and_is_not_ours() -> None:
    with VirtualPrinter() as printer, connect(printer) as line:
        printer.after_label(1, lambda one: one.foreign_job(2))
        line.sendall(job(2))
        assert lines(line, 2) == [b"K:SN001", b"K:SN002"]
        assert printer.wait_for_labels(4, WAIT)
        assert sorted(piece.source for piece in printer.pieces) == ["foreign", "foreign", "host", "host"]
        assert (count_of(printer), sum(piece.ours for piece in printer.pieces)) == (4, 2)


def test_a_reprint_at_the_panel_needs_reprint_mode_and_only_the_odometer_tells_of_it() -> None:
    with VirtualPrinter() as printer, connect(printer) as line:
        line.sendall(job(1))
        assert lines(line, 1) == [b"K:SN001"]
        assert not printer.press_reprint()
        line.sendall(b'! U1 setvar "ezpl.reprint_mode" "on"\r\n! U1 getvar "ezpl.reprint_mode"\r\n')
        assert line.recv(4) == b'"on"'
        assert printer.press_reprint()
        assert printer.wait_for_labels(2, WAIT)
        assert pieces(printer) == ["SN001", "SN001 panel"]
        assert count_of(printer) == 2
        line.settimeout(0.05)
        with pytest.raises(TimeoutError):
            line.recv(1)


@pytest.mark.parametrize("key", ["cancel", "cancel_all"])
def test_cancel_at_the_panel_loses_what_waits(key: str) -> None:
    with VirtualPrinter() as printer, connect(printer) as line:
        printer.pause()
        line.sendall(job(3))
        assert printer.wait_for(lambda state: state.formats_waiting == 3, WAIT)
        getattr(printer, key)()
        printer.resume()
        line.sendall(label(4))
        expected = ["SN002", "SN003", "SN004"] if key == "cancel" else ["SN004"]
        assert printer.wait_for_labels(len(expected), WAIT)
        assert pieces(printer) == expected


def test_a_blank_that_is_fed_comes_out_and_is_not_counted() -> None:
    with VirtualPrinter() as printer, connect(printer) as line:
        line.sendall(job(1) + b"~PH")
        assert printer.wait_for(lambda _: len(printer.pieces) == 2, WAIT)
        assert (pieces(printer), printer.printed, count_of(printer)) == (["SN001", "feed"], 1, 1)


def test_a_printer_that_calibrates_feeds_blanks_when_the_head_closes_unless_it_is_told_not_to() -> None:
    with VirtualPrinter(calibrates=True) as printer:
        printer.open_head()
        printer.close_head()
        assert [piece.source for piece in printer.pieces] == ["feed", "feed"]
        printer.set_variable("ezpl.head_close_action", "no motion")
        printer.open_head()
        printer.close_head()
        printer.power_cycle()
        assert len(printer.pieces) == 4


def test_an_echo_at_the_image_comes_before_the_label_moves() -> None:
    with VirtualPrinter(echo="image", label_seconds=3600) as printer, connect(printer) as line:
        printer.pause()
        line.sendall(job(2))
        assert lines(line, 2) == [b"K:SN001", b"K:SN002"]
        assert printer.printed == 0


def test_some_printers_echo_a_label_again_that_they_print_again() -> None:
    with VirtualPrinter(echo="image", echoes_again=True) as printer, connect(printer) as line:
        printer.at_label(1, VirtualPrinter.open_head)
        line.sendall(job(1))
        assert lines(line, 1) == [b"K:SN001"]
        assert printer.wait_for(lambda state: state.spoiled == 1, WAIT)
        printer.close_head()
        assert lines(line, 1) == [b"K:SN001"]


def test_hv_with_f_answers_once_a_format_and_with_l_once_a_label() -> None:
    for when, echoes in ((b"F", 1), (b"L", 3)):
        for echo in ("image", "movement"):
            with VirtualPrinter(echo=echo) as printer, connect(printer) as line:
                line.sendall(b"^XA^FN1^FDabc^FS^HV1,2,<,>," + when + b"^FS^PQ3^XZ")
                assert printer.wait_for_labels(3, WAIT)
                line.sendall(b"~HI")
                answer = b""
                while not answer.endswith(b"\x03"):
                    answer += line.recv(4096)
                assert answer.partition(b"\x02")[0] == b"<ab>" * echoes


def test_an_echo_whose_connection_is_gone_is_lost_or_meets_the_next_one() -> None:
    for stale, first in ((False, b"\x02"), (True, b"K")):
        with VirtualPrinter(stale_echoes=stale) as printer:
            printer.pause()
            with connect(printer) as line:
                line.sendall(job(1))
                assert printer.wait_for(lambda state: state.formats_waiting == 1, WAIT)
            assert printer.wait_for(lambda state: not state.connections, WAIT)
            printer.resume()
            assert printer.wait_for_labels(1, WAIT)
            with connect(printer) as line:
                line.sendall(b"~HI")
                assert line.recv(1) == first


def test_a_printer_without_echo_and_count_says_neither() -> None:
    with VirtualPrinter(echo=None, counts=None) as printer, connect(printer) as line:
        line.sendall(job(1) + b'! U1 getvar "odometer.total_label_count"\r\n')
        assert line.recv(100) == b'"?"'


def test_a_hot_head_finishes_its_label_keeps_silent_and_goes_on_when_it_is_cool() -> None:
    with VirtualPrinter() as printer, connect(printer) as line:
        printer.at_label(1, VirtualPrinter.overheat)
        line.sendall(job(2))
        assert lines(line, 1) == [b"K:SN001"]
        line.sendall(b"~HS~HQES")
        answer = b""
        while not answer.endswith(b"\x03"):
            answer += line.recv(4096)
        assert b"ERRORS: 1 00000000 00000010" in answer
        assert answer.count(b"\x02") == 1
        printer.cool_down()
        assert lines(line, 1) == [b"K:SN002"]
        assert pieces(printer) == ["SN001", "SN002"]


def test_some_printers_do_not_obey_ja_in_a_fault() -> None:
    for obeys, out in ((True, ["SN009"]), (False, ["SN001", "SN009"])):
        with VirtualPrinter(cancels_in_fault=obeys) as printer, connect(printer) as line:
            printer.open_head()
            line.sendall(job(1) + b"~JA" + label(9))
            assert printer.wait_for(lambda state, out=out: state.formats_waiting == len(out), WAIT)  # type: ignore[misc]
            printer.close_head()
            assert printer.wait_for_labels(len(out), WAIT)
            assert pieces(printer) == out


def test_a_printer_that_falls_silent_prints_on() -> None:
    with VirtualPrinter() as printer, connect(printer) as line:
        printer.fall_silent()
        line.sendall(b"~HI~HS" + job(1))
        assert printer.wait_for_labels(1, WAIT)
        printer.fall_silent(False)
        line.sendall(b"~HI")
        assert line.recv(4096).startswith(b"\x02ZD621")


def test_a_printer_that_turns_away_ends_each_connection_and_one_that_ignores_reads_nothing() -> None:
    with VirtualPrinter() as printer:
        printer.turn_away()
        with connect(printer) as line:
            assert line.recv(1) == b""
        printer.turn_away(False)
        printer.ignore()
        with connect(printer) as line:
            line.sendall(label(1))
            time.sleep(0.05)
            assert printer.state().received == 0
            printer.ignore(False)
            assert lines(line, 1) == [b"K:SN001"]


def test_noise_comes_in_any_amount_and_costs_the_printer_no_memory() -> None:
    with VirtualPrinter() as printer, connect(printer) as line:
        printer.babble(5_000_000)
        left = 5_000_000
        while left:
            piece = line.recv(min(left, 65_536))
            assert piece == b"#" * len(piece)
            left -= len(piece)


def test_reset_by_command_is_a_power_cycle() -> None:
    for command in (b"~JR", b'! U1 do "device.reset" ""\r\n', b'! U1 setvar "device.reset" "now"\r\n'):
        with VirtualPrinter() as printer, connect(printer) as line:
            printer.pause()
            line.sendall(job(2) + command)
            with pytest.raises(ConnectionResetError):
                line.recv(1)
            assert printer.wait_for(lambda state: state.powered and not state.paused, WAIT)
            assert printer.state().formats_waiting == 0


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with Fleet() as made:
        yield made


def test_many_printers_share_a_thread_and_know_nothing_of_each_other(fleet: Fleet) -> None:
    printers = [fleet.add(unique_id=f"N{number}", label_seconds=0.01) for number in range(20)]
    printers[3].open_head()
    for number, printer in enumerate(printers):
        with connect(printer) as line:
            line.sendall(label(number) * 3)
    for number, printer in enumerate(printers):
        if number != 3:
            assert printer.wait_for_labels(3, WAIT)
            assert pieces(printer) == [f"SN{number:03}"] * 3
    assert printers[3].printed == 0
    printers[5].close()
    with pytest.raises(Conflict, match="switched on"):
        printers[5].state()
    assert printers[6].state().powered


def test_one_that_dies_in_a_fleet_leaves_the_others_alone() -> None:
    fleet = Fleet()
    bad, good = fleet.add(), fleet.add()
    bad.after(0, lambda one: 1 / 0)
    with connect(good) as line:
        line.sendall(label(1))
        assert good.wait_for_labels(1, WAIT)
    with pytest.raises(ZeroDivisionError):
        bad.wait_for(lambda state: False, WAIT)
    with pytest.raises(ZeroDivisionError):
        fleet.close()


def test_a_personality_may_be_given_whole() -> None:
    kind = Personality(counts=None, json_port=False, echo=None, answers_sgd=False)
    with VirtualPrinter(personality=kind) as printer:
        assert printer.ports == {"data": printer.port}
        assert printer.config_uri == printer.uri
