"""Pictures become dots, and no file can hurt the service."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from labelsvc.errors import InvalidInput
from labelsvc.labels import images
from labelsvc.labels.source import Place

PLACE = Place(9, "image 1", "file")


def png(picture: Image.Image, **options: object) -> bytes:
    """Write a picture."""
    file = io.BytesIO()
    picture.save(file, "PNG", **options)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """Write a chunk of a PNG file (PNG specification, 5.3)."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int, height: int) -> bytes:
    """Write a small file that says it is a large picture, with all the pixels in it."""
    row = zlib.compressobj(9)
    data = b"".join(row.compress(bytes(1 + width // 8)) for _ in range(min(height, 20_000))) + row.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def refused(file: bytes) -> str:
    """Read a file that is refused, and give the message."""
    with pytest.raises(InvalidInput) as refusal:
        images.read(file, PLACE)
    assert refusal.value.code == "format_image"
    assert refusal.value.facts["line"] == 9
    return refusal.value.message


def test_an_image_bomb_is_refused_before_it_is_unpacked() -> None:
    """400 million pixels in a file of 60 kB: the header alone decides."""
    file = bomb(20_000, 20_000)
    assert len(file) < 100_000
    assert refused(file) == "Expected at most 4000000 pixels, got 20000 x 20000 (line 9, key file of image 1)."


def test_a_large_file_is_refused() -> None:
    """One byte more than a million."""
    assert refused(b"\x89PNG" + bytes(1_000_000)).startswith("Expected at most 1000000 bytes, got 1000004")


def test_a_text_chunk_that_swells_is_refused() -> None:
    """A comment of 100 MB, packed to 100 kB."""
    info = PngInfo()
    info.add_text("comment", "a" * 100_000_000, zip=True)
    assert refused(png(Image.new("L", (4, 4)), pnginfo=info)).startswith("Expected a whole PNG file")


def test_more_than_eight_bits_a_channel_are_refused() -> None:
    """Rather than guess what is black in them."""
    assert "Expected a PNG of up to 8 bits a channel" in refused(png(Image.new("I;16", (4, 4))))


def test_other_files_are_refused() -> None:
    """Only PNG is read, whatever else the library could open."""
    gif = io.BytesIO()
    Image.new("L", (4, 4)).save(gif, "GIF")
    for file in (b"", b"\x89PNG\r\n\x1a\n", gif.getvalue(), b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"):
        assert refused(file).startswith("Expected a PNG file, got something else")


@settings(deadline=None, max_examples=200)
@given(st.integers(24, 200), st.binary(min_size=1, max_size=8), st.booleans())
def test_a_broken_file_is_an_error_of_ours(at: int, junk: bytes, cut: bool) -> None:
    """Whatever is changed in it or missing from it: a picture, or a refusal."""
    rng = np.random.default_rng(1)
    whole = png(Image.fromarray(rng.integers(0, 256, (9, 9), np.uint8)))
    file = whole[:at] if cut else whole[:at] + junk + whole[at + len(junk) :]
    try:
        found: object = images.read(file, PLACE).shape
    except InvalidInput as refusal:
        found = refusal.code
    assert found in ((9, 9), "format_image")


def test_colours_are_weighed_and_glass_is_white() -> None:
    """BT.601: green is bright, blue is dark; what is transparent lets the paper through."""
    picture = Image.new("RGBA", (4, 1))
    for column, colour in enumerate([(0, 255, 0, 255), (0, 0, 255, 255), (0, 0, 0, 0), (0, 0, 0, 255)]):
        picture.putpixel((column, 0), colour)
    assert images.read(png(picture), PLACE).tolist() == [[150, 29, 255, 0]]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_plain_mode_is_read(mode: str) -> None:
    """A white picture is white in all of them."""
    assert (images.read(png(Image.new("RGB", (3, 2), "white").convert(mode)), PLACE) == 255).all()


def test_twice_as_many_dots_double_every_pixel() -> None:
    """Scaling up by a whole number repeats."""
    grey = np.array([[0, 255], [255, 0]], np.uint8)
    expected = np.kron([[1, 0], [0, 1]], np.ones((2, 2))).astype(bool)
    assert (images.dots(grey, 4, 4, 0.5) == expected).all()


def test_half_as_many_dots_take_the_average() -> None:
    """Four pixels become one: black where they are darker than the threshold on average."""
    grey = np.array([[0, 0, 255, 255], [0, 255, 255, 0]], np.uint8)  # averages 63.75 and 191.25
    assert images.dots(grey, 2, 1, 0.5).tolist() == [[True, False]]
    assert images.dots(grey, 2, 1, 0.2).tolist() == [[False, False]]
    assert images.dots(grey, 2, 1, 0.8).tolist() == [[True, True]]


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 60), st.integers(1, 60))
def test_a_grey_area_stays_one(width: int, height: int, columns: int, rows: int) -> None:
    """Whatever the scale, an even picture gives an even one: no dot counts a pixel twice or not at all."""
    grey = np.full((height, width), 100, np.uint8)
    assert images.dots(grey, columns, rows, 100.5 / 255).all()
    assert not images.dots(grey, columns, rows, 100 / 255).any()


@pytest.mark.parametrize(
    ("size", "room", "expected"),
    [
        ((20, 10), (40, 40), (40, 20)),
        ((10, 20), (40, 40), (20, 40)),
        ((3, 1), (10, 10), (10, 3)),
        ((1000, 1), (9, 9), (9, 1)),
    ],
)
def test_a_picture_keeps_its_proportion(
    size: tuple[int, int], room: tuple[int, int], expected: tuple[int, int]
) -> None:
    """It is as large as the room allows, and never nothing."""
    assert images.fitting(np.zeros((size[1], size[0]), np.uint8), *room) == expected
