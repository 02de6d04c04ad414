"""Keyboards: what appears when a scanner that types as an American one is plugged into a computer set to another."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from itertools import product
from types import MappingProxyType

_ACUTE = "\N{ACUTE ACCENT}"
#: Keys as they lie, without and with shift; \x00: this one types nothing.
_US = ("`1234567890-=[]\\;',./", '~!@#$%^&*()_+{}|:"<>?')
_GERMAN = (f"^1234567890ß{_ACUTE}ü+#öä,.-", "°!\"§$%&/()=?`Ü*'ÖÄ;:_")
_SWISS = ("§1234567890'^ü¨$öä,.-", '°+"*ç%&/()=?`è!£éà;:_')
_FRENCH = ("²&é\"'(-è_çà)=^$*mù;:!", "\x001234567890°+¨£µM%./§")
#: Dead keys: they wait for the next letter and change it; a letter that they cannot change comes after them.
_DEAD = {"\u0301": _ACUTE, "\u0300": "`", "\u0302": "^", "\u0308": "¨"}
DASHES_AT_MOST = 9


def _keys(host: tuple[str, str], letters: str, swapped: str) -> Mapping[str, str]:
    keys = {us: typed for us, typed in zip("".join(_US), "".join(host), strict=True) if typed != "\0"}
    keys |= {us: us for us in map(chr, range(128)) if us.isalnum() and us not in keys}
    keys |= dict(zip(letters, swapped, strict=True))
    return MappingProxyType(keys)


#: By name, what each key of an American keyboard types.
LAYOUTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "german": _keys(_GERMAN, "yzYZ", "zyZY"),
        "swiss": _keys(_SWISS, "yzYZ", "zyZY"),
        "french": _keys(_FRENCH, "aqwzmAQWZM", "qazw,QAZW?"),
    }
)
_BACK = {name: {typed: us for us, typed in keys.items()} for name, keys in LAYOUTS.items()}


def retyped(text: str) -> Iterator[tuple[str, str]]:
    """Yield layouts that a text may have been typed on, and the text as it was meant."""
    for name, back in _BACK.items():
        meant = _meant(text, back)
        if meant is not None and meant != text:
            yield name, meant


def _meant(text: str, back: Mapping[str, str]) -> str | None:
    """The text that the keys' places mean; None: no key of the layout types some character of it."""
    found: list[str] = []
    for char in text:
        parts = char if char in back else _undone(char)
        for part in parts:
            if part not in back and part.isprintable() and part != " ":
                return None
            found.append(back.get(part, part))  # control characters are no matter of a layout
    return "".join(found)


def _undone(char: str) -> str:
    """A letter that a dead key changed, as the key and the letter."""
    apart = unicodedata.normalize("NFD", char)
    return _DEAD[apart[1]] + apart[0] if len(apart) == 2 and apart[1] in _DEAD else char


def undashed(text: str) -> Iterator[str]:
    """Yield what a link may have been whose / came out as -; those that were - in the first place are not known."""
    scheme, colon, rest = text.partition(":--")
    if not colon or scheme not in ("http", "https", "HTTP", "HTTPS") or rest.count("-") > DASHES_AT_MOST:
        return
    pieces = rest.split("-")
    for joints in product("/-", repeat=len(pieces) - 1):
        yield f"{scheme}://" + "".join(map("".join, zip(pieces, (*joints, ""), strict=True)))
