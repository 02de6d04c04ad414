"""Printers as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import Field

from labelsvc.domain import jobs
from labelsvc.domain.jobs import PrinterSpec
from labelsvc.domain.outcomes import Evidence
from labelsvc.web.models.base import Answer, Body, Id, Listing, Name, Whole

Resolution = Annotated[Literal[8, 12], Field(description="Dots per mm."), Whole]


Length = Annotated[float, Field(ge=5, le=500, allow_inf_nan=False)]


class PrinterSpecIn(Body):
    """What a printer is, where it is, and what is loaded."""

    uri: Annotated[
        str,
        Field(
            min_length=1,
            max_length=500,
            description="tcp://HOST:PORT, tls://HOST:PORT, ipp://HOST:PORT/PATH, ipps://HOST:PORT/PATH, "
            "weblink://SERIAL, queue:///NAME or file:///NAME below the data directory.",
            examples=["tcp://printer-3.example.com:9100"],
        ),
    ]
    language: Literal["zpl"] = "zpl"
    dpmm: Resolution
    media_width: Annotated[Length, Field(description="Of the loaded labels, mm.", examples=[100])]
    media_height: Annotated[Length, Field(description="Of the loaded labels, mm.", examples=[50])]
    window: Annotated[
        int, Field(ge=1, le=5, description="Labels that may be on their way at once, where each is confirmed."), Whole
    ] = 2
    regulated: Annotated[
        bool, Field(description="Every label needs an echo or a scan, one at a time; a count alone is not enough.")
    ] = False
    station: Annotated[
        Name | None,
        Field(min_length=1, max_length=80, description="Client of the station that serves it; null: our own workers."),
    ] = None

    def noun(self, name: str) -> PrinterSpec:
        """Return it as the use case takes it."""
        media = (self.media_width, self.media_height)
        kept = {"window": self.window, "regulated": self.regulated, "station": self.station}
        return PrinterSpec(name, self.uri, self.language, self.dpmm, *media, **kept)  # type: ignore[arg-type]


class PrinterIn(PrinterSpecIn):
    """A new printer."""

    name: Annotated[str, Field(min_length=1, max_length=80, examples=["line-3"])]


class PrinterLinks(Answer):
    """Where to go from a printer."""

    self: str
    jobs: str


class Printer(Answer):
    """A printer; states and reasons are the words of RFC 8011."""

    id: Id
    name: str
    uri: str
    language: Literal["zpl"]
    dpmm: int
    media_width: float
    media_height: float
    window: int
    regulated: bool
    station: str | None
    evidence: Annotated[Evidence, Field(description="The highest evidence its certification granted.")]
    revision: int
    state: Literal["idle", "processing", "stopped"]
    state_reasons: list[str]
    state_at: datetime
    created_at: datetime
    links: PrinterLinks

    @classmethod
    def of(cls, printer: jobs.Printer) -> Printer:
        """Show a printer."""
        spec = printer.spec
        return cls(
            id=printer.id,
            name=spec.name,
            uri=spec.uri,
            language=spec.language,
            dpmm=spec.dpmm,
            media_width=spec.media_width,
            media_height=spec.media_height,
            window=spec.window,
            regulated=spec.regulated,
            station=spec.station,
            evidence=printer.profile.evidence,
            revision=printer.revision,
            state=printer.state,
            state_reasons=list(printer.state_reasons),
            state_at=printer.state_at,
            created_at=printer.created_at,
            links=PrinterLinks(self=printer_path(spec.name), jobs=f"/api/v1/jobs?printer={quote(spec.name, safe='')}"),
        )


class Printers(Listing[Printer]):
    """A page of printers."""


def printer_path(name: str) -> str:
    """Return the path of a printer."""
    return f"/api/v1/printers/{quote(name, safe='')}"
