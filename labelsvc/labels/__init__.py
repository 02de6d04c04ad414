"""A label format and values in, bytes out; no network, no database."""

#: Raised whenever any byte we would print changes; tests/golden/ holds the digests of each revision.
RENDERER_REVISION = 2
