"""What one of this house's own labels says, where a scan of it is to prove something."""

from __future__ import annotations

from dataclasses import dataclass

from labelsvc.domain.scans.parsing import parse
from labelsvc.domain.scans.readings import EndCard


@dataclass(frozen=True, slots=True)
class LabelText:
    """What one of this house's own labels says.

    Attributes:
        product: GTIN or item code; None: it names none.
        lot: lot number; None: it names none.
        domain: what stands before the keys of a Digital Link; None: it is none.
        dates: the dates it says, YYMMDD, whatever they are of.
    """

    serial: str
    product: str | None = None
    lot: str | None = None
    domain: str | None = None
    dates: frozenset[str] = frozenset()


#: What may have been put right in a text that is to prove something: nothing that names another thing.
_HARMLESS = frozenset({"around", "envelope", "not_gs1_symbol", "qualifier_order"})


def read(text: str) -> LabelText | EndCard | None:
    """Return what one of our labels says that was read as it stands; None: it is none.

    Nothing is mended: such a scan is evidence. What names a product is taken before a serial alone.
    """
    whole = [each for each in parse(text, mend=False).readings if {it.name for it in each.repairs} <= _HARMLESS]
    for each in whole:
        if each.card is not None:
            return each.card
    for each in sorted(whole, key=lambda reading: reading.product is None):
        if each.serial is not None and each.kind in ("unit", "serial"):
            return LabelText(each.serial, each.product, each.lot, each.domain, frozenset(each.dates.values()))
    return None
