"""What echoes and counts prove of the labels on their way, by what a printer's profile grants."""

from __future__ import annotations

from dataclasses import dataclass

from labelsvc.domain.profiles import Profile

#: Looks at an idle printer after which the label counted last has surely stopped moving.
SETTLED = 8
#: Reasons that stop a printer between two labels; every other may tear one.
GENTLE = frozenset({"paused", "moving-to-paused"})
#: Reasons that say nothing of the printer's inside.
_AWAY = frozenset({"connecting-to-device", "timed-out", "x-not-at-rest"})


@dataclass(frozen=True, slots=True)
class Signs:
    """What was seen of the labels on their way.

    Attributes:
        sent: how many were handed over.
        echoed: how many of those, from the first on, were echoed.
        counted: how many labels the odometer counted meanwhile; None: it did not say.
        idle: looks in a row that found the printer idle.
    """

    sent: int
    echoed: int
    counted: int | None
    idle: int


def tears(reasons: tuple[str, ...]) -> bool:
    """Whether a fault may have torn the label that it met."""
    return bool(set(reasons) - GENTLE - _AWAY)


def names(profile: Profile) -> bool:
    """Whether the printer tells which label came out, and not only how many.

    Where it does not, labels go a window at a time: someone may cancel one of them at the printer's panel, and a count
    of those that follow would stand for it.
    """
    return profile.echo == "movement"


def proven(profile: Profile, signs: Signs) -> int:
    """Return how many labels, from the first on, are known to have come out."""
    if profile.counter is None:
        return signs.echoed
    if signs.counted is None:
        return 0
    if names(profile):
        return min(signs.counted, signs.echoed)
    all_out = signs.counted == signs.sent and (profile.echo is None or signs.echoed == signs.sent)
    # A printer that counts early may be moving the last one still; one that works on has labels that are not ours.
    settled = signs.idle >= (SETTLED if profile.counter == "early" else 1)
    return signs.sent if all_out and settled else 0


def struck(profile: Profile, signs: Signs, faults: int) -> range:
    """Return which of the labels handed over a fault of this moment may have torn.

    What is echoed as it comes out tells which label the fault met. A count tells it less well, for some printers count
    the torn piece too, of this fault and of `faults` before it; without either it may be any of them.
    """
    if names(profile):
        return range(signs.echoed, min(signs.echoed + 1, signs.sent))
    if signs.counted is None:
        return range(signs.sent)
    return range(max(signs.counted - 1 - faults, 0), min(signs.counted + 1, signs.sent))


def accounted(profile: Profile, signs: Signs, faults: int) -> bool:
    """Whether all that was handed over before or during faults has gone its way, so that nothing is left to come.

    A printer that repeats the label a fault met may count it once or twice; one that does not may count it or not.
    """
    if not signs.idle:
        return False
    missing, extra = (0, faults) if profile.reprints_partial else (faults, 0)
    if profile.counter is None:
        return signs.idle >= SETTLED
    return signs.counted is not None and signs.sent - missing <= signs.counted <= signs.sent + extra
