"""Use case: set a printer so that nobody changes behind our back what labels depend on (`labelsvc printers harden`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.errors import Conflict, Unavailable
from labelsvc.printers.asking import JsonPort
from labelsvc.printers.transport import LinkLost, Unfit
from labelsvc.printers.uris import ways_of
from labelsvc.printers.weblink.callers import Callers
from labelsvc.storage import audit, printers
from labelsvc.storage.database import Database

#: Commands that change prefixes, wipe settings, or can harm the printer; no label of ours holds one.
OVERRIDDEN = ("^CC", "~CC", "^CT", "~CT", "^CD", "~CD", "^SR", "^KP", "~KP", "^JU")

_ADD, _LIST = "device.command_override.add", "device.command_override.list"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting (SGD), its new value and what it is for."""

    name: str
    value: str
    why: str


def settings_for() -> tuple[Setting, ...]:
    """Return what is set, in order.

    ^JZ is volatile: it is set anew with each connection to a certified printer, as its certification found it.
    """
    return (
        *(Setting(_ADD, command, f"{command} is not obeyed any more") for command in OVERRIDDEN),
        Setting("device.command_override.active", "yes", "these commands are not obeyed"),
        Setting("ezpl.reprint_mode", "off", "no label is printed again at the panel, unseen"),
    )


def harden(
    db: Database,
    call: Call,
    name: str,
    data_dir: Path,
    *,
    answer_seconds: float = 2.0,
    callers: Callers | None = None,
) -> tuple[Setting, ...]:
    """Set a printer, and see that it is so; return what was set. The audit also has what was changed before it failed.

    Args:
        callers: where printers dial in; None: not here.

    Raises:
        NotFound: no such printer.
        InvalidInput: its URI is none of a printer on the network.
        Unavailable: its JSON port does not answer.
        Conflict: a setting did not take.
    """
    with db.read() as conn:
        printer = printers.get(conn, name)
    _, config = ways_of(printer.spec.uri, data_dir, callers)
    port, chosen, told = JsonPort(config, answer_seconds), settings_for(), list[Setting]()
    failure: Conflict | Unavailable | None = None
    try:
        for setting in chosen:
            if port.tell({setting.name: setting.value}) is None:
                raise Unavailable("printer_unreachable", f"Expected {config} to answer, got nothing.")
            told.append(setting)
        _see(port, chosen)
    except (LinkLost, Unfit) as error:
        failure = Unavailable("printer_unreachable", error.message)
    except (Conflict, Unavailable) as error:
        failure = error
    finally:
        port.close()

    def work(conn: Connection) -> None:
        after = [{"name": setting.name, "value": setting.value} for setting in told]
        reason = None if failure is None else failure.message
        audit.record(conn, call, "printer.harden", f"printer:{name}", after={"settings": after}, reason=reason)

    if told:  # also what was changed before it failed
        db.write(work)
    if failure is not None:
        raise failure
    return chosen


def _see(port: JsonPort, chosen: tuple[Setting, ...]) -> None:
    """See that settings are as they were chosen; which commands are overridden only some printers tell."""
    kept = {setting.name: setting.value for setting in chosen if setting.name != _ADD}
    found = port.ask(tuple(kept)) or {}
    for name, value in kept.items():
        if found.get(name) != value:
            message = f"Expected {name} to be {value}, got {found.get(name, 'no answer')!r}."
            raise Conflict("printer_setting", message)
    listed = (port.ask((_LIST,)) or {}).get(_LIST, "?")
    wanted = [setting.value for setting in chosen if setting.name == _ADD]
    missing = [command for command in wanted if command not in listed]
    # A list that is written in another way than we write commands tells nothing.
    if missing and listed != "?" and (not listed or len(missing) < len(wanted)):
        raise Conflict("printer_setting", f"Expected {_LIST} to hold {missing[0]}, got {listed[:100]!r}.")
