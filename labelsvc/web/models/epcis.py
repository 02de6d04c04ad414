"""Documents and jobs of EPCIS 2.0, as far as their envelopes: what stands in an event the domain reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    RootModel,
    create_model,
    model_validator,
)

from labelsvc.domain.epcis.queries import FIXED
from labelsvc.storage import captures, named_queries
from labelsvc.web.models.base import Answer, Body, Digits, Headers, Name, Query

PER_PAGE = 30
PER_PAGE_AT_MOST = 1_000
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"


class Kept(BaseModel):
    """A body of which only the frame is described, and which is kept as it came."""

    model_config = ConfigDict(extra="allow")
    _given: dict[str, Any] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _keep(cls, value: Any, handler: ModelWrapValidatorHandler[Kept]) -> Kept:
        made = handler(value)
        if isinstance(value, dict):
            made._given = value
        return made

    @property
    def given(self) -> Mapping[str, Any]:
        """The body as it came."""
        return self._given


class DocumentIn(Kept):
    """An EPCISDocument, or an EPCISQueryDocument as a query was answered with."""

    context: Annotated[Any, Field(alias="@context", description="JSON-LD; a URL in it is never fetched.")] = None
    type: Annotated[Any, Field(description="EPCISDocument or EPCISQueryDocument.", examples=["EPCISDocument"])] = None
    schema_version: Annotated[Any, Field(alias="schemaVersion", examples=["2.0"])] = None
    creation_date: Annotated[Any, Field(alias="creationDate", examples=["2026-11-20T08:30:00Z"])] = None
    epcis_header: Annotated[Any, Field(alias="epcisHeader", description="Master data; kept nowhere.")] = None
    epcis_body: Annotated[
        Any, Field(alias="epcisBody", description="`eventList`, or `queryResults.resultsBody.eventList`.")
    ] = None


class EventIn(Kept):
    """One EPCIS event of any type, with a `@context` of its own where it has extensions."""

    context: Annotated[Any, Field(alias="@context", description="JSON-LD; a URL in it is never fetched.")] = None
    type: Annotated[Any, Field(description="ObjectEvent, for instance.", examples=["ObjectEvent"])] = None


class CaptureHeaders(Headers):
    """What a capture may say beside its document."""

    gs1_capture_error_behaviour: Annotated[
        Literal["rollback", "proceed"],
        Field(description="What one wrong event does: `rollback`: none is taken; `proceed`: the others are."),
    ] = "rollback"


class PagesQuery(Query):
    """Where in a list to go on, as EPCIS has it."""

    per_page: Annotated[
        int, Field(alias="perPage", ge=1, le=PER_PAGE_AT_MOST, description="Items of a page, at most."), Digits
    ] = PER_PAGE
    next_page_token: Annotated[
        str | None, Field(alias="nextPageToken", max_length=2_000, description="Of the `Link` of the page before.")
    ] = None


class CaptureJob(Answer):
    """How far a document has come."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    capture_id: Annotated[str, Field(alias="captureID")]
    created_at: Annotated[datetime, Field(alias="createdAt")]
    finished_at: Annotated[datetime | None, Field(alias="finishedAt")]
    running: bool
    success: Annotated[bool, Field(description="Nothing was wrong so far.")]
    behaviour: Annotated[Literal["rollback", "proceed"], Field(alias="captureErrorBehaviour")]
    events: Annotated[int, Field(description="Events in the document.")]
    wrong: Annotated[int, Field(description="Events that are not taken because they are wrong.")]
    errors: Annotated[list[dict[str, Any]], Field(description="The first 100 of them, as problem documents.")]

    @classmethod
    def of(cls, job: captures.Job) -> CaptureJob:
        """Show a job."""
        return cls(
            capture_id=job.name,
            created_at=job.created_at,
            finished_at=job.finished_at,
            running=job.state != "done",
            success=job.wrong == 0 and not job.errors,
            behaviour=job.behaviour,
            events=job.total,
            wrong=job.wrong,
            errors=[dict(error) for error in job.errors],
        )


class SingleEvent(Answer):
    """An event as it is in the books."""

    model_config = ConfigDict(extra="allow")


class Document(Answer):
    """An EPCISDocument."""

    model_config = ConfigDict(populate_by_name=True)

    context: Annotated[Any, Field(alias="@context")]
    type: Literal["EPCISDocument"]
    schema_version: Annotated[str, Field(alias="schemaVersion")]
    creation_date: Annotated[str, Field(alias="creationDate")]
    epcis_body: Annotated[dict[str, Any], Field(alias="epcisBody")]


class QueryDocument(Answer):
    """An EPCISQueryDocument."""

    model_config = ConfigDict(populate_by_name=True)

    context: Annotated[Any, Field(alias="@context")]
    type: Literal["EPCISQueryDocument"]
    schema_version: Annotated[str, Field(alias="schemaVersion")]
    creation_date: Annotated[str, Field(alias="creationDate")]
    epcis_body: Annotated[dict[str, Any], Field(alias="epcisBody", description="`queryResults.resultsBody.eventList`.")]


class Names(RootModel[list[str]]):
    """Names of what lies below."""


class Collection(Answer):
    """Values, each once."""

    context: Annotated[str, Field(alias="@context")]
    type: Literal["Collection"]
    member: list[str]


class QueryIn(Body):
    """A query and its name."""

    name: Annotated[Name, Field(min_length=1, max_length=80, pattern=r"^[^/]+$", examples=["shipped"])]
    query: Annotated[
        dict[str, Any],
        Field(
            description="Parameters of `GET /epcis/events`, lists as arrays.", examples=[{"EQ_bizStep": ["shipping"]}]
        ),
    ]


class NamedQuery(Answer):
    """A query and its name."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    name: str
    query: dict[str, Any]
    created_at: Annotated[datetime, Field(alias="createdAt")]

    @classmethod
    def of(cls, found: named_queries.NamedQuery) -> NamedQuery:
        """Show a query."""
        return cls(name=found.name, query=dict(found.definition), created_at=found.created_at)


def query_path(name: str) -> str:
    """Return the path of a query."""
    return f"/epcis/queries/{quote(name, safe='')}"


if TYPE_CHECKING:
    EventsQuery = PagesQuery
else:
    _PARAMETER = Annotated[str | None, Field(max_length=4_000, description="As EPCIS 2.0, section 8.2.7.1, says.")]
    EventsQuery = create_model(
        "EventsQuery",
        __base__=PagesQuery,
        __module__=__name__,
        __doc__="Which events, and where in the list to go on.",
        **dict.fromkeys(FIXED, (_PARAMETER, None)),
    )
    EventsQuery.model_config["extra"] = "allow"
    EventsQuery.model_rebuild(force=True)
