"""Certified printers on the network, and those that lie: another, too much, nothing, or the wrong thing."""

from __future__ import annotations

import time

import pytest

from labelsvc.domain.profiles import Profile
from labelsvc.domain.readings import Reading
from labelsvc.printers.confirming import ConfirmingTcp
from labelsvc.printers.dialing import Dial
from labelsvc.printers.transport import LinkLost, NotReady, SendFailed, Unfit
from labelsvc.printers.virtual import VirtualPrinter

PROFILE = Profile("ZD621-203dpi", "V84.20.23Z", "VIRTUAL00001", "movement", "late", counter_survives=True, uptime=True)
LABEL = b"^XA^FO20,20^A0N,30,30^FN1^FDA0001^FS^FH_^HV1,64,K:,_0D_0A,L^FS^PQ1^XZ\n"


def to(printer: VirtualPrinter, profile: Profile = PROFILE, **options: float) -> ConfirmingTcp:
    config = Dial("127.0.0.1", printer.json_port) if profile.counter else None
    patience = {"answer_seconds": 0.3, "stall_seconds": 0.5, **options}
    return ConfirmingTcp(Dial("127.0.0.1", printer.port), config, 8, profile, **patience)


def opened(printer: VirtualPrinter, profile: Profile = PROFILE) -> ConfirmingTcp:
    transport = to(printer, profile)
    transport.open(at_rest=True)
    return transport


def refused(printer: VirtualPrinter, profile: Profile = PROFILE) -> Unfit:
    with pytest.raises(Unfit) as error:
        to(printer, profile).open(at_rest=True)
    assert printer.wait_for(lambda state: not state.connections, timeout=5)
    return error.value


def not_ready(printer: VirtualPrinter, profile: Profile = PROFILE) -> NotReady:
    with pytest.raises(NotReady) as error:
        to(printer, profile).open(at_rest=True)
    return error.value


def heard(transport: ConfirmingTcp, count: int) -> list[str]:
    texts: list[str] = []
    deadline = time.monotonic() + 5
    while len(texts) < count and time.monotonic() < deadline:
        texts += transport.listen(0.2)
    return texts


def listen_for_ever(transport: ConfirmingTcp) -> None:
    while True:
        transport.listen(0.5)


def test_labels_are_echoed_and_counted() -> None:
    with VirtualPrinter(odometer=31_084, on_for=100) as printer:
        transport = opened(printer)
        before = transport.read()
        assert before is not None
        assert (before.unique_id, before.counter, before.reasons, before.busy) == ("VIRTUAL00001", 31_084, (), False)
        assert before.uptime is not None
        assert 100 <= before.uptime < 160
        transport.send([LABEL, LABEL.replace(b"A0001", b"A0002")])
        assert heard(transport, 2) == ["A0001", "A0002"]
        after = transport.read()
        assert after is not None
        assert after.counter == 31_086
        assert transport.close() is None


def test_a_printer_that_closes_its_json_port_after_each_answer_is_asked_again() -> None:
    with VirtualPrinter(closes_json=True) as printer:
        transport = opened(printer)
        assert [transport.read() is not None for _ in range(3)] == [True] * 3
        transport.abandon()


def test_a_printer_without_a_json_port_is_asked_between_its_labels() -> None:
    profile = Profile("ZD621-203dpi", "V84.20.23Z", echo="movement")
    with VirtualPrinter() as printer:
        transport = opened(printer, profile)
        assert transport.read() == Reading(busy=False)
        transport.send([LABEL])
        assert heard(transport, 1) == ["A0001"]
        printer.pause()
        assert transport.read() == Reading(reasons=("paused",), busy=False)
        printer.open_head()
        assert transport.read() is None  # silence on a live link
        transport.abandon()


def test_another_printer_at_the_address_gets_nothing() -> None:
    with VirtualPrinter(unique_id="OTHER") as printer:
        error = refused(printer)
        assert error.reasons == ("printer-stopped", "x-identity-changed")
        assert error.identity == "OTHER"
        assert error.message == "Expected the printer VIRTUAL00001, got OTHER at its address."
        assert printer.printed == 0


@pytest.mark.parametrize("traits", [{"model": "ZT411-203dpi"}, {"firmware": "V84.20.24Z"}])
def test_another_model_or_firmware_than_certified_gets_nothing(traits: dict[str, str]) -> None:
    with VirtualPrinter(**traits) as printer:
        assert "certify it again" in refused(printer).message


