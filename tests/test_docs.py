"""Everything a user can meet is documented: commands, settings, routes, fields, error codes, links.

`python tests/test_docs.py` writes docs/commands.md anew from the commands' own help.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from labelsvc import app, errors, settings
from labelsvc.access.roles import ROLES
from labelsvc.cli import main
from labelsvc.settings import Settings
from labelsvc.web.auth import EVERY_ROLE, roles_of
from labelsvc.web.house import house_of
from labelsvc.web.page_views import is_page
from labelsvc.web.paths import template
from labelsvc.web.violations import _KINDS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
COMMANDS = DOCS / "commands.md"
KINDS = frozenset(kind.__name__ for kind in errors.LabelsvcError.__subclasses__())
HEAD = """\
# The commands

`labelsvc COMMAND --help` says the same. Settings come from [the environment](operations/README.md#settings). What a
command is asked for goes to standard output, alone, so that it can be used in scripts; everything else goes to standard
error. A command that fails says one sentence there and ends with an [exit status](http.md#errors).
"""


def in_code(page: Path) -> set[str]:
    """Return everything that stands between backticks on a page."""
    return set(re.findall(r"`([^`\n]+)`", page.read_text("utf-8")))


# Commands


def commands(command: click.Command, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """Yield all commands that do something, each in its context."""
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield command, context
    if not isinstance(command, click.Group):
        return
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        yield from commands(found, click.Context(found, context, name, terminal_width=100, max_content_width=100))


def help_of(command: click.Command, context: click.Context) -> str:
    """Return a command's help, without what all have."""
    return re.sub(r"(\n\nOptions:)?\n +(-h, )?--help .*$", "", command.get_help(context))


def commands_page() -> str:
    """Return docs/commands.md as it should be."""
    sections = [
        f"## {context.command_path}\n\n```\n{help_of(command, context)}\n```\n"
        for command, context in commands(main, click.Context(main, info_name="labelsvc", **main.context_settings))
    ]
    return "\n".join([HEAD, *sections])


def test_the_page_of_the_commands_is_current() -> None:
    assert COMMANDS.read_text("utf-8") == commands_page(), "run: make docs"


def test_every_command_and_every_option_says_what_it_is() -> None:
    for command, context in commands(main, click.Context(main, info_name="labelsvc")):
        assert (command.help or "").strip().endswith((".", ")")), context.command_path
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert (parameter.help or "").endswith("."), (context.command_path, parameter.name)


def test_every_command_that_a_page_shows_exists_and_has_the_options_shown() -> None:
    top = click.Context(main, info_name="labelsvc")
    known = {context.command_path: command for command, context in commands(main, top)}
    shown = [
        (page, re.split(r"\s#|[);&|]", line)[0].split())
        for page in PAGES
        for block in re.findall(r"```sh\n(.*?)```", page.read_text("utf-8").replace("\\\n", " "), re.DOTALL)
        for line in re.findall(r"(?:^|\$\()(labelsvc .*)", block, re.MULTILINE)
    ]
    assert len(shown) > 15
    for page, words in shown:
        path = next((" ".join(words[:n]) for n in (3, 2) if " ".join(words[:n]) in known), None)
        assert path is not None, (page, words)
        options = {name for parameter in known[path].params for name in (*parameter.opts, *parameter.secondary_opts)}
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= options, (page, words)


# Settings


def test_every_setting_is_documented_and_nothing_else() -> None:
    pages = {name for page in PAGES for name in re.findall(r"LABELSVC_[A-Z_]*[A-Z]", page.read_text("utf-8"))}
    table = re.findall(r"LABELSVC_[A-Z_]*[A-Z]", (DOCS / "operations" / "README.md").read_text("utf-8"))
    assert set(settings.NAMES) <= set(table)
    assert pages <= set(settings.NAMES)


# Routes


@pytest.fixture(scope="module")
def web(tmp_path_factory) -> Iterator[object]:
    """The app, for its routes."""
    directory = tmp_path_factory.mktemp("docs")
    environment = {"LABELSVC_DATA_DIR": str(directory), "LABELSVC_DIGITAL_LINK_DOMAIN": "https://id.example.com"}
    assert CliRunner().invoke(main, ["init"], env=environment).exit_code == 0
    made = app.create_app(Settings.from_environment(environment))
    yield made
    house_of(made).db.close()


def roles_in_words(view) -> str:
    roles = roles_of(view)
    if roles is None:
        return "anybody" if is_page(view) else "no key"
    if roles >= set(EVERY_ROLE):
        every = "any role" if is_page(view) else "any key"
        return f"{every}, partner" if "partner" in roles else every
    return ", ".join(role for role in ROLES if role in roles and role != "admin") or "admin"


@pytest.mark.parametrize("pages", [False, True])
def test_every_route_is_documented_with_its_roles_and_no_other_is(web, pages) -> None:
    """Those of the API on one page, those of the pages on another."""
    routes = {
        f"{method} {template(rule.rule)}": roles_in_words(web.view_functions[rule.endpoint])
        for rule in web.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if is_page(web.view_functions[rule.endpoint]) == pages
    }
    page = (DOCS / ("pages.md" if pages else "http.md")).read_text("utf-8")
    table = page if pages else page[page.index("\n## Routes\n") : page.index("\n### Fields of requests\n")]
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", table, re.MULTILINE)
    assert {route: roles.strip() for route, roles in rows} == routes
    assert len(rows) == len(routes)


def test_every_field_of_a_request_is_documented(web) -> None:
    documented = in_code(DOCS / "http.md") | in_code(DOCS / "epcis.md")
    schemas = web.spec["components"]["schemas"]
    paging = {"limit", "after"}
    for item in web.spec["paths"].values():
        for operation in item.values():
            fields = {each["name"] for each in operation["parameters"] if each["in"] == "query"} - paging
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            name = body.get("$ref", "").rpartition("/")[2]
            fields |= set(schemas[name]["properties"]) if name else set()
            for field in fields:
                assert field in documented or f"?{field}=" in documented, (operation["operationId"], field)


# Error codes


def text_of(node: ast.expr) -> str | None:
    """Return a text as it stands in the code, {} for what it fills in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def codes() -> set[str]:
    """Return every error code in the code: what an error is made with, or what stands before its sentence."""
    found = set()
    for file in sorted((ROOT / "labelsvc").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
            parts = node.args if isinstance(node, ast.Call) else node.elts if isinstance(node, ast.Tuple) else []
            texts = [text_of(part) for part in parts]
            for place, (code, after) in enumerate(zip(texts, [*texts[1:], None], strict=False)):
                made = place == 0 and (name in KINDS | {"PydanticCustomError"} or (name == "error" and len(parts) > 1))
                sentence = (after or "").startswith("Expected")
                if code and (made or sentence) and re.fullmatch(r"[a-z{][a-z0-9_{}]*", code):
                    found.add(code)
    return found


def test_the_search_for_error_codes_finds_all_kinds_of_them() -> None:
    """An error's own, one of a table, one made of two parts, one of a label format, one of a model."""
    assert {"gtin_check_digit", "database_lost", "lot_{}_too_far", "format_key", "date_unknown", "missing"} <= codes()
    assert len(codes()) > 150


def test_every_error_code_is_documented() -> None:
    documented = in_code(DOCS / "http.md") | in_code(DOCS / "epcis.md")
    patterns = {
        code: re.escape(code).replace(r"\{\}", "[a-z_]+")
        for code in codes() | {code for code, _ in _KINDS.values()} | {"internal_error", "method", "http_error"}
    }
    missing = {
        code for code, pattern in patterns.items() if not any(re.fullmatch(pattern, word) for word in documented)
    }
    assert missing == set()


# Links


def anchor(heading: str) -> str:
    """Return the name that a heading has in a link."""
    return re.sub(r"[^a-z0-9 -]", "", heading.strip().lower()).replace(" ", "-")


def test_every_link_between_pages_leads_somewhere() -> None:
    for page in PAGES:
        text = page.read_text("utf-8")
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, heading = target.partition("#")
            file = (page.parent / path).resolve() if path else page
            assert file.exists(), (page, target)
            if heading:
                headings = re.findall(r"^#+ (.*)$", file.read_text("utf-8"), re.MULTILINE)
                assert heading in map(anchor, headings), (page, target)


if __name__ == "__main__":
    COMMANDS.write_text(commands_page(), "utf-8")
    sys.exit(0)
