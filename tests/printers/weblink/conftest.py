"""A listener with a certificate of the tests', and virtual printers that dial in there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from labelsvc.printers.virtual.tls import Identity, make_identity
from tests.printers.weblink.exchange import Exchange, exchange_of


@pytest.fixture(scope="session")
def identity() -> Identity:
    return make_identity("server", "127.0.0.1")


@pytest.fixture
def ca(identity: Identity, tmp_path: Path) -> Path:
    file = tmp_path / "ca.pem"
    file.write_bytes(identity.certificate)
    return file


@pytest.fixture
def exchange(identity: Identity, ca: Path) -> Iterator[Exchange]:
    with exchange_of(identity, ca) as made:
        yield made
