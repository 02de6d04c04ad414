"""How a command is found, and how its errors end it.

Only the room of the command that runs is entered: databases, numbers and renderers take a second to load, and a list of
commands needs none of them.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click

from labelsvc import errors

#: What a command ends with, in the words of sysexits.h: EX_DATAERR, EX_NOINPUT, EX_CANTCREAT, EX_TEMPFAIL, EX_NOPERM.
_EXITS: dict[type[errors.LabelsvcError], int] = {
    errors.InvalidInput: 65,
    errors.Malformed: 65,
    errors.TooLarge: 65,
    errors.NotFound: 66,
    errors.Conflict: 73,
    errors.Unavailable: 75,
    errors.NotAllowed: 77,
}
_EX_IOERR = 74


@dataclass(frozen=True, slots=True)
class Listed:
    """A command by its module in labelsvc.cli, and what the list of commands says of it."""

    module: str
    what: str


class Commands(click.Group):
    """Commands whose errors are one sentence on stderr and an exit status, never a stack trace.

    Args:
        listed: by name, where each is; there it is called by its name, with _ for -.
    """

    def __init__(self, *args: Any, listed: dict[str, Listed], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._listed = listed

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # as click calls it
        """Return the commands' names."""
        return sorted(self._listed)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a command; None if there is none of that name."""
        if cmd_name not in self._listed:
            return None
        module = import_module(f"labelsvc.cli.{self._listed[cmd_name].module}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what each command is for, without loading it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._listed[name].what) for name in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except errors.LabelsvcError as error:
            where = f"{error.pointer.lstrip('/')}: " if error.pointer else ""
            _say(f"{where}{error.message} ({error.code})")
            ctx.exit(_EXITS.get(type(error), 1))
        except OSError as error:
            if error.errno == errno.EPIPE:  # whoever read our output has enough
                raise
            what = f"to read or write {error.filename}" if error.filename else "the system to do its part"
            _say(f"Expected {what}, got: {error.strerror or error}.")
            ctx.exit(_EX_IOERR)


def _say(sentence: str) -> None:
    from labelsvc import logs  # noqa: PLC0415  # a tenth of a second, for those who see an error only

    click.echo(f"labelsvc: {logs.escaped(sentence)}", err=True)
