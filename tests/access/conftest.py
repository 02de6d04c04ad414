"""Users whose passwords cost next to nothing to try."""

from __future__ import annotations

import pytest

from labelsvc.access import passwords


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let scrypt take no time: what it costs is no matter of these tests."""
    monkeypatch.setattr(passwords, "COST", passwords.Cost(2, 8, 1))
