"""Shipped files are found wherever the package lives."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelsvc import data
from labelsvc.data import data_dir


def test_a_checkout_has_its_data_beside_the_package() -> None:
    """In a checkout the label formats are where people edit them."""
    assert data_dir("label_formats") == Path(data.__file__).parent.parent / "label_formats"


def test_a_wheel_has_its_data_inside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an installed wheel the package's own copy is taken, not what happens to lie beside it."""
    package = tmp_path / "labelsvc"
    for place in (package / "_data" / "label_formats", tmp_path / "label_formats"):
        place.mkdir(parents=True)
    monkeypatch.setattr(data, "_PACKAGE", package)
    assert data_dir("label_formats") == package / "_data" / "label_formats"


def test_a_broken_installation_says_so() -> None:
    """A directory that is nowhere is an error, not an empty list of formats."""
    with pytest.raises(FileNotFoundError, match="Expected the directory nowhere of labelsvc"):
        data_dir("nowhere")
