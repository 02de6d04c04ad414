"""Logs: one event a line on standard error, as JSON or for eyes; the only module that knows structlog."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from labelsvc.settings import LogFormat, LogLevel

Logger = structlog.stdlib.BoundLogger

#: Longest text in one member of an event; a traceback is let through whole.
TEXT_AT_MOST = 1_000


class _Handler(logging.Handler):
    """Our own handler on the root logger, so that a second set-up replaces it and nothing else.

    Args:
        stream: where lines go; None: whatever standard error is when one is written.
    """

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        """Write one event; a log that cannot be written stops nobody's work."""
        out = self._stream if self._stream is not None else sys.stderr
        try:
            out.write(self.format(record) + "\n")
            out.flush()
        except Exception:  # noqa: BLE001 - as logging's own handlers do
            self.handleError(record)


def logger(name: str) -> Logger:
    """Return the logger of a module."""
    bound: Logger = structlog.stdlib.get_logger(name)
    return bound


def configure(log_format: LogFormat, level: LogLevel, stream: TextIO | None = None) -> None:
    """Set up logging for this process, ours and that of the libraries; doing it again replaces the set-up."""
    out = stream if stream is not None else sys.stderr
    for_eyes = log_format == "console" or (log_format == "auto" and out.isatty())
    stamped: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        tame,
    ]
    structlog.configure(
        processors=[*stamped, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=Logger,
    )
    render: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=out.isatty()) if for_eyes else structlog.processors.JSONRenderer()
    )
    handler = _Handler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *stamped],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it says at every look that it looked


def tame(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Make every text of an event harmless for a terminal and a line reader: no control characters, bounded."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _traceback(value) if name == "exception" else escaped(value)
    return event


def escaped(text: str) -> str:
    """Return a text with everything that does not print written as an escape, and cut where it is long."""
    shown = text if len(text) <= TEXT_AT_MOST else text[:TEXT_AT_MOST] + "…"
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in shown)


def _traceback(text: str) -> str:
    return "\n".join(escaped(line) for line in text.split("\n"))
