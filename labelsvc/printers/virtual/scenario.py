"""Scenario files: what kind of printer a virtual one is, on which ports, and what happens to it when (TOML).

    [printer]              # fields of Personality
    label_seconds = 0.15

    [ports]                # data, json, tls, tls_json, single
    data = 9100

    [[happens]]
    at_label = 3           # the third label after the start is torn
    does = "open_head"

    [[happens]]
    after = 2.0            # seconds after what stands before
    does = "close_head"

An entry has one of at_label, after_label, at_byte, at_second, all counted from the start, or after. What `does` names
is a method of VirtualPrinter; the other keys are its arguments. Where a trait may be None, "none" says it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from labelsvc.errors import InvalidInput
from labelsvc.printers.virtual.personality import Personality
from labelsvc.printers.virtual.printer import VirtualPrinter

#: What can happen, with the arguments it takes. One that ends in "?" may be left out.
DEEDS: Mapping[str, Mapping[str, type]] = {
    "open_head": {},
    "close_head": {},
    "media_out": {},
    "load_media": {"labels?": int},
    "ribbon_out": {},
    "load_ribbon": {},
    "overheat": {},
    "cool_down": {},
    "pause": {},
    "resume": {},
    "cancel": {},
    "cancel_all": {},
    "feed": {},
    "press_reprint": {},
    "foreign_job": {"labels?": int},
    "set_variable": {"name": str, "value": str},
    "power_off": {},
    "power_on": {},
    "power_cycle": {"seconds?": float},
    "refuse_connections": {},
    "accept_connections": {},
    "drop_after": {"count": int, "kind?": str},
    "turn_away": {"on?": bool},
    "ignore": {"on?": bool},
    "fall_silent": {"on?": bool},
    "babble": {"count": int},
    "read_slowly": {"count": int, "every": float},
    "read_fast": {},
}
MOMENTS: Mapping[str, type] = {"at_label": int, "after_label": int, "at_byte": int, "at_second": float, "after": float}
KINDS = {int: "a whole number", float: "a number", str: "a text", bool: "true or false", type(None): "none"}
PORTS = ("data", "json", "tls", "tls_json", "single")


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happens.

    Attributes:
        moment: a key of MOMENTS.
        number: labels, bytes or seconds.
        does, arguments: a method of VirtualPrinter and what it is called with.
    """

    moment: str
    number: float
    does: str
    arguments: Mapping[str, Any]

    def __call__(self, printer: VirtualPrinter) -> object:
        """Let it happen."""
        return getattr(printer, self.does)(**self.arguments)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A printer and what happens to it.

    Attributes:
        traits: fields of Personality.
        ports: by name, of PORTS.
        weblink: where it dials out to, and the file of the authorities it asks for: url, ca; empty where it does not.
        happenings: in the order of the file.
    """

    traits: Mapping[str, Any]
    ports: Mapping[str, int]
    weblink: Mapping[str, str]
    happenings: tuple[Happening, ...]

    def arm(self, printer: VirtualPrinter) -> None:
        """Let everything happen in its time, which counts from now."""
        at = 0
        while at < len(self.happenings):
            first, *others = self.happenings[at : self._end(at)]
            deed = _chain([first, *others])
            if first.moment == "at_label":
                printer.at_label(int(first.number), deed)
            elif first.moment == "after_label":
                printer.after_label(int(first.number), deed)
            elif first.moment == "at_byte":
                printer.at_byte(int(first.number), deed)
            else:
                printer.after(first.number, deed)
            at = self._end(at)

    def _end(self, at: int) -> int:
        """Where what begins there ends: all that comes after it by time belongs to it."""
        end = at + 1
        while end < len(self.happenings) and self.happenings[end].moment == "after":
            end += 1
        return end


def read_scenario(path: Path) -> Scenario:
    """Read a scenario file.

    Raises:
        InvalidInput: it is not one; the message says where and what was expected.
    """
    try:
        return parse_scenario(path.read_text("utf-8"))
    except UnicodeDecodeError:
        raise _refused("a TOML file in UTF-8", "other bytes") from None


def parse_scenario(text: str) -> Scenario:
    """Read the text of a scenario file.

    Raises:
        InvalidInput: as with `read_scenario`.
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _refused("TOML", f"{error}") from None
    _only(found, ("printer", "ports", "weblink", "happens"), "the file")
    traits = _traits(_table(found, "printer"))
    ports = _table(found, "ports")
    _only(ports, PORTS, "[ports]")
    for name, number in ports.items():
        if type(number) is not int or not 0 <= number <= 65_535:
            raise _refused(f"a port from 0 to 65535 as {name}", repr(number))
    weblink = _table(found, "weblink")
    _only(weblink, ("url", "ca"), "[weblink]")
    if weblink and not (isinstance(weblink.get("url"), str) and isinstance(weblink.get("ca", ""), str)):
        raise _refused("url and perhaps ca, texts, in [weblink]", repr(weblink))
    entries = found.get("happens", [])
    if not isinstance(entries, list):
        raise _refused("[[happens]]", repr(entries))
    happenings = tuple(_happening(number, entry) for number, entry in enumerate(entries, 1))
    return Scenario(traits, ports, weblink, happenings)


