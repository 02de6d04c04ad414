"""What a person wrote into a form, and a page that shows it again with what is wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from flask import Response, render_template, request

from labelsvc.domain.scans import LabelText, read
from labelsvc.errors import InvalidInput, LabelsvcError
from labelsvc.web import problems
from labelsvc.web.models.base import INTEGER_AT_MOST
from labelsvc.web.violations import echo

GS = "\x1d"
#: How a GS is shown: an arrow, which every font has and no label of ours.
SHOWN_GS = "\N{RIGHTWARDS ARROW}"
#: How some scanners send it.
_SENT_GS = "\N{SYMBOL FOR GROUP SEPARATOR}"


@dataclass(frozen=True, slots=True)
class Form:
    """A form's fields as they were sent, texts all.

    Every read raises InvalidInput with the field's pointer.
    """

    fields: Mapping[str, str]

    @classmethod
    def sent(cls) -> Form:
        """Return the form of this request."""
        return cls(request.form.to_dict())

    def text(self, name: str) -> str:
        """Return a text that must be there."""
        found = self.optional(name)
        if found is None:
            raise InvalidInput("missing", f"Expected {name.replace('_', ' ')}, got nothing.", pointer=f"/{name}")
        return found

    def optional(self, name: str) -> str | None:
        """Return a text on one line; None: nothing was written."""
        found = self.fields.get(name, "").strip()
        for char in found:
            if not char.isprintable():
                message = f"Expected printable characters, got U+{ord(char):04X}."
                raise InvalidInput("not_printable", message, pointer=f"/{name}")
        return found or None

    def whole(self, name: str) -> int:
        """Return a whole number from 1."""
        found = self.text(name)
        if not re.fullmatch(r"[0-9]{1,19}", found) or not 1 <= int(found) <= INTEGER_AT_MOST:
            raise InvalidInput("not_integer", f"Expected a whole number from 1, got {echo(found)}.", pointer=f"/{name}")
        return int(found)

    def choice(self, name: str, options: Collection[str]) -> str:
        """Return one of some texts."""
        found = self.text(name)
        if found not in options:
            message = f"Expected one of {', '.join(options)}, got {echo(found)}."
            raise InvalidInput("unknown_value", message, pointer=f"/{name}")
        return found

    def ticked(self, name: str) -> bool:
        """Tell whether a box is ticked."""
        return name in self.fields

    def scan(self, name: str) -> str:
        """Return what a scanner typed, GS included."""
        found = scanned(self.fields.get(name, ""))
        if not found:
            raise InvalidInput("missing", "Expected a scan, got nothing.", pointer=f"/{name}")
        return found

    def scans(self, name: str) -> tuple[str, ...]:
        """Return what a scanner typed, one scan a line."""
        return tuple(found for line in re.split("[\r\n]+", self.fields.get(name, "")) if (found := scanned(line)))


def scanned(text: str) -> str:
    """Return what a scanner read out of what it typed."""
    return text.replace(SHOWN_GS, GS).replace(_SENT_GS, GS).strip(" \t\r\n")


def serial_in(text: str, product: str, pointer: str) -> str:
    """Return the serial that a scan of one of a product's labels holds: an element string, a link, or a serial alone.

    Raises:
        InvalidInput: it is none of our labels, or another product's.
    """
    said = read(text)
    if not isinstance(said, LabelText):
        raise InvalidInput("scan_unreadable", "Expected a label of ours, got another text.", pointer=pointer)
    if said.product not in (None, product):
        message = f"Expected a label of product {product}, got one of {echo(said.product)}."
        raise InvalidInput("scan_product", message, pointer=pointer)
    return said.serial


@dataclass(slots=True)
class Shown:
    """A form as it is shown: with what was written, what is wrong with it, and a key of its own.

    Attributes:
        key: Idempotency-Key: made with the page, so that a form that is sent twice does something once.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    error: LabelsvcError | None = None
    key: str = field(default_factory=lambda: f"form-{uuid4()}")

    @classmethod
    def again(cls, error: LabelsvcError) -> Shown:
        """Return the form of this request, to be shown once more with what is wrong."""
        form = Form.sent()
        kept = form.fields.get("key", "")
        # A refusal leaves no trace of its key; one that was used for something else is no use any more.
        fresh = error.code == "idempotency_key_reused" or not re.fullmatch(r"form-[0-9a-f-]{36}", kept)
        return cls(form.fields, error) if fresh else cls(form.fields, error, kept)

    def __getitem__(self, name: str) -> str:
        """Return what was written into a field."""
        return self.fields.get(name, "").replace(GS, SHOWN_GS)

    def wrong(self, name: str) -> str | None:
        """Return what is wrong with a field."""
        pointer = self.error.pointer if self.error else None
        if pointer is None or self.error is None:
            return None
        return self.error.message if pointer.split("/")[1:2] == [name] else None

    def wrong_elsewhere(self, *names: str) -> str | None:
        """Return what is wrong and belongs to none of these fields."""
        if self.error is None or any(self.wrong(name) for name in names):
            return None
        return self.error.message


def shown(template: str, form: Shown, **values: Any) -> Response:
    """Return a page with a form; where something is wrong with it, with that error's status."""
    status = 200 if form.error is None else problems.status_of(form.error)[0]
    response = Response(render_template(template, form=form, **values), status, mimetype="text/html")
    if form.error is not None and status in (429, 503):
        response.headers["Retry-After"] = str(form.error.facts.get("retry_after", problems.RETRY_AFTER))
    return response
