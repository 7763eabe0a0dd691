"""Decides who may open a stream: at once while slots are free, else in the order of the queue.

Redis is asked only once this process was full or somebody waits, so a crowd that finds free slots costs it nothing.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from random import Random
from typing import Final

from chat_contract.events import StreamPlace
from publish_server.metrics import PLACES, WAITING
from publish_server.stream_queue.place_share import PlaceShare
from publish_server.stream_queue.place_tokens import KEEP_S, PlaceTokens, QueuePlace, returning_place
from publish_server.stream_queue.queue_policy import Standing, estimate_s, may_enter, position, renew_in_s
from publish_server.stream_queue.redis_queue import ANY_TURN, QueueDown, QueueFull, RedisQueue
from publish_server.stream_queue.stream_slots import StreamSlots
from server_kit.http.problem import ChatError, jittered
from server_kit.limits.shares import Person, Source

log = logging.getLogger(__name__)

REPORT_S: Final = 1.0

FULL_RETRY_S: Final = 5.0

GUARDED_S: Final = 3.0
"""For this long after it was full, a process asks Redis before it lets anybody in: the last report may not have shown
the queue of another process."""

UNORDERED_RENEWAL_S: Final = 5.0
"""Without Redis nobody knows how many people wait."""

RETURN_S: Final = 60.0
"""The place of a stream that the server ended is valid for this long."""


class Entry:
    """The permission to open one stream. `end` must be called once the stream is open or has failed to open."""

    def __init__(self, slots: StreamSlots, used: QueuePlace | None) -> None:
        self.used = used
        self._slots = slots
        slots.begin_opening()

    def end(self) -> None:
        self._slots.end_opening()


class StreamAdmission:
    """One per process. Without Redis, a free slot goes to the next request, whatever the order of the queue."""

    def __init__(
        self,
        slots: StreamSlots,
        queue: RedisQueue,
        tokens: PlaceTokens,
        place_share: PlaceShare,
        *,
        clock: Callable[[], float],
        rng: Random,
    ) -> None:
        self._slots = slots
        self._queue = queue
        self._tokens = tokens
        self._place_share = place_share
        self._clock = clock
        self._rng = rng
        self._asking = asyncio.Lock()
        self._waiting = 0
        self._free_elsewhere = 0
        self._guarded_until_s = float("-inf")

    async def run(self) -> None:
        """Report free slots to the other processes, and learn whether anybody waits. Never ends."""
        while True:
            try:
                report = await self._queue.report(self._slots.free())
            except QueueDown:
                self._forget_order()
            else:
                self._waiting, self._free_elsewhere = report
            WAITING.set(self._waiting)
            await asyncio.sleep(REPORT_S)

    def check(self, token: str | None) -> None:
        """Refuse a request at once if this process knows that it cannot enter. Raises ChatError server_full."""
        if token is None and not may_enter(self._waiting, self._free()):
            self._refuse()

    async def enter(self, token: str | None) -> Entry:
        """The permission to open a stream, with or without a place. Raises ChatError server_full."""
        place = None if token is None else self._tokens.read(token, time.time())
        try:
            if place is not None:
                return await self._enter_with(place)
            return await self._enter_as_newcomer()
        except QueueDown:
            self._forget_order()
            return self._entry() if self._free() > 0 else self._refuse()

    async def abandon(self, entry: Entry) -> None:
        """The stream did not open: the place stays valid."""
        if entry.used is not None:
            try:
                await self._queue.give_back(entry.used)
            except QueueDown:
                log.debug("a place is lost, because Redis does not answer")

    async def stand(self, token: str | None, source: Source, person: Person | None) -> StreamPlace:
        """Join the queue, or renew a place. Without a valid place, or with one that is used or has lost its turn, the
        caller gets a new one.

        Raises ChatError rate_limited, and server_full if too many people wait.
        """
        place = None if token is None else self._tokens.read(token, time.time())
        is_new = place is None
        try:
            if place is not None:
                self._place_share.hold(place.id, source, person)
                turn = await self._queue.stand(place, self._free() + self._free_elsewhere)
                if turn.standing is None:
                    self._place_share.release(place.id)
                    is_new = True
            if is_new or place is None:
                place = self._new_place()
                self._place_share.hold(place.id, source, person)
                turn = await self._queue.stand(place, self._free() + self._free_elsewhere)
        except QueueFull:
            PLACES.labels("refused").inc()
            raise self._full() from None
        except QueueDown:
            self._forget_order()
            PLACES.labels("without_order").inc()
            number = 0 if self._free() > 0 else 1
            return self._reply(
                place or self._new_place(), number, Standing(0, 1, 0, 0.0), UNORDERED_RENEWAL_S
            )
        PLACES.labels("new" if is_new else "renewed").inc()
        self._waiting = turn.waiting
        assert turn.standing is not None
        free = self._free() + self._free_elsewhere
        ahead = turn.standing.ahead
        return self._reply(turn.place, position(ahead, free), turn.standing, renew_in_s(ahead))

    def return_token(self) -> str | None:
        """A place for the client of a stream that the server has just ended, whose slot waits for it for a moment.

        None while slots are free: the client does not need one.
        """
        self._guard_if_full()
        if not self._slots.is_draining() and self._waiting == 0 and not self._slots.is_nearly_full():
            return None
        place = returning_place(self._rng.getrandbits(64), time.time(), RETURN_S)
        self._slots.reserve(place.id)
        PLACES.labels("returning").inc()
        return self._tokens.sign(place)

    async def _enter_with(self, place: QueuePlace) -> Entry:
        if self._free() == 0 and not self._slots.is_reserved_for(place.id):
            turn = await self._queue.enter(place, 0, self._free_elsewhere)
        else:
            async with self._asking:
                is_reserved = self._slots.claim(place.id)
                free = self._free()
                usable = ANY_TURN if is_reserved and free else free
                turn = await self._queue.enter(place, usable, self._free_elsewhere)
                if turn.is_used_now:
                    entry = Entry(self._slots, turn.place)
                    PLACES.labels("used").inc()
                    return entry
        self._waiting = turn.waiting
        if turn.standing is None:  # it has opened a stream before, or lost its turn
            return await self._enter_as_newcomer()
        return self._refuse(turn.standing)

    async def _enter_as_newcomer(self) -> Entry:
        free = self._free()
        if not may_enter(self._waiting, free):
            return self._refuse()
        if self._waiting == 0 and self._clock() >= self._guarded_until_s:
            return self._entry()
        async with self._asking:
            self._waiting = await self._queue.waiting()
            return self._entry() if may_enter(self._waiting, self._free()) else self._refuse()

    def _forget_order(self) -> None:
        self._waiting = self._free_elsewhere = 0

    def _entry(self) -> Entry:
        return Entry(self._slots, None)

    def _free(self) -> int:
        self._guard_if_full()
        return self._slots.free()

    def _guard_if_full(self) -> None:
        if self._slots.free() == 0:
            self._guarded_until_s = self._clock() + GUARDED_S

    def _refuse(self, standing: Standing | None = None) -> Entry:
        """Raises ChatError server_full."""
        raise self._full(standing)

    def _full(self, standing: Standing | None = None) -> ChatError:
        if standing is None:
            retry_after_s = jittered(FULL_RETRY_S, self._rng)
            return ChatError(
                "server_full",
                "No more streams here for now; get a place in the queue: POST /stream/v1/places.",
                retry_after_s=retry_after_s,
            )
        number = standing.ahead + 1
        return ChatError(
            "server_full",
            f"No more streams here for now; you are number {number} in the queue.",
            retry_after_s=jittered(renew_in_s(standing.ahead), self._rng),
            position=number,
            estimate_s=estimate_s(number, standing),
        )

    def _new_place(self) -> QueuePlace:
        return QueuePlace(f"{self._rng.getrandbits(64):016x}", 0, 0)

    def _reply(self, place: QueuePlace, number: int, standing: Standing, renewal_s: float) -> StreamPlace:
        renewed = place._replace(expires_s=int(time.time()) + KEEP_S)
        return {
            "place": self._tokens.sign(renewed),
            "position": number,
            "estimate_s": estimate_s(number, standing),
            "renew_in_s": round(renewal_s * self._rng.uniform(0.9, 1.1), 2),
        }
