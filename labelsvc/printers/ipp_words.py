"""What IPP's messages mean (RFC 8011): operations, states and reasons; what a printer says is taken by whitelist."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from labelsvc.printers.ipp_message import Group, Message


class Operation:
    """Operations (RFC 8011, 5.4.15)."""

    PRINT_JOB: ClassVar = 0x0002
    CREATE_JOB: ClassVar = 0x0005
    SEND_DOCUMENT: ClassVar = 0x0006
    CANCEL_JOB: ClassVar = 0x0008
    GET_JOB_ATTRIBUTES: ClassVar = 0x0009
    GET_PRINTER_ATTRIBUTES: ClassVar = 0x000B


class State:
    """States of printers (RFC 8011, 5.4.11) and of jobs (5.3.7)."""

    IDLE: ClassVar = 3
    STOPPED: ClassVar = 5
    PENDING: ClassVar = 3
    COMPLETED: ClassVar = 9


_JOB_STATES = {
    3: "pending",
    4: "pending-held",
    5: "processing",
    6: "processing-stopped",
    7: "canceled",
    8: "aborted",
    9: "completed",
}
_ENDED = (7, 8, 9)
_TO_STOP_POINT = "processing-to-stop-point"
#: Status codes (RFC 8011, appendix B) that a person can do something about.
_STATUS = {
    0x0400: "client-error-bad-request",
    0x0401: "client-error-forbidden",
    0x0402: "client-error-not-authenticated",
    0x0403: "client-error-not-authorized",
    0x0406: "client-error-not-found",
    0x0407: "client-error-gone",
    0x0408: "client-error-request-entity-too-large",
    0x040A: "client-error-document-format-not-supported",
    0x0411: "client-error-document-format-error",
    0x0500: "server-error-internal-error",
    0x0501: "server-error-operation-not-supported",
    0x0502: "server-error-service-unavailable",
    0x0503: "server-error-version-not-supported",
    0x0504: "server-error-device-error",
    0x0505: "server-error-temporary-error",
    0x0506: "server-error-not-accepting-jobs",
    0x0507: "server-error-busy",
    0x0508: "server-error-job-canceled",
}
_KEYWORD = re.compile(r"[a-z][a-z0-9.-]{0,59}")
_KEYWORDS_AT_MOST = 10
#: What keeps a printer of one roll and one head from printing, also where it is called a warning, as some do.
_HANDS_NEEDED = frozenset(
    {"cover-open", "door-open", "interlock-open", "media-empty", "media-jam", "media-needed", "marker-supply-empty"}
)
#: printer-state-reasons that stop a printer where they have no suffix (RFC 8011, 5.4.12); `-error` always does.
_FAULTS = _HANDS_NEEDED | {
    "connecting-to-device", "fuser-over-temp", "input-tray-missing", "marker-waste-full", "moving-to-paused", "other",
    "output-area-full", "output-tray-missing", "paused", "shutdown", "spool-area-full", "timed-out", "toner-empty",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Job:
    """What a printer says of a job: RFC 8011's job-state and job-state-reasons."""

    state: int
    reasons: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it for messages."""
        why = f" ({', '.join(self.reasons)})" if self.reasons else ""
        return f"{_JOB_STATES.get(self.state, 'another state')}{why}"

    @property
    def ended(self) -> bool:
        """Nothing more comes of it."""
        return self.state in _ENDED and not self.stopping

    @property
    def stopping(self) -> bool:
        """It was cancelled or aborted, and prints on to a stop point; CUPS says so of completed ones, too."""
        return self.state in _ENDED and self.state != State.COMPLETED and _TO_STOP_POINT in self.reasons

    @property
    def well(self) -> bool:
        """It ended as it should."""
        return self.state == State.COMPLETED and "job-completed-with-errors" not in self.reasons


def job_of(answer: Message) -> Job | None:
    """Return what an answer says of the job asked for; None where it says nothing of any."""
    state = answer.number(Group.JOB, "job-state")
    if status(answer) is not None or state is None:
        return None
    reasons = keywords(answer.texts(Group.JOB, "job-state-reasons"))
    if state == State.COMPLETED:
        reasons = tuple(reason for reason in reasons if reason != _TO_STOP_POINT)
    return Job(state, reasons)


def state_of(answer: Message) -> tuple[str, ...]:
    """Return a printer's reasons."""
    return keywords(answer.texts(Group.PRINTER, "printer-state-reasons"))


def blocking(answer: Message) -> tuple[str, ...]:
    """Return why a printer cannot print now, in its words where it has some; nothing where it can."""
    reasons = state_of(answer)
    faults = tuple(reason for reason in reasons if _stops(reason))
    if faults:
        return faults
    if answer.number(Group.PRINTER, "printer-state") == State.STOPPED:
        return reasons or ("other-error",)
    if answer.values(Group.PRINTER, "printer-is-accepting-jobs") == (False,):
        return ("x-not-accepting-jobs",)
    return ()


def _stops(reason: str) -> bool:
    return reason.endswith("-error") or reason in _FAULTS or reason.removesuffix("-warning") in _HANDS_NEEDED


def keywords(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of a printer's words that are keywords, without `none`, each once."""
    found = dict.fromkeys(text for text in texts if text != "none" and _KEYWORD.fullmatch(text))
    return tuple(found)[:_KEYWORDS_AT_MOST]


def status(answer: Message) -> str | None:
    """Return what went wrong, by the status of an answer; None where nothing did."""
    if answer.code < 0x0100:
        return None
    return _STATUS.get(answer.code, f"status 0x{answer.code:04x}")
