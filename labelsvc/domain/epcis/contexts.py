"""JSON-LD contexts as far as EPCIS needs them: which prefix stands for which namespace. None is ever fetched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

GS1_CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
#: It has had other addresses.
GS1_CONTEXTS = frozenset(
    [
        GS1_CONTEXT,
        "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
        "https://gs1.github.io/EPCIS/epcis-context.jsonld",
    ]
)

#: What GS1's own context defines; known by heart, so that it need not be read.
GS1_PREFIXES = {
    "epcis": "https://ref.gs1.org/epcis/",
    "cbv": "https://ref.gs1.org/cbv/",
    "cbvmda": "urn:epcglobal:cbv:mda:",
    "gs1": "https://gs1.org/voc/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dcterms": "http://purl.org/dc/terms/",
}
#: They begin whole URIs and stay that, whatever a context says.
_SCHEMES = frozenset(["http", "https", "urn"])


def namespaces(*contexts: Any) -> Mapping[str, str]:
    """Prefix -> namespace, of GS1's context and of the contexts given; the later ones win.

    Args:
        contexts: each a `@context`: a URL, an object, an array of both, or None. Of a URL nothing is taken.
    """
    found: dict[str, str] | None = None
    for context in contexts:
        for prefix, namespace in _definitions(context):
            found = dict(GS1_PREFIXES) if found is None else found
            found[prefix] = namespace
    return GS1_PREFIXES if found is None else found


def parts(context: Any) -> tuple[Any, ...]:
    """What a `@context` is made of: URLs and objects."""
    return tuple(context) if isinstance(context, list) else (context,)


def expanded(text: str, names: Mapping[str, str]) -> str | None:
    """The URI that a compact URI stands for; None: its prefix is not defined, or it has none."""
    prefix, colon, local = text.partition(":")
    namespace = names.get(prefix) if colon else None
    return None if namespace is None else namespace + local


def is_defined(uri: str, names: Mapping[str, str]) -> bool:
    """Whether a URI means something: it is a whole one (`https://...`, `urn:...`), or its prefix is defined."""
    prefix, _, local = uri.partition(":")
    return prefix in names or prefix == "urn" or local.startswith("//")


def _definitions(context: Any) -> Iterator[tuple[str, str]]:
    for part in parts(context):
        if not isinstance(part, dict):
            continue
        for prefix, meaning in part.items():
            namespace = meaning.get("@id") if isinstance(meaning, dict) else meaning
            if isinstance(namespace, str) and not prefix.startswith("@") and prefix not in _SCHEMES:
                yield prefix, namespace
