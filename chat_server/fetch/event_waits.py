"""Long polling: fetches that wait until their room has a new event. For clients that no stream reaches."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final
from uuid import UUID

from prometheus_client import Gauge

from chat_contract.internal_api import RoomHead
from chat_server.postgres.errors import STORE_ERRORS
from server_kit.http.asgi import Receive, until_disconnected
from server_kit.http.problem import ChatError
from server_kit.limits.shares import take_one_off

MAX_WAITING: Final = 500
MAX_WAITING_OF_ADDRESS: Final = 100
"""A proxy that holds streams back may be one address for many people."""

MAX_WAITING_OF_USER: Final = 10
"""Overflow rule of all three: ANSWER, without a wait."""

RECHECK_S: Final = 1.0
"""How long an event of another process may remain unnoticed."""

WOKEN_AT_ONCE: Final = 50
"""Fetches that are answered in one iteration of the event loop."""

_WAITING = Gauge("hotchat_event_waits", "Fetches of events that wait for a new one")

ReadHeads = Callable[[list[str]], Awaitable[Mapping[str, RoomHead]]]


class EventWaits:
    """The waits of one process. A fetch that waits holds no connection to a store.

    A commit of this process ends the waits of its room. Events of other processes are found by one query a second for
    all rooms that have waits.
    """

    def __init__(self) -> None:
        self._seqs: dict[str, dict[asyncio.Future[None], int]] = {}
        self._of_address: Counter[str] = Counter()
        self._of_user: Counter[UUID] = Counter()
        self._is_needed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_closed = False

    @property
    def count(self) -> int:
        """How many fetches wait now."""
        return self._of_address.total()

    async def until_after(
        self, room_id: str, seq: int, wait_s: float, address: str, user_id: UUID | None, receive: Receive
    ) -> None:
        """Return once the room has events after `seq`, after `wait_s`, once the client is gone, or at once without a
        free place. `receive` is that of the request; `user_id` is None without a session."""
        if (
            self._is_closed
            or self.count >= MAX_WAITING
            or self._of_address[address] >= MAX_WAITING_OF_ADDRESS
            or (user_id is not None and self._of_user[user_id] >= MAX_WAITING_OF_USER)
        ):
            return
        ended = asyncio.get_running_loop().create_future()
        self._seqs.setdefault(room_id, {})[ended] = seq
        self._of_address[address] += 1
        if user_id is not None:
            self._of_user[user_id] += 1
        self._changed()
        disconnected = asyncio.ensure_future(until_disconnected(receive))
        try:
            await asyncio.wait([ended, disconnected], timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            disconnected.cancel()
            of_room = self._seqs[room_id]
            del of_room[ended]
            if not of_room:
                del self._seqs[room_id]
            take_one_off(self._of_address, address)
            if user_id is not None:
                take_one_off(self._of_user, user_id)
            self._changed()

    def wrote(self, room_id: str, seq: int) -> None:
        """The room has events up to `seq`."""
        of_room = self._seqs.get(room_id)
        if of_room is not None:
            _end([ended for ended, known_seq in of_room.items() if known_seq < seq])

    async def run(self, read_heads: ReadHeads) -> None:
        """Look for events of other processes until cancelled."""
        self._loop = asyncio.get_running_loop()
        while True:
            await self._is_needed.wait()
            await asyncio.sleep(RECHECK_S)
            if not self._seqs:
                continue
            try:
                heads = await read_heads(list(self._seqs))
            except (ChatError, *STORE_ERRORS):
                continue  # every wait ends by itself
            for room_id, head in heads.items():
                self.wrote(room_id, head["last_seq"])

    def close(self) -> None:
        """End all waits, and let no fetch wait any more. May be called from a signal handler."""
        self._is_closed = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._end_all)

    def _end_all(self) -> None:
        _end([ended for of_room in self._seqs.values() for ended in of_room])

    def _changed(self) -> None:
        _WAITING.set(self.count)
        if self._seqs:
            self._is_needed.set()
        else:
            self._is_needed.clear()


def _end(waits: Iterable["asyncio.Future[None]"]) -> None:
    """End these waits, WOKEN_AT_ONCE in one iteration of the event loop."""
    left = list(waits)
    for ended in left[:WOKEN_AT_ONCE]:
        if not ended.done():
            ended.set_result(None)
    if len(left) > WOKEN_AT_ONCE:
        asyncio.get_running_loop().call_soon(_end, left[WOKEN_AT_ONCE:])
