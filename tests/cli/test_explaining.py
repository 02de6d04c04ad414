"""scan --explain: no database, no installation; readings, repairs, refusals."""

from __future__ import annotations

from click.testing import CliRunner

from labelsvc.cli import main

GTIN = "09506000134352"


def explain(*arguments: str):
    return CliRunner().invoke(main, ["scan", "--explain", *arguments])


def test_every_reading_of_a_text_is_listed_with_its_repairs() -> None:
    assert explain(f"]C101{GTIN}10L-1F821A1", "--separator", "F8").stdout.splitlines()[:3] == [
        f"lot\tread\t(01){GTIN}(10)L-1F821A1",
        f"unit\tread\t(01){GTIN}(10)L-1(21)A1",
        "\tseparator_typed\tF8\tGS",
    ]
    assert explain("]C0VALVE/A00001\r").stdout.splitlines() == [
        "unit\tread\t[VALVE](21)A00001",
        "\taround\t]C0VALVE/A00001\\x0d\t]C0VALVE/A00001",
    ]
    assert explain(f"]Q1https://id.example.com/01/{GTIN}").stdout == (
        f"class\tread\t(01){GTIN} https://id.example.com\n"
    )


def test_a_text_that_says_nothing_is_refused_with_the_reason() -> None:
    result = explain("two words")
    assert (result.exit_code, result.stdout) == (65, "")
    assert "scan_not_understood" in result.stderr


def test_where_the_work_was_bounded_it_says_so() -> None:
    assert explain("(10)(21)" * 20).stderr == "There may be more readings.\n"
