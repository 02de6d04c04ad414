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
        *(
            Setting("device.command_override.add", command, f"{command} is not obeyed any more")
            for command in OVERRIDDEN
        ),
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
    """Set a printer, and see that it is so; return what was set.

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
    port = JsonPort(config, answer_seconds)
    chosen = settings_for()
    try:
        for setting in chosen:
            said = port.tell({setting.name: setting.value})
            if said is None:
                raise Unavailable("printer_unreachable", f"Expected {config} to answer, got nothing.")
        kept = [setting for setting in chosen if not setting.name.endswith(".add")]
        found = port.ask(tuple(setting.name for setting in kept)) or {}
    except (LinkLost, Unfit) as error:
        raise Unavailable("printer_unreachable", error.message) from None
    finally:
        port.close()
    for setting in kept:
        if found.get(setting.name) != setting.value:
            message = f"Expected {setting.name} to be {setting.value}, got {found.get(setting.name, 'no answer')!r}."
            raise Conflict("printer_setting", message)

    def work(conn: Connection) -> None:
        after = [{"name": setting.name, "value": setting.value} for setting in chosen]
        audit.record(conn, call, "printer.harden", f"printer:{name}", after={"settings": after})

    db.write(work)
    return chosen
