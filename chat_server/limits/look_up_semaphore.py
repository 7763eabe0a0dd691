"""Bounds concurrent look-ups: sessions, rooms, and what a write needs before it is queued.

Anybody can cause look-ups, with invented rooms for example, so addresses take turns. There are as many permits as
connections: a look-up with a permit never waits for a connection.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from random import Random
from typing import Final

from prometheus_client import Counter

from chat_server.postgres.errors import store_unavailable
from server_kit.http.asgi import Scope
from server_kit.http.problem import ChatError, jittered, rate_limited
from server_kit.limits.fair_semaphore import FairSemaphore

WAIT_S: Final = 2.0
"""For a permit. Overflow rule: REFUSE, 429 for an address that has other requests or got permits, else 503."""

MAX_WAITING: Final = 8_000
MAX_WAITING_OF_ADDRESS: Final = 1_000
"""Enough for everybody behind one address after a restart, or for a load generator whose users sign in at once.
Overflow rule: REFUSE, 503, and 429 for the address."""

_REFUSED = Counter("hotchat_look_ups_refused_total", "Look-ups that were not begun: REFUSE", ["reason"])


class LookUpSemaphore:
    """`address_of` returns the client address of a request; `clock` is monotonic, in seconds."""

    def __init__(
        self, connections: int, address_of: Callable[[Scope], str], clock: Callable[[], float], rng: Random
    ) -> None:
        def refusal(is_own_fault: bool) -> ChatError:
            if not is_own_fault:
                _REFUSED.labels("busy").inc()
                return store_unavailable()
            _REFUSED.labels("address").inc()
            return rate_limited("Too many requests at once from your address", jittered(1.0, rng))

        self.address_of = address_of
        self.by_address = FairSemaphore(
            connections,
            permits_of_address=max(1, connections // 2),
            max_waiting_of_address=MAX_WAITING_OF_ADDRESS,
            max_waiting=MAX_WAITING,
            wait_s=WAIT_S,
            clock=clock,
            refusal=refusal,
        )

    def permit(self, scope: Scope) -> AbstractAsyncContextManager[None]:
        """Hold a permit of the request's address. Raises ChatError `rate_limited`, `store_unavailable`."""
        return self.by_address.permit(self.address_of(scope))
