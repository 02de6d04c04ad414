"""Where the shipped data files are: in the wheel inside the package, in a checkout beside it."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def data_dir(name: str) -> Path:
    """Find a directory of shipped files, `label_formats` or `templates`.

    Raises:
        FileNotFoundError: the installation is broken.
    """
    for place in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"Expected the directory {name} of labelsvc, got an installation without it.")
