"""The issuer: what this installation puts into every number it grants."""

from __future__ import annotations

from dataclasses import dataclass, field

from labelsvc.domain.ff1 import pool_key
from labelsvc.domain.ranges import Numbering
from labelsvc.domain.schemes import Scheme


@dataclass(frozen=True, slots=True)
class Issuer:
    """What a grant needs from the installation.

    Attributes:
        secret: the master secret; all pool keys derive from it.
        digital_link: stem of the Digital Link URIs, as it is printed (`https://id.example.com`).
    """

    secret: bytes = field(repr=False)
    digital_link: str

    def numbering(self, product: str, pattern: str, scope: str, key_version: int) -> Numbering:
        """Return what turns the ordinals of a product's pool into serials."""
        scheme = Scheme.parse(pattern)
        key = pool_key(self.secret, product, pattern, scope, key_version) if scheme.needs_key else None
        return Numbering(scheme, scope, key)
