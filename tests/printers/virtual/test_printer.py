"""The virtual printer over TCP: what it answers, what it prints, how it fails."""

from __future__ import annotations

import contextlib
import csv
import re
import shutil
import signal
import socket
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from labelsvc.errors import Conflict, Unavailable
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printers.virtual.line import DropKind

WAIT = 20.0  # seconds; never reached when all is well
LABELS = [b"^XA^FO10,10^FDlabel %d^FS^XZ" % number for number in range(3)]
JOB = b"\n".join(LABELS)


def connect(printer: VirtualPrinter) -> socket.socket:
    return socket.create_connection(("127.0.0.1", printer.port), timeout=WAIT)


def send(printer: VirtualPrinter, data: bytes) -> None:
    with connect(printer) as line:
        line.sendall(data)


def read(line: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = line.recv(count - len(data))
        assert piece, f"hung up after {data!r}"
        data += piece
    return data


def ask(printer: VirtualPrinter, data: bytes, end: bytes) -> bytes:
    """Send a question and read up to the end of its answer."""
    with connect(printer) as line:
        line.sendall(data)
        answer = b""
        while not answer.endswith(end):
            answer += read(line, 1)
        return answer


def status(printer: VirtualPrinter, before: bytes = b"") -> list[list[str]]:
    """Send `before` and ~HS on one connection; gives the fields of the three strings."""
    with connect(printer) as line:
        line.sendall(before + b"~HS")
        answer = read(line, 82)
    frames = re.fullmatch(rb"\x02([^\x02\x03]*)\x03\r\n\x02([^\x02\x03]*)\x03\r\n\x02([^\x02\x03]*)\x03\r\n", answer)
    assert frames, answer
    return [frame.decode("ascii").split(",") for frame in frames.groups()]


def test_hs_answers_three_frames_with_the_fields_and_widths_of_the_guide() -> None:
    with VirtualPrinter() as printer:
        first, second, third = status(printer)
    # aaa,b,c,dddd,eee,f,g,h,iii,j,k,l  mmm,n,o,p,q,r,s,t,uuuuuuuu,v,www  xxxx,y
    assert [len(value) for value in first] == [3, 1, 1, 4, 3, 1, 1, 1, 3, 1, 1, 1]
    assert [len(value) for value in second] == [3, 1, 1, 1, 1, 1, 1, 1, 8, 1, 3]
    assert [len(value) for value in third] == [4, 1]
    assert len(",".join(first)) == len(",".join(second)) == 32
    assert first[1:3] + first[4:] == ["0", "0", "000", "0", "0", "0", "000", "0", "0", "0"]
    assert second[9] == "1", "v is always 1"


def test_hs_reports_pause_length_formats_partial_format_mode_and_labels_left_in_their_places() -> None:
    with VirtualPrinter() as printer:
        first, second, _ = status(printer, b"^XA^LL406^MMP^FDa^FS^XZ~PP" + JOB + b"^XA^FDhalf")
        assert (first[2], first[3], first[4], first[7]) == ("1", "0406", "003", "1")
        assert (second[5], second[8]) == ("1", "00000000")
    with VirtualPrinter(label_seconds=3600) as printer:
        first, second, _ = status(printer, b"^XA^FDa^FS^PQ7^XZ" + JOB)
        assert (first[4], second[8]) == ("003", "00000007")


@pytest.mark.parametrize("fault", ["media_out", "ribbon_out", "open_head"])
def test_hs_gets_no_answer_during_a_fault_and_the_line_stays_alive(fault: str) -> None:
    with VirtualPrinter() as printer:
        getattr(printer, fault)()
        hi = b"\x02ZD621-203dpi,V84.20.23Z,8,8176KB,X\x03"
        assert ask(printer, b"~HS~HI", b"\x03") == hi


def test_a_printer_that_talks_during_faults_sets_paper_out_head_up_and_ribbon_out_in_their_places() -> None:
    with VirtualPrinter(silent_on_fault=False) as printer:
        printer.media_out()
        assert [frame[1:4] for frame in status(printer)[:2]] == [["1", "0", "1200"], ["0", "0", "0"]]
        printer.load_media()
        printer.open_head()
        assert [frame[1:4] for frame in status(printer)[:2]] == [["0", "0", "1200"], ["0", "1", "0"]]
        printer.close_head()
        printer.ribbon_out()
        assert [frame[1:4] for frame in status(printer)[:2]] == [["0", "0", "1200"], ["0", "0", "1"]]


def test_hi_tells_model_firmware_dots_per_mm_and_memory() -> None:
    with VirtualPrinter(model="ZT411-300dpi", dpmm=12, memory_kb=512) as printer:
        assert ask(printer, b"~HI", b"\x03") == b"\x02ZT411-300dpi,V84.20.23Z,12,0512KB,X\x03"


def test_hqes_adds_up_media_out_and_head_open_to_5() -> None:
    with VirtualPrinter() as printer:
        printer.media_out()
        printer.open_head()
        answer = ask(printer, b"~HQES", b"\x03")
    assert answer == b"\x02\r\nPRINTER STATUS\r\nERRORS: 1 00000000 00000005\r\nWARNINGS: 0 00000000 00000000\x03"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("device.unique_id", "VIRTUAL00001"),
        ("device.host_identification", "ZD621-203dpi,V84.20.23Z,8,8176KB,X"),
        ("odometer.total_label_count", "31087"),
        ("zpl.caret", "^"),
        ("zpl.control_character", "~"),
        ("zpl.delimiter", ","),
        ("no.such_thing", "?"),
        ("Zpl.Caret", "?"),
    ],
)
def test_getvar_answers_in_quotes_or_with_a_question_mark(name: str, value: str) -> None:
    with VirtualPrinter(odometer=31084) as printer:
        question = f'! U1 getvar "{name}"\r\n'.encode()
        expected = f'"{value}"'.encode()
        assert ask(printer, JOB + question, expected[-2:]) == expected


