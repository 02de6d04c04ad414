"""Pages of a list as EPCIS has them: `Link: <...>; rel="next"`, with a token that runs out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from flask import request

from labelsvc.tracking import page_tokens
from labelsvc.web.house import house
from labelsvc.web.models.epcis import PagesQuery


def position(page: PagesQuery) -> list[Any]:
    """Return where a list goes on; an empty position at its beginning.

    Raises:
        InvalidInput: query_page_token.
    """
    if page.next_page_token is None:
        return []
    return page_tokens.read(house().issuer, _asked(), page.next_page_token, house().now())


def onward(page: PagesQuery, next_position: Sequence[Any] | None) -> dict[str, str]:
    """Return the headers that lead to the next page; none on the last."""
    if next_position is None:
        return {}
    token, until = page_tokens.make(house().issuer, _asked(), next_position, house().now())
    query = {**_query(), "perPage": str(page.per_page), "nextPageToken": token}
    return {
        "Link": f'<{request.script_root}{quote(request.path)}?{urlencode(query)}>; rel="next"',
        "GS1-Next-Page-Token-Expires": until.isoformat().replace("+00:00", "Z"),
    }


def _query() -> dict[str, str]:
    return {name: value for name, value in request.args.items() if name not in ("perPage", "nextPageToken")}


def _asked() -> str:
    return f"{request.path}?{urlencode(sorted(_query().items()))}"
