"""A table of the tests' own, so that the database is tested apart from what is kept in it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest
from sqlalchemy import Column, ForeignKey, LargeBinary, MetaData, String, Table

from labelsvc.storage.database import Database
from labelsvc.storage.types import BigKey, Instant, Json

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="session")
def notes() -> Table:
    """Notes with a unique text; a note may answer another."""
    return Table(
        "notes",
        MetaData(),
        Column("id", BigKey, primary_key=True),
        Column("text", String(200), nullable=False, unique=True),
        Column("answers", BigKey, ForeignKey("notes.id")),
        Column("at", Instant),
        Column("data", Json),
        Column("content", LargeBinary),
    )


@pytest.fixture
def book_url(database_url: str, notes: Table) -> Iterator[str]:
    """The address of a database that has the table of notes."""
    with Database.open(database_url) as database:
        database.alter(notes.metadata.create_all)
    yield database_url
    with Database.open(database_url) as database:
        database.alter(notes.metadata.drop_all)


@pytest.fixture
def book(book_url: str) -> Iterator[Database]:
    """An open database that has the table of notes."""
    with Database.open(book_url) as database:
        yield database


@pytest.fixture
def sqlite_book(sqlite_url: str, notes: Table) -> Iterator[Database]:
    """The same on SQLite alone."""
    with Database.open(sqlite_url) as database:
        database.alter(notes.metadata.create_all)
        yield database


@pytest.fixture
def postgresql_book(postgresql_url: str, notes: Table) -> Iterator[Database]:
    """The same on PostgreSQL alone."""
    with Database.open(postgresql_url) as database:
        database.alter(notes.metadata.create_all)
        yield database
        database.alter(notes.metadata.drop_all)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a Python process with a program and arguments; it does not outlive the test."""
    running: list[subprocess.Popen[str]] = []

    def start_process(program: str, *arguments: str) -> subprocess.Popen[str]:
        path = tmp_path / f"program{len(running)}.py"
        path.write_text(program, encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, path, *arguments], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
        )
        running.append(process)
        return process

    yield start_process
    for process in running:
        process.kill()
        process.wait()
        stream: IO[str] | None
        for stream in (process.stdout, process.stdin):
            if stream is not None:
                stream.close()
