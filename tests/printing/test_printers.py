"""Printers in the books: what is refused, what an edit changes, and what it leaves to jobs made before."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from labelsvc.domain.jobs import PrinterSpec
from labelsvc.errors import Conflict, InvalidInput, NotFound
from labelsvc.printing import printers

SPEC = PrinterSpec("p", "file:///one.zpl", "zpl", 8, 70.0, 35.0)


def add(works, spec: PrinterSpec = SPEC):
    return printers.add_printer(works.db, works.call(), spec, works.data_dir)


def edit(works, spec: PrinterSpec):
    return printers.edit_printer(works.db, works.call(), spec, works.data_dir)


def test_a_new_printer_is_idle_and_stands_in_the_audit(works) -> None:
    printer = add(works)
    assert (printer.spec, printer.revision, printer.state, printer.state_reasons) == (SPEC, 1, "idle", ())
    assert works.printer() == printer
    (entry,) = works.audit("printer:p")
    assert (entry["action"], entry["actor_id"], entry["at"]) == ("printer.add", "tests", works.clock())
    assert entry["before"] is None
    assert entry["after"] == {
        "name": "p",
        "uri": "file:///one.zpl",
        "language": "zpl",
        "dpmm": 8,
        "media_width": 70.0,
        "media_height": 35.0,
        "window": 2,
        "regulated": False,
        "station": None,
    }


def test_a_name_is_given_once(works) -> None:
    add(works)
    with pytest.raises(Conflict) as refused:
        add(works, replace(SPEC, uri="file:///two.zpl"))
    assert refused.value.code == "printer_exists"
    assert works.printer().spec == SPEC
    assert len(works.audit("printer:p")) == 1


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"name": ""}, None, "/name"),
        ({"name": "a/b"}, "printer_name", "/name"),
        ({"name": "a\nb"}, None, "/name"),
        ({"name": "a" * 81}, None, "/name"),
        ({"uri": "tcp://line3:0"}, "printer_uri", "/uri"),
        ({"uri": "file:///../secret"}, "printer_uri", "/uri"),
        ({"uri": "queue:///-h"}, "printer_uri", "/uri"),
        ({"language": "epl"}, "printer_language", "/language"),
        ({"dpmm": 0}, "dpmm", "/dpmm"),
        ({"dpmm": 6}, "dpmm", "/dpmm"),
        ({"dpmm": 203}, "dpmm", "/dpmm"),
        ({"media_width": 4.9}, "media_size", "/media_width"),
        ({"media_width": float("nan")}, "media_size", "/media_width"),
        ({"media_height": 500.1}, "media_size", "/media_height"),
        ({"media_height": float("inf")}, "media_size", "/media_height"),
        ({"media_height": -35.0}, "media_size", "/media_height"),
    ],
)
def test_what_breaks_a_rule_is_refused_new_or_edited_and_nothing_is_kept(works, change, code, pointer) -> None:
    add(works)
    wrong = replace(SPEC, **{"name": "q", **change})
    for use_case in (add, edit):
        with pytest.raises(InvalidInput) as refused:
            use_case(works, wrong)
        assert refused.value.pointer == pointer
        assert code in (None, refused.value.code)
    assert [printer.spec for printer in printers.list_printers(works.db, 0, 10).items] == [SPEC]


def test_an_edit_makes_a_revision_and_stands_in_the_audit_with_what_was_before(works) -> None:
    add(works)
    moved = replace(SPEC, uri="tcp://10.0.0.7:9100", media_width=100.0)
    printer = edit(works, moved)
    assert (printer.spec, printer.revision) == (moved, 2)
    entry = works.audit("printer:p")[-1]
    assert entry["action"] == "printer.edit"
    assert (entry["before"]["uri"], entry["after"]["uri"]) == (SPEC.uri, moved.uri)
    assert (entry["before"]["media_width"], entry["after"]["media_width"]) == (70.0, 100.0)


def test_an_edit_that_changes_nothing_makes_nothing(works) -> None:
    add(works)
    assert edit(works, SPEC).revision == 1
    assert len(works.audit("printer:p")) == 1


def test_a_printer_that_is_not_there_is_not_edited(works) -> None:
    with pytest.raises(NotFound) as refused:
        edit(works, SPEC)
    assert refused.value.code == "printer_unknown"


def test_a_job_keeps_the_printer_it_was_made_for(works) -> None:
    add(works)
    before = works.issue(2)
    edit(works, replace(SPEC, uri="file:///two.zpl"))
    after = works.issue(3)
    works.send()
    assert works.written("one.zpl") == works.serials(before)
    assert works.written("two.zpl") == works.serials(after)


def test_a_batch_is_laid_out_for_the_media_of_the_newest_revision(works) -> None:
    add(works)
    edit(works, replace(SPEC, media_width=100.0))
    with pytest.raises(Conflict) as refused:
        works.issue(1)
    assert refused.value.code == "media_differs"


def test_edits_at_the_same_moment_all_count(works) -> None:
    add(works)
    start = threading.Barrier(8)
    failures = []

    def change(number: int) -> None:
        start.wait()
        try:
            edit(works, replace(SPEC, uri=f"file:///{number}.zpl"))
        except Exception as failure:  # noqa: BLE001 - shown by the assert
            failures.append(failure)

    threads = [threading.Thread(target=change, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert works.printer().revision == 9
    entries = works.audit("printer:p")[1:]
    # Each saw what the one before it left.
    assert [entry["before"]["uri"] for entry in entries[1:]] == [entry["after"]["uri"] for entry in entries[:-1]]


def test_printers_are_listed_page_by_page_in_the_order_they_came(works) -> None:
    names = ["c", "a", "b", "e", "d"]
    for name in names:
        add(works, replace(SPEC, name=name))
    edit(works, replace(SPEC, name="c", uri="file:///c.zpl"))  # an edited one is there once
    found, after = [], 0
    for _ in range(10):
        page = printers.list_printers(works.db, after, 2)
        found += [printer.spec.name for printer in page.items]
        if page.next is None:
            break
        after = page.next
    assert found == names


def test_a_printer_that_dials_in_is_served_by_a_worker_and_by_no_station(works) -> None:
    sentence = "Expected a printer that its station dials, got one that dials in"
    with pytest.raises(InvalidInput, match=sentence) as refused:
        add(works, replace(SPEC, uri="weblink://A1", station="hall-2"))
    assert refused.value.pointer == "/uri"
    assert add(works, replace(SPEC, uri="weblink://A1")).spec.uri == "weblink://A1"


def test_an_unknown_printer_is_not_found(works) -> None:
    with pytest.raises(NotFound) as refused:
        printers.get_printer(works.db, "nobody")
    assert refused.value.code == "printer_unknown"
