"""user: the people who sign in at the pages."""

from __future__ import annotations

import sys

import click

from labelsvc import access
from labelsvc.access.passwords import LENGTH_AT_MOST
from labelsvc.cli.opening import opened, tab


@click.group()
def user() -> None:
    """People who sign in at the pages."""


def _password(*, from_stdin: bool) -> str:
    """Return a password from the terminal, where it is asked for twice, or one line of standard input."""
    if not from_stdin:
        return str(click.prompt("Password", hide_input=True, confirmation_prompt="The same again", err=True))
    # The longest there is, its line's end, and one more, which makes it too long.
    return sys.stdin.readline(LENGTH_AT_MOST + 2).rstrip("\r\n")


_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from standard input, one line.")


@user.command("add")
@click.option("--role", required=True, type=click.Choice(access.ROLES), help="What the user may do.")
@click.option("--party", help="Whose a partner is: GLN, own code or URI.")
@_stdin
@click.argument("name")
def user_add(name: str, role: str, party: str | None, *, password_stdin: bool) -> None:
    """Add the user NAME; the password (12 to 200 characters) is asked for."""
    with opened() as shell:
        whose = shell.party(party)
        made = access.add_user(shell.db, shell.call(), name, role, _password(from_stdin=password_stdin), whose)
    click.echo(f"{made.name}\t{made.role}{tab(made.party)}")


@user.command("list")
def user_list() -> None:
    """Show all users."""
    with opened() as shell:
        for found in access.list_users(shell.db):
            state = "disabled" if found.disabled_at else "enabled"
            click.echo(f"{found.name}\t{found.role}\t{state}{tab(found.party)}")


@user.command("password")
@_stdin
@click.argument("name")
def user_password(name: str, *, password_stdin: bool) -> None:
    """Give the user NAME another password, and end the sessions that began with the old one."""
    with opened() as shell:
        access.set_password(shell.db, shell.call(), name, _password(from_stdin=password_stdin))
    click.echo(f"{name} has another password.")


@user.command("disable")
@click.argument("name")
def user_disable(name: str) -> None:
    """Let the user NAME sign in no more, and end their sessions."""
    with opened() as shell:
        access.disable_user(shell.db, shell.call(), name)
    click.echo(f"{name} can sign in no more.")


@user.command("enable")
@click.argument("name")
def user_enable(name: str) -> None:
    """Let the user NAME sign in again, with the password they had."""
    with opened() as shell:
        access.enable_user(shell.db, shell.call(), name)
    click.echo(f"{name} can sign in.")


@user.command("role")
@click.argument("name")
@click.argument("role", type=click.Choice(access.ROLES))
def user_role(name: str, role: str) -> None:
    """Say that the user NAME may do what ROLE may, from now on, in the sessions that go on too."""
    with opened() as shell:
        access.set_role(shell.db, shell.call(), name, role)
    click.echo(f"{name}\t{role}")
