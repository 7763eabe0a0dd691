"""The shares of calls of hosts, by user and by address. A ban of many people takes more of them than one call."""

from collections.abc import Callable
from typing import Final

from chat_server.limits.post_limits import OPERATOR_ID
from server_kit.http.asgi import Scope
from server_kit.limits.shares import Shares, person
from server_kit.session_tokens import Session

MODERATION: Final = "moderation"
MODERATION_OF_ADDRESS: Final = "moderation_of_address"
REPORTS: Final = "reports"
REPORTS_OF_ADDRESS: Final = "reports_of_address"

PEOPLE_PER_TOKEN: Final = 10


class HostShares:
    """`clock` is monotonic seconds, `unix_clock` seconds since 1970."""

    def __init__(self, shares: Shares, clock: Callable[[], float], unix_clock: Callable[[], float]) -> None:
        self._source_of = shares.source_of
        self._limits = [
            limit for name in (MODERATION, MODERATION_OF_ADDRESS) if (limit := shares.rate(name)) is not None
        ]
        self._clock = clock
        self._unix_clock = unix_clock

    def check_ban(self, scope: Scope, session: Session, people: int) -> None:
        """Take the tokens for the people; the call has taken one. Raises ChatError `rate_limited`."""
        source = self._source_of(scope)
        is_operator = session.user_id == OPERATOR_ID
        someone = None if is_operator else person(session.user_id, self._unix_clock())
        for limit in self._limits:
            limit.check(source, someone, self._clock(), people / PEOPLE_PER_TOKEN)