def test_getvar_tells_pause_and_head_open_as_the_guide_does() -> None:
    with VirtualPrinter() as printer:
        printer.pause()
        printer.open_head()
        answer = ask(printer, b'! U1 getvar "zpl.system_status" ', b'0"')
    assert answer == b'"1,1,00000000,00000004,0,00000000,00000000"'


def test_getvar_tells_the_uptime_and_a_power_cycle_begins_it_anew() -> None:
    with VirtualPrinter() as printer:
        answer = ask(printer, b'! U1 getvar "device.uptime"\r\n', b'secs"')
        assert re.fullmatch(rb'"00 days 00 hours 00 mins \d\d secs"', answer)


def test_an_old_printer_does_not_know_sgd() -> None:
    with VirtualPrinter(answers_sgd=False) as printer:
        assert ask(printer, b'! U1 getvar "zpl.caret"\r\n~HI', b"\x03").startswith(b"\x02ZD621")


def test_a_job_is_printed_byte_for_byte_in_its_order_with_numbers_and_times() -> None:
    with VirtualPrinter() as printer:
        send(printer, JOB)
        assert printer.wait_for_labels(3, WAIT)
        assert printer.labels == LABELS
        assert [(label.number, label.job, label.offset) for label in printer.records] == [
            (1, 1, 0),
            (2, 1, len(LABELS[0]) + 1),
            (3, 1, 2 * (len(LABELS[0]) + 1)),
        ]
        assert printer.records[0].time <= printer.records[2].time


def test_a_job_that_comes_byte_by_byte_is_the_same_job() -> None:
    with VirtualPrinter() as printer, connect(printer) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(len(JOB)):
            line.sendall(JOB[at : at + 1])
            assert printer.wait_for(lambda state, at=at: state.received == at + 1, WAIT)  # type: ignore[misc]
        assert printer.labels == LABELS


def test_pq3_makes_three_labels_of_one_format() -> None:
    with VirtualPrinter() as printer:
        send(printer, b"^XA^FDa^FS^PQ3^XZ")
        assert printer.wait_for_labels(3, WAIT)
        assert printer.labels == [b"^XA^FDa^FS^PQ3^XZ"] * 3
        assert [(label.copy, label.quantity) for label in printer.records] == [(1, 3), (2, 3), (3, 3)]
        assert printer.state().odometer == 3


def test_labels_beyond_those_kept_are_counted() -> None:
    with VirtualPrinter(keep_labels=2) as printer:
        send(printer, JOB)
        assert printer.wait_for_labels(3, WAIT)
        assert (printer.labels, printer.printed) == (LABELS[1:], 3)


