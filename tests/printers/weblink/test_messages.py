"""What is said over Weblink: as a public server reads and says it; whatever else comes is at worst nothing."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.printers.weblink.messages import (
    CONFIG,
    RAW,
    Alert,
    Greeting,
    alert,
    greeting,
    order_alerts,
    order_channel,
)


def discovery(serial: bytes) -> bytes:
    """Return a main connection's first message: the serial number at bytes 188 to 200."""
    return json.dumps({"discovery_b64": base64.b64encode(b"\x01" * 188 + serial + b"\x02" * 188).decode()}).encode()


def channel(**more: object) -> bytes:
    said = {"channel_id": "7", "channel_name": RAW, "unique_id": "D2J180000001", **more}
    return json.dumps(said).encode()


def test_a_main_connection_tells_a_serial_number_and_a_channel_its_name_too() -> None:
    assert greeting(discovery(b"D2J180000001")) == Greeting("D2J180000001")
    assert greeting(discovery(b"XXRBJ1234\0\0\0")) == Greeting("XXRBJ1234")
    assert greeting(channel()) == Greeting("D2J180000001", RAW, "D2J180000001")
    assert greeting(channel(channel_name=CONFIG)) == Greeting("D2J180000001", CONFIG, "D2J180000001")
    assert greeting(channel(unique_id="D2J180000001-LONG")) == Greeting("D2J180000001", RAW, "D2J180000001-LONG")


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"[]",
        b"null",
        b'{"discovery_b64":7}',
        b'{"discovery_b64":"%%"}',
        b'{"discovery_b64":"QUJD"}',
        discovery(b"\0" * 12),
        discovery(b"../../../etc"),
        discovery(b"D2J1\x1b[0m\0\0\0\0"),
        channel(unique_id=""),
        channel(unique_id=7),
        channel(channel_name="v1.other.zebra.com"),
        b"[" * 60_000,
    ],
)
def test_another_first_message_is_nobody(message: bytes) -> None:
    assert greeting(message) is None


@given(
    st.binary(max_size=400) | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(repr).map(str.encode)
)
def test_whatever_is_said_is_at_worst_nothing(message: bytes) -> None:
    assert greeting(message) is None
    assert alert(message) is None


def test_orders_are_what_a_printer_knows() -> None:
    assert json.loads(order_channel(RAW)) == {"open": "v1.raw.zebra.com"}
    assert json.loads(order_alerts()) == {"configure_alert": "ALL MESSAGES,SDK,Y,Y,,,N"}


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"condition": "PAPER OUT", "condition_state": "SET"}, Alert("media-empty-error", holds=True)),
        ({"condition": "HEAD OPEN", "condition_state": "CLEAR"}, Alert("cover-open", holds=False)),
        ({"condition": "RIBBON OUT", "condition_state": "SET"}, Alert("marker-supply-empty-error", holds=True)),
        ({"condition": "PRINTER PAUSED", "condition_state": "SET"}, Alert("paused", holds=True)),
        ({"condition": "SGD SET", "condition_state": "SET"}, None),
        ({"condition": "PAPER OUT", "condition_state": "ALERT"}, None),
        ({"condition": ["PAPER OUT"], "condition_state": "SET"}, None),
        ("PAPER OUT", None),
    ],
)
def test_alerts_are_printer_state_reasons(told: object, reason: Alert | None) -> None:
    assert alert(json.dumps({"alert": told}).encode()) == reason
