"""Pictures of a label format: PNG files, drawn in black and white and in whole dots.

The picture is scaled to fit its box, in its own proportion: every dot is as dark as the pixels under it are on
average, and black where that is darker than the threshold. All of it is whole numbers, so the same file gives the same
dots with every version of every library.
"""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import numpy.typing as npt
from PIL import Image

from labelsvc.errors import InvalidInput
from labelsvc.labels.source import Place

MOST_BYTES = 1_000_000
"""Of a picture file."""

MOST_PIXELS = 4_000_000
"""Of a picture, looked at before anything is unpacked."""

Grey = npt.NDArray[np.uint8]
"""Rows of pixels, 0 is black."""

_BEGINNING = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"
_MODES = ("1", "L", "LA", "P", "RGB", "RGBA")


def read(file: bytes, place: Place) -> Grey:
    """Read a PNG file; what is transparent in it is white.

    Args:
        place: where the format names it.

    Raises:
        InvalidInput: format_image, it is no PNG of up to 8 bits a channel, or it is too large.
    """
    if len(file) > MOST_BYTES:
        raise _refused(place, f"at most {MOST_BYTES} bytes", f"{len(file)}")
    if len(file) < 24 or not file.startswith(_BEGINNING):
        raise _refused(place, "a PNG file", "something else")
    width, height = struct.unpack_from(">II", file, len(_BEGINNING))
    if width * height > MOST_PIXELS:
        raise _refused(place, f"at most {MOST_PIXELS} pixels", f"{width} x {height}")
    try:
        with Image.open(io.BytesIO(file), formats=("PNG",)) as picture:
            if picture.mode not in _MODES:
                raise _refused(place, "a PNG of up to 8 bits a channel", f"one of mode {picture.mode}")
            pixels = np.asarray(picture.convert("RGBA"))
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error) as error:
        # Pillow has no error of its own: a broken chunk is a SyntaxError, a text chunk that swells a ValueError.
        raise _refused(place, "a whole PNG file", f"a broken one ({str(error)[:100]})") from None
    return _grey(pixels)


def _refused(place: Place, expected: str, got: str) -> InvalidInput:
    return place.error("format_image", expected, got)


def _grey(pixels: Grey) -> Grey:
    """Weigh red, green and blue as ITU-R BT.601 does, on white."""
    red, green, blue, alpha = (pixels[..., channel].astype(np.uint32) for channel in range(4))
    light = (299 * red + 587 * green + 114 * blue + 500) // 1000
    return ((light * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def dots(picture: Grey, columns: int, rows: int, threshold: float) -> npt.NDArray[np.bool_]:
    """Scale a picture to so many dots; True is black.

    Args:
        threshold: 0 to 1, from black to white; a dot darker than this is black.
    """
    sums = _summed(_summed(picture.astype(np.uint64), columns).T, rows).T
    area = _covered(picture.shape[1], columns)[None, :] * _covered(picture.shape[0], rows)[:, None]
    level = round(threshold * 255 * 1000)
    return np.asarray(sums * np.uint64(1000) < np.uint64(level) * area.astype(np.uint64))


def _bounds(pixels: int, parts: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Tell which pixels each part touches: the first, and the one after the last."""
    part = np.arange(parts, dtype=np.int64)
    return part * pixels // parts, -(-(part + 1) * pixels // parts)


def _covered(pixels: int, parts: int) -> npt.NDArray[np.int64]:
    first, end = _bounds(pixels, parts)
    return end - first


def _summed(rows: npt.NDArray[np.uint64], parts: int) -> npt.NDArray[np.uint64]:
    """Add up the pixels of each part of every row."""
    first, end = _bounds(rows.shape[1], parts)
    running = np.zeros((rows.shape[0], rows.shape[1] + 1), np.uint64)
    np.cumsum(rows, axis=1, out=running[:, 1:])
    return running[:, end] - running[:, first]


def fitting(picture: Grey, columns: int, rows: int) -> tuple[int, int]:
    """Give the columns and rows of dots that the picture takes of those there are, at least one of each."""
    height, width = picture.shape
    if columns * height <= rows * width:
        return columns, max(1, (2 * columns * height + width) // (2 * width))
    return max(1, (2 * rows * width + height) // (2 * height)), rows
