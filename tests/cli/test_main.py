"""What is loaded, and said, before a command runs."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from labelsvc.cli import main

#: What takes its time, or is of no use to somebody who asks which commands there are.
HEAVY = ("alembic", "flask", "numpy", "pydantic", "reportlab", "sqlalchemy", "structlog", "websockets", "zeroconf")


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_what_commands_there_are_is_said_without_loading_what_they_need(option: str) -> None:
    program = f"""if True:
        import sys
        from labelsvc.cli import main
        main([{option!r}], standalone_mode=False)
        print(sorted(set({HEAVY!r}) & set(sys.modules)))
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_printer_in_software_needs_no_database() -> None:
    program = """if True:
        import sys
        from labelsvc.cli import main
        main(["virtual-printer", "--help"], standalone_mode=False)
        print("sqlalchemy" in sys.modules)
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "False"


def test_every_command_that_is_listed_is_there_under_its_name() -> None:
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        assert command.name == name


def test_what_is_listed_is_a_whole_sentence() -> None:
    said = main.get_help(click.Context(main, max_content_width=200, terminal_width=200))
    listed = said.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == main.list_commands(click.Context(main))
    assert [line for line in listed if not line.endswith(".") or line.endswith("...")] == []
