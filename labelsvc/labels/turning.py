"""Turning: what stands in a turned box is laid out upright, then brought to its place on the label."""

from __future__ import annotations

from dataclasses import dataclass

from labelsvc.labels.layout import Box, Rotation


@dataclass(frozen=True, slots=True)
class Frame:
    """A box whose content is turned clockwise; in mm or in dots, as the box is."""

    box: Box
    rotation: Rotation

    @property
    def width(self) -> float:
        """Along the upright content."""
        return self.box.height if self.rotation in (90, 270) else self.box.width

    @property
    def height(self) -> float:
        """Across the upright content."""
        return self.box.width if self.rotation in (90, 270) else self.box.height

    def placed(self, inner: Box) -> Box:
        """Give the place on the label of a rectangle of the upright content, measured from its top left corner."""
        box = self.box
        match self.rotation:
            case 0:
                return Box(box.x + inner.x, box.y + inner.y, inner.width, inner.height)
            case 90:
                return Box(box.x + box.width - inner.y - inner.height, box.y + inner.x, inner.height, inner.width)
            case 180:
                right, bottom = box.x + box.width, box.y + box.height
                return Box(right - inner.x - inner.width, bottom - inner.y - inner.height, inner.width, inner.height)
            case _:  # 270
                return Box(box.x + inner.y, box.y + box.height - inner.x - inner.width, inner.height, inner.width)


def in_dots(box: Box, dpmm: int) -> Box:
    """Give the whole dots that lie inside a box."""
    room = 1e-6
    left, top = -int(-(box.x * dpmm - room) // 1), -int(-(box.y * dpmm - room) // 1)
    right, bottom = int((box.x + box.width) * dpmm + room), int((box.y + box.height) * dpmm + room)
    return Box(left, top, max(0, right - left), max(0, bottom - top))


def in_mm(box: Box, dpmm: int) -> Box:
    """Give the box of so many dots."""
    return Box(box.x / dpmm, box.y / dpmm, box.width / dpmm, box.height / dpmm)


def left_over(align: str, room: float) -> float:
    """Give how much of the spare room is before what is aligned: none, half or all of it."""
    return {"left": 0.0, "top": 0.0, "right": room, "bottom": room}.get(align, room / 2)
