"""The listener for printers that dial in: of the worker, or of a command that needs one while no worker runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import click

from labelsvc.cli.opening import Shell
from labelsvc.errors import Unavailable
from labelsvc.printers.uris import serial_of
from labelsvc.printers.weblink.callers import Callers
from labelsvc.printers.weblink.credentials import Renewal, context_of, passwords_of
from labelsvc.printers.weblink.listener import Listener
from labelsvc.printing.printers import get_printer
from labelsvc.settings import Settings

#: How long a command waits for a printer to dial in; it tries every 10 s, and after a start up to 130 s later.
DIAL_SECONDS = 180.0
_LOOK_SECONDS = 0.1


@contextmanager
def dialled_in(chosen: Settings) -> Iterator[Callers | None]:
    """Let printers dial in; None where the settings name no address.

    Raises:
        Unavailable: the address is taken, or the certificate, its key or the passwords cannot be read.
        InvalidInput: a line of the passwords is none.
    """
    if chosen.weblink_listen is None:
        yield None
        return
    assert chosen.weblink_certificate is not None, "the settings insist on it"
    assert chosen.weblink_key is not None, "the settings insist on it"
    files = (chosen.weblink_certificate, chosen.weblink_key)
    renewal, context = Renewal(*files), context_of(*files)
    passwords = passwords_of(chosen.weblink_passwords) if chosen.weblink_passwords is not None else None
    callers = Callers()
    with Listener(callers, chosen.weblink_listen, context, passwords, renewal.look):
        yield callers


@contextmanager
def reached(shell: Shell, name: str) -> Iterator[Callers | None]:
    """Wait until a printer has dialled in, where it does; None: it is dialled.

    Raises:
        NotFound: no such printer.
        Unavailable: the address is taken, by the worker as a rule, or the printer does not come.
    """
    serial = serial_of(get_printer(shell.db, name).spec.uri)
    if serial is None:
        yield None
        return
    if shell.settings.weblink_listen is None:
        message = "Expected LABELSVC_WEBLINK_LISTEN, where the printer dials in, got nothing."
        raise Unavailable("weblink_listen", message)
    with ExitStack() as stack:
        try:
            callers = stack.enter_context(dialled_in(shell.settings))
        except Unavailable as error:
            if error.code != "weblink_listen":
                raise
            raise Unavailable(error.code, f"{error.message} Stop the worker first: printers dial in there.") from None
        assert callers is not None, "there is an address"
        _wait(callers, serial)
        yield callers


def _wait(callers: Callers, serial: str) -> None:
    callers.expect([serial])
    click.echo(f"Waiting for the printer {serial} to dial in", err=True)
    deadline = time.monotonic() + DIAL_SECONDS
    while serial not in callers.connected():
        if time.monotonic() > deadline:
            message = f"Expected the printer {serial} to dial in within {DIAL_SECONDS:g} s, got no connection."
            raise Unavailable("printer_unreachable", message)
        time.sleep(_LOOK_SECONDS)
