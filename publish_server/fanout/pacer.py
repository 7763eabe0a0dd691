"""When may the next flush start? A pure rule; time is an argument, in seconds of any monotonic clock."""


class FlushPacer:
    """Self-clocked coalescing: the window between flushes widens by itself with crowd and rate.

    All flushes together may keep the core busy for `duty` of the time: one that was busy for d pushes the next large
    one d / duty further. So a quiet room flushes at once, and no timer adds latency when there is time to spare.
    A small flush does not queue behind large ones: it goes at once while its reserve, `small_share` of the core with
    `burst_s` saved up, lasts. What it spends is taken off the large ones' time, so that the duty holds for the sum.
    """

    def __init__(
        self, duty: float = 0.6, small_flush_s: float = 0.002, small_share: float = 0.2, burst_s: float = 0.05
    ) -> None:
        self._duty = duty
        self._small_flush_s = small_flush_s
        self._small_share = small_share
        self._burst_s = burst_s
        self._reserve_s = burst_s
        self._reserve_at = 0.0
        self.next_start = 0.0

    def takes_small(self, cost_s: float, now: float) -> bool:
        """May a flush of that estimated cost go at once? If so its cost has left the reserve."""
        if cost_s > self._small_flush_s:
            return False
        self._reserve_s = min(
            self._burst_s, self._reserve_s + max(0.0, now - self._reserve_at) * self._small_share
        )
        self._reserve_at = now
        if self._reserve_s < cost_s:
            return False
        self._reserve_s -= cost_s
        return True

    def wait_s(self, now: float) -> float:
        """How long the next queued flush has to wait; not positive when it may start."""
        return self.next_start - now

    def flushed(self, start: float, busy_s: float) -> None:
        """A flush that started at `start` kept the core busy for `busy_s` (its pauses not counted)."""
        self.next_start = max(self.next_start, start) + busy_s / self._duty


class WriteCost:
    """Estimated seconds of one subscriber's write, a moving average of what flushes took."""

    def __init__(self, seconds: float = 12e-6) -> None:
        self.seconds = seconds

    def observe(self, writes: int, busy_s: float) -> None:
        """Flushes of few writes say more about everything else, so they weigh less."""
        if writes:
            weight = min(0.3, writes / 1_000)
            self.seconds += weight * (busy_s / writes - self.seconds)
