"""A simulated stream of sightings, with cloned units in it: what clone signals find, and what they cry wolf at.

Everything follows from the seed. Units are made at one of two sites, shipped to one of six wholesalers, on to one of
forty shops and sold; a tenth comes back and is sold again. Of every reading one in eight is missed, one in two hundred
is typed in with a wrong place, clocks are off by up to five minutes, one scanner in fifty by an hour. A cloned unit has
one to three copies that appear at random shops in other countries: they are received without having been sent, put on
the shelf, sold, and some are scanned after the genuine unit was destroyed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from labelsvc.domain.units.cloning import SUSPECT, Scanned, Sighting, score, signs
from labelsvc.domain.units.folding import fold
from labelsvc.domain.units.standing import FOREIGN, Fact

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_MISSED, _MISPLACED, _BAD_CLOCK = 1 / 8, 1 / 200, 1 / 50


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it: suspects among the cloned, among the genuine, and how many there are of both."""

    cloned: int
    genuine: int
    caught: int
    cried: int

    @property
    def precision(self) -> float:
        """Of those on the list, the share that is cloned."""
        return self.caught / (self.caught + self.cried)

    @property
    def recall(self) -> float:
        """Of the cloned ones, the share that is on the list."""
        return self.caught / self.cloned


@dataclass(frozen=True, slots=True)
class _Met:
    at: datetime
    place: int
    step: str
    action: str = "OBSERVE"
    disposition: str | None = None
    to: str | None = None


def run(seed: int = 1, genuine: int = 9_800, cloned: int = 200) -> Found:
    """Simulate units, and judge each as the service does."""
    rng = random.Random(seed)
    places = [(rng.uniform(36, 60), rng.uniform(-9, 25)) for _ in range(48)]
    cried = sum(_is_suspect(rng, places, list(_life(rng))) for _ in range(genuine))
    caught = 0
    for _ in range(cloned):
        life = list(_life(rng))
        copies = [met for _ in range(rng.randint(1, 3)) for met in _copy(rng, life)]
        caught += _is_suspect(rng, places, [*life, *copies])
    return Found(cloned, genuine, caught, cried)


def _life(rng: random.Random) -> Iterator[_Met]:
    at = _BEGIN + timedelta(days=rng.uniform(0, 90))
    maker, wholesaler, shop = rng.randrange(2), 2 + rng.randrange(6), 8 + rng.randrange(40)
    yield _Met(at, maker, "commissioning", "ADD")
    for here, there in ((maker, wholesaler), (wholesaler, shop)):
        at += timedelta(hours=rng.uniform(4, 200))
        yield _Met(at, here, "shipping", to=f"party-{there}")
        at += timedelta(hours=rng.uniform(8, 90))
        yield _Met(at, there, "receiving", to=f"party-{there}")
    at += timedelta(hours=rng.uniform(2, 600))
    yield _Met(at, shop, "retail_selling")
    if rng.random() < 0.1:
        at += timedelta(hours=rng.uniform(24, 400))
        yield _Met(at, shop, "receiving", disposition="returned")
        at += timedelta(hours=rng.uniform(2, 600))
        yield _Met(at, shop, "retail_selling")
    if rng.random() < 0.05:
        at += timedelta(hours=rng.uniform(24, 400))
        yield _Met(at, wholesaler, "destroying", "DELETE")


def _copy(rng: random.Random, life: Sequence[_Met]) -> Iterator[_Met]:
    at = rng.choice(life).at + timedelta(hours=rng.uniform(-50, 300))
    shop = 8 + rng.randrange(40)
    yield _Met(at, shop, "receiving", to=f"party-{shop}")
    yield _Met(at + timedelta(hours=rng.uniform(1, 40)), shop, "stocking")
    if rng.random() < 0.7:
        yield _Met(at + timedelta(hours=rng.uniform(41, 300)), shop, "retail_selling")


def _is_suspect(rng: random.Random, places: Sequence[tuple[float, float]], life: Sequence[_Met]) -> bool:
    read = [_read(rng, met, len(places)) for met in life if met.step == "commissioning" or rng.random() > _MISSED]
    facts = {
        f"{number}": Fact(
            met.at, f"{number}", "ObjectEvent", "epc", met.action, met.step, met.disposition, location=f"{met.place}"
        )  # type: ignore[arg-type]
        for number, met in enumerate(read)
    }
    broken = {held.fact.hash: held.finding for held in fold(facts.values(), FOREIGN)}
    met_then = [
        Sighting(
            met.at,
            f"{met.place}",
            places[met.place],
            met.step,
            broken[f"{number}"],
            to=met.to if met.step == "shipping" else None,
            by=met.to if met.step == "receiving" else None,
        )
        for number, met in enumerate(read)
    ]
    return score(signs(met_then, Scanned())) >= SUSPECT


def _read(rng: random.Random, met: _Met, places: int) -> _Met:
    off = timedelta(minutes=rng.uniform(-5, 5)) + timedelta(hours=rng.random() < _BAD_CLOCK)
    place = rng.randrange(places) if rng.random() < _MISPLACED else met.place
    return replace(met, at=met.at + off, place=place)


def main() -> str:
    """Return what came of seeds 1 to 5, as lines of bench/RESULTS.md."""
    lines = [
        "| seed | genuine | cloned | on the list: cloned | genuine | precision | recall |",
        "|---|---|---|---|---|---|---|",
    ]
    for seed in range(1, 6):
        found = run(seed)
        shown = (found.genuine, found.cloned, found.caught, found.cried)
        numbers = " | ".join(f"{number:,}" for number in shown)
        lines.append(f"| {seed} | {numbers} | {found.precision:.2f} | {found.recall:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(main())
