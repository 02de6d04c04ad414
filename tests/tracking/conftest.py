"""A plant whose units are tracked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tracking.happenings import Books


@pytest.fixture
def books(plant: Any) -> Books:
    """Its units."""
    return Books(plant)
