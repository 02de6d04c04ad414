"""Label formats as JSON."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from pydantic import Field

from labelsvc.errors import InvalidInput
from labelsvc.web.models.base import Answer, Body, Id, Listing
from labelsvc.web.violations import pointer

if TYPE_CHECKING:  # only its shape is needed here
    from labelsvc.storage.label_formats import StoredFormat


class LabelFormatIn(Body):
    """A label format: its TOML text and the pictures that it names."""

    toml: Annotated[str, Field(min_length=1, description="The format, in mm; see the documentation of label formats.")]
    files: Annotated[
        dict[str, Annotated[str, Field(json_schema_extra={"contentEncoding": "base64"})]],
        Field(max_length=50, default_factory=dict, description="Pictures by the name the format uses, in base64."),
    ]

    def contents(self) -> Mapping[str, bytes]:
        """Return the pictures.

        Raises:
            InvalidInput: one is not in base64.
        """
        return {name: _decoded(name, text) for name, text in self.files.items()}


def _decoded(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput("base64", "Expected base64, got something else.", pointer=pointer(("files", name))) from None


class LabelFormatLinks(Answer):
    """Where to go from a label format."""

    self: str


class LabelFormatEntry(Answer):
    """The revision of a label format that new batches get, without its text."""

    id: Id
    name: str
    revision: Annotated[str, Field(description="Hash of the content, pictures included.")]
    shipped: Annotated[bool, Field(description="It came with labelsvc.")]
    created_at: datetime
    links: LabelFormatLinks

    @classmethod
    def of(cls, stored: StoredFormat) -> LabelFormatEntry:
        """Show a label format in a list."""
        return cls(
            id=stored.id,
            name=stored.name,
            revision=stored.revision,
            shipped=stored.shipped,
            created_at=stored.created_at,
            links=LabelFormatLinks(self=label_format_path(stored.name)),
        )


class LabelFormat(LabelFormatEntry):
    """The revision of a label format that new batches get."""

    toml: str

    @classmethod
    def of(cls, stored: StoredFormat) -> LabelFormat:
        """Show a label format."""
        entry = LabelFormatEntry.of(stored)
        return cls(**dict(entry), toml=stored.toml)


class LabelFormats(Listing[LabelFormatEntry]):
    """A page of label formats."""


def label_format_path(name: str) -> str:
    """Return the path of a label format."""
    return f"/api/v1/label-formats/{quote(name, safe='')}"
