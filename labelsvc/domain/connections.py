"""Connections: which events a partner is sent, and in which form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from labelsvc.domain.epcis.events import EventType
from labelsvc.domain.epcis.formats import Format
from labelsvc.domain.epcis.vocabulary import bare
from labelsvc.domain.gs1 import parse_product_code
from labelsvc.errors import InvalidInput, at

DeliveryState = Literal["waiting", "failed", "sent", "dead"]
DELIVERY_STATES: tuple[DeliveryState, ...] = get_args(DeliveryState)
CHOSEN_AT_MOST = 100
_TOKEN = re.compile(r"[!-~]{1,400}")


@dataclass(frozen=True, slots=True)
class NewConnection:
    """Whom to send events to, and which; what is not chosen by is empty.

    Attributes:
        url: of their capture interface.
        party: who they are, canonical URI.
        event_types: of EPCIS; biz_steps: CBV words, or URIs; products: codes.
        named: only events with a destination that is the party, or a location of theirs.
        token: what they let us in by (`Authorization: Bearer`); None: nothing.
    """

    url: str
    party: str
    event_types: tuple[str, ...] = ()
    biz_steps: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    named: bool = True
    epc_format: Format = "Always_GS1_Digital_Link"
    token: str | None = None

    def checked(self) -> NewConnection:
        """Return it with every word in its plain form.

        Raises:
            InvalidInput: connection_events, connection_token; or a product's code breaks a rule.
        """
        for name in ("event_types", "biz_steps", "products"):
            if len(getattr(self, name)) > CHOSEN_AT_MOST:
                message = f"Expected at most {CHOSEN_AT_MOST} values, got more."
                raise InvalidInput("connection_events", message, pointer=f"/{name}")
        for place, kind in enumerate(self.event_types):
            if kind not in get_args(EventType):
                message = f"Expected one of {', '.join(get_args(EventType))}, got {kind[:40]!r}."
                raise InvalidInput("connection_events", message, pointer=f"/event_types/{place}")
        if self.token is not None and not _TOKEN.fullmatch(self.token):
            message = "Expected a token of 1 to 400 printable ASCII characters, got another."
            raise InvalidInput("connection_token", message, pointer="/token")
        codes = []
        for place, code in enumerate(self.products):
            with at(f"/products/{place}"):
                codes.append(parse_product_code(code).value)
        return NewConnection(
            self.url,
            self.party,
            tuple(dict.fromkeys(self.event_types)),
            tuple(dict.fromkeys(bare("bizStep", step) for step in self.biz_steps)),
            tuple(dict.fromkeys(codes)),
            self.named,
            self.epc_format,
            self.token,
        )
