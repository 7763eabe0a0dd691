"""Reads a run's result file (JTL, CSV): responses by label, errors, first and last time."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

MAX_EXAMPLES = 5
"""Errors kept as examples, one of each kind. Further kinds are only counted."""

TENTHS = 10
LONGEST_MS = 60_000
"""Slower answers count as this slow, so that a label has a bounded number of counters."""


@dataclass
class Samples:
    """Times are seconds since the epoch. `errors` are neither successes nor refusals with Retry-After.

    `starts` counts the requests that began in each tenth of a second, `times` those of a label by milliseconds.
    """

    labels: Counter[str] = field(default_factory=Counter)
    errors: int = 0
    examples: dict[str, int] = field(default_factory=dict)
    first_at: float | None = None
    last_at: float | None = None
    starts: Counter[int] = field(default_factory=Counter)
    times: dict[str, Counter[int]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.labels.total()

    @property
    def refused(self) -> int:
        return sum(count for label, count in self.labels.items() if label.endswith(" refused"))

    def add(
        self, label: str, code: str, message: str, success: bool, started_at: float, elapsed_s: float
    ) -> None:
        self.labels[label] += 1
        if not success:
            self.errors += 1
            kind = f"{label}: {code} {message}".strip()[:200]
            if kind in self.examples or len(self.examples) < MAX_EXAMPLES:
                self.examples[kind] = self.examples.get(kind, 0) + 1
        self.starts[int(started_at * TENTHS)] += 1
        self.times.setdefault(label, Counter())[min(round(elapsed_s * 1000), LONGEST_MS)] += 1
        self.first_at = started_at if self.first_at is None else min(self.first_at, started_at)
        self.last_at = max(self.last_at or 0.0, started_at + elapsed_s)

    def sent(self, sampler: str) -> int:
        """The samples of one sampler, whatever the answer."""
        return sum(count for label, count in self.labels.items() if label.rpartition(" ")[0] == sampler)

    def p99_s(self, sampler: str) -> float:
        """The time within which 99 % of a sampler's samples ended; 0 without any."""
        times: Counter[int] = Counter()
        for label, of_label in self.times.items():
            if label.rpartition(" ")[0] == sampler:
                times += of_label
        left = times.total() * 0.99
        for milliseconds in sorted(times):
            left -= times[milliseconds]
            if left <= 0:
                return milliseconds / 1000
        return 0.0

    def reached_at(self, per_s: int) -> float | None:
        """The time, to 0.1 s, at which a second first held this many requests; None if it never did."""
        if not self.starts:
            return None
        in_last_second = 0
        for tenth in range(min(self.starts), max(self.starts) + 1):
            in_last_second += self.starts[tenth] - self.starts[tenth - TENTHS]
            if in_last_second >= per_s:
                return (tenth + 1) / TENTHS
        return None


def read_samples(rows: Iterable[dict[str, str]]) -> Samples:
    """Count rows with JMeter's column names; `timeStamp` and `elapsed` are milliseconds."""
    samples = Samples()
    for row in rows:
        samples.add(
            row["label"],
            row["responseCode"],
            row["responseMessage"],
            row["success"] == "true",
            int(row["timeStamp"]) / 1000,
            int(row["elapsed"]) / 1000,
        )
    return samples


@contextmanager
def jtl_rows(path: Path) -> Iterator[Iterator[dict[str, str]]]:
    with path.open(newline="") as lines:
        yield csv.DictReader(lines)
