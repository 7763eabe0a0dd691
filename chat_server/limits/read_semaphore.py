"""Bounds concurrent reads that anybody can make expensive: of history, unknown rooms and further list pages."""

from collections.abc import Callable
from random import Random
from typing import Final

from chat_server.postgres.read_lane import refused_read
from server_kit.http.problem import ChatError, jittered, rate_limited
from server_kit.limits.fair_semaphore import FairSemaphore

WAIT_S: Final = 0.5
"""For a permit. Overflow rule: REFUSE, 429 for an address that has other requests or got permits, else 503."""

MAX_WAITING: Final = 2_000
MAX_WAITING_OF_ADDRESS: Final = 8
"""Overflow rule: REFUSE, 503, and 429 for the address."""


def read_semaphore(
    connections: int,
    what: str,
    clock: Callable[[], float],
    rng: Random,
    *,
    max_waiting_of_address: int = MAX_WAITING_OF_ADDRESS,
) -> FairSemaphore:
    """At most a third of the lane's connections, so that these reads never delay the newest page of a room or list.

    Raises ChatError `rate_limited` for an address that reads too much at once, otherwise `store_unavailable`.
    `what` names the reads in the sentence, such as "reads of history".
    """

    def refusal(is_own_fault: bool) -> ChatError:
        if not is_own_fault:
            return refused_read("busy")
        refused_read("address")
        return rate_limited(f"Too many {what} from your address", jittered(1.0, rng))

    permits = max(1, connections // 3)
    return FairSemaphore(
        permits,
        permits_of_address=max(1, permits - 1),
        max_waiting_of_address=max_waiting_of_address,
        max_waiting=MAX_WAITING,
        wait_s=WAIT_S,
        clock=clock,
        refusal=refusal,
    )
