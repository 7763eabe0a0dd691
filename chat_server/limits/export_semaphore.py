"""Bounds concurrent exports: one for each address, and few for all together."""

from collections.abc import Callable
from random import Random
from typing import Final

from server_kit.http.problem import ChatError, jittered, rate_limited
from server_kit.limits.fair_semaphore import FairSemaphore

EXPORTS: Final = 8
"""They share one connection: a slow reader keeps its permit, but no connection."""

WAIT_S: Final = 2.0
"""For a permit. Overflow rule: REFUSE, 429."""

MAX_WAITING: Final = 100
MAX_WAITING_OF_ADDRESS: Final = 2
"""Overflow rule: REFUSE, 429."""


def export_semaphore(clock: Callable[[], float], rng: Random) -> FairSemaphore:
    """Raises ChatError `rate_limited` for a refused export. `clock` is monotonic, in seconds."""

    def refusal(is_own_fault: bool) -> ChatError:
        what = (
            "Another download from your address is still running"
            if is_own_fault
            else "Many people are downloading right now"
        )
        return rate_limited(what, jittered(5.0, rng))

    return FairSemaphore(
        EXPORTS,
        permits_of_address=1,
        max_waiting_of_address=MAX_WAITING_OF_ADDRESS,
        max_waiting=MAX_WAITING,
        wait_s=WAIT_S,
        clock=clock,
        refusal=refusal,
    )
