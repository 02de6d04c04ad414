"""What tests of several ways to a printer share."""

from tests.ippeveprinter import bus, ipp_printer

__all__ = ["bus", "ipp_printer"]
