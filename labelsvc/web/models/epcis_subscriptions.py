"""Subscriptions of EPCIS 2.0 as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import ConfigDict, Field

from labelsvc.domain.epcis.times import parse_time
from labelsvc.errors import at
from labelsvc.storage import subscriptions
from labelsvc.tracking.subscriptions import NewSubscription
from labelsvc.web.models.base import Answer, Body, Name
from labelsvc.web.models.epcis import query_path


class SubscriptionIn(Body):
    """Whom to tell, and when: `stream` or `schedule`."""

    dest: Annotated[Name, Field(min_length=1, max_length=500, examples=["https://erp.example.com/epcis"])]
    token: Annotated[
        str | None,
        Field(
            alias="signatureToken",
            min_length=1,
            max_length=200,
            description="What messages are signed with (GS1-Signature: HMAC-SHA256 of the body, base64).",
        ),
    ] = None
    secret: Annotated[str | None, Field(min_length=1, max_length=200, description="The same, as drafts call it.")] = (
        None
    )
    stream: bool = False
    schedule: Annotated[dict[str, Any] | None, Field(examples=[{"hour": "1", "minute": "5"}])] = None
    report_if_empty: Annotated[bool, Field(alias="reportIfEmpty")] = False
    initial_record_time: Annotated[
        str | None, Field(alias="initialRecordTime", max_length=60, examples=["2026-11-20T08:30:00Z"])
    ] = None

    def asked(self) -> NewSubscription:
        """Return what is asked for.

        Raises:
            InvalidInput: time_format.
        """
        with at("/initialRecordTime"):
            since = None if self.initial_record_time is None else parse_time(self.initial_record_time)
        token = self.token or self.secret
        return NewSubscription(self.dest, token, self.stream, self.schedule, self.report_if_empty, since)


class Subscription(Answer):
    """Somebody who is told."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    subscription_id: Annotated[str, Field(alias="subscriptionID")]
    query_name: Annotated[str, Field(alias="queryName")]
    dest: str
    stream: bool
    schedule: dict[str, str] | None
    report_if_empty: Annotated[bool, Field(alias="reportIfEmpty")]
    initial_record_time: Annotated[datetime, Field(alias="initialRecordTime")]
    created_at: Annotated[datetime, Field(alias="createdAt")]
    tries: Annotated[int, Field(description="Since the last message that was taken.")]
    last_error: Annotated[str | None, Field(description="Why the last one was not.")]

    @classmethod
    def of(cls, found: subscriptions.Subscription) -> Subscription:
        """Show a subscription, without its secret."""
        return cls(
            subscription_id=found.name,
            query_name=found.query_name,
            dest=found.dest,
            stream=found.stream,
            schedule=None if found.schedule is None else dict(found.schedule),
            report_if_empty=found.report_if_empty,
            initial_record_time=found.initial_record_time,
            created_at=found.created_at,
            tries=found.tries,
            last_error=found.last_error,
        )


def subscription_path(query_name: str, name: str) -> str:
    """Return the path of a subscription."""
    return f"{query_path(query_name)}/subscriptions/{quote(name, safe='')}"
