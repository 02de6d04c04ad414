"""Fixtures of the golden tests."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

judges = runpy.run_path(str(Path(__file__).parents[1] / "labels" / "conftest.py"))["judges"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest tests/golden --update-golden` records what is not recorded yet."""
    parser.addoption("--update-golden", action="store_true", help="record the goldens of a new RENDERER_REVISION")


@pytest.fixture(scope="session")
def updating(request: pytest.FixtureRequest) -> bool:
    """Whether goldens are recorded. A run of all tests does not know the option."""
    return bool(request.config.getoption("--update-golden", default=False))