def test_a_changed_prefix_hits_later_jobs_until_the_power_is_cycled() -> None:
    with VirtualPrinter() as printer:
        send(printer, b"^XA^CC++XZ")
        send(printer, LABELS[0])
        assert ask(printer, b'! U1 getvar "zpl.caret"\r\n', b'"+"') == b'"+"'
        assert printer.printed == 0
        printer.power_off()
        printer.power_on()
        send(printer, LABELS[0])
        assert printer.wait_for_labels(1, WAIT)


def test_ja_cancels_what_was_received_before_it_and_nothing_behind_it() -> None:
    with VirtualPrinter() as printer:
        printer.pause()
        send(printer, LABELS[0] + LABELS[1] + b"^XA^FDhalf~JA" + LABELS[2])
        assert printer.wait_for(lambda state: state.formats_waiting == 1 and not state.connections, WAIT)
        printer.resume()
        assert printer.wait_for_labels(1, WAIT)
        assert printer.labels == [LABELS[2]]


def test_jp_pauses_and_cancels_the_oldest_format_and_ps_goes_on() -> None:
    with VirtualPrinter() as printer:
        first, _, _ = status(printer, b"~PP" + JOB + b"~JP")
        assert (first[2], first[4]) == ("1", "002")
        send(printer, b"~PS")
        assert printer.wait_for_labels(2, WAIT)
        assert printer.labels == LABELS[1:]


def test_half_a_format_stays_open_when_its_connection_ends_until_jx() -> None:
    with VirtualPrinter() as printer:
        send(printer, b"^XA^FDhalf")
        assert printer.wait_for(lambda state: state.partial and not state.connections, WAIT)
        send(printer, b"~JX" + LABELS[0])
        assert printer.wait_for_labels(1, WAIT)
        assert printer.labels == [LABELS[0]]


def test_half_a_format_swallows_the_next_label_when_nobody_cancels_it() -> None:
    with VirtualPrinter() as printer:
        send(printer, b"^XA^FDhalf")
        assert printer.wait_for(lambda state: state.partial and not state.connections, WAIT)
        send(printer, LABELS[0])
        assert printer.wait_for_labels(1, WAIT)
        assert printer.labels == [b"^XA^FDhalf" + LABELS[0]]
        assert [(label.job, label.offset) for label in printer.records] == [(2, None)]


def test_a_forgiving_printer_drops_half_a_format_with_its_connection() -> None:
    with VirtualPrinter(keeps_partial=False) as printer:
        send(printer, b"^XA^FDhalf^")
        assert printer.wait_for(lambda state: bool(state.received) and not state.connections, WAIT)
        send(printer, LABELS[0])
        assert printer.wait_for_labels(1, WAIT)
        assert printer.labels == [LABELS[0]]


@pytest.mark.parametrize("fault", ["media_out", "ribbon_out", "open_head", "pause"])
def test_a_stalled_printer_keeps_what_it_received_and_prints_it_afterwards(fault: str) -> None:
    repair = {"media_out": "load_media", "ribbon_out": "load_ribbon", "open_head": "close_head", "pause": "resume"}
    with VirtualPrinter() as printer:
        getattr(printer, fault)()
        send(printer, JOB)
        assert printer.wait_for(lambda state: state.formats_waiting == 3, WAIT)
        assert printer.printed == 0
        getattr(printer, repair[fault])()
        assert printer.wait_for_labels(3, WAIT)
        assert printer.labels == LABELS


def test_a_roll_that_ends_in_the_job_stops_it_there() -> None:
    with VirtualPrinter() as printer:
        printer.load_media(2)
        send(printer, JOB)
        assert printer.wait_for(lambda state: state.media_out and state.formats_waiting == 1, WAIT)
        assert printer.labels == LABELS[:2]
        printer.load_media()
        assert printer.wait_for_labels(3, WAIT)


