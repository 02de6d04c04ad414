"""What may stand in a URL's path, and how a new thing is answered."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from flask import Flask
from werkzeug.routing import BaseConverter, ValidationError

from labelsvc.web.models.base import INTEGER_AT_MOST


class WholeConverter(BaseConverter):
    """A whole number from 1 to 2^63 - 1 in its one spelling; anything else names nothing (404)."""

    regex = r"[1-9][0-9]{0,18}"

    def to_python(self, value: str) -> int:
        """Return the number."""
        number = int(value)
        if number > INTEGER_AT_MOST:
            raise ValidationError
        return number


class NameConverter(BaseConverter):
    """What names something: text on one line. With any other character it can name nothing (404)."""

    regex = r"[^/]+"

    def to_python(self, value: str) -> str:
        """Return the name."""
        if not value.isprintable():
            raise ValidationError
        return value


class SerialConverter(BaseConverter):
    """Any text at all, a slash included: what is wrong with a serial is for the rules to say."""

    part_isolating = False
    regex = r"[\s\S]+"
    weight = 200


class UriConverter(SerialConverter):
    """A URI as a part of a path, its slashes among them, escaped or not."""

    weight = 150


def install(app: Flask) -> None:
    """Let routes of an app use the converters; a path has one spelling, nothing is redirected."""
    app.url_map.converters["whole"] = WholeConverter
    app.url_map.converters["name"] = NameConverter
    app.url_map.converters["serial"] = SerialConverter
    app.url_map.converters["uri"] = UriConverter
    app.url_map.merge_slashes = False


@cache
def template(rule: str) -> str:
    """Return a route's rule as OpenAPI, logs and metrics write it: `/api/v1/lots/{lot_id}`."""
    return re.sub(r"<(?:[^<:]+:)?([^>]+)>", r"{\1}", rule)


def created(answer: Any, path: str) -> tuple[Any, int, dict[str, str]]:
    """Return the answer to a POST that made something, and where it is."""
    return answer, 201, {"Location": path}
