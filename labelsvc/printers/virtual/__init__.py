"""A ZPL printer that exists in software only and behaves as the guide says, faults included."""

from labelsvc.printers.virtual.fleet import Fleet
from labelsvc.printers.virtual.line import DropKind
from labelsvc.printers.virtual.personality import Personality
from labelsvc.printers.virtual.printer import VirtualPrinter, serve
from labelsvc.printers.virtual.received import PrintedLabel

__all__ = ["DropKind", "Fleet", "Personality", "PrintedLabel", "VirtualPrinter", "serve"]
