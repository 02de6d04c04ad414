"""A label from what its batch froze: the same at every time, whoever asks for it."""

from __future__ import annotations

from labelsvc.domain.ranges import Numbering
from labelsvc.labels.compiling import compile_layout
from labelsvc.labels.formats import LabelFormat
from labelsvc.labels.layout import Layout
from labelsvc.labels.values import Values


def layout_of(fmt: LabelFormat, frozen: str, numbering: Numbering, dpmm: int) -> Layout:
    """Return the layout of a batch's labels; raises as `compile_layout`.

    Args:
        frozen: the batch's values, as they are kept.
        numbering: of its pool.
    """
    shape = numbering.scheme.shape(numbering.scope)
    return compile_layout(fmt, Values.from_json(frozen), shape, dpmm)
