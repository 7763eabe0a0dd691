"""A sample of bounded size of all values that were measured."""

from random import Random

import msgspec

SAMPLE_SIZE = 10_000


class Summary(msgspec.Struct, frozen=True):
    """`greatest` is exact; the quantiles are those of at most SAMPLE_SIZE values, chosen evenly at random."""

    count: int
    p50: float
    p99: float
    greatest: float


class FixedSample:
    """Overflow rule: a new value replaces a random one, so that every value is kept with the same probability."""

    def __init__(self, rng: Random, size: int = SAMPLE_SIZE) -> None:
        self.count = 0
        self.greatest = 0.0
        self.values: list[float] = []
        self._rng = rng
        self._size = size

    def add(self, value: float) -> None:
        self.count += 1
        self.greatest = max(self.greatest, value)
        if len(self.values) < self._size:
            self.values.append(value)
        elif (place := self._rng.randrange(self.count)) < self._size:
            self.values[place] = value

    def summary(self) -> Summary:
        """Zeros without any value."""
        return Summary(self.count, quantile(self.values, 0.5), quantile(self.values, 0.99), self.greatest)


def quantile(values: list[float], share: float) -> float:
    """The value below which this share of the values lies; 0 without any."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0
