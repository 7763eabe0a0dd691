"""The results of one run: written as JSON, and all that the report is made of."""

import msgspec

from load_tests.bench.crowds import SATURATED_SHARE
from load_tests.crowd.fixed_sample import Summary
from load_tests.crowd.plan import Plan
from load_tests.crowd.processes import LOAD, Use

LATE_TICK_MS = 250.0
BUSY_SAMPLES = 5


class Streams(msgspec.Struct, frozen=True):
    """Streams that only count. `judged` are open without a gap: `lost` is the rows that the log has and they lack.
    `skipped` is what the calm lane left out for them, summed over the streams.

    Latencies are those of posts on the sampled streams, from the author's first attempt. `bytes` is of all streams.
    """

    wanted: int
    open: int
    refused: int
    closed: int
    gaps: int
    judged: int
    rows: int
    skipped: int
    lost: int
    doubled: int
    reordered: int
    bytes: int
    samples: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float
    cpu_share: float


class Probes(msgspec.Struct, frozen=True):
    """Streams whose every frame is parsed and compared with the room's log."""

    count: int
    posts: int
    seen_exactly_once: int
    lost: int
    doubled: int
    reordered: int
    gaps: int
    reopenings: int
    examples: list[str]


class Readers(msgspec.Struct, frozen=True):
    """Times in seconds. `current` readers had the last event at the end.

    The last four are of the C program: the time from a request to its response, how late its timers were, for how long
    it counted, and its CPU.
    """

    count: int
    current: int
    fetches: int
    refused: int
    failed: int
    dropped_signs: int
    staleness_s: Summary
    until_current_s: Summary
    staleness_values_s: list[float]
    answer_p99_s: float = 0.0
    late_p99_ms: float = 0.0
    took_s: float = 0.0
    cpu_share: float = 0.0

    @property
    def refused_share(self) -> float:
        return refused_share(self)

    @property
    def fetches_per_s(self) -> float:
        return self.fetches / self.took_s if self.took_s else 0.0


def refused_share(*groups: Readers) -> float:
    """Of the fetches that readers made or would have made. A dropped sign is a fetch that was not to be made."""
    wanted = sum(one.fetches + one.dropped_signs for one in groups)
    return sum(one.refused + one.dropped_signs for one in groups) / wanted if wanted else 0.0


class Servers(msgspec.Struct, frozen=True):
    """Counts of chat_server during the run. `was_hot_s` is how long the room was seen hot."""

    fetches: int
    fetches_refused: int
    read_statements: int
    was_hot_s: int

    @property
    def reads_per_fetch(self) -> float:
        return self.read_statements / self.fetches if self.fetches else 0.0


class Presence(msgspec.Struct, frozen=True):
    at_s: float
    wanted: int
    open: int


class CrowdRecord(msgspec.Struct, frozen=True):
    """`late_tick_ms` is the 99th percentile of how late the Python clients' clock was.

    `refreshers` fetch the newest page again and again. `checked` are readers in Python, to check those in C.
    """

    policy: str
    plan: Plan
    took_s: float
    streams: Streams
    probes: Probes
    readers: Readers
    refreshers: Readers
    checked: Readers
    servers: Servers
    answers: dict[str, int]
    answer_p99_s: float
    late_tick_ms: float
    presence: list[Presence]
    uses: list[Use]

    @property
    def is_exact(self) -> bool:
        """Nothing was lost, doubled or reordered, on streams and probes."""
        counts = [getattr(part, name) for part in (self.streams, self.probes) for name in FAULTS]
        return not any(counts) and self.probes.seen_exactly_once == self.probes.posts

    @property
    def bytes_per_stream(self) -> float:
        return self.streams.bytes / max(1, self.streams.open)

    def greatest_share(self, *roles: str) -> float:
        """The greatest mean share of a core over BUSY_SAMPLES samples in a row, of all roles together; over all samples
        if there are fewer.
        """
        by_sample: dict[float, float] = {}
        for use in self.uses:
            by_sample[use.at_s] = by_sample.get(use.at_s, 0.0) + (use.cpu_share if use.role in roles else 0.0)
        shares = [by_sample[at_s] for at_s in sorted(by_sample)][1:]
        width = min(BUSY_SAMPLES, len(shares))
        means = (
            [sum(shares[at : at + width]) / width for at in range(len(shares) - width + 1)] if width else []
        )
        return max(means, default=0.0)

    @property
    def refused_share(self) -> float:
        """Of all readers in C."""
        return refused_share(self.readers, self.refreshers)

    @property
    def saturated(self) -> list[str]:
        """Why the figures may be the generator's own limit; empty if they are not."""
        found = []
        if self.streams.cpu_share >= SATURATED_SHARE:
            found.append(f"the streams used {self.streams.cpu_share:.0%} of a core")
        for name, group in (("readers", self.readers), ("refreshers", self.refreshers)):
            if group.cpu_share >= SATURATED_SHARE:
                found.append(f"the {name} used {group.cpu_share:.0%} of a core")
            if group.late_p99_ms > LATE_TICK_MS:
                found.append(f"the {name} were {group.late_p99_ms:.0f} ms late")
        if (share := self.greatest_share(LOAD)) >= SATURATED_SHARE:
            found.append(f"the Python clients used {share:.0%} of a core")
        if self.late_tick_ms > LATE_TICK_MS:
            found.append(f"the generator's clock was {self.late_tick_ms:.0f} ms late")
        return found


FAULTS = ("lost", "doubled", "reordered")
