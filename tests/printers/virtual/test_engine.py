"""The virtual printer's mechanism, with a clock of our own: label time, faults, pause, cancelling."""

from __future__ import annotations

import pytest

from labelsvc.errors import InvalidInput
from labelsvc.printers.virtual.engine import AT_ONCE, Mechanism, Personality, Waiting
from labelsvc.printers.virtual.zpl import Format


def waiting(text: bytes, quantity: int = 1, group: int = 0) -> Waiting:
    return Waiting(Format(text, start=0, quantity=quantity, group=group), job=1, offset=0)


def loaded(*formats: Waiting, label_seconds: float = 1.0) -> Mechanism:
    mechanism = Mechanism(Personality(label_seconds=label_seconds))
    for one in formats:
        mechanism.push(one)
    return mechanism


def printed(mechanism: Mechanism, now: float) -> list[bytes]:
    return [made.waiting.format.data for made in mechanism.run(now)]


def test_a_label_is_made_when_its_time_is_over_and_the_next_follows_without_a_gap() -> None:
    mechanism = loaded(waiting(b"a"), waiting(b"b"), waiting(b"c"))
    assert printed(mechanism, 10.0) == []
    assert mechanism.deadline() == 11.0
    assert printed(mechanism, 10.9) == []
    assert printed(mechanism, 12.5) == [b"a", b"b"]
    assert printed(mechanism, 13.0) == [b"c"]
    assert mechanism.deadline() is None


def test_a_format_leaves_the_receive_buffer_when_its_first_label_moves() -> None:
    mechanism = loaded(waiting(b"aaa", quantity=2), waiting(b"bb"))
    assert (len(mechanism.queue), mechanism.buffered, mechanism.left) == (2, 5, 0)
    mechanism.run(0.0)
    assert (len(mechanism.queue), mechanism.buffered, mechanism.left) == (1, 2, 2)
    mechanism.run(1.0)
    assert (len(mechanism.queue), mechanism.buffered, mechanism.left) == (1, 2, 1)


def test_a_fault_spoils_the_moving_label_and_the_same_one_is_printed_again() -> None:
    mechanism = loaded(waiting(b"a"), waiting(b"b"))
    mechanism.run(0.0)
    mechanism.set_fault(head_open=True)
    assert printed(mechanism, 100.0) == []
    assert (mechanism.spoiled, mechanism.odometer, mechanism.left) == (1, 0, 1)
    mechanism.head_open = False
    mechanism.run(100.0)
    assert printed(mechanism, 102.0) == [b"a", b"b"]


def test_pause_lets_the_moving_label_come_out() -> None:
    mechanism = loaded(waiting(b"a", quantity=3))
    mechanism.run(0.0)
    mechanism.paused = True
    assert printed(mechanism, 50.0) == [b"a"]
    assert mechanism.deadline() is None
    mechanism.paused = False
    mechanism.run(60.0)
    assert printed(mechanism, 62.0) == [b"a", b"a"]


def test_cancel_all_finishes_the_moving_label_and_nothing_else() -> None:
    mechanism = loaded(waiting(b"a", quantity=5), waiting(b"b"))
    mechanism.run(0.0)
    mechanism.cancel_all()
    assert printed(mechanism, 50.0) == [b"a"]
    assert mechanism.empty
    assert mechanism.buffered == 0


def test_cancel_one_pauses_and_takes_the_batch_being_printed_and_then_the_oldest_waiting() -> None:
    mechanism = loaded(waiting(b"a", quantity=5), waiting(b"b"), waiting(b"c"))
    mechanism.run(0.0)
    mechanism.cancel_one()
    assert printed(mechanism, 50.0) == [b"a"]
    assert mechanism.paused
    mechanism.cancel_one()
    mechanism.paused = False
    mechanism.run(60.0)
    assert printed(mechanism, 90.0) == [b"c"]


def test_a_roll_of_two_labels_makes_two_labels() -> None:
    mechanism = loaded(waiting(b"a"), waiting(b"b"), waiting(b"c"), label_seconds=0)
    mechanism.media_left = 2
    assert printed(mechanism, 0.0) == [b"a", b"b"]
    assert mechanism.media_out
    mechanism.media_left = None
    assert printed(mechanism, 0.0) == [b"c"]


def test_pq_with_a_pause_value_stops_after_each_group_but_not_after_the_last_label() -> None:
    mechanism = loaded(waiting(b"a", quantity=4, group=2), label_seconds=0)
    assert len(printed(mechanism, 0.0)) == 2
    assert mechanism.paused
    mechanism.paused = False
    assert len(printed(mechanism, 0.0)) == 2
    assert not mechanism.paused


def test_power_off_empties_the_buffer_and_keeps_odometer_roll_and_head() -> None:
    mechanism = loaded(waiting(b"a"), waiting(b"b"), label_seconds=0)
    mechanism.media_left = 1
    mechanism.run(0.0)
    mechanism.set_fault(head_open=True)
    mechanism.paused = True
    mechanism.lose_power()
    assert mechanism.empty
    assert (mechanism.odometer, mechanism.media_left, mechanism.head_open, mechanism.paused) == (1, 0, True, False)


def test_a_huge_quantity_is_made_in_portions() -> None:
    mechanism = loaded(waiting(b"a", quantity=99_999_999), label_seconds=0)
    assert len(printed(mechanism, 0.0)) == AT_ONCE
    assert mechanism.deadline() == 0.0


@pytest.mark.parametrize(
    ("trait", "text"),
    [
        ({"dpmm": 9}, "Expected 6, 8, 12 or 24 dots per mm, got 9."),
        ({"label_seconds": -1.0}, "Expected 0 to 3600 seconds a label, got -1.0."),
        ({"buffer_bytes": 0}, "Expected sizes of at least 1, got a smaller one."),
    ],
)
def test_a_trait_out_of_its_range_is_refused(trait: dict[str, float], text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Personality(**trait)  # type: ignore[arg-type]  # wrong on purpose
    assert refused.value.message == text