def test_a_full_receive_buffer_stops_the_reading_and_nothing_is_lost_when_it_goes_on() -> None:
    labels = [b"^XA^FD%06d %s^FS^XZ" % (number, b"x" * 500) for number in range(2_000)]
    job = b"".join(labels)
    with VirtualPrinter(buffer_bytes=4_096, window_bytes=2_048) as printer, connect(printer) as line:
        printer.pause()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        line.setblocking(False)
        sent = 0

        def push() -> int:
            nonlocal sent
            with contextlib.suppress(BlockingIOError):
                while sent < len(job):
                    sent += line.send(job[sent : sent + 2_048])
            return sent

        def full_and_stuck() -> bool:
            return sent == push() and printer.state().received == 4_096

        assert printer.wait_for(lambda _: full_and_stuck(), WAIT)
        assert sent < len(job) // 4, "the rest is still with the sender"
        assert printer.state().buffered <= 4_096
        printer.resume()
        assert printer.wait_for(lambda _: push() == len(job), WAIT)
        assert printer.wait_for_labels(len(labels), WAIT)
        assert printer.labels == labels


def test_a_single_format_larger_than_the_receive_buffer_is_printed() -> None:
    label = b"^XA^FD" + b"x" * 100_000 + b"^FS^XZ"
    with VirtualPrinter(buffer_bytes=1_000) as printer:
        send(printer, label + LABELS[0])
        assert printer.wait_for_labels(2, WAIT)
        assert printer.labels == [label, LABELS[0]]


def drop(printer: VirtualPrinter, count: int, kind: DropKind) -> None:
    """Send the job with a drop after `count` bytes and wait until the printer has hung up."""
    printer.drop_after(count, kind)
    with contextlib.suppress(ConnectionError), connect(printer) as line:
        line.sendall(JOB)
        assert line.recv(1) == b""


@pytest.mark.parametrize("kind", ["rst", "fin"])
def test_a_drop_after_byte_n_prints_exactly_the_formats_complete_within_the_first_n_bytes(kind: DropKind) -> None:
    ends = [JOB.index(label) + len(label) for label in LABELS]
    for count in range(len(JOB) + 1):
        with VirtualPrinter(keeps_partial=False) as printer:
            drop(printer, count, kind)
            assert printer.state().received == count
            complete = sum(end <= count for end in ends)
            assert printer.labels == LABELS[:complete]
            send(printer, LABELS[0])
            assert printer.wait_for_labels(complete + 1, WAIT), "the drop happens once"


def test_power_off_loses_the_buffer_and_resets_the_line_and_the_port_stays_the_same() -> None:
    with VirtualPrinter() as printer, connect(printer) as line:
        line.sendall(LABELS[0])
        assert printer.wait_for_labels(1, WAIT)
        printer.pause()
        line.sendall(LABELS[1] + b"^XA^FDhalf")
        assert printer.wait_for(lambda state: state.partial, WAIT)
        printer.power_off()
        with pytest.raises(ConnectionResetError):
            line.recv(1)
        with pytest.raises(ConnectionRefusedError):
            connect(printer)
        printer.power_on()
        send(printer, LABELS[2])
        assert printer.wait_for_labels(2, WAIT)
        assert printer.labels == [LABELS[0], LABELS[2]]
        assert printer.state().odometer == 2


def test_refused_connections_leave_the_open_one_alone() -> None:
    with VirtualPrinter() as printer, connect(printer) as line:
        assert printer.wait_for(lambda state: state.connections == 1, WAIT)
        printer.refuse_connections()
        with pytest.raises(ConnectionRefusedError):
            connect(printer)
        line.sendall(LABELS[0])
        assert printer.wait_for_labels(1, WAIT)
        printer.accept_connections()
        line.close()
        send(printer, LABELS[1])
        assert printer.wait_for_labels(2, WAIT)


def test_the_connection_that_came_first_has_the_parser_until_it_closes() -> None:
    with VirtualPrinter() as printer, connect(printer) as first:
        assert printer.wait_for(lambda state: state.connections == 1, WAIT)
        with connect(printer) as second:
            second.sendall(LABELS[1])
            assert printer.wait_for(lambda state: state.connections == 2, WAIT)
            first.sendall(LABELS[0])
            assert printer.wait_for_labels(1, WAIT)
            assert printer.labels == LABELS[:1]
            first.close()
            assert printer.wait_for_labels(2, WAIT)
            assert printer.labels == LABELS[:2]


def test_one_connection_too_many_is_closed_at_once() -> None:
    with VirtualPrinter(max_connections=1) as printer, connect(printer), connect(printer) as second:
        assert second.recv(1) == b""


