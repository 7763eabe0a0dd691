"""Which fetches of a hot room are refused, and what a refused client is told. Touches no store."""

from itertools import product
from random import Random
from typing import Final, Literal, NamedTuple, get_args
from uuid import UUID

from chat_server.http.single_write_response import ResponseHead
from chat_server.limits.fetch_throttle import Share, Throttle
from server_kit.event_loop_counter import EventLoopCounter
from server_kit.http.problem import MEDIA_TYPE, ChatError, jittered

MIN_RETRY_S: Final = 0.5
MAX_REMEMBERED: Final = 2_048
"""Overflow rule: all answers are made anew."""


Reason = Literal["over_share", "history", "refuse_all"]

_REFUSALS = EventLoopCounter(
    "hotchat_fetches_refused_total",
    "Fetches of hot rooms over their share; in shadow mode they are served all the same",
    ("reason", "mode"),
    list(product(get_args(Reason), ("enforce", "shadow"))),
)


class Refusal(NamedTuple):
    reason: Reason
    share: Share
    wait_s: float


class RefusalPolicy:
    """`cooling_s`: how long a room needs to cool, the wait of those whom a bucket cannot help."""

    def __init__(self, throttle: Throttle, *, refuse_all: bool, cooling_s: float) -> None:
        self._throttle = throttle
        self._refuse_all = Refusal("refuse_all", Share("hot-room", 1, 0), cooling_s) if refuse_all else None
        self._history = Refusal("history", Share("hot-room-history", 1, 0), cooling_s)

    def of_history(self) -> Refusal:
        """Older pages of a hot room are nobody's share: each would cost a statement of its own."""
        return self._history

    def of_fetch(
        self, room_id: str, user_id: UUID | None, address: str, now_s: float, *, is_page: bool
    ) -> Refusal | None:
        """Take one of the client's share of the hot room; None when there was one."""
        if self._refuse_all is not None:
            return self._refuse_all
        if user_id is not None:
            wait_s = self._throttle.wait_of_session_s(room_id, user_id, now_s, is_page=is_page)
            share = self._throttle.session_share
        else:
            wait_s = self._throttle.wait_of_address_s(room_id, address, now_s)
            share = self._throttle.address_share
        return None if wait_s == 0 else Refusal("over_share", share, wait_s)


class RefusalAnswers:
    """The 429s, with jittered waits; each is made once per share and wait, to a hundredth of a second (up to 10 s)."""

    def __init__(self, rng: Random, *, mode: str) -> None:
        self._rng = rng
        self._mode = mode
        self._answers: dict[tuple[str, int], tuple[ResponseHead, bytes]] = {}

    def count(self, refusal: Refusal) -> None:
        """A fetch over its share, refused or (shadow) only noted."""
        _REFUSALS.counts[refusal.reason, self._mode] += 1

    def answer(self, refusal: Refusal) -> tuple[ResponseHead, bytes]:
        """Head and body of the 429."""
        wait_s = jittered(max(MIN_RETRY_S, refusal.wait_s), self._rng)
        hundredths = 1 + int(100 * wait_s) if wait_s < 10 else 10 * (1 + int(10 * wait_s))
        key = (refusal.share.name, hundredths)
        answer = self._answers.get(key)
        if answer is None:
            if len(self._answers) >= MAX_REMEMBERED:
                self._answers.clear()
            answer = self._answers[key] = _answer(refusal.share, hundredths / 100)
        return answer


def _answer(share: Share, retry_after_s: float) -> tuple[ResponseHead, bytes]:
    detail = "This room is hot right now; fetch again later."
    headers = {"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store", **share.headers(retry_after_s)}
    problem = ChatError("room_hot", detail, retry_after_s=retry_after_s, headers=headers)
    body = problem.body()
    told = {**problem.headers, "Content-Length": str(len(body))}
    return ResponseHead(429, [(name.lower().encode(), value.encode()) for name, value in told.items()]), body
