"""labelsvc COMMAND: the service at a shell."""

from labelsvc.cli.main import main

__all__ = ["main"]
