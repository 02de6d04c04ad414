"""Fixtures of the label tests: the judges."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import settings

# Nothing here fails because the machine is busy.
settings.register_profile("labels", deadline=None)
settings.load_profile("labels")

NAME = "labelsvc_tests_judges"


@pytest.fixture(scope="session")
def judges() -> Any:
    """Other people's renderers and decoder, and a ruler (judges.py)."""
    spec = importlib.util.spec_from_file_location(NAME, Path(__file__).with_name("judges.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module.Judges()


@pytest.fixture(scope="session")
def unpacked() -> Callable[[bytes, int, int], npt.NDArray[np.bool_]]:
    """Gives rows packed to whole bytes as an array of columns and rows; 1 is True."""

    def unpack(packed: bytes, columns: int, rows: int) -> npt.NDArray[np.bool_]:
        bits = np.unpackbits(np.frombuffer(packed, np.uint8).reshape(rows, -1), axis=1)
        return bits[:, :columns].astype(np.bool_)

    return unpack
