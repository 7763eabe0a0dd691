"""How often people may write in a room, in this process. The shares of addresses are in server_kit/limits/shares.py."""

import logging
from collections.abc import Callable, Hashable
from random import Random
from typing import Final
from uuid import UUID

from chat_server.settings import ChatSettings
from server_kit.http.problem import ChatError, jittered, rate_limited
from server_kit.http.rate_limit_headers import rate_limit_headers
from server_kit.limits.token_buckets import TokenBuckets

log = logging.getLogger(__name__)

OPERATOR_ID: Final = UUID(int=0)
"""The user id of requests with HOTCHAT_ADMIN_TOKEN."""

BURST_S: Final = 2
LOGGED_GUESSES_PER_MIN: Final = 6
"""Log lines about wrong operator tokens. Overflow rule: DROP; refusals are still counted."""

TYPING_PER_USER_PER_S: Final = 1.0

UNKNOWN_ROOMS_PER_USER_PER_S: Final = 1.0
UNKNOWN_ROOMS_BURST: Final = 20
"""Each costs a query. Enforced only if POSTS_PER_USER_PER_S is set."""

RECOVERY_CODES_PER_HOUR: Final = 5
"""Wrong recovery codes for one room from one address."""

REACTION_CHANGES_PER_S: Final = 1 / 30
REACTION_CHANGES_BURST: Final = 40
"""Of one user on one message. Each stores an event for EVENT_RETENTION_S. Enforced only if POSTS_PER_USER_PER_S is
set."""


class RateLimits:
    """`clock` is monotonic seconds. Each limit is per process; several processes allow several times as much."""

    def __init__(self, settings: ChatSettings, clock: Callable[[], float], rng: Random) -> None:
        per_user, per_room = settings.posts_per_user_per_s, settings.posts_per_room_per_s
        self._clock = clock
        self._rng = rng
        self._users = TokenBuckets(per_user, max(1, per_user * BURST_S))
        self._rooms = TokenBuckets(per_room, max(1, per_room * BURST_S))
        self._typing = TokenBuckets(TYPING_PER_USER_PER_S, 2)
        self._unknown_rooms = TokenBuckets(
            UNKNOWN_ROOMS_PER_USER_PER_S if per_user else 0, UNKNOWN_ROOMS_BURST
        )
        self._reaction_changes = TokenBuckets(
            REACTION_CHANGES_PER_S if per_user else 0, REACTION_CHANGES_BURST
        )
        guesses_per_min = settings.operator_guesses_per_address_per_min
        self._operator_guesses = TokenBuckets(guesses_per_min / 60, max(1, guesses_per_min))
        self._recovery_codes = TokenBuckets(RECOVERY_CODES_PER_HOUR / 3600, RECOVERY_CODES_PER_HOUR)
        self._guess_logs = TokenBuckets(LOGGED_GUESSES_PER_MIN / 60, LOGGED_GUESSES_PER_MIN)

    def check_write(self, room_id: str, user_id: UUID) -> None:
        """Take a write of the user and of the room. Raises ChatError `rate_limited`, but never for the operator."""
        if user_id == OPERATOR_ID:
            return
        now_s = self._clock()
        self._refuse("user", self._users, (room_id, user_id), now_s, "You are writing too fast")
        self._refuse("room", self._rooms, room_id, now_s, "Too many people are writing in this room")

    def check_room_change(self, room_id: str, user_id: UUID) -> None:
        """Take a write of the user, not of the room: a crowd that writes must not keep hosts from acting.

        Raises ChatError `rate_limited`, but never for the operator.
        """
        if user_id != OPERATOR_ID:
            self._refuse(
                "user", self._users, (room_id, user_id), self._clock(), "You are changing the room too fast"
            )

    def check_unknown_room(self, user_id: UUID) -> None:
        """Call before a query for a room that this process does not know. Raises ChatError `rate_limited`."""
        if user_id == OPERATOR_ID:
            return
        self._refuse(
            "unknown-rooms", self._unknown_rooms, user_id, self._clock(), "You are trying too many rooms"
        )

    def give_back_unknown_room(self, user_id: UUID) -> None:
        """Call if the person may read the room after all."""
        if user_id != OPERATOR_ID:
            self._unknown_rooms.give_back(user_id)

    def check_reaction(self, user_id: UUID, message_id: UUID) -> None:
        """Take a change of the user's reactions to the message. Raises ChatError `rate_limited`."""
        self._refuse(
            "reactions-of-message",
            self._reaction_changes,
            (user_id, message_id),
            self._clock(),
            "You are changing your reaction too often",
        )

    def check_operator_guesses(self, address: str) -> None:
        """Raises ChatError `rate_limited` after too many wrong operator tokens from the address."""
        wait_s = self._operator_guesses.wait_s(address, self._clock())
        if wait_s > 0:
            raise self._refusal(
                "operator", self._operator_guesses, wait_s, "Too many wrong operator tokens from your address"
            )

    def count_operator_guess(self, address: str) -> None:
        """Report a bearer token that is neither a session's nor the operator's."""
        now_s = self._clock()
        self._operator_guesses.take(address, now_s)
        if self._guess_logs.take("", now_s) == 0.0:
            log.warning("Somebody tried a wrong operator token")

    def take_recovery_code(self, room_id: str, address: str) -> None:
        """Count one recovery code before it is checked. Raises ChatError `rate_limited`."""
        self._refuse(
            "recovery-codes",
            self._recovery_codes,
            (room_id, address),
            self._clock(),
            "Too many wrong recovery codes for this room from your address",
        )

    def give_back_recovery_code(self, room_id: str, address: str) -> None:
        """Call if the code was correct, or could not be checked: only wrong ones count."""
        self._recovery_codes.give_back((room_id, address))

    def may_send_typing(self, room_id: str, user_id: UUID) -> bool:
        return self._typing.take((room_id, user_id), self._clock()) == 0.0

    def _refuse(self, policy: str, buckets: TokenBuckets, key: Hashable, now_s: float, what: str) -> None:
        wait_s = buckets.take(key, now_s)
        if wait_s > 0:
            raise self._refusal(policy, buckets, wait_s, what)

    def _refusal(self, policy: str, buckets: TokenBuckets, wait_s: float, what: str) -> ChatError:
        wait_s = jittered(wait_s, self._rng)
        window_s = buckets.burst / buckets.rate_per_s
        headers = rate_limit_headers(
            policy, quota=int(buckets.burst), window_s=window_s, remaining=0, reset_s=wait_s
        )
        return rate_limited(what, wait_s, headers)