def _traits(table: Mapping[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(Personality)
    _only(table, hints, "[printer]")
    traits: dict[str, Any] = {}
    for name, value in table.items():
        words, kinds = _choices(hints[name])
        if value == "none" and type(None) in kinds:
            traits[name] = None
        elif type(value) in kinds or (type(value) is int and float in kinds) or value in words:
            traits[name] = value
        else:
            allowed = [*words, *(KINDS[kind] for kind in kinds)]
            raise _refused(f"{name} in [printer] to be {' or '.join(allowed)}", repr(value))
    Personality(**traits)
    return traits


def _choices(hint: Any) -> tuple[list[str], list[type]]:
    """Words and kinds that a trait may be: of `Literal["a", "b"] | None` both words and the kind of None."""
    if isinstance(hint, type):
        return [], [hint]
    if get_origin(hint) is Literal:
        return list(get_args(hint)), []
    parts = [_choices(part) for part in get_args(hint)]
    return [word for words, _ in parts for word in words], [kind for _, kinds in parts for kind in kinds]


def _chain(happenings: list[Happening]) -> Callable[[VirtualPrinter], object]:
    """Let the first happen, and start waiting for the others."""

    def deed(printer: VirtualPrinter) -> None:
        happenings[0](printer)
        if len(happenings) > 1:
            printer.after(happenings[1].number, _chain(happenings[1:]))

    return deed


def _happening(number: int, entry: Any) -> Happening:
    where = f"entry {number} of [[happens]]"
    if not isinstance(entry, dict):
        raise _refused(f"a table as {where}", repr(entry))
    moments = [name for name in MOMENTS if name in entry]
    if len(moments) != 1:
        raise _refused(f"one of {', '.join(MOMENTS)} in {where}", f"{len(moments)}")
    moment = moments[0]
    count = _typed(entry[moment], MOMENTS[moment], f"{moment} in {where}")
    does = str(entry.get("does"))
    if does not in DEEDS:
        raise _refused(f"one of {', '.join(DEEDS)} as does in {where}", repr(does))
    arguments = {name: value for name, value in entry.items() if name not in (moment, "does")}
    known = {name.removesuffix("?"): kind for name, kind in DEEDS[does].items()}
    _only(arguments, known, f"{where}, which does {does},")
    for name in DEEDS[does]:
        if not name.endswith("?") and name not in arguments:
            raise _refused(f"{name} in {where}", "none")
    given = {name: _typed(value, known[name], f"{name} in {where}") for name, value in arguments.items()}
    if given.get("kind", "rst") not in ("rst", "fin"):
        raise _refused(f"rst or fin as kind in {where}", repr(given["kind"]))
    return Happening(moment, count, does, given)


def _typed(value: Any, kind: type, what: str) -> Any:
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    if type(value) is kind and (not isinstance(value, int) or value >= 0):
        return value
    raise _refused(f"{KINDS[kind]} as {what}", repr(value))


def _table(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = found.get(name, {})
    if not isinstance(table, dict):
        raise _refused(f"[{name}]", repr(table))
    return table


def _only(found: Mapping[str, Any], known: Any, where: str) -> None:
    for name in found:
        if name not in known:
            raise _refused(f"only {', '.join(known)} in {where}", name)


def _refused(expected: str, got: str) -> InvalidInput:
    return InvalidInput("virtual_printer_scenario", f"Expected {expected}, got {got[:200]}.")
