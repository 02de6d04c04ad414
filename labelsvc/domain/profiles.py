"""What a model and firmware of printer was seen to prove: the result of a certification run, frozen with each job.

Delivery uses nothing that a profile does not grant; a printer without one is written to blindly, and its labels end as
`sent`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labelsvc.domain.outcomes import Evidence

#: When ^HV answers: as soon as the image is made, or when the label has moved out.
EchoMoment = Literal["image", "movement"]
#: When odometer.total_label_count rises: as a label begins to move, or when it is out.
CounterMoment = Literal["early", "late"]


@dataclass(frozen=True, slots=True)
class Profile:
    """What a printer can prove.

    Attributes:
        model, firmware: as ~HI says; a printer that says another is not the one certified.
        unique_id: device.unique_id (its serial number); None: it does not say.
        echo: when ^HV answers for a label; None: never, or not reliably.
        counter: when its odometer counts a label; None: it has none that can be read.
        counter_survives: the odometer keeps its count through a sudden loss of power.
        uptime: device.uptime can be read, so that a restart is noticed.
        silent_on_fault: it answers nothing while media or ribbon is out or the head is open.
        reprints_partial: after a fault it prints the label it was at again (^JZY); else that label is lost (^JZN).
    """

    model: str = ""
    firmware: str = ""
    unique_id: str | None = None
    echo: EchoMoment | None = None
    counter: CounterMoment | None = None
    counter_survives: bool = False
    uptime: bool = False
    silent_on_fault: bool = True
    reprints_partial: bool = True

    @property
    def confirms(self) -> bool:
        """Whether a label can be confirmed at all: by a count, or by an echo of what has moved out.

        An echo as soon as the image is made proves nothing of the label itself.
        """
        return self.counter is not None or self.echo == "movement"

    @property
    def evidence(self) -> Evidence:
        """The highest evidence level it can give of a label."""
        if self.echo == "movement":
            return "echoed"
        return "counted" if self.counter is not None else "sent"


#: Of a printer that was never certified: it grants nothing.
NOTHING = Profile()
