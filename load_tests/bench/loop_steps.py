"""Steps of a server's event loop between two readings of its metrics, as CPU time without pauses of the collector."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

STEP: Final = "hotchat_loop_step_seconds"
LONGEST: Final = "hotchat_loop_step_longest_seconds"
PAUSE: Final = "hotchat_gc_pause_seconds"
STEP_P999_MS: Final = 5.0
STEP_LONGEST_MS: Final = 20.0

Buckets = Mapping[float, float]
"""Upper bound in seconds → number of steps at most that long."""


@dataclass(frozen=True)
class LoopReading:
    """`longest_s` is the longest step of the last minute."""

    steps: Buckets
    pauses: Buckets
    longest_s: float


@dataclass(frozen=True)
class LoopSteps:
    """Steps and pauses of a window. Figures are bounds of the histogram's buckets, in milliseconds."""

    steps: Buckets
    pauses: Buckets
    longest_s: float

    @property
    def p999_ms(self) -> float:
        return _within(self.steps, 0.999)

    @property
    def longest_ms(self) -> float:
        return min(_within(self.steps, 1.0), self.longest_s * 1000)

    @property
    def longest_pause_ms(self) -> float:
        return _within(self.pauses, 1.0)

    @property
    def is_short(self) -> bool:
        return self.p999_ms <= STEP_P999_MS and self.longest_ms <= STEP_LONGEST_MS


def read_loop(metrics: str) -> LoopReading:
    """Parse the text of /metrics; empty if the server lacks the metric."""
    found: dict[str, dict[float, float]] = {STEP: {}, PAUSE: {}}
    longest_s = 0.0
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            name = sample.name.removesuffix("_bucket")
            if name in found and "le" in sample.labels:
                found[name][float(sample.labels["le"])] = sample.value
            elif name == LONGEST:
                longest_s = sample.value
    return LoopReading(found[STEP], found[PAUSE], longest_s)


def between(before: LoopReading, after: LoopReading) -> LoopSteps | None:
    """The steps between two readings; None if there were none, or if the server was restarted."""
    steps = _difference(before.steps, after.steps)
    if _total(steps) <= 0:
        return None
    return LoopSteps(steps, _difference(before.pauses, after.pauses), after.longest_s)


def together(windows: Iterable[LoopSteps]) -> LoopSteps:
    """The steps of several windows as one window."""
    steps: dict[float, float] = {}
    pauses: dict[float, float] = {}
    longest_s = 0.0
    for window in windows:
        for sums, buckets in ((steps, window.steps), (pauses, window.pauses)):
            for bound, count in buckets.items():
                sums[bound] = sums.get(bound, 0.0) + count
        longest_s = max(longest_s, window.longest_ms / 1000)
    return LoopSteps(steps, pauses, longest_s)


def _difference(before: Buckets, after: Buckets) -> Buckets:
    return {bound: after[bound] - before.get(bound, 0.0) for bound in sorted(after)}


def _total(buckets: Buckets) -> float:
    return max(buckets.values(), default=0.0)


def _within(buckets: Buckets, share: float) -> float:
    """The smallest bound in milliseconds that covers this share; 0 without steps."""
    wanted = share * _total(buckets)
    return next((bound * 1000 for bound in sorted(buckets) if buckets[bound] >= wanted > 0), 0.0)
