"""ipp://host:631/ipp/print and ipps://: a print job as one job of IPP (RFC 8011), whose state is read back.

The document's format is always said, for what is sniffed is taken for text. What the printer says of its job is kept in
its own words; it is a word about the job, and of the labels it says no more than that they were handed over.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress

from labelsvc.printers.connection import said
from labelsvc.printers.dialing import Dial, Untrusted
from labelsvc.printers.ipp_client import Client, Refused, Unanswered
from labelsvc.printers.ipp_message import Attribute, Group, Message, Tag
from labelsvc.printers.ipp_words import Job, Operation, State, blocking, job_of, state_of, status
from labelsvc.printers.transport import NotReady, SendFailed, Unfit

#: What Zebra's language is called (IANA media types).
ZPL = "application/vnd.zebra-zpl"
#: Pause between two questions about a job: it grows from the first to the second.
_PAUSES = (0.05, 1.0)


class IppTransport:
    """One printer's queue, for one job.

    Args:
        path: of the printer.
        media_type: what the labels are said to be.
        uuid: by which the printer is known, lower case; None: any that answers.
        answer_seconds: how long an answer may take.
        stall_seconds: how long a printer may take no byte, or think about a document that it has whole.
        silence_seconds: how long it may be out of reach once it has a job, or on its way to a stop point.
        patience_seconds: how long a job may stay as it is.
    """

    windowed = False

    def __init__(
        self,
        dial: Dial,
        path: str = "/ipp/print",
        media_type: str = ZPL,
        *,
        uuid: str | None = None,
        answer_seconds: float = 10.0,
        stall_seconds: float = 30.0,
        silence_seconds: float = 60.0,
        patience_seconds: float = 3_600.0,
    ) -> None:
        self._dial = dial
        self._media_type = media_type
        self._uuid = uuid
        self._client = Client(dial, path, answer_seconds, stall_seconds)
        self._silence_seconds = silence_seconds
        self._patience_seconds = patience_seconds
        self._request_id = 0
        self._operations: frozenset[int] = frozenset()
        self._job: int | None = None
        self._sent = 0
        self._seen = Job(State.PENDING)
        self._seen_at = self._changed_at = 0.0
        self._pause = _PAUSES[0]
        self.job_reasons: tuple[str, ...] = ("queued-in-device",)

    def open(self, *, at_rest: bool) -> None:
        """Ask the printer how it is, whether it takes jobs, and whether it takes this kind."""
        answer = self._asked(Operation.GET_PRINTER_ATTRIBUTES, _wanted(*_OF_PRINTERS))
        if status(answer) is not None:
            raise NotReady(("other-error",), f"Expected a printer at {self._dial}, got {status(answer)}.")
        self._operations = frozenset(
            value for value in answer.values(Group.PRINTER, "operations-supported") if isinstance(value, int)
        )
        self._judge_identity(answer.texts(Group.PRINTER, "printer-uuid"))
        self._judge_format(answer.texts(Group.PRINTER, "document-format-supported"))
        self._judge_state(answer, at_rest=at_rest)

    def _asked(self, operation: int, *more: Attribute) -> Message:
        """Ask before there is a job.

        Raises:
            NotReady, Unfit: there is no answer that says anything.
        """
        try:
            return self._client.ask(self._question(operation, *more))
        except Untrusted as error:
            raise Unfit(("printer-stopped",), error.message) from None
        except Refused as error:
            message = f"Expected a printer at {self._client.uri}, got HTTP {error.status}."
            if error.status < 500:
                raise Unfit(("printer-stopped",), message) from None
            raise NotReady(("other-error",), message) from None
        except OSError as error:
            reason = "timed-out" if isinstance(error, TimeoutError) else "connecting-to-device"
            raise NotReady((reason,), f"Expected a printer at {self._dial}, got {said(error)}.") from None

    def _question(self, operation: int, *more: Attribute) -> Message:
        self._request_id += 1
        attributes = (
            Attribute("attributes-charset", Tag.CHARSET, ("utf-8",)),
            Attribute("attributes-natural-language", Tag.LANGUAGE, ("en",)),
            Attribute("printer-uri", Tag.URI, (self._client.uri,)),
            *more,
        )
        return Message(operation, self._request_id, ((Group.OPERATION, attributes),))

    def _judge_identity(self, said: tuple[str, ...]) -> None:
        found = next(iter(said), "").removeprefix("urn:uuid:").lower()[:36]
        if self._uuid is not None and found != self._uuid:
            message = f"Expected the printer {self._uuid}, got {found or 'one without a UUID'!r} at its address."
            raise Unfit(("printer-stopped", "x-identity-changed"), message, identity=found or None)

    def _judge_format(self, supported: tuple[str, ...]) -> None:
        if self._media_type not in supported:
            found = ", ".join(sorted(supported))[:200] or "nothing that it names"
            message = f"Expected a printer that takes {self._media_type}, got one that takes {found!r}."
            raise Unfit(("unsupported-document-format",), message)

    def _judge_state(self, answer: Message, *, at_rest: bool) -> None:
        reasons = state_of(answer)
        faults = blocking(answer)
        busy = answer.number(Group.PRINTER, "printer-state") != State.IDLE
        waiting = answer.number(Group.PRINTER, "queued-job-count") or 0
        if at_rest and (faults or busy or waiting):
            found = ", ".join(faults) or "one with labels of before in it"
            raise Unfit(("printer-stopped",), f"Expected a printer that is ready and empty, got {found}.")
        if faults:
            raise NotReady(reasons or faults, f"Expected a printer that can print, got {', '.join(faults)}.")

    def send(self, chunks: Iterable[bytes]) -> None:
        """Hand over all labels as one document.

        Where the printer can, the job is made first: it says no before a byte has left, and the job can be cancelled.
        """
        if {Operation.CREATE_JOB, Operation.SEND_DOCUMENT} <= self._operations:
            self._create()
            about = (self._job_id(), _USER, self._format(), Attribute("last-document", Tag.BOOLEAN, (True,)))
            answer = self._handed_over(Operation.SEND_DOCUMENT, about, chunks)
        else:
            answer = self._handed_over(Operation.PRINT_JOB, (_USER, _JOB_NAME, self._format()), chunks)
            self._job = None if answer is None else answer.number(Group.JOB, "job-id")
        if answer is not None and (why := status(answer)) is not None:
            raise SendFailed(self._sent, f"Expected the printer to take the job, got {why}.")
        self._seen_at = self._changed_at = time.monotonic()

    def _create(self) -> None:
        try:
            answer = self._asked(Operation.CREATE_JOB, _USER, _JOB_NAME)
        except (NotReady, Unfit) as error:
            raise SendFailed(0, error.message, again=isinstance(error, NotReady)) from None
        self._job = answer.number(Group.JOB, "job-id")
        if (why := status(answer)) is not None or self._job is None:
            self._job = None
            raise SendFailed(0, f"Expected the printer to take a job, got {why or 'one without a number'}.")

    def _handed_over(self, operation: int, about: tuple[Attribute, ...], chunks: Iterable[bytes]) -> Message | None:
        """Return what the printer says to a document; None where the whole of it left and its job can be asked for."""
        try:
            return self._client.hand_over(self._question(operation, *about), self._counted(chunks))
        except Unanswered as error:
            if self._job is not None:
                return None
            raise SendFailed(self._sent, f"Expected the printer to take the job, got {said(error)}.") from None
        except Refused as error:
            raise SendFailed(self._sent, f"Expected the printer to take the job, got HTTP {error.status}.") from None
        except Untrusted as error:
            raise SendFailed(self._sent, error.message, again=False) from None
        except OSError as error:  # before the document
            raise SendFailed(self._sent, f"Expected a printer at {self._dial}, got {said(error)}.") from None

    def _counted(self, chunks: Iterable[bytes]) -> Iterable[bytes]:
        for chunk in chunks:
            self._sent += len(chunk)
            yield chunk

    def _format(self) -> Attribute:
        return Attribute("document-format", Tag.MEDIA_TYPE, (self._media_type,))

    def _job_id(self) -> Attribute:
        return Attribute("job-id", Tag.INTEGER, (self._job,))

    def follow(self) -> tuple[str, ...] | None:
        """Wait a little, then ask for the job; it may be as good as ended where the printer forgot it."""
        if self._job is None:
            return None
        time.sleep(self._pause)
        self._pause = min(self._pause * 2, _PAUSES[1])
        now = time.monotonic()
        try:
            found = job_of(self._client.ask(self._question(Operation.GET_JOB_ATTRIBUTES, self._job_id(), *_OF_JOBS)))
            going_on = found is not None and not found.ended
            reasons = self._printer_reasons() if going_on else ()
        except (OSError, Refused, Untrusted) as error:
            if now - self._seen_at > self._silence_seconds:
                said_instead = said(error) if isinstance(error, OSError) else "another answer"
                message = f"Expected the printer to say what became of job {self._job}, got {said_instead}."
                raise self._doubtful(message) from None
            return ("connecting-to-device",)
        self._seen_at = now
        if found is None:  # it keeps no job that has ended, or tells nobody
            self._job = None
            return None
        if going_on:
            return self._going_on(found, reasons)
        self._end(found)
        return None

    def _printer_reasons(self) -> tuple[str, ...]:
        return blocking(self._client.ask(self._question(Operation.GET_PRINTER_ATTRIBUTES, _wanted(*_OF_STATES))))

    def _going_on(self, found: Job, reasons: tuple[str, ...]) -> tuple[str, ...]:
        if found != self._seen:
            self._seen, self._changed_at = found, self._seen_at
        patience = self._silence_seconds if found.stopping else self._patience_seconds
        if self._seen_at - self._changed_at > patience:
            raise self._doubtful(f"Expected job {self._job} to go on within {patience:g} s, got {found}.")
        return reasons

    def _end(self, found: Job) -> None:
        job, self._job = self._job, None
        if not found.well:
            raise self._doubtful(f"Expected the printer to complete job {job}, got {found}.")
        self.job_reasons = found.reasons or self.job_reasons

    def _doubtful(self, message: str) -> SendFailed:
        return SendFailed(self._sent, message)

    def cancel(self) -> None:
        """Ask for the job's end; what came out until then only its end tells."""
        if self._job is not None:
            with suppress(OSError, Refused, Untrusted):
                self._client.ask(self._question(Operation.CANCEL_JOB, self._job_id(), _USER))

    def close(self) -> str | None:
        """Leave the job with the printer, as it is."""
        self._job = None
        self._client.close()
        return None

    def abandon(self) -> None:
        """Have the printer end the job, if it can still be told: nothing may come out behind anyone's back."""
        self.cancel()
        self.close()


_USER = Attribute("requesting-user-name", Tag.NAME, ("labelsvc",))
_JOB_NAME = Attribute("job-name", Tag.NAME, ("labelsvc",))
_OF_STATES = ("printer-state", "printer-state-reasons", "printer-is-accepting-jobs")
_OF_PRINTERS = (
    *_OF_STATES,
    "document-format-supported",
    "operations-supported",
    "printer-uuid",
    "queued-job-count",
)


def _wanted(*names: str) -> Attribute:
    return Attribute("requested-attributes", Tag.KEYWORD, names)


_OF_JOBS = (_USER, _wanted("job-state", "job-state-reasons"))
