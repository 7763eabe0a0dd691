"""Token buckets with the time as an argument, and bounded tables of them.

Source of the algorithm: ITU-T I.371, generic cell rate algorithm (virtual scheduling).
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

TOLERANCE_S: Final = 1e-6
"""A rounding error must not refuse a caller at exactly the allowed rate."""


class TokenBucket:
    """The bucket is full again at `full_at_s`; taking a token delays that by 1 / rate seconds. Times are monotonic.

    `promised_at_s`: when the refused caller with the longest wait may return.
    """

    __slots__ = ("full_at_s", "promised_at_s")

    def __init__(self) -> None:
        self.full_at_s = 0.0
        self.promised_at_s = 0.0

    def wait_s(self, rate_per_s: float, burst: float, now_s: float) -> float:
        """Seconds until there is a token; 0.0 if there is one now. Takes nothing."""
        wait_s = self.full_at_s - now_s - (burst - 1) / rate_per_s
        return wait_s if wait_s > TOLERANCE_S else 0.0

    def take(self, rate_per_s: float, burst: float, now_s: float, tokens: float = 1.0) -> float:
        """Take so many tokens: 0.0 if they were there, otherwise takes none and returns the seconds until they are."""
        full_at_s = self.full_at_s
        if full_at_s < now_s:
            full_at_s = now_s
        wait_s = full_at_s - now_s - (burst - tokens) / rate_per_s
        if wait_s > TOLERANCE_S:
            return wait_s
        self.full_at_s = full_at_s + tokens / rate_per_s
        return 0.0

    def give_back(self, rate_per_s: float) -> None:
        """Undo one `take` that found a token."""
        self.full_at_s -= 1 / rate_per_s

    def promise(self, rate_per_s: float, burst: float, now_s: float, max_wait_s: float) -> float:
        """Seconds until the token of one more refused caller: those refused before take theirs first."""
        first_s = now_s + self.wait_s(rate_per_s, burst, now_s)
        self.promised_at_s = min(max(first_s, self.promised_at_s + 1 / rate_per_s), now_s + max_wait_s)
        return self.promised_at_s - now_s


class TokenBuckets:
    """One bucket of `burst` tokens per key, refilled at `rate_per_s`. A rate of 0 means no limit.

    Overflow rule: LRU; the key of a dropped bucket starts with a full one.
    """

    def __init__(self, rate_per_s: float, burst: float, max_keys: int = 50_000) -> None:
        self.rate_per_s = rate_per_s
        self.burst = burst
        self._max_keys = max_keys
        self._buckets: OrderedDict[Hashable, TokenBucket] = OrderedDict()

    def wait_s(self, key: Hashable, now_s: float) -> float:
        """Seconds until `take` would find a token; 0.0 if there is one. Takes nothing."""
        bucket = self._buckets.get(key)
        if bucket is None or self.rate_per_s <= 0:
            return 0.0
        return bucket.wait_s(self.rate_per_s, self.burst, now_s)

    def promise(self, key: Hashable, now_s: float, max_wait_s: float) -> float:
        """For a caller that `take` refused: as TokenBucket.promise."""
        bucket = self._buckets[key]
        return bucket.promise(self.rate_per_s, self.burst, now_s, max_wait_s)

    def take(self, key: Hashable, now_s: float, tokens: float = 1.0) -> float:
        """Take so many tokens, at most `burst`, as TokenBucket.take does."""
        if self.rate_per_s <= 0:
            return 0.0
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket()
            if len(self._buckets) > self._max_keys:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket.take(self.rate_per_s, self.burst, now_s, tokens)

    def give_back(self, key: Hashable) -> None:
        """Undo one `take` of this key that found a token."""
        bucket = self._buckets.get(key)
        if bucket is not None:
            bucket.give_back(self.rate_per_s)
