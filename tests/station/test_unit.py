"""The shipped unit starts the command as it is."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import click

from labelsvc.cli.station import station

UNIT = Path(__file__).parents[2] / "docs" / "operations" / "labelsvc-station.service"


def test_the_unit_starts_the_station_with_options_that_it_has_and_few_rights() -> None:
    unit = configparser.RawConfigParser(strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's names have capitals
    unit.read(UNIT, "utf-8")
    service = unit["Service"]
    words = service["ExecStart"].split()
    assert Path(words[0]).name == "labelsvc"
    assert words[1] == "station"
    known = {name for parameter in station.params if isinstance(parameter, click.Option) for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known
    assert set(re.findall(r"\$\{(\w+)\}", service["ExecStart"])) == {
        "SERVER",
        "CREDENTIALS_DIRECTORY",
        "STATE_DIRECTORY",
    }
    for name in ("DynamicUser", "NoNewPrivileges", "ProtectHome", "PrivateDevices"):
        assert service[name] == "yes"
    assert service["ProtectSystem"] == "strict"
