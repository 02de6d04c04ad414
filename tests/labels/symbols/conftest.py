"""Reading a symbol back: its modules as a picture with quiet zone, given to an independent decoder."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import zxingcpp

from labelsvc.labels.symbols import Symbol

Read = Callable[[Symbol, str], tuple[bytes, str]]

SCALE = 4  # pixels of a module


@pytest.fixture(scope="session")
def read() -> Read:
    """Gives the bytes and the AIM symbology identifier that zxing-cpp reads."""
    return _read


def _read(symbol: Symbol, serial: str) -> tuple[bytes, str]:
    width = -(-symbol.columns // 8)
    packed = np.frombuffer(symbol.modules(serial), np.uint8).reshape(symbol.rows, width)
    dark = np.unpackbits(packed, axis=1)[:, : symbol.columns]
    dark = dark.repeat(SCALE if symbol.rows > 1 else 60, axis=0).repeat(SCALE, axis=1)
    quiet = symbol.quiet
    margin = [(quiet.top * SCALE, quiet.bottom * SCALE), (quiet.left * SCALE, quiet.right * SCALE)]
    picture = np.where(np.pad(dark, margin), 0, 255).astype(np.uint8)
    found = zxingcpp.read_barcodes(picture, try_rotate=False)
    assert len(found) == 1, f"Expected one symbol, got {len(found)}."
    return found[0].bytes, found[0].symbology_identifier
