"""Reads of history: old pages, single messages, reactions. Each costs a database query, so addresses take turns."""

from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, Final
from uuid import UUID

from chat_server.fetch.query import FetchQuery
from chat_server.fetch.room_reads import RoomReads
from chat_server.http.cached_response import CachedResponse
from chat_server.postgres.read_lane import refused_read
from server_kit.fair_turns import FairTurns
from server_kit.http.problem import ChatError, jittered
from server_kit.single_flight import SingleFlight

WAIT_S: Final = 0.5
"""For a turn. Overflow rule: REFUSE, 429 for an address that has other requests or got turns, otherwise 503."""

MAX_WAITING: Final = 2_000
MAX_WAITING_OF_ADDRESS: Final = 8
"""Overflow rule: REFUSE, 503, and 429 for the address."""


class HistoryReads:
    """Reads that no snapshot answers. Equal ones under way at the same time are one query."""

    def __init__(self, reads: RoomReads, turns: FairTurns) -> None:
        self._reads = reads
        self._turns = turns
        self._flights: SingleFlight[FetchQuery, CachedResponse] = SingleFlight()

    async def read(self, query: FetchQuery, address: str) -> CachedResponse:
        """Raises the ChatErrors of RoomReads.read_history and of history_turns."""

        def work() -> Coroutine[Any, Any, CachedResponse]:
            return self._reads.read_history(query)

        if not self._flights.is_running(query):
            turn = await self._turns.take(address)
            if self._flights.is_running(query):
                turn.end()
            else:
                self._flights.start(query, work).add_done_callback(lambda _: turn.end())
        return await self._flights.join(query, work)

    async def reactions_of(self, query: FetchQuery, user_id: UUID, address: str) -> CachedResponse:
        """The user's own reactions. Raises the ChatErrors of RoomReads.reactions_of and of history_turns."""
        async with self._turns.turn(address):
            return await self._reads.reactions_of(query, user_id)


def history_turns(connections: int, clock: Callable[[], float], rng: Random) -> FairTurns:
    """At most a third of the connections, so that old pages never delay the newest page of a room.

    Raises ChatError `rate_limited` for an address that reads too much at once, otherwise `store_unavailable`.
    """

    def refusal(is_own_fault: bool) -> ChatError:
        if not is_own_fault:
            return refused_read("busy")
        refused_read("address")
        wait_s = jittered(1.0, rng)
        return ChatError(
            "rate_limited",
            f"Too many reads of history from your address; try again in {wait_s:.1f} s.",
            retry_after_s=wait_s,
        )

    at_once = max(1, connections // 3)
    return FairTurns(
        at_once,
        at_once_of_address=max(1, at_once - 1),
        max_waiting_of_address=MAX_WAITING_OF_ADDRESS,
        max_waiting=MAX_WAITING,
        wait_s=WAIT_S,
        clock=clock,
        refusal=refusal,
    )
