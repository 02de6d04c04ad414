"""/label-formats: what labels look like."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from labelsvc.issuing import label_formats
from labelsvc.web.auth import call, role
from labelsvc.web.guard import upload
from labelsvc.web.house import house
from labelsvc.web.models.base import PageQuery, listing
from labelsvc.web.models.label_formats import (
    LabelFormat,
    LabelFormatEntry,
    LabelFormatIn,
    LabelFormats,
    label_format_path,
)
from labelsvc.web.paths import created

bp = APIBlueprint(
    "label_formats",
    __name__,
    url_prefix="/api/v1/label-formats",
    tag={"name": "label formats", "description": "What labels look like."},
)


@bp.post("")
@role()
@upload
@bp.input(LabelFormatIn, arg_name="body")
@bp.output(LabelFormat, 201)
@bp.doc(operation_id="addLabelFormat")
def add_label_format(body: LabelFormatIn) -> Any:
    """Add a revision of a label format, for the batches to come.

    Batches that are there keep theirs. The same content is the same revision.
    """
    made = label_formats.add_format(house().db, call(), body.toml, body.contents())
    return created(LabelFormat.of(made), label_format_path(made.name))


@bp.get("")
@role("line", "qa")
@bp.input(PageQuery, location="query", arg_name="page")
@bp.output(LabelFormats)
@bp.doc(operation_id="listLabelFormats")
def list_label_formats(page: PageQuery) -> Any:
    """List the label formats, each in the revision that is in use."""
    return listing(label_formats.list_formats(house().db, page.after, page.limit), LabelFormatEntry.of)


@bp.get("/<name:name>")
@role("line", "qa")
@bp.output(LabelFormat)
@bp.doc(operation_id="getLabelFormat")
def get_label_format(name: str) -> Any:
    """Show the revision of a label format that is in use."""
    return LabelFormat.of(label_formats.get_format(house().db, name))
