"""Printing through printers that dial in: the two ways of the network over it, and everything that can be lost."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

import pytest

from labelsvc.domain.profiles import NOTHING, Profile
from labelsvc.printers.confirming import ConfirmingTcp
from labelsvc.printers.transport import LinkLost, NotReady, SendFailed, Transport, Unfit
from labelsvc.printers.uris import transport_for
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printers.weblink import callers
from labelsvc.printers.weblink.callers import Callers
from labelsvc.printers.weblink.messages import CONFIG, RAW, Greeting
from tests.printers.test_confirming import listen_for_ever
from tests.printers.weblink.exchange import SERIAL, Exchange, until

PROFILE = Profile("ZD621-203dpi", "V84.20.23Z", SERIAL, "movement", "late", counter_survives=True, uptime=True)
PLAIN = b"^XA^FO20,20^A0N,30,30^FDA0001^FS^XZ\n"
LABEL = b"^XA^FO20,20^A0N,30,30^FN1^FDA0001^FS^FH_^HV1,64,K:,_0D_0A,L^FS^PQ1^XZ\n"


def to(exchange: Exchange | None, profile: Profile = NOTHING) -> Any:
    found = exchange.callers if exchange else None
    return transport_for(f"weblink://{SERIAL}", 8, Path("unused"), profile, answer_seconds=2.0, callers=found)


def opened(exchange: Exchange, profile: Profile = NOTHING) -> Any:
    transport = to(exchange, profile)
    transport.open(at_rest=profile is not NOTHING)
    return transport


def lost(transport: ConfirmingTcp) -> str:
    with pytest.raises(LinkLost) as error:
        listen_for_ever(transport)
    transport.abandon()
    return error.value.message


def test_labels_reach_the_printer_byte_for_byte(exchange: Exchange) -> None:
    printer = exchange.printer()
    transport = opened(exchange)
    transport.send([PLAIN * 1_000, PLAIN])
    transport.send([PLAIN])
    assert transport.close() is None
    assert printer.wait_for_labels(1_002, 20)
    assert printer.labels == [PLAIN.strip()] * 1_002
    assert printer.wait_for(lambda state: not state.connections, 20)


@pytest.mark.parametrize("traits", [{}, {"closes_json": True}])
def test_labels_are_echoed_and_counted(exchange: Exchange, traits: dict[str, Any]) -> None:
    exchange.printer(mains=2, odometer=41, **traits)
    transport = opened(exchange, PROFILE)
    transport.send([LABEL, LABEL.replace(b"A0001", b"A0002")])
    heard: list[str] = []
    until(lambda: heard.extend(transport.listen(0.2)) or len(heard) == 2)
    assert heard == ["A0001", "A0002"]
    for _ in range(3):
        found = transport.read()
        assert (found.unique_id, found.counter) == (SERIAL, 43)
    assert transport.close() is None


def test_nobody_who_dialled_in_is_not_ready(exchange: Exchange) -> None:
    for where in (exchange, None):
        with pytest.raises(NotReady) as error:
            to(where).open(at_rest=False)
        assert error.value.reasons == ("connecting-to-device",)
        assert error.value.message.startswith(f"Expected a printer at weblink://{SERIAL}, got none that has dialled in")


def test_the_printer_is_judged_as_any_other(exchange: Exchange) -> None:
    printer = exchange.printer(firmware="V1")
    with pytest.raises(Unfit, match=r"Expected ZD621-203dpi V84\.20\.23Z as certified, got ZD621-203dpi V1"):
        opened(exchange, PROFILE)
    printer.pause()
    with pytest.raises(NotReady) as error:
        opened(exchange)
    assert error.value.reasons == ("paused",)
    assert printer.wait_for(lambda state: not state.connections, 20)


@pytest.mark.parametrize("profile", [NOTHING, PROFILE])
@pytest.mark.parametrize("kind", ["fin", "rst"])
def test_a_channel_that_drops_at_any_byte_never_brings_more_than_is_counted(
    exchange: Exchange, profile: Profile, kind: str
) -> None:
    """What the printer got of a window is no more than the bytes that are said to have been handed over."""
    printer = exchange.printer(label_seconds=0)
    window = [LABEL.replace(b"A0001", b"B%04d" % number) for number in range(20)]
    dice = random.Random(f"{kind} {profile.counter}")
    for offset in [1, len(LABEL) - 1, len(LABEL), *dice.sample(range(2, 20 * len(LABEL)), 5)]:
        try:
            transport: Transport = opened(exchange, profile)
        except NotReady:  # what was broken off before it reached the last offset: there it drops now
            transport = opened(exchange, profile)
        printed = printer.printed
        printer.drop_after(offset, kind)  # type: ignore[arg-type]
        touched = 20 * len(LABEL)
        try:
            transport.send(window)
            assert hasattr(transport, "listen") or transport.close() is not None or printer.printed <= printed + 20
        except SendFailed as error:
            touched = error.handed_over
        transport.abandon()
        assert printer.wait_for(lambda state: not state.connections and not state.formats_waiting, 20)
        came = [label.data for label in printer.records[printed:]]
        assert came == [label.strip() for label in window[: len(came)]]
        assert len(came) * len(LABEL) <= touched + 1
        until(exchange.callers.connected)


def test_the_end_of_the_main_connection_is_a_lost_link(exchange: Exchange) -> None:
    with VirtualPrinter() as printer:
        exchange.dial(printer)
        until(exchange.callers.connected)
        transport = opened(exchange, PROFILE)
        assert transport.read() is not None
        exchange.callers.expect([])  # our side hangs up on its main connection; the channel's own socket is whole
        assert (
            lost(transport) == "Expected the printer to stay connected, got the end of the printer's main connection."
        )
        with pytest.raises(NotReady):
            opened(exchange, PROFILE)


def test_two_printers_under_one_serial_number_are_never_taken_for_one(exchange: Exchange) -> None:
    """Discovery has room for twelve characters of it: labels would go to the one and be counted by the other."""
    with VirtualPrinter(unique_id=f"{SERIAL}-A") as one, VirtualPrinter(unique_id=f"{SERIAL}-B") as two:
        exchange.dial(one)
        until(exchange.callers.connected)
        data = exchange.callers.open(SERIAL, RAW)
        exchange.dial(two)
        until(lambda: len(exchange.callers._mains[SERIAL]) == 2)
        with pytest.raises(TimeoutError):  # the one that came last is asked
            exchange.callers.open(SERIAL, CONFIG, 1.0)
        data.close()


def test_one_of_two_main_connections_may_go(exchange: Exchange) -> None:
    exchange.printer(mains=2)
    until(lambda: len(exchange.callers._mains[SERIAL]) == 2)
    transport = opened(exchange, PROFILE)
    exchange.callers._mains[SERIAL][0].end()
    until(lambda: len(exchange.callers._mains.get(SERIAL, [])) == 1)
    assert transport.read() is not None
    transport.abandon()


def test_a_power_cut_is_a_lost_link_and_afterwards_it_is_there_again(exchange: Exchange) -> None:
    printer = exchange.printer()
    transport = opened(exchange, PROFILE)
    printer.power_off()
    lost(transport)
    until(lambda: not exchange.callers.connected())
    printer.power_on()
    until(exchange.callers.connected)
    transport = opened(exchange, PROFILE)
    assert transport.read().counter == 0
    transport.abandon()


def test_a_printer_that_opens_no_channel_is_asked_for_a_sign_of_life(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, "CHANNEL_SECONDS", 0.1)
    exchange.printer()
    with pytest.raises(TimeoutError, match=r"no channel v9\.other in time"):
        exchange.callers.open(SERIAL, "v9.other", 0.1)
    until(exchange.callers.connected)  # it answered the ping
    exchange.callers.open(SERIAL, RAW, 20).reset()
    exchange.callers.open(SERIAL, CONFIG, 20).reset()


def test_nobody_waits_for_a_channel_of_a_printer_that_has_left(exchange: Exchange) -> None:
    exchange.printer()
    (main,) = exchange.callers._mains[SERIAL]
    threading.Timer(0.2, main.end).start()
    with pytest.raises(ConnectionResetError, match="the end of its main connection"):
        exchange.callers.open(SERIAL, "v9.other", 60)


def test_a_main_connection_that_gives_no_sign_of_life_is_ended(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.printer()
    main = exchange.callers._mains[SERIAL][0]
    monkeypatch.setattr(callers, "PING_SECONDS", 1_000)
    monkeypatch.setattr(callers, "SILENT_SECONDS", 0.3)
    until(lambda: main not in exchange.callers._mains.get(SERIAL, []))
    monkeypatch.setattr(callers, "SILENT_SECONDS", 90)
    monkeypatch.setattr(callers, "PING_SECONDS", 0.05)  # while it answers pings it stays
    until(lambda: exchange.callers._mains.get(SERIAL))
    main = exchange.callers._mains[SERIAL][0]
    pinged = main._socket.heard_at
    until(lambda: main._socket.heard_at > pinged)
    assert not main.doubted


def test_a_printer_has_few_main_connections(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "MAINS_AT_MOST", 2)
    exchange.printer(mains=5)
    until(lambda: len(exchange.callers._mains[SERIAL]) == 2)
    transport = opened(exchange, PROFILE)
    assert transport.read() is not None
    assert len(exchange.callers._mains[SERIAL]) == 2
    transport.abandon()


def test_alerts_are_reasons_until_they_end(exchange: Exchange) -> None:
    printer = exchange.printer()
    printer.open_head()
    printer.media_out()
    until(lambda: exchange.callers.connected() == {SERIAL: ("media-empty-error", "cover-open")})
    printer.close_head()
    until(lambda: exchange.callers.connected() == {SERIAL: ("media-empty-error",)})


def test_only_who_waits_for_a_channel_gets_it() -> None:
    assert not Callers().hand_over(Greeting(SERIAL, RAW, SERIAL), None)  # type: ignore[arg-type]
    with pytest.raises(ConnectionRefusedError):
        Callers().open(SERIAL, RAW)
