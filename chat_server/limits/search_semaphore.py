"""Bounds concurrent searches: one for each address, and few for all together."""

from collections.abc import Callable
from random import Random
from typing import Final

from prometheus_client import Counter

from server_kit.http.problem import ChatError, jittered, rate_limited
from server_kit.limits.fair_semaphore import FairSemaphore

WAIT_S: Final = 0.5
"""For a permit. Overflow rule: REFUSE, 429."""
MAX_WAITING: Final = 200
MAX_WAITING_OF_ADDRESS: Final = 3
"""Searches waiting; one more of each address runs. Overflow rule: REFUSE, 429 for the searcher."""

_REFUSED = Counter("hotchat_searches_refused_total", "Searches that were not begun: REFUSE", ["reason"])


def search_semaphore(permits: int, clock: Callable[[], float], rng: Random) -> FairSemaphore:
    """Raises ChatError `rate_limited` for a refused search. `clock` is monotonic, in seconds."""

    def refusal(is_own_fault: bool) -> ChatError:
        reason, what = (
            ("address", "You are searching too much at once")
            if is_own_fault
            else ("all", "Many people are searching right now")
        )
        _REFUSED.labels(reason).inc()
        return rate_limited(what, jittered(1.0, rng))

    return FairSemaphore(
        permits,
        permits_of_address=1,
        max_waiting_of_address=MAX_WAITING_OF_ADDRESS,
        max_waiting=MAX_WAITING,
        wait_s=WAIT_S,
        clock=clock,
        refusal=refusal,
    )
