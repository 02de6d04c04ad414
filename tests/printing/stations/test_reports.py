"""What a station claims and reports becomes the books of a worker; whatever is told twice or in two ways is found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from labelsvc.domain import journal
from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.jobs import Resolution
from labelsvc.errors import Conflict, InvalidInput, NotFound
from labelsvc.printing import printers, resolving
from labelsvc.printing.stations import claims, reports, stations
from labelsvc.printing.stations.claims import Claim
from labelsvc.printing.stations.reports import Acknowledged, Said
from labelsvc.printing.stations.stations import Arrival


@dataclass
class Post:
    """A station as the server sees it; `lines` is its journal of one claim."""

    works: Any
    name: str = "dock"
    instance: str = "instance-1"
    boot: str = "boot-0001"
    clock_off: float = 0
    lines: list[str] = field(default_factory=list)
    claim: Claim | None = None
    told: int = 0

    @property
    def call(self) -> Call:
        return Call(Actor("key", self.name), self.works.clock())

    def arrive(self, *have: int) -> Claim | None:
        clock = self.works.clock()
        stations.arrive(self.works.db, self.call, Arrival(self.instance, self.boot, clock, have))
        self.claim = claims.claim(self.works.db, self.call, have)
        return self.claim

    def write(self, do: str, **said: Any) -> None:
        self.lines.append(journal.written(len(self.lines) + 1, self.works.clock(), do, **said))

    def begin(self) -> None:
        self.write("boot", boot=self.boot, instance=self.instance)
        self.write("begin")

    def sends(self, first: int, last: int) -> None:
        self.write("hold", first=first, last=last)
        self.write("sent", first=first, last=last, blocks=[])

    def ends(self, how: str, *reasons: str, until: int | None = None) -> None:
        self.write(
            "end", how=how, until=until, reasons=list(reasons), message=None, faulted=False, partial=False, blocks=[]
        )

    def report(self, first: int | None = None, last: int | None = None) -> Acknowledged:
        assert self.claim is not None
        first = self.told + 1 if first is None else first
        last = len(self.lines) if last is None else last
        chains = [self.claim.row.seed, *journal.chained(self.claim.row.seed, self.lines)]
        said = Said(first, tuple(self.lines[first - 1 : last]), chains[last])
        answer = reports.report(self.works.db, self.works.issuer, self.call, self.claim.row.id, said)
        self.told = answer.last
        return answer


@pytest.fixture
def post(works) -> Post:
    works.add_printer("p", "file:///p.zpl", station="dock")
    return Post(works)


def test_a_job_of_a_stations_printer_is_claimed_reported_and_completed(works, post: Post) -> None:
    batch = works.issue(30)
    works.send()  # our own workers leave it alone
    assert works.job(batch).state == "pending"
    claim = post.arrive()
    assert claim is not None
    assert claim.row.spans == ((1, 30),)
    assert works.job(batch).state == "processing"
    post.begin()
    post.sends(1, 20)
    assert not post.report().ended
    assert works.job(batch).outcomes == {"planned": 10, "sent": 20}
    post.sends(21, 30)
    post.ends("complete", "queued-in-device")
    assert post.report().ended
    job = works.job(batch)
    assert (job.state, job.state_reasons, job.outcomes) == ("completed", ("queued-in-device",), {"sent": 30})
    assert works.printer().state == "idle"


def test_only_the_station_of_a_printer_gets_its_jobs(works, post: Post) -> None:
    works.issue(3)
    assert Post(works, name="another", instance="instance-2").arrive() is None
    claim = post.arrive()
    assert claim is not None
    with pytest.raises(NotFound):
        claims.claim_labels(works.db, works.issuer, "another", claim.row.id)


def test_a_claim_whose_answer_was_lost_is_handed_out_again_and_one_that_was_begun_is_not(works, post: Post) -> None:
    works.issue(3)
    first, second = post.arrive(), post.arrive()
    assert first is not None
    assert first == second
    post.begin()
    post.report()
    assert post.arrive() is None


def test_what_was_said_before_changes_nothing_and_a_gap_is_refused(works, post: Post) -> None:
    batch = works.issue(30)
    post.arrive()
    post.begin()
    post.sends(1, 20)
    post.report()
    assert post.report(1).last == 4
    assert post.report(2, 3).last == 4
    post.sends(21, 30)
    assert post.report(3).last == 6
    assert works.job(batch).outcomes == {"sent": 30}
    post.ends("complete")
    post.write("begin")
    with pytest.raises(Conflict) as refused:
        post.report(8)
    assert (refused.value.code, refused.value.facts) == ("journal_gap", {"sequence": 7})


def test_two_journals_of_one_claim_are_found_kept_and_what_both_name_is_in_doubt(works, post: Post) -> None:
    batch = works.issue(100)
    post.arrive()
    post.begin()
    post.sends(1, 20)
    post.report()
    copy = replace(post, lines=[*post.lines], boot="boot-0002")
    post.sends(21, 40)
    post.report()
    copy.begin()
    copy.sends(21, 30)
    with pytest.raises(Conflict) as refused:
        copy.report()
    assert (refused.value.code, refused.value.facts) == ("journal_forked", {"sequence": 5})
    job = works.job(batch)
    assert (job.state, job.outcomes) == ("processing-stopped", {"sent": 20, "in_doubt": 80})
    (entry,) = [one for one in works.audit("station:dock") if one["action"] == "station.fork"]
    assert entry["after"]["serials"] == works.serials(batch)[20:40]
    post.sends(41, 60)
    with pytest.raises(Conflict, match="two stations"):
        post.report()


def test_a_journal_that_goes_on_after_its_claim_ended_is_a_copy(works, post: Post) -> None:
    batch = works.issue(20)
    post.arrive()
    post.begin()
    copy = replace(post, lines=[*post.lines], boot="boot-0002")
    post.sends(1, 20)
    post.ends("complete", "queued-in-device")
    post.report()
    copy.told = 5
    copy.lines = [*post.lines]
    copy.begin()
    copy.sends(1, 5)
    with pytest.raises(Conflict, match="two stations"):
        copy.report()
    job = works.job(batch)
    assert (job.state, job.outcomes) == ("completed", {"sent": 15, "in_doubt": 5})
    assert "job-completed-with-warnings" in job.state_reasons


def test_another_instance_of_a_station_waits_until_a_person_releases_the_first(works, post: Post) -> None:
    batch = works.issue(30)
    post.arrive()
    post.begin()
    post.sends(1, 20)
    post.report()
    other = Post(works, instance="instance-2", boot="boot-0009")
    with pytest.raises(Conflict) as refused:
        other.arrive()
    assert refused.value.code == "station_other_instance"
    stations.release(works.db, works.call(), "dock", None, "the machine burnt")
    job = works.job(batch)
    assert (job.state, job.outcomes) == ("processing-stopped", {"sent": 20, "in_doubt": 10})
    post.sends(21, 30)
    with pytest.raises(Conflict) as late:
        post.report()
    assert late.value.code == "claim_released"
    assert works.job(batch).outcomes == {"sent": 20, "in_doubt": 10}
    works_resolves(works, batch, works.serials(batch)[24])
    assert other.arrive() is not None
    assert works.job(batch).outcomes == {"confirmed": 25, "absent": 5}


def works_resolves(works, batch, last_good: str) -> None:
    found = Resolution(last_good, proceed=True)
    resolving.resolve_job(works.db, works.issuer, works.call(), batch.job_id, found)


def test_what_a_released_station_printed_and_another_printed_again_is_named_and_in_doubt(works, post: Post) -> None:
    batch = works.issue(10)
    post.arrive()
    post.begin()
    post.sends(1, 4)
    post.report()
    stations.release(works.db, works.call(), "dock", None, "the machine burnt")
    works_resolves(works, batch, works.serials(batch)[4])  # it seems that 5 came out, and nothing after it
    other = Post(works, instance="instance-2", boot="boot-0009")
    other.arrive()
    other.begin()
    other.sends(6, 9)
    other.report()
    post.sends(5, 7)
    with pytest.raises(Conflict) as late:
        post.report()
    assert late.value.code == "claim_released"
    assert works.job(batch).outcomes == {"confirmed": 5, "in_doubt": 2, "sent": 2, "absent": 1}
    (entry,) = [one for one in works.audit("station:dock") if one["action"] == "station.printed_on"]
    assert entry["after"]["serials"] == works.serials(batch)[5:7]


def test_a_claim_that_the_station_never_heard_of_is_released_without_a_doubt(works, post: Post) -> None:
    batch = works.issue(30)
    claim = post.arrive()
    assert claim is not None
    (gone,) = stations.release(works.db, works.call(), "dock", claim.row.id, "moved")
    assert gone.state == "released"
    assert (works.job(batch).state, works.job(batch).outcomes) == ("pending", {"planned": 30})
    with pytest.raises(Conflict, match="open"):
        stations.release(works.db, works.call(), "dock", claim.row.id, "moved")


def test_two_processes_that_come_by_turns_are_both_refused(works, post: Post) -> None:
    works.issue(3)
    copy = replace(post, boot="boot-0002")
    for each in (post, copy, post, copy, copy):  # the third may have been a late question
        each.arrive()
    for each in (post, copy):
        with pytest.raises(Conflict) as refused:
            each.arrive()
        assert refused.value.code == "station_two_boots"
    (entry,) = [one for one in works.audit("station:dock") if one["action"] == "station.double"]
    assert entry["after"]["boots"] == ["boot-0002", "boot-0001"]
    stations.release(works.db, works.call(), "dock", None, "one was switched off")
    copy.arrive()


def test_a_clock_that_is_hours_off_changes_no_order_and_is_named(works, post: Post) -> None:
    batch = works.issue(20)
    real = works.clock
    post.arrive()
    works.clock = lambda: real().replace(year=1999)
    post.begin()
    post.sends(1, 20)
    works.clock = real
    post.report()
    labels = works.labels(batch)
    assert {(one.outcome, one.at) for one in labels} == {("sent", real())}
    (entry,) = [one for one in works.audit("station:dock") if one["action"] == "station.boot"]
    assert entry["after"]["clock"] < -26 * 365 * 24 * 3600


def test_a_cancel_reaches_the_station_with_the_next_answer_and_ends_what_was_not_sent(works, post: Post) -> None:
    batch = works.issue(100)
    post.arrive()
    post.begin()
    post.sends(1, 20)
    assert not post.report().canceled
    works.cancel(batch)
    post.write("hold", first=21, last=40)  # before it heard
    assert post.report().canceled
    post.write("sent", first=21, last=40, blocks=[])
    post.ends("cancel")
    assert post.report().ended
    assert (works.job(batch).state, works.job(batch).outcomes) == ("canceled", {"held": 60, "sent": 40})


def test_a_long_job_is_claimed_part_by_part(works, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "CLAIM_AT_MOST", 20)
    batch = works.issue(30)
    for first, last in ((1, 20), (21, 30)):
        claim = post.arrive()
        assert claim is not None
        assert claim.row.spans == ((first, last),)
        post.lines, post.told = [], 0
        post.begin()
        post.sends(first, last)
        post.ends("complete", "queued-in-device")
        post.report()
    assert (works.job(batch).state, works.job(batch).outcomes) == ("completed", {"sent": 30})


@pytest.mark.parametrize(
    "line",
    [
        "{}",
        "no json",
        '{"n":1,"at":"2026-11-22T12:00:00+00:00","do":"hold","first":1}',
        '{"n":1,"at":"2026-11-22T12:00:00","do":"begin"}',
        '{"n":1,"at":"2026-11-22T12:00:00+00:00","do":"hold","first":2,"last":1}',
        '{"n":1,"at":"2026-11-22T12:00:00+00:00","do":"hold","first":1,"last":99999}',
        '{"n":2,"at":"2026-11-22T12:00:00+00:00","do":"begin"}',
        "[" * 5_000,
        '{"n":1,\n"at":"2026-11-22T12:00:00+00:00","do":"begin"}',
        '{"n":1,"at":"2026-11-22T12:00:00+00:00","do":"met","identity":"\\ud800"}',
        '{"n":1,"at":"2026-11-22T12:00:00+00:00","do":"use","key":"k","first":1,"last":1,"age":1e999}',
        '{"n":1,"at":"2026-11-22T12:00:00+00:00","do":"return","spans":[[1,3],[1,3]],"why":"","age":0}',
    ],
)
@pytest.mark.parametrize("dialect", ["sqlite"])
def test_what_is_no_journal_of_the_claim_is_refused_and_nothing_is_kept(works, post: Post, line: str) -> None:
    works.issue(3)
    post.arrive()
    post.lines = [line]
    with pytest.raises(InvalidInput):
        post.report()
    post.lines = []
    post.begin()
    assert post.report().last == 2


def frames(body: Iterator[bytes]) -> Iterator[tuple[dict[str, Any], bytes]]:
    data = b"".join(body)
    while data:
        head, _, data = data.partition(b"\n")
        said = json.loads(head)
        size = said.get("bytes", 0)
        yield said, data[:size]
        data = data[size:]


def test_a_claims_labels_come_with_digests_and_without_a_key(works, post: Post) -> None:
    batch = works.issue(3)
    claim = post.arrive()
    assert claim is not None
    body = b"".join(claims.claim_labels(works.db, works.issuer, "dock", claim.row.id).body)
    assert works.issuer.secret not in body
    assert works.issuer.secret.hex().encode() not in body.lower()
    *labels, (last, _) = frames(iter([body]))
    assert [said["serial"] for said, _ in labels] == works.serials(batch)
    assert [said["n"] for said, _ in labels] == [1, 2, 3]
    assert all(said["sha256"] == hashlib.sha256(label).hexdigest() for said, label in labels)
    assert last == {"labels": 3, "sha256": hashlib.sha256(b"".join(label for _, label in labels)).hexdigest()}
    assert [label[:3] for _, label in labels] == [b"^XA"] * 3


def test_a_job_that_a_worker_of_ours_left_with_labels_on_their_way_stops(works) -> None:
    works.add_printer("p", "file:///p.zpl")
    batch = works.issue(30)

    def dies(db, work):
        db.write(work)
        raise SystemExit

    with pytest.raises(SystemExit):
        works.misfortune(3, dies)
    spec = replace(works.printer().spec, station="dock")
    printers.edit_printer(works.db, works.call(), spec, works.data_dir)
    works.pass_time(61)
    assert Post(works).arrive() is None
    assert works.job(batch).state == "processing-stopped"
    assert works.job(batch).outcomes == {"in_doubt": 30}
