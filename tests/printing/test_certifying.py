"""Certification runs at virtual printers of every kind, with a person who does as told."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import pytest

from labelsvc.domain.profiles import NOTHING
from labelsvc.errors import Conflict, InvalidInput, Unavailable
from labelsvc.printers.confirming import ConfirmingTcp
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printers.virtual.engine import Personality
from labelsvc.printers.virtual.tls import make_identity
from labelsvc.printing.certifying import Patience, certify
from labelsvc.printing.hardening import harden, settings_for
from tests.printers.weblink.exchange import SERIAL, exchange_of, until

QUICK = Patience(label=5.0, paused=0.2, person=5.0, look=0.01, answer=0.5)
TRAITS = {"label_seconds": 0.08, "on_for": 3_600.0}


class Beside:
    """A person beside a virtual printer."""

    def __init__(self, printer: VirtualPrinter, late: int = 0) -> None:
        self.printer = printer
        self.late = late
        self.told: list[str] = []

    def tell(self, what: str) -> None:
        self.told.append(what)
        if self.late:
            self.late -= 1
        else:
            self.printer.at_label(1, VirtualPrinter.open_head)

    def do(self, what: str) -> None:
        self.told.append(what)
        if "close the head, and" in what:
            self.printer.close_head()
        elif what.startswith("Take the media"):
            self.printer.media_out()
        elif what.startswith("Put the media"):
            self.printer.load_media()
        elif what.startswith("Switch"):
            self.printer.power_off()
            self.printer.power_on()
        else:
            raise AssertionError(what)

    def is_so(self, question: str) -> bool:
        number = re.findall(r"label (\d)", question)[0]
        torn = "torn" in question
        return any(piece.torn is torn and f"-{number}^FS".encode() in piece.data for piece in self.printer.pieces)

    def scan(self, what: str) -> str:
        number = re.findall(r"label (\d)", what)[0]
        whole = [piece.data for piece in self.printer.pieces if not piece.torn]
        return re.findall(rf"CERT-[0-9A-F]+-{number}".encode(), b"".join(whole))[0].decode()


def run(works, printer: VirtualPrinter, person: Beside | None = None):
    uri = printer.config_uri if printer.personality.json_port else f"{printer.uri}?config=1"  # nobody is there
    works.add_printer("p", uri)
    person = person or Beside(printer)
    # A printer that falls silent is waited out; any other is given the time that a loaded machine takes to answer.
    patience = QUICK if printer.personality.silent_on_fault else replace(QUICK, answer=5.0)
    return certify(works.db, works.call(), "p", works.data_dir, person, now=works.clock, patience=patience).profile


#: What a run finds has nothing to do with the database: every kind of printer on one of them, one kind on the other.
KINDS = list(itertools.product(("early", "late", None), ("image", "movement", None), (True, False)))
ON_BOTH = [*(("sqlite", *kind) for kind in KINDS), ("postgresql", "late", "movement", False)]


@pytest.mark.parametrize(("dialect", "counts", "echo", "silent"), ON_BOTH)
def test_a_run_finds_what_a_printer_is_like(works, counts, echo, silent) -> None:
    survives, uptime = not silent, silent
    traits = {"silent_on_fault": silent, "counter_survives": survives, "says_uptime": uptime, **TRAITS}
    with VirtualPrinter(counts=counts, echo=echo, **traits) as printer:
        found = run(works, printer)
        assert (found.model, found.firmware, found.unique_id) == ("ZD621-203dpi", "V84.20.23Z", "VIRTUAL00001")
        assert (found.echo, found.counter, found.uptime) == (echo, counts, uptime)
        assert found.counter_survives is (survives and counts is not None)
        assert found.silent_on_fault is silent
        assert found.reprints_partial
        assert works.printer().profile == found
        assert [entry["action"] for entry in works.audit("printer:p")] == ["printer.add", "printer.certify"]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_printer_without_a_json_port_may_still_echo(works) -> None:
    with VirtualPrinter(personality=Personality(json_port=False, **TRAITS)) as printer:
        found = run(works, printer)
        assert (found.echo, found.counter, found.uptime, found.unique_id) == ("movement", None, False, None)
        assert found.evidence == "echoed"


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_printer_that_dials_in_is_certified_over_its_channels(works, tmp_path) -> None:
    identity = make_identity("server", "127.0.0.1")
    (tmp_path / "ca.pem").write_bytes(identity.certificate)
    with exchange_of(identity, tmp_path / "ca.pem") as exchange, VirtualPrinter(closes_json=True, **TRAITS) as printer:
        exchange.dial(printer)
        until(exchange.callers.connected)
        works.add_printer("p", f"weblink://{SERIAL}")
        asked = (works.db, works.call(), "p", works.data_dir)
        found = certify(*asked, Beside(printer), now=works.clock, patience=QUICK, callers=exchange.callers).profile
        assert (found.unique_id, found.counter, found.echo) == (SERIAL, "late", "movement")
        assert found.counter_survives
        assert harden(*asked, callers=exchange.callers) == settings_for()
    with pytest.raises(Unavailable, match="none that has dialled in here"):
        certify(*asked, Beside(printer), now=works.clock, patience=QUICK)


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_person_who_is_late_tries_again(works) -> None:
    with VirtualPrinter(**TRAITS) as printer:
        person = Beside(printer, late=1)
        assert run(works, printer, person).counter == "late"
        assert sum(told.startswith("Open the print head") for told in person.told) == 2


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_person_who_is_always_late_leaves_the_count_unproven(works) -> None:
    with VirtualPrinter(**TRAITS) as printer:
        found = run(works, printer, Beside(printer, late=9))
        assert (found.counter, found.echo) == (None, "movement")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_scan_that_does_not_fit_grants_nothing(works) -> None:
    with VirtualPrinter(**TRAITS) as printer:
        person = Beside(printer)
        person.scan = lambda _: "something else"  # type: ignore[method-assign]
        assert run(works, printer, person).evidence == "sent"


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_an_echo_that_comes_twice_is_no_evidence(works, monkeypatch) -> None:
    """Of two labels with one text each would stand for the other."""
    plain = ConfirmingTcp.listen

    def twice(link: ConfirmingTcp, seconds: float) -> tuple[str, ...]:
        return tuple(echo for echo in plain(link, seconds) for _ in range(2))

    monkeypatch.setattr(ConfirmingTcp, "listen", twice)
    with VirtualPrinter(**TRAITS) as printer:
        found = run(works, printer)
        assert (found.echo, found.counter) == (None, "late")


def test_a_printer_under_way_is_left_alone(works) -> None:
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.config_uri)
        works.die_in_doubt(works.issue(30))
        with pytest.raises(Conflict) as refused:
            certify(works.db, works.call(), "p", works.data_dir, Beside(printer), now=works.clock, patience=QUICK)
        assert refused.value.code == "printer_busy"
        assert works.printer().profile == NOTHING


def test_a_printer_that_is_away_keeps_its_profile(works) -> None:
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.config_uri)
        works.certify("p", printer.personality)
    before = works.printer()
    with pytest.raises(Unavailable):
        certify(works.db, works.call(), "p", works.data_dir, Beside(printer), now=works.clock, patience=QUICK)
    assert works.printer().profile == before.profile
    assert works.overtake(before.id, "next").token  # the lease is free again


def test_only_printers_on_the_network_can_be_certified(works) -> None:
    works.add_printer("p", "file:///line.zpl")
    with VirtualPrinter() as printer, pytest.raises(InvalidInput):
        certify(works.db, works.call(), "p", works.data_dir, Beside(printer), now=works.clock, patience=QUICK)
