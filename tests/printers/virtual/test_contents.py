"""What a reader finds on a label of the virtual printer, by the escapes of the ZPL II guide."""

from __future__ import annotations

import pytest

from labelsvc.printers.virtual.contents import fields_of


def payloads(data: bytes) -> list[str]:
    return [field.payload for field in fields_of(b"^XA" + data + b"^XZ")]


@pytest.mark.parametrize(
    ("data", "payload"),
    [
        # Code 128: >; begins set C, >: set B, >6 changes to B, >8 is FNC1; > ^ ~ are >0 >< >=
        (b"^BCN,100,N,N,N,N^FD>:PUMP-4711/7K3^FS", "PUMP-4711/7K3"),
        (b"^BCN,100,N,N,N,N^FD>;>80109506000134352102>6A^FS", "0109506000134352102A"),
        (b"^BCN,100,N,N,N,N^FD>;>801095060001343521012>8>621AB^FS", "01095060001343521012\x1d21AB"),
        (b"^BCN,100,N,N,N,N^FD>:a>0b><c>=^FS", "a>b^c~"),
        (b"^BCN,100,Y,N,N,D^FD(01)09506000134352(21)A 1^FS", "010950600013435221A1"),
        # Data Matrix: with quality 200 and _ as escape, _1 is FNC1, __ is _, _d065 is a byte
        (b"^BXN,6,200,,,,_^FD_10109506000134352^FS", "0109506000134352"),
        (b"^BXN,6,200,,,,_^FD_110L1_121AB__C_d065^FS", "10L1\x1d21AB_CA"),
        # QR: error correction, A or M for automatic or manual; B with a count of bytes
        (b"^BQN,2,5^FDQA,abc,def^FS", "abc,def"),
        (b"^BQN,2,5^FDMM,B0011hello worldX^FS", "hello world"),
        (b"^BQN,2,5^FDHM,N0123456^FS", "0123456"),
        (b"^BQN,2,5^FH_^FDMM,B0006a_3Db_C3_A9c^FS", "a=b\u00e9c"),
        # ^FH goes before what the barcode makes of it, with any indicator, for one field only
        (b"^FO1,1^FH^FDa_5Eb^FS", "a^b"),
        (b"^FO1,1^FH\\^FDa\\7Eb_5E^FS", "a~b_5E"),
        (b"^FO1,1^FDa_5Eb^FS", "a_5Eb"),
        (b"^FO1,1^FH_^FDa_ZZ_^FS", "a_ZZ_"),
        (b"^FO1,1^FVtext^FS", "text"),
    ],
)
def test_a_field_holds(data: bytes, payload: str) -> None:
    assert payloads(data) == [payload]


def test_fields_are_told_apart_in_their_order() -> None:
    data = b"^XA^BY2^FO1,1^A0N,20,20^FDtext^FS^FO1,50^BCN,50^FD>:code^FS^FO1,1^GB5,5,5^FS^FN1^FDone^FS^XZ"
    found = list(fields_of(data))
    assert [(field.payload, field.code is not None) for field in found] == [
        ("text", False),
        ("code", True),
        ("one", False),
    ]


def test_another_prefix_is_heeded() -> None:
    assert [field.payload for field in fields_of(b"+XA+FO1,1+FDa^b+FS+XZ", b"+")] == ["a^b"]
