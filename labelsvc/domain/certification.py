"""What the experiments of a certification run prove: findings in, a profile out; what was not seen is not granted."""

from __future__ import annotations

from dataclasses import dataclass

from labelsvc.domain.profiles import CounterMoment, EchoMoment, Profile


@dataclass(frozen=True, slots=True)
class Findings:
    """What was seen of five labels; counts are of odometer.total_label_count, None where it does not say.

    Attributes:
        model, firmware, unique_id: what it says it is.
        echoed_paused: the echo of the first label came while the printer was paused, before it could move.
        echoed: which of the labels 1 to 4 were echoed in their turn, 1 and 2 just once.
        counted: how much the count rose for each of the labels 1 and 2, each alone.
        counted_torn: and while the head was open in the third; None: not to be read then.
        counted_again: and for the third in all.
        torn: the person found a torn piece of the third label.
        printed_again: and a whole one.
        fourth_out: the label that met the end of the media came out whole once there was some again.
        silent: it answered nothing while the head was open.
        count_before, count_after: around a sudden loss of power, with the fifth label waiting in a paused printer.
        uptime_before, uptime_after: device.uptime around it, seconds.
        fifth_out: the fifth label came out although its power was lost.
        scanned: every label that came out bore what was sent.
    """

    model: str
    firmware: str
    unique_id: str | None
    echoed_paused: bool
    echoed: tuple[bool, bool, bool, bool]
    counted: tuple[int | None, int | None]
    counted_torn: int | None
    counted_again: int | None
    torn: bool
    printed_again: bool
    fourth_out: bool
    silent: bool
    count_before: int | None
    count_after: int | None
    uptime_before: float | None
    uptime_after: float | None
    fifth_out: bool
    scanned: bool


def profile_of(found: Findings) -> Profile:
    """Return what a printer can prove."""
    counter = _counter(found)
    return Profile(
        model=found.model,
        firmware=found.firmware,
        unique_id=found.unique_id,
        echo=_echo(found),
        counter=counter,
        counter_survives=counter is not None and _survives(found),
        uptime=_tells_restarts(found),
        silent_on_fault=found.silent,
        reprints_partial=found.printed_again,
    )


def _echo(found: Findings) -> EchoMoment | None:
    if not found.scanned:
        return None
    one, two, three, four = found.echoed
    # A label that is printed again is echoed again, or once; one that is lost need not be echoed.
    if not (one and two and (three or not found.printed_again) and (four or not found.fourth_out)):
        return None
    return "image" if found.echoed_paused else "movement"


def _counter(found: Findings) -> CounterMoment | None:
    if not found.scanned or found.counted != (1, 1) or not found.torn or found.counted_again is None:
        return None
    whole = int(found.printed_again)
    if not whole <= found.counted_again <= whole + 1:
        return None
    # What was counted while the head was open was counted before the label was out. Where that could not be read then,
    # a count too many says the same.
    early = found.counted_torn if found.counted_torn is not None else found.counted_again - whole
    if not 0 <= early <= min(1, found.counted_again):  # a count that jumps, or that falls again, counts no labels
        return None
    return "early" if early else "late"


def _survives(found: Findings) -> bool:
    """Whether the count was read on both sides of the loss of power, and was the same."""
    return found.count_before is not None and found.count_before == found.count_after and not found.fifth_out


def _tells_restarts(found: Findings) -> bool:
    if found.uptime_before is None or found.uptime_after is None:
        return False
    return found.uptime_after < found.uptime_before
