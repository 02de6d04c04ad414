"""Pages for a person with a browser: few, plain, and quick on a tablet at the line."""

from labelsvc.web.pages import front, line, lots, printers, qa, reprints, signing

BLUEPRINTS = (front.bp, signing.bp, line.bp, printers.bp, qa.bp, reprints.bp, lots.bp)

__all__ = ["BLUEPRINTS"]