def test_slow_reading_loses_nothing() -> None:
    with VirtualPrinter(window_bytes=2_048) as printer:
        printer.read_slowly(7, 0.001)
        send(printer, JOB)
        assert printer.wait_for_labels(3, WAIT)
        assert printer.labels == LABELS
        printer.read_fast()


def test_a_client_that_does_not_read_its_answers_is_not_read_either() -> None:
    with VirtualPrinter(window_bytes=2_048) as printer, connect(printer) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        line.setblocking(False)
        sent = 0
        with contextlib.suppress(BlockingIOError):
            while sent < 64_000_000:
                sent += line.send(b"~HI" * 1_000)
        assert sent < 64_000_000
        assert printer.state().connections == 1


def test_the_output_directory_holds_every_connection_s_bytes_and_an_index_of_the_labels(tmp_path: Path) -> None:
    output = tmp_path / "received"
    first, second = b"~HS\r\n" + JOB + b"\r\n~HI", LABELS[2] + b"^XA^FDhalf"
    with VirtualPrinter(output=output) as printer:
        ask(printer, first, b"X\x03")
        ask(printer, b"~HI", b"\x03")
        send(printer, second)
        assert printer.wait_for(lambda state: state.partial and not state.connections, WAIT)
    with VirtualPrinter(output=output) as printer:
        send(printer, b"^XA^FDa^FS^PQ2^XZ")
        assert printer.wait_for_labels(2, WAIT)
    jobs = {path.name: path.read_bytes() for path in output.glob("job-*")}
    assert jobs == {"job-0001.zpl": first, "job-0002.zpl": second, "job-0003.zpl": b"^XA^FDa^FS^PQ2^XZ"}
    with (output / "labels.csv").open(newline="") as index:
        rows = list(csv.DictReader(index))
    assert [(row["number"], row["job"], row["copy"], row["quantity"]) for row in rows] == [
        *(("1", "1", "1", "1"), ("2", "1", "1", "1"), ("3", "1", "1", "1")),
        *(("4", "2", "1", "1"), ("1", "3", "1", "2"), ("2", "3", "2", "2")),
    ]
    for row in rows:
        start = int(row["offset"])
        data = jobs[f"job-{int(row['job']):04}.zpl"][start : start + int(row["bytes"])]
        assert sha256(data).hexdigest() == row["sha256"]
        assert data.endswith(b"^XZ")


def test_a_printer_that_cannot_write_its_output_dies_and_says_so(tmp_path: Path) -> None:
    printer = VirtualPrinter(output=tmp_path / "received").start()
    shutil.rmtree(tmp_path / "received")
    send(printer, JOB)
    with pytest.raises(FileNotFoundError):
        printer.wait_for_labels(1, WAIT)
    with pytest.raises(FileNotFoundError):
        printer.state()
    with pytest.raises(FileNotFoundError):
        printer.close()


def test_a_taken_port_is_said_in_one_sentence() -> None:
    with VirtualPrinter() as printer, pytest.raises(Unavailable, match=r"^Expected to listen on 127\.0\.0\.1:\d+ "):
        VirtualPrinter(port=printer.port).start()


def test_a_closed_printer_is_off() -> None:
    with VirtualPrinter() as printer:
        uri = printer.uri
    assert re.fullmatch(r"tcp://127\.0\.0\.1:\d+", uri)
    with pytest.raises(Conflict, match="switched on"):
        printer.media_out()
    with pytest.raises(Conflict, match="never started"):
        printer.start()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_prints_what_it_received_before_it_ends_on_a_signal(number: int, tmp_path: Path) -> None:
    program = (
        "import signal, sys, pathlib; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from labelsvc.printers.virtual import serve; "
        "serve('127.0.0.1', 0, pathlib.Path(sys.argv[1]), dpmm=8, label_seconds=0.02, "
        "ready=lambda printer: print(printer.port, flush=True))"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            with socket.create_connection(("127.0.0.1", port), timeout=WAIT) as line:
                line.sendall(JOB * 10 + b"~HI")
                read(line, 3)
                process.send_signal(number)
            assert process.wait(WAIT) == 0
        finally:
            process.kill()
    assert (tmp_path / "job-0001.zpl").read_bytes() == JOB * 10 + b"~HI"
    assert len((tmp_path / "labels.csv").read_text().splitlines()) == 1 + 30
