"""When the next flush may start. Pure: time is an argument, in seconds of any monotonic clock."""


class FlushPacer:
    """Self-clocked coalescing: the window between flushes grows with the number of subscribers and events.

    All flushes together may use `duty` of the core's time: a flush that took d delays the next large one by d / duty.
    So a quiet room flushes at once, and no timer adds latency while the core is idle.
    A small flush does not queue behind large ones. It starts at once while its reserve lasts: `small_share` of the
    core, of which up to `burst_s` accumulates. Its time also counts for the large ones, so `duty` holds for the sum.
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

    def may_flush_now(self, cost_s: float, now: float) -> bool:
        """Whether a flush of that estimated cost is small and within the reserve; if so, take it from the reserve."""
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
        """How long the next queued flush must wait; zero or negative if it may start."""
        return self.next_start - now

    def flushed(self, start: float, busy_s: float) -> None:
        """Account for a flush that started at `start` and used the core for `busy_s`, pauses excluded."""
        self.next_start = max(self.next_start, start) + busy_s / self._duty


class WriteCost:
    """Estimated seconds of one write: a moving average over flushes."""

    def __init__(self, seconds: float = 12e-6) -> None:
        self.seconds = seconds

    def observe(self, writes: int, busy_s: float) -> None:
        """Flushes of few writes weigh less, because their time is mostly overhead."""
        if writes:
            weight = min(0.3, writes / 1_000)
            self.seconds += weight * (busy_s / writes - self.seconds)
