"""The station process: asks for claims, prints them, reports; each at its own pace, and the first needs the network."""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from labelsvc import logs
from labelsvc.errors import Conflict, InvalidInput
from labelsvc.station import ahead
from labelsvc.station.client import SILENCE, Refused, Server, Unreachable
from labelsvc.station.files import write_whole
from labelsvc.station.holding import Holding
from labelsvc.station.journal import Damaged
from labelsvc.station.labels import Spoilt
from labelsvc.station.printing import Press, print_all

log = logs.logger(__name__)

#: Seconds that the server may let us wait for a claim.
POLL_SECONDS = 20
#: How often is looked whether there is something to print, to report or to answer.
LOOK_SECONDS = 0.1
#: Pauses after a server that does not answer: the first, the longest.
PAUSES = (0.5, 30.0)
_LINES = 200
#: Reports at the end of the process at most; what is left is told by the next.
_LAST_REPORTS = 20
#: What a refused report may be refused for ever with.
_OVER = frozenset({"journal_forked", "claim_released", "claim_ended", "claim_unknown"})


class Station:
    """A station that works in a directory, which is locked as long as it does.

    Args:
        press: how it prints.
        poll_seconds: how long the server may let it wait.

    Raises:
        Conflict: another process works there.
        OSError: the directory cannot be used.
    """

    def __init__(
        self,
        server: Server,
        directory: Path,
        press: Press | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        poll_seconds: int = POLL_SECONDS,
        pauses: tuple[float, float] = PAUSES,
    ) -> None:
        self.server = server
        self.directory = directory
        self.stopping = threading.Event() if press is None else press.stopping
        self.press = press or Press(directory, self.stopping)
        self._now = now
        self._poll_seconds = poll_seconds
        self._pauses = pauses
        self.boot = secrets.token_hex(16)
        self.holdings: dict[int, Holding] = {}
        self._lock = threading.Lock()
        self._busy: dict[str, threading.Thread] = {}
        for name in ("claims", "requests", "answers", "used", "refused", "printed", "certificates"):
            (directory / name).mkdir(parents=True, exist_ok=True)
        self._locked = _locked(directory / "lock")
        self.instance = _instance(directory / "instance")

    def __enter__(self) -> Self:
        for path in sorted((self.directory / "claims").iterdir()):
            self._open(path)
        return self

    def _open(self, path: Path) -> None:
        """Go on with a claim that is there from before."""
        if not path.name.isdigit() or not (path / "claim.json").exists():
            return  # it was not there whole when the power went, so the server never heard of it
        try:
            holding = Holding(path, self._now)
        except (Damaged, Spoilt, InvalidInput, OSError, ValueError, KeyError, TypeError):
            log.exception("station.claim_unreadable", claim=path.name)
            return
        self.holdings[holding.terms.id] = holding

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for holding in self.holdings.values():
            holding.close()
        os.close(self._locked)

    def stop(self) -> None:
        """Ask for the end: what is being printed ends at its next window."""
        self.stopping.set()

    def run(self) -> None:
        """Work until `stop`; return when the last window on its way is settled, and told where the server is there."""
        log.info("station.started", server=self.server.url, instance=self.instance, claims=len(self.holdings))
        others = [
            threading.Thread(target=self._every, args=(work,), name=name, daemon=True)
            for name, work in (("claims", self.claim), ("reports", self.report))
        ]
        for thread in others:
            thread.start()
        while not self.stopping.wait(LOOK_SECONDS):
            try:
                self.look()
            except Exception:  # printers go on meanwhile, and their journals must stay open
                log.exception("station.failed")
                self.stopping.wait(self._pauses[0])
        for thread in list(self._busy.values()):
            thread.join()
        others[0].join(1.0)  # it may wait for the server; what it is handed then it is handed again
        others[1].join(SILENCE)
        with suppress(Unreachable, Refused):
            for _ in range(_LAST_REPORTS):
                if not self.report():
                    break
        log.info("station.stopped")

    def _every(self, work: Callable[[], bool]) -> None:
        """Do something again and again: at once after a success, later and later where the server does not answer."""
        pause = self._pauses[0]
        while not self.stopping.is_set():
            try:
                pause, rest = self._pauses[0], 0.0 if work() else LOOK_SECONDS * 2
            except Unreachable as error:
                log.warning("station.server", message=str(error))
                pause, rest = min(2 * pause, self._pauses[1]), pause
            except Refused as error:
                # A key that was revoked, another instance: a person has to see to it; what is here is printed on.
                log.error("station.refused", status=error.status, code=error.code, message=str(error))
                pause, rest = self._pauses[1], pause
            except OSError as error:
                log.error("station.disk", message=str(error))
                rest = self._pauses[1]
            except Exception:
                log.exception("station.failed")
                rest = self._pauses[1]
            self.stopping.wait(rest)

    # The server

    def claim(self) -> bool:
        """Ask the server for a claim; return whether there was one.

        Raises:
            Unreachable, Refused: the server does not answer, or not us.
            OSError: the disk does not take it.
        """
        have = sorted(self.holdings)[:200]
        body = {
            "instance": self.instance,
            "boot": self.boot,
            "clock": self._now().isoformat(),
            "wait": self._poll_seconds,
            "have": have,
        }
        answer = self.server.ask("/api/v1/station/claims", body, patience=self._poll_seconds)
        self._look_for_gone(have, answer["claims"])
        for one in answer["claims"]:
            holding = self.holdings.get(one["id"])
            if holding is not None:
                holding.found((int(first), int(last)) for first, last in one["there"])
                if one["canceled"]:
                    holding.cancel(int(one["acknowledged"]))
            if holding is not None and one["chain"] in holding.journal.chains[one["acknowledged"] - 1 :][:1]:
                # So far it is the history that we know; of another one all lines are told, to find where they part.
                holding.acknowledged = max(holding.acknowledged, int(one["acknowledged"]))
            if holding is None and one["acknowledged"]:
                log.error("station.claim_lost", claim=one["id"], printer=one["printer"])
        said = answer["claim"]
        if said is None or self.stopping.is_set():
            return False
        self._keep(said)
        return True

    def _look_for_gone(self, had: list[int], claims: list[dict[str, Any]]) -> None:
        """Print no more of what the server says we do not have any more: a person released it while nothing was told.

        What was not told yet is told first; then the answer says so. A claim of which the server knows no line begins
        with our seed, or it is another one: of a server that was restored, and gives numbers anew.
        """
        known = {one["id"]: one for one in claims}
        for claim_id in had:
            holding, one = self.holdings.get(claim_id), known.get(claim_id)
            if holding is None or holding.over:
                continue
            told = one is None and len(holding.journal.lines) <= holding.acknowledged
            another = one is not None and not one["acknowledged"] and one["chain"] != holding.terms.seed
            if told or another:
                log.error("station.claim_gone", claim=claim_id, printer=holding.terms.printer)
                holding.gone.set()

    def _keep(self, said: dict[str, Any]) -> None:
        if int(said["id"]) in self.holdings:  # another one of this number; ours goes, and then this is handed out again
            self.holdings[int(said["id"])].gone.set()
            return
        body = self.server.fetch(said["links"]["labels"])
        try:
            holding = Holding.keep(self.directory / "claims", said, body, self._now)
        except Spoilt as error:  # on its way, or the disk is no good; the server hands it out again
            raise Unreachable(str(error)) from error
        with self._lock:
            self.holdings[holding.terms.id] = holding
        log.info("station.claimed", claim=holding.terms.id, printer=holding.terms.printer)

    def report(self) -> bool:
        """Tell the server what it does not know yet; return whether there was something.

        Raises:
            Unreachable, Refused: it does not answer, or not us.
        """
        told, refused = False, None
        for holding in list(self.holdings.values()):
            lines = holding.journal.lines[holding.acknowledged : holding.acknowledged + _LINES]
            if lines and not holding.gone.is_set():
                try:
                    self._tell(holding, lines)
                except Refused as error:  # one journal that is not taken keeps no other from being told
                    refused = error
                    continue
                told = True
            elif holding.over and not lines and holding.terms.printer not in self._busy:
                self._forget(holding)
        if refused is not None and not told:
            raise refused
        return told

    def _tell(self, holding: Holding, lines: list[str]) -> None:
        first = holding.acknowledged + 1
        chain = holding.journal.chains[first + len(lines) - 2]
        path = f"/api/v1/station/claims/{holding.terms.id}/reports"
        try:
            answer = self.server.ask(path, {"first": first, "lines": lines, "chain": chain})
        except Refused as error:
            if error.code == "journal_gap" and int(error.facts["sequence"]) <= first:
                holding.acknowledged = int(error.facts["sequence"]) - 1
                return
            if error.code not in _OVER:
                raise
            log.error("station.claim_refused", claim=holding.terms.id, code=error.code, message=str(error))
            holding.gone.set()
            return
        # Not what the server has: of an older copy of the journal that is more, and our next line must be told.
        holding.acknowledged = max(holding.acknowledged, first + len(lines) - 1)
        holding.found((int(one), int(last)) for one, last in answer["there"])
        holding.heard = True
        if answer["canceled"]:
            holding.cancel(int(answer["last"]))

    def _forget(self, holding: Holding) -> None:
        with self._lock:
            del self.holdings[holding.terms.id]
        holding.forget()

    # The printers

    def look(self) -> None:
        """Begin to print what is to be printed and is not yet, and answer lines."""
        with self._lock:
            mine = sorted(self.holdings.values(), key=_turn)
        try:
            for holding in mine:
                if not holding.gone.is_set():
                    holding.boot(self.boot, self.instance)
            ahead.serve(self.directory, mine, self._now())
        except OSError as error:
            log.error("station.disk", message=str(error))
        self._busy = {name: thread for name, thread in self._busy.items() if thread.is_alive()}
        for holding in mine:
            name = holding.terms.printer
            if name in self._busy:
                continue
            if holding.gone.is_set():
                with self._lock:
                    del self.holdings[holding.terms.id]
                log.error("station.claim_set_aside", claim=holding.terms.id, where=str(holding.set_aside()))
            elif holding.to_print:
                self._busy[name] = threading.Thread(target=self._print, args=(holding,), name=f"printer {name}")
                self._busy[name].start()

    def _print(self, holding: Holding) -> None:
        try:
            print_all(self.press, holding)
        except OSError as error:  # nothing left that the journal does not say; it is tried again
            log.error("station.disk", claim=holding.terms.id, message=str(error))
            self.stopping.wait(self._pauses[0])
        except Exception:
            log.exception("station.printing", claim=holding.terms.id)
            self.stopping.wait(self._pauses[1])


def _turn(holding: Holding) -> tuple[bool, bool, int]:
    """What was begun is printed to its end first, so that no other label comes between those that are counted."""
    return not holding.begun, holding.terms.kind != "job", holding.terms.id


def _locked(path: Path) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise Conflict("station_running", f"Expected no other station in {path.parent}, got one.") from None
    return handle


def _instance(path: Path) -> str:
    """Return the name of this directory, which it has for ever."""
    if not path.exists():
        write_whole(path, [secrets.token_hex(16).encode()])
    return path.read_text("ascii").strip()
