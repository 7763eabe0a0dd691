"""Token buckets by key, with the time as an argument and a bound on how many are remembered."""

from collections import OrderedDict
from collections.abc import Hashable


class TokenBuckets:
    """`rate_per_s` tokens a second up to `burst` for each key. Overflow rule: LRU; a forgotten bucket is full again."""

    def __init__(self, rate_per_s: float, burst: float, max_keys: int = 50_000) -> None:
        self.rate_per_s = rate_per_s
        self.burst = burst
        self._max_keys = max_keys
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def wait_s(self, key: Hashable, now_s: float) -> float:
        """Seconds until `take` would find a token; 0.0 when there is one. Takes nothing."""
        if self.rate_per_s <= 0:
            return 0.0
        tokens, at_s = self._buckets.get(key, (self.burst, now_s))
        return max(0.0, (1 - tokens) / self.rate_per_s - (now_s - at_s))

    def take(self, key: Hashable, now_s: float) -> float:
        """Take one token: 0.0 when there was one, else the seconds until there will be. A rate of 0 means no limit."""
        if self.rate_per_s <= 0:
            return 0.0
        tokens, at_s = self._buckets.pop(key, (self.burst, now_s))
        tokens = min(self.burst, tokens + (now_s - at_s) * self.rate_per_s)
        wait_s = 0.0
        if tokens >= 1:
            tokens -= 1
        else:
            wait_s = (1 - tokens) / self.rate_per_s
        self._buckets[key] = (tokens, now_s)
        if len(self._buckets) > self._max_keys:
            self._buckets.popitem(last=False)
        return wait_s
