"""What one of this house's own labels says, where a scan of it is to prove something."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from labelsvc.domain.gtin import LOGISTIC_UNITS
from labelsvc.domain.scans.parsing import parse
from labelsvc.domain.scans.readings import EndCard, Reading
from labelsvc.domain.sscc import check_sscc
from labelsvc.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class LabelText:
    """What one of this house's own labels says.

    Attributes:
        serial: of a logistic unit its SSCC.
        product: GTIN or item code, `(00)` of a logistic unit; None: it names none.
        lot: lot number, of a logistic unit that of its content; None: it names none.
        domain: what stands before the keys of a Digital Link; None: it is none.
        dates: the dates it says, YYMMDD, whatever they are of.
    """

    serial: str
    product: str | None = None
    lot: str | None = None
    domain: str | None = None
    dates: frozenset[str] = frozenset()

    def beside(self, product: str | None) -> LabelText:
        """Return what it says where somebody named a product beside it, or nobody did (None).

        A serial alone is of that product; without one, digits that are an SSCC, with (00) or without, are that.
        """
        if self.product is not None or product not in (None, LOGISTIC_UNITS):
            return replace(self, product=self.product or product)
        digits = _SSCC.fullmatch(self.serial)
        try:
            return LabelText(check_sscc(digits[1]), LOGISTIC_UNITS) if digits else replace(self, product=product)
        except InvalidInput:
            return replace(self, product=product)


_SSCC = re.compile(r"(?:00)?([0-9]{18})")
#: What may have been put right in a text that is to prove something: nothing that names another thing.
_HARMLESS = frozenset({"around", "envelope", "not_gs1_symbol", "qualifier_order"})


def read(text: str) -> LabelText | EndCard | None:
    """Return what one of our labels says that was read as it stands; None: it is none.

    Nothing is mended: such a scan is evidence. What names a product is taken before a serial alone, and this before
    an SSCC of which nothing says that it is one.
    """
    whole = [each for each in parse(text, mend=False).readings if {it.name for it in each.repairs} <= _HARMLESS]
    for each in whole:
        if each.card is not None:
            return each.card
    for kind in ("unit", "serial", "logistic"):
        said = next((_said(each) for each in whole if each.kind == kind), None)
        if said is not None:
            return said
    return None


def _said(reading: Reading) -> LabelText | None:
    is_unit = reading.kind != "logistic"
    serial = reading.serial if is_unit else dict(reading.elements)["00"]
    product = reading.product if is_unit else LOGISTIC_UNITS
    if serial is None:
        return None
    return LabelText(serial, product, reading.lot, reading.domain, frozenset(reading.dates.values()))
