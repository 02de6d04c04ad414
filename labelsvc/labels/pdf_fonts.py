"""Fonts in a PDF: a subset of the TrueType file, embedded once, and the code that each character has in texts.

A text is written as two bytes for each character (Identity-H). The codes are ours, one for each character that the
document uses, so that two characters that look alike (the space and the no-break space) are still copied and searched
as what they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reportlab.pdfbase.ttfonts import TTFontFile

from labelsvc.labels import fonts
from labelsvc.labels.layout import FontName

OBJECTS = 6
"""That one font takes in a file."""

_CMAP = """\
/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
{ranges}
endcmap
CMapName currentdict /CMap defineresource pop
end
end"""
_CMAP_ROWS = 100  # the most that one beginbfchar takes (Adobe technical note 5014)


def codes(characters: Iterable[str]) -> Mapping[str, str]:
    """Give every character its code in texts, four hexadecimal digits; 0000 is no character."""
    return {char: f"{number:04X}" for number, char in enumerate(sorted(set(characters)), 1)}


@dataclass(frozen=True, slots=True)
class Face:
    """A font as a document uses it.

    Attributes:
        advances: how far each character moves on, in parts of the em.
        objects: dictionary and stream (None for a plain object) of each of its OBJECTS, the font itself first.
    """

    advances: Mapping[str, float]
    objects: tuple[tuple[bytes, bytes | None], ...]

    def width(self, text: str) -> float:
        """Measure a text, in parts of the em."""
        advances = self.advances
        return sum([advances[char] for char in text])


def embed(font: FontName, code: Mapping[str, str], first: int) -> Face:
    """Make the objects that embed a font with these characters.

    Args:
        code: from `codes`.
        first: number of the first object; the others follow.

    Raises:
        ValueError: the font lacks one of the characters.
    """
    file = TTFontFile(str(fonts.path(font)))
    characters = list(code)
    missing = [char for char in characters if ord(char) not in file.charToGlyph]
    if missing:
        raise ValueError(f"Expected characters of {_name(file)}, got {missing[0]!r}.")
    advances = {char: file.charWidths[ord(char)] for char in characters}
    # The tag must differ where subsets differ (ISO 32000-1, 9.6.4), and be the same for the same question.
    digest = hashlib.sha256("".join(characters).encode()).digest()
    name = "".join(chr(ord("A") + byte % 26) for byte in digest[:6]) + "+" + _name(file)
    return Face(
        {char: advance / 1000 for char, advance in advances.items()},
        (
            (
                f"/Type/Font/Subtype/Type0/BaseFont/{name}/Encoding/Identity-H"
                f"/DescendantFonts[{first + 1} 0 R]/ToUnicode {first + 2} 0 R".encode(),
                None,
            ),
            (
                f"/Type/Font/Subtype/CIDFontType2/BaseFont/{name}"
                "/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
                f"/FontDescriptor {first + 3} 0 R/CIDToGIDMap {first + 4} 0 R"
                f"/DW 1000/W[1[{' '.join(f'{advance:.3f}' for advance in advances.values())}]]".encode(),
                None,
            ),
            (b"", _to_unicode(code)),
            (_descriptor(file, name, first + 5), None),
            (b"", _glyphs(file, characters)),
            _file(file, characters),
        ),
    )


def _name(file: TTFontFile) -> str:
    return str(file.name.decode("ascii"))


def _to_unicode(code: Mapping[str, str]) -> bytes:
    rows = [f"<{number}> <{char.encode('utf-16-be').hex().upper()}>" for char, number in code.items()]
    blocks = [rows[start : start + _CMAP_ROWS] for start in range(0, len(rows), _CMAP_ROWS)]
    ranges = "\n".join("\n".join([f"{len(block)} beginbfchar", *block, "endbfchar"]) for block in blocks)
    return _CMAP.format(ranges=ranges).encode("ascii")


def _descriptor(file: TTFontFile, name: str, file_number: int) -> bytes:
    box = " ".join(f"{edge:.0f}" for edge in file.bbox)
    return (
        f"/Type/FontDescriptor/FontName/{name}/Flags 4/FontBBox[{box}]/ItalicAngle {file.italicAngle:.0f}"
        f"/Ascent {file.ascent:.0f}/Descent {file.descent:.0f}/CapHeight {file.capHeight:.0f}"
        f"/StemV {file.stemV:.0f}/FontFile2 {file_number} 0 R"
    ).encode("ascii")


def _glyphs(file: TTFontFile, characters: list[str]) -> bytes:
    """Map every code to its glyph in the subset, which holds the glyphs in the order in which they are first used."""
    places = {0: 0}
    glyphs = [places.setdefault(file.charToGlyph[ord(char)], len(places)) for char in characters]
    return b"".join(glyph.to_bytes(2, "big") for glyph in [0, *glyphs])


def _file(file: TTFontFile, characters: list[str]) -> tuple[bytes, bytes]:
    subset = bytes(file.makeSubset([ord(char) for char in characters]))
    return b"/Length1 %d" % len(subset), subset
