"""The script of the demo: what the crowd does at each second, and what to look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, NamedTuple

from load_tests.demo.lines import PEOPLE

QUIET: Final = 0.03
"""The share of the crowd that is there in the quiet phases."""

FEWEST_AUTHORS: Final = 6
"""Two for each language, so that one can answer the other."""

MAX_CATCH_UP_S: Final = 2.0
"""Arrivals that a delayed generator makes up for. Overflow rule: SKIP."""


class Phase(NamedTuple):
    """A part of the show. `until` and the shares of the crowd at its begin and end are between 0 and 1."""

    name: str
    until: float
    from_share: float
    to_share: float


PHASES: Final = (
    Phase("quiet", 1 / 6, QUIET, QUIET),
    Phase("filling", 2 / 6, QUIET, 1.0),
    Phase("hot", 4 / 6, 1.0, 1.0),
    Phase("leaving", 5 / 6, 1.0, QUIET),
    Phase("after", 1.0, QUIET, QUIET),
)
"""load_tests/demo/captions.py says what to look at in each."""


@dataclass(frozen=True)
class Crowd:
    """The whole crowd, as it is in the hot phase. Each rate is for all people together."""

    people: int
    posts_per_s: float
    fetches_per_s: float
    reactions_per_s: float


class Demand(NamedTuple):
    """What the crowd does now. `people` have a stream open; `authors` of them write."""

    people: int
    authors: int
    posts_per_s: float
    fetches_per_s: float
    reactions_per_s: float


@dataclass(frozen=True)
class Show:
    """All phases, in `seconds`."""

    crowd: Crowd
    seconds: float

    def phase(self, second: float) -> Phase:
        """The phase at this second. The last one goes on after its end."""
        return self.begun(second)[-1]

    def begun(self, second: float) -> Sequence[Phase]:
        """The phases that have begun by this second, the present one last."""
        ended = sum(phase.until * self.seconds <= second for phase in PHASES)
        return PHASES[: ended + 1]

    def demand(self, second: float) -> Demand:
        """What the crowd does at this second of the show."""
        share, crowd = self._share(second), self.crowd
        return Demand(
            people=round(crowd.people * share),
            authors=max(FEWEST_AUTHORS, round(len(PEOPLE) * share)),
            posts_per_s=crowd.posts_per_s * share,
            fetches_per_s=crowd.fetches_per_s * share,
            reactions_per_s=crowd.reactions_per_s * share,
        )

    def _share(self, second: float) -> float:
        """The share of the crowd that is there: linear from the begin of a phase to its end."""
        phase = self.phase(second)
        before = PHASES.index(phase) - 1
        begins = PHASES[before].until if before >= 0 else 0.0
        passed = min(1.0, (second / self.seconds - begins) / (phase.until - begins))
        return phase.from_share + (phase.to_share - phase.from_share) * passed


class Arrivals:
    """When something happens at random times (Poisson), at a rate that may change."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._until_next = rng.expovariate(1.0)

    def take(self, per_s: float, elapsed_s: float) -> int:
        """How many arrived in the last `elapsed_s`."""
        self._until_next -= per_s * min(elapsed_s, MAX_CATCH_UP_S)
        arrived = 0
        while self._until_next <= 0:
            arrived += 1
            self._until_next += self._rng.expovariate(1.0)
        return arrived
