"""A plant whose units are tracked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tracking.happenings import Books
from tests.tracking.shop import Shop


@pytest.fixture
def books(plant: Any) -> Books:
    """Its units."""
    return Books(plant)


@pytest.fixture
def shop(books: Books) -> Shop:
    """Five of its units, in a shop."""
    return Shop(books)
