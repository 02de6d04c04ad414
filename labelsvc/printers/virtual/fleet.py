"""Many virtual printers on one thread."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

from labelsvc.printers.virtual.loop import Loop
from labelsvc.printers.virtual.printer import VirtualPrinter


class Fleet:
    """Printers that share a thread; a context manager that switches them all off in the end.

    with Fleet() as fleet:
        printers = [fleet.add(label_seconds=0.15) for _ in range(200)]
    """

    def __init__(self) -> None:
        self._loop = Loop("virtual-fleet")
        self._loop.start()
        self.printers: list[VirtualPrinter] = []

    def add(self, host: str = "127.0.0.1", port: int = 0, output: Path | None = None, **options: Any) -> VirtualPrinter:
        """Switch one more on; the arguments are those of VirtualPrinter."""
        printer = VirtualPrinter(host, port, output, loop=self._loop, **options).start()
        self.printers.append(printer)
        return printer

    def close(self) -> None:
        """Switch all off, at once. Raises what the first of them died of, if one did."""
        self._loop.end()
        for printer in self.printers:
            printer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
