"""What the sender of a print job is told to do, and what it answers: commands out, facts in.

Two machines speak these words: domain.delivery.blind for printers that confirm nothing, domain.delivery.confirmed for
those that were certified. Whoever drives them (worker or station) does what a command says and answers with the fact it
led to.
"""

from __future__ import annotations

from dataclasses import dataclass

from labelsvc.domain.outcomes import Evidence
from labelsvc.domain.readings import Reading

Interval = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Connect:
    """Open the way to the printer and see that it is the one meant, and ready.

    Attributes:
        at_rest: and that nothing of an earlier connection may still come out.
    """

    at_rest: bool = False


@dataclass(frozen=True, slots=True)
class HoldInDoubt:
    """Commit that the labels first .. last may come out."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Send:
    """Write the labels first .. last."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class RecordSent:
    """Commit that the labels first .. last were handed over."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Retry:
    """Nothing was handed over on this connection: give the window back and try again later."""

    reasons: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop the job; it holds its printer until someone resolves it.

    Attributes:
        doubt_until: last label that may have been handed over; None: not one is in doubt.
    """

    doubt_until: int | None
    reasons: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Disconnect:
    """End the connection, and see whether the printer took all until then."""


@dataclass(frozen=True, slots=True)
class Complete:
    """Nothing is left to do.

    Attributes:
        reasons: job-state-reasons; for a printer that confirms nothing, handed over is all that is known.
    """

    reasons: tuple[str, ...] = ("queued-in-device",)


@dataclass(frozen=True, slots=True)
class Advance:
    """Commit what became known, and which labels may come out next; all in one transaction.

    What was in doubt and is not named here any more is again what it was before it was held.

    Attributes:
        done: labels that came out, ascending.
        evidence: by what that is known.
        torn: labels that came out, or did not, around a fault; they stay in doubt until someone scans.
        absent: labels that were held and are known not to have come out.
        way: all labels that are in doubt from now on, one interval; None: none is.
        kept: how many of `way` are on their way already; where someone asked for an end only these stay in doubt.
        zero: the count from which this delivery's labels are counted anew; None: as before.
    """

    done: tuple[int, ...] = ()
    evidence: Evidence = "sent"
    torn: tuple[int, ...] = ()
    absent: tuple[int, ...] = ()
    way: Interval | None = None
    kept: int = 0
    zero: int | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """Wait for echoes, but not long, and look at the printer."""


@dataclass(frozen=True, slots=True)
class Suspend:
    """The link is gone with labels on their way: leave them in doubt, come back, and count.

    Attributes:
        doubt_until: last label that may have been handed over.
        faulted: a fault that may tear a label was seen meanwhile.
        partial: the last one was handed over in part only, so it cannot come out.
    """

    doubt_until: int
    reasons: tuple[str, ...]
    message: str
    faulted: bool = False
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """Someone asked for an end; what was not handed over is held again."""


@dataclass(frozen=True, slots=True)
class GiveBack:
    """The sender is to end: the next one goes on with what is left."""


@dataclass(frozen=True, slots=True)
class Abandon:
    """The lease went to another sender: do nothing more, write nothing more."""


Command = (
    Connect
    | HoldInDoubt
    | Send
    | RecordSent
    | Advance
    | Watch
    | Disconnect
    | Suspend
    | Retry
    | Stop
    | Complete
    | Cancel
    | GiveBack
    | Abandon
)


@dataclass(frozen=True, slots=True)
class Connected:
    """The printer is there, is the one meant and takes data.

    Attributes:
        reading: what it said of itself; None where it is not asked.
        restarted: it may have been off since the job's labels were last counted.
    """

    reading: Reading | None = None
    restarted: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What was heard and read while watching.

    Attributes:
        echoes: labels echoed, in order; None for an echo that is none of the labels on their way.
        reading: None: it was asked and does not answer, though the link is alive.
        restarted: it was off since the last look.
    """

    echoes: tuple[int | None, ...]
    reading: Reading | None
    restarted: bool = False


@dataclass(frozen=True, slots=True)
class LinkBroken:
    """The connection ended or broke while it was watched."""

    message: str


@dataclass(frozen=True, slots=True)
class NotReady:
    """The printer cannot be reached or cannot print now; nothing was written."""

    reasons: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Unfit:
    """The printer must not get this job as it is, so a person has to see to it; nothing was written."""

    reasons: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Held:
    """The window is committed as in doubt."""


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """No window was committed, for someone asked for the job's end."""


@dataclass(frozen=True, slots=True)
class EndAsked:
    """No window was committed, for someone asked for the sender's end."""


@dataclass(frozen=True, slots=True)
class LeaseLost:
    """No commit was made, for another sender has the printer."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Every byte of the window was handed over."""


@dataclass(frozen=True, slots=True)
class SendFailed:
    """Writing failed.

    Attributes:
        last_touched: last label of which a byte was handed over; None: not one byte was.
        again: it may go well another time.
        whole: every byte of the last touched label was handed over.
    """

    last_touched: int | None
    message: str
    again: bool = True
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection ended as it should.

    Attributes:
        reasons: job-state-reasons, where the printer has some of its own for a job that ended.
    """

    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BrokenOff:
    """All was written, but the printer broke the connection off before we ended it, or did not take all."""

    message: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """The window is committed as sent."""


Fact = (
    Connected
    | Seen
    | LinkBroken
    | NotReady
    | Unfit
    | Held
    | CancelAsked
    | EndAsked
    | LeaseLost
    | Sent
    | SendFailed
    | Recorded
    | Disconnected
    | BrokenOff
)
