"""What an application asks of a symbol: module width (X-dimension), quiet zone, height of the bars.

An application is a row's use as GS1's symbol specification tables name it. Numbers marked "quoted" were read on a
secondary page that quotes the GS1 General Specifications without their edition; "unverified" ones are from general
knowledge and must not be shown as cited. A site may hold its own numbers against these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labelsvc.labels.symbols import QUIET_ZONES, Quiet, Symbology

ApplicationName = Literal["healthcare", "general-distribution", "retail", "own"]
Mark = Literal["quoted", "unverified", "-"]


@dataclass(frozen=True, slots=True)
class Application:
    """One symbology in one application.

    Attributes:
        name: "healthcare" is regulated healthcare items neither for retail nor general distribution (GS1 symbol
            specification table 6), "general-distribution" table 2, "retail" the point of sale (table 1), "own" a
            site's own use, where GS1 says nothing.
        x_min, x_target, x_max: width of a module, mm; None where the label format alone decides.
        quiet: quiet zone, modules.
        bar_height: least height of the bars of a linear symbol, mm; None where none is asked for.
        mark: how far the numbers can be relied on.
    """

    name: ApplicationName
    symbology: Symbology
    x_min: float | None
    x_target: float | None
    x_max: float | None
    quiet: Quiet
    bar_height: float | None
    mark: Mark


def _row(
    name: ApplicationName,
    symbology: Symbology,
    x: tuple[float | None, float | None, float | None],
    bar_height: float | None,
    mark: Mark,
) -> Application:
    x_min, x_target, x_max = x
    return Application(name, symbology, x_min, x_target, x_max, QUIET_ZONES[symbology], bar_height, mark)


_FREE = (None, None, None)

APPLICATIONS: tuple[Application, ...] = (
    _row("healthcare", "gs1-128", (0.170, 0.495, 0.495), 12.7, "quoted"),
    # Later editions of the specifications are said to allow up to 0.990 mm here (unverified).
    _row("healthcare", "gs1-datamatrix", (0.254, 0.380, 0.495), None, "quoted"),
    _row("general-distribution", "gs1-128", (0.495, 0.495, 1.016), 31.75, "unverified"),
    _row("retail", "qr", (0.396, 0.495, 0.990), None, "unverified"),
    _row("retail", "gs1-datamatrix", (0.396, 0.495, 0.990), None, "unverified"),
    _row("own", "code-128", _FREE, None, "-"),
    _row("own", "gs1-128", _FREE, None, "-"),
    _row("own", "qr", _FREE, None, "-"),
    _row("own", "gs1-datamatrix", _FREE, None, "-"),
)

LEAST_DOTS = 2
"""Dots of a module at any resolution: narrower ones do not survive a thermal print head."""

GS1_128_WIDTH_AT_MOST = 165.1
"""mm of a GS1-128 with its quiet zones (unverified)."""


def application(name: ApplicationName, symbology: Symbology) -> Application | None:
    """The row of a symbology in an application; None when the application does not use it."""
    return next((row for row in APPLICATIONS if row.name == name and row.symbology == symbology), None)
