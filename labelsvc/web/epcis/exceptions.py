"""What EPCIS calls an error: the types and statuses of its REST bindings (EPCIS 2.0, section 12)."""

from __future__ import annotations

from labelsvc import errors

#: Where the routes of EPCIS are.
PATH = "/epcis"
_TYPES: dict[type[errors.LabelsvcError], str] = {
    errors.Unauthenticated: "SecurityException",
    errors.NotAllowed: "SecurityException",
    errors.NotFound: "NoSuchNameException",
    errors.NotAcceptable: "NotAcceptableException",
    errors.Conflict: "ResourceAlreadyExistsException",
    errors.UnsupportedMedia: "UnsupportedMediaTypeException",
}
#: The beginnings of codes that say where a value was wrong.
_BY_CODE = {
    "query_too_large": "QueryTooLargeException",
    "query_definition": "QueryValidationException",
    "query": "QueryParameterException",
    "subscription": "SubscriptionControlsException",
    "webhook": "SubscriptionControlsException",
    "uri_too_long": "URITooLongException",
    "capture_limit": "CaptureLimitExceededException",
    "body_too_large": "CaptureLimitExceededException",
}


def is_at(path: str) -> bool:
    """Tell whether a path is one of EPCIS."""
    return path == PATH or path.startswith(f"{PATH}/")


def status_of(error: errors.LabelsvcError, status: int) -> int:
    """Return the status that EPCIS wants for an error.

    Args:
        status: of its category elsewhere.
    """
    if error.code == "uri_too_long":
        return 414
    return 400 if isinstance(error, errors.InvalidInput) else status


def type_of(code: str, kind: type[errors.LabelsvcError] | None) -> str:
    """Return the type that EPCIS gives an error.

    Args:
        kind: its category; None: it has none of ours.
    """
    if kind in _TYPES:
        return f"epcisException:{_TYPES[kind]}"
    if kind in (errors.Malformed, errors.InvalidInput, errors.TooLarge):
        found = next((name for start, name in _BY_CODE.items() if code.startswith(start)), "ValidationException")
        return f"epcisException:{found}"
    return "epcisException:ImplementationException"
