"""The sender's rules hold whatever happens to it: for every sequence of facts that can follow its commands."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.delivery.blind import Delivery, begin, step
from labelsvc.domain.delivery.steps import (
    Abandon,
    BrokenOff,
    Cancel,
    CancelAsked,
    Command,
    Complete,
    Connect,
    Connected,
    Disconnect,
    Disconnected,
    EndAsked,
    Fact,
    GiveBack,
    Held,
    HoldInDoubt,
    LeaseLost,
    NotReady,
    Recorded,
    RecordSent,
    Retry,
    Send,
    SendFailed,
    Sent,
    Stop,
    Unfit,
)
from labelsvc.domain.jobs import BLOCK

LAST_ONES = (Retry, Stop, Complete, Cancel, GiveBack, Abandon)
Walk = list[tuple[Command, Fact | None]]


@st.composite
def plans(draw: st.DrawFn) -> tuple[int, int | None, tuple[tuple[int, int], ...]]:
    """Draw an origin, a window (None: a spool) and what is to be done."""
    origin = draw(st.sampled_from([0, 1, 999, 123_456]))
    edges = draw(st.lists(st.integers(0, 3_000), max_size=8, unique=True).map(sorted))
    todo = tuple((origin + a, origin + b) for a, b in zip(edges[::2], edges[1::2], strict=False))
    return origin, draw(st.none() | st.sampled_from([1, 7, 20, 999, 1_500])), todo


def good(command: Command) -> Fact:
    """Return what a command leads to when nothing happens."""
    match command:
        case Connect():
            return Connected()
        case HoldInDoubt():
            return Held()
        case Send():
            return Sent()
        case RecordSent():
            return Recorded()
        case Disconnect():
            return Disconnected()
    raise AssertionError(f"{command} ends it")


def bad(command: Command) -> st.SearchStrategy[Fact]:
    """Draw what else a command may lead to."""
    match command:
        case Connect():
            return st.sampled_from([NotReady(("paused",), "not now"), Unfit(("resources-are-not-ready",), "another")])
        case HoldInDoubt():
            return st.sampled_from([CancelAsked(), EndAsked(), LeaseLost()])
        case Send(first, last):
            touched = st.none() | st.integers(first, last)
            return st.just(LeaseLost()) | st.builds(SendFailed, touched, st.just("broken"), again=st.booleans())
        case Disconnect():
            return st.just(BrokenOff("gone"))
    return st.nothing()


@st.composite
def walks(draw: st.DrawFn) -> tuple[tuple[int, int | None, tuple[tuple[int, int], ...]], Walk]:
    """Draw a delivery from its beginning to its end; something goes wrong sooner or later, or never."""
    plan = draw(plans())
    calm = draw(st.integers(0, 60))
    delivery, command = begin(*plan)
    walk: Walk = []
    while not isinstance(command, LAST_ONES):
        fact = good(command)
        if len(walk) >= calm and not isinstance(command, RecordSent) and draw(st.booleans()):
            fact = draw(bad(command))
        walk.append((command, fact))
        assert len(walk) <= 10_000, "it never ends"
        delivery, command = step(delivery, fact)
    walk.append((command, None))
    return plan, walk


def through(origin: int, window: int | None, todo: tuple[tuple[int, int], ...]) -> list[Command]:
    """Return the commands of a delivery on which nothing happens."""
    delivery, command = begin(origin, window, todo)
    commands = [command]
    while not isinstance(command, LAST_ONES):
        delivery, command = step(delivery, good(command))
        commands.append(command)
    return commands


def windows(walk: Walk) -> list[tuple[int, int]]:
    return [(command.first, command.last) for command, _ in walk if isinstance(command, HoldInDoubt)]


def recorded(walk: Walk) -> list[tuple[int, int]]:
    return [(command.first, command.last) for command, _ in walk if isinstance(command, RecordSent)]


@given(walks())
def test_not_a_byte_is_sent_of_a_window_that_was_not_committed_as_in_doubt_just_before(drawn) -> None:
    _, walk = drawn
    for (before, fact), (command, _) in pairwise(walk):
        if isinstance(command, Send):
            assert before == HoldInDoubt(command.first, command.last)
            assert fact == Held()


@given(walks())
def test_a_window_is_recorded_as_sent_only_when_every_byte_of_it_was(drawn) -> None:
    _, walk = drawn
    for (before, fact), (command, _) in pairwise(walk):
        if isinstance(command, RecordSent):
            assert (before, fact) == (Send(command.first, command.last), Sent())


@given(walks())
def test_nothing_is_tried_again_once_a_byte_may_have_left_on_the_connection(drawn) -> None:
    _, walk = drawn
    touched = any(
        isinstance(fact, Sent) or (isinstance(fact, SendFailed) and fact.last_touched is not None) for _, fact in walk
    )
    if isinstance(walk[-1][0], Retry):
        assert not touched


@given(walks())
def test_labels_in_doubt_are_those_of_the_last_window_up_to_the_one_that_was_touched(drawn) -> None:
    _, walk = drawn
    end = walk[-1][0]
    if isinstance(end, Stop):
        last_fact = walk[-2][1]
        assert end.doubt_until == (last_fact.last_touched if isinstance(last_fact, SendFailed) else None)
        assert ("x-labels-in-doubt" in end.reasons) == (end.doubt_until is not None)
        if end.doubt_until is not None:
            first, last = windows(walk)[-1]
            assert first <= end.doubt_until <= last


@given(walks())
def test_what_is_to_be_done_is_done_in_order_without_a_gap_and_nothing_twice(drawn) -> None:
    (_, _, todo), walk = drawn
    planned = [ordinal for first, last in todo for ordinal in range(first, last + 1)]
    on_its_way = [ordinal for first, last in windows(walk) for ordinal in range(first, last + 1)]
    assert on_its_way == planned[: len(on_its_way)]


@given(walks())
def test_it_is_complete_only_when_all_was_recorded_and_the_connection_ended_as_it_should(drawn) -> None:
    (_, _, todo), walk = drawn
    if isinstance(walk[-1][0], Complete):
        done = [ordinal for first, last in recorded(walk) for ordinal in range(first, last + 1)]
        assert done == [ordinal for first, last in todo for ordinal in range(first, last + 1)]
        assert not todo or walk[-2] == (Disconnect(), Disconnected())


@given(walks())
def test_who_leaves_between_two_windows_sees_first_that_the_printer_took_those_before(drawn) -> None:
    _, walk = drawn
    if isinstance(walk[-1][0], Cancel | GiveBack):
        assert any(isinstance(fact, CancelAsked | EndAsked) for _, fact in walk)
        assert not recorded(walk) or walk[-2] == (Disconnect(), Disconnected())


@given(walks())
def test_who_lost_the_lease_does_nothing_more(drawn) -> None:
    _, walk = drawn
    lost = [at for at, (_, fact) in enumerate(walk) if isinstance(fact, LeaseLost)]
    assert isinstance(walk[-1][0], Abandon) == bool(lost)
    assert lost in ([], [len(walk) - 2])


@given(walks())
def test_a_window_is_never_larger_than_it_may_be_and_never_crosses_a_block_of_digests(drawn) -> None:
    (origin, window, _), walk = drawn
    if window is not None:
        for first, last in windows(walk):
            assert last - first + 1 <= window
            assert (first - origin) // BLOCK == (last - origin) // BLOCK


@given(plans())
def test_a_spool_takes_each_interval_whole(plan) -> None:
    origin, _, todo = plan
    held = [
        (command.first, command.last) for command in through(origin, None, todo) if isinstance(command, HoldInDoubt)
    ]
    assert tuple(held) == todo


@given(plans())
def test_the_number_of_steps_is_known_beforehand(plan) -> None:
    origin, window, todo = plan
    commands = through(origin, window, todo)
    count = sum(isinstance(command, HoldInDoubt) for command in commands)
    assert len(commands) == (3 * count + 3 if todo else 1)  # connect, three a window, disconnect, complete


def test_a_job_of_45_labels_goes_in_windows_of_20() -> None:
    assert through(0, 20, ((0, 44),)) == [
        Connect(),
        HoldInDoubt(0, 19),
        Send(0, 19),
        RecordSent(0, 19),
        HoldInDoubt(20, 39),
        Send(20, 39),
        RecordSent(20, 39),
        HoldInDoubt(40, 44),
        Send(40, 44),
        RecordSent(40, 44),
        Disconnect(),
        Complete(),
    ]


def test_a_window_ends_where_its_block_ends() -> None:
    delivery, _ = begin(100, 20, ((1_090, 1_200),))  # the first block is 100 .. 1,099
    _, command = step(delivery, Connected())
    assert command == HoldInDoubt(1_090, 1_099)


def test_nothing_to_do_is_complete_without_a_connection() -> None:
    assert begin(0, 20, ()) == (Delivery(0, 20, ()), Complete())


def after(*facts: Fact) -> Command:
    """Return what follows from these facts in a job of 45 labels."""
    delivery, command = begin(0, 20, ((0, 44),))
    for fact in facts:
        delivery, command = step(delivery, fact)
    return command


@pytest.mark.parametrize(
    ("facts", "command"),
    [
        ((NotReady(("paused",), "It is paused."),), Retry(("paused",), "It is paused.")),
        ((Unfit(("resources-are-not-ready",), "12."),), Stop(None, ("resources-are-not-ready",), "12.")),
        ((Connected(), Held(), SendFailed(None, "Gone.")), Retry(("connecting-to-device",), "Gone.")),
        ((Connected(), Held(), SendFailed(None, "Never.", again=False)), Stop(None, ("printer-stopped",), "Never.")),
        ((Connected(), Held(), SendFailed(3, "Gone.")), Stop(3, ("printer-stopped", "x-labels-in-doubt"), "Gone.")),
        (
            (Connected(), Held(), Sent(), Recorded(), Held(), SendFailed(None, "Gone.")),
            Stop(None, ("printer-stopped",), "Gone."),  # the windows before may not have been taken
        ),
        ((Connected(), EndAsked()), GiveBack()),
        ((Connected(), CancelAsked()), Cancel()),
        ((Connected(), Held(), Sent(), Recorded(), EndAsked()), Disconnect()),
        ((Connected(), Held(), Sent(), Recorded(), EndAsked(), Disconnected()), GiveBack()),
        ((Connected(), Held(), Sent(), Recorded(), CancelAsked(), Disconnected()), Cancel()),
        (
            (Connected(), Held(), Sent(), Recorded(), CancelAsked(), BrokenOff("Reset.")),
            Stop(None, ("printer-stopped",), "Reset."),
        ),
        ((Connected(), LeaseLost()), Abandon()),
        ((Connected(), Held(), LeaseLost()), Abandon()),
    ],
)
def test_what_follows_from_bad_luck(facts: tuple[Fact, ...], command: Command) -> None:
    assert after(*facts) == command


def test_a_fact_about_a_window_without_one_is_a_fault_of_the_driver() -> None:
    delivery, _ = begin(0, 20, ((0, 44),))
    with pytest.raises(AssertionError, match="can only follow a window"):
        step(delivery, Sent())