def test_a_printer_that_becomes_another_is_a_lost_link() -> None:
    with VirtualPrinter() as printer:
        transport = opened(printer)
        printer.set_variable("device.unique_id", "OTHER")
        with pytest.raises(LinkLost):
            transport.read()
        transport.abandon()


@pytest.mark.parametrize("command", [b"^XA^CC+^XZ", b"~CT+", b"^XA^CD;^XZ"])
def test_a_printer_with_other_prefixes_gets_nothing(command: bytes) -> None:
    with VirtualPrinter() as printer:
        first = to(printer, Profile(echo="movement", counter="late"))
        first.open(at_rest=True)
        first.send([command])
        first.close()
        assert printer.wait_for(lambda state: not state.connections, timeout=5)
        # The command prefix is what ~HI is asked by: then there is no answer at all.
        if command.startswith(b"~"):
            assert not_ready(printer).reasons == ("timed-out",)
        else:
            assert "x-prefix-changed" in refused(printer).reasons


def test_a_printer_that_could_reprint_unseen_gets_nothing() -> None:
    with VirtualPrinter() as printer:
        printer.set_variable("ezpl.reprint_mode", "on")
        assert "Harden it" in refused(printer).message


@pytest.mark.parametrize("silent", [True, False])
def test_a_fault_is_told_by_its_name(silent: bool) -> None:
    with VirtualPrinter(silent_on_fault=silent) as printer:
        printer.open_head()
        assert not_ready(printer).reasons == ("cover-open",)
        printer.close_head()
        opened(printer).abandon()


def test_a_printer_with_labels_of_others_in_it_is_not_ready() -> None:
    with VirtualPrinter(label_seconds=0.5) as printer:
        printer.foreign_job(3)
        assert not_ready(printer).reasons == ("x-not-at-rest",)


def test_a_printer_that_takes_a_connection_and_closes_it_is_not_ready() -> None:
    with VirtualPrinter() as printer:
        printer.turn_away()
        assert not_ready(printer).reasons == ("connecting-to-device",)


def test_a_printer_that_reads_nothing_is_not_ready() -> None:
    with VirtualPrinter() as printer:
        printer.ignore()
        assert not_ready(printer).reasons == ("timed-out",)


def test_a_printer_that_stops_reading_fails_the_labels_after_some_bytes() -> None:
    with VirtualPrinter(window_bytes=2_048) as printer:
        transport = opened(printer)
        printer.ignore()
        with pytest.raises(SendFailed) as error:
            transport.send([LABEL] * 100_000)
        assert 0 < error.value.handed_over < 100_000 * len(LABEL)
        transport.abandon()


def test_a_printer_that_never_stops_talking_is_given_up_soon() -> None:
    with VirtualPrinter() as printer:
        transport = opened(printer)
        printer.babble(1_000_000_000)
        with pytest.raises(LinkLost, match="at most 262144 bytes"):
            listen_for_ever(transport)
        transport.abandon()


@pytest.mark.parametrize("kind", ["rst", "fin"])
def test_a_connection_that_ends_is_noticed_while_listening(kind) -> None:
    with VirtualPrinter() as printer:
        transport = opened(printer)
        printer.drop_after(1, kind)
        transport.send([LABEL])
        with pytest.raises(LinkLost):
            listen_for_ever(transport)
        transport.abandon()


def test_a_json_port_that_went_away_is_a_lost_link() -> None:
    with VirtualPrinter() as printer:
        transport = opened(printer)
        printer.power_off()
        with pytest.raises(LinkLost):
            transport.read()
        with pytest.raises(SendFailed) as error:
            transport.send([LABEL])
        assert error.value.handed_over == 0
        transport.abandon()


def test_a_label_that_a_fault_tears_is_treated_as_certified() -> None:
    for again in (True, False):
        profile = Profile("ZD621-203dpi", "V84.20.23Z", "VIRTUAL00001", "movement", "late", reprints_partial=again)
        with VirtualPrinter(label_seconds=0.2) as printer:
            transport = opened(printer, profile)
            transport.send([LABEL])
            assert printer.wait_for(lambda state: state.labels_left > 0, timeout=5)
            printer.open_head()
            printer.close_head()
            assert printer.wait_for_labels(1, timeout=1) is again
            assert [piece.torn for piece in printer.pieces] == [True, False][: 1 + again]
            transport.abandon()
