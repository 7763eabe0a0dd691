"""Builds and caches the 429 responses of hot rooms. No I/O."""

from itertools import product
from random import Random
from typing import Final, get_args

from chat_server.hotchat.heat_rules import HeatRules
from chat_server.hotchat.throttle_policy import Reason, Refusal
from chat_server.http.single_write_response import ResponseHead
from chat_server.limits.hot_room_buckets import FetchAllowance
from server_kit.event_loop_counter import EventLoopCounter
from server_kit.http.problem import MEDIA_TYPE, ChatError, jittered

MIN_RETRY_S: Final = 0.5
MAX_CACHED: Final = 2_048
"""Cached responses. Overflow rule: CLEAR, and build them again."""

_REFUSALS = EventLoopCounter(
    "hotchat_fetches_refused_total",
    "Fetches of hot rooms over their share; in shadow mode they are served nevertheless",
    ("reason", "mode"),
    list(product(get_args(Reason), ("enforce", "shadow"))),
)


class ThrottleResponses:
    """The 429 responses, with jittered waits.

    They are cached per share and wait. Waits are rounded to 10 ms, and from 10 s on to 100 ms.
    """

    def __init__(self, rng: Random, *, mode: str) -> None:
        self._rng = rng
        self._mode = mode
        self._cached: dict[tuple[str, int], tuple[ResponseHead, bytes]] = {}

    def apply(self, rules: HeatRules) -> None:
        """Forget the cached responses: they name the shares of earlier rules."""
        self._mode = rules.mode
        self._cached.clear()

    def count(self, refusal: Refusal) -> None:
        """Count a fetch over its share, which is refused or, in shadow mode, only counted."""
        _REFUSALS.counts[refusal.reason, self._mode] += 1

    def answer(self, refusal: Refusal) -> tuple[ResponseHead, bytes]:
        """Head and body of the 429."""
        wait_s = jittered(max(MIN_RETRY_S, refusal.wait_s), self._rng)
        hundredths = 1 + int(100 * wait_s) if wait_s < 10 else 10 * (1 + int(10 * wait_s))
        key = (refusal.share.name, hundredths)
        response = self._cached.get(key)
        if response is None:
            if len(self._cached) >= MAX_CACHED:
                self._cached.clear()
            response = self._cached[key] = _response(refusal.share, hundredths / 100)
        return response


def _response(share: FetchAllowance, retry_after_s: float) -> tuple[ResponseHead, bytes]:
    detail = "This room is hot right now; fetch again later."
    headers = {"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store", **share.headers(retry_after_s)}
    problem = ChatError("room_hot", detail, retry_after_s=retry_after_s, headers=headers)
    body = problem.body()
    all_headers = {**problem.headers, "Content-Length": str(len(body))}
    encoded = [(name.lower().encode(), value.encode()) for name, value in all_headers.items()]
    return ResponseHead(429, encoded), body
