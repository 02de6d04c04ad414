"""Pages for a person with a browser: few, plain, and quick on a tablet at the line."""

from labelsvc.web.pages import complaints, front, inventory, line, lots, printers, qa, reprints, scan, signing, units

BLUEPRINTS = (
    front.bp,
    signing.bp,
    line.bp,
    printers.bp,
    qa.bp,
    reprints.bp,
    lots.bp,
    scan.bp,
    units.bp,
    inventory.bp,
    complaints.bp,
)

__all__ = ["BLUEPRINTS"]
