"""A reader in notify mode: its stream says that the room moved, and it fetches what is new."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import aiohttp
import orjson

from load_tests.chaos.event_pages import EventPages
from load_tests.chaos.sse_frames import Frame
from load_tests.chaos.stream_tab import Address, StreamTab
from load_tests.chaos.tab_record import TabRecord
from load_tests.crowd.reader_record import ReaderRecord

FETCH_WITHIN_S: Final = 10.0
RETRY_S: Final = 0.5


@dataclass(frozen=True)
class SignPolicy:
    """What LINE did with signs before they reached a client. Hotchat has no such setting, so readers act as if.

    Each sign is dropped with the probability `dropped_share`. A fetch waits `debounce_s` for further signs.
    """

    dropped_share: float = 0.0
    debounce_s: float = 0.0


ALL_SIGNS: Final = SignPolicy()


class NotifyReader(StreamTab):
    """Has a session of its own, so it has its own share of a hot room. After a 429 it waits as long as it should."""

    def __init__(
        self,
        known: ReaderRecord,
        room_id: str,
        http: aiohttp.ClientSession,
        chat_url: str,
        token: str,
        publishers: Sequence[Address],
        pages: EventPages,
        rng: Random,
        signs: SignPolicy = ALL_SIGNS,
    ) -> None:
        super().__init__(TabRecord(room_id, known.cursor, {}), publishers, pages, rng)
        self.known = known
        self.failed_fetches = 0
        self._signs, self._rng = signs, rng
        self._http = http
        self._url = f"{chat_url}/api/v1/rooms/{room_id}/events"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._sign = asyncio.Event()
        self._fetching: asyncio.Task[None] | None = None

    def start(self) -> None:
        super().start()
        self._fetching = asyncio.create_task(self._fetch())

    async def close(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)
        await super().close()

    def query(self) -> str:
        return "?mode=notify"

    def take(self, frame: Frame, at_s: float) -> None:
        if frame.event == "room.updated":
            is_dropped = self._rng.random() < self._signs.dropped_share
            self.known.signed(int(orjson.loads(frame.data)["seq"]), at_s, is_dropped=is_dropped)
            if not self.known.is_current:
                self._sign.set()

    async def _fetch(self) -> None:
        while True:
            await self._sign.wait()
            self._sign.clear()
            while not self.known.is_current:
                await asyncio.sleep(self._signs.debounce_s)
                wait_s = await self._attempt()
                await asyncio.sleep(wait_s)

    async def _attempt(self) -> float:
        """Fetch one page. Returns the seconds to wait before the next one."""
        try:
            async with (
                asyncio.timeout(FETCH_WITHIN_S),
                self._http.get(
                    self._url, params={"after_seq": str(self.known.cursor)}, headers=self._headers
                ) as answer,
            ):
                body = orjson.loads(await answer.read())
        except (aiohttp.ClientError, OSError, TimeoutError, orjson.JSONDecodeError):
            self.failed_fetches += 1
            return RETRY_S
        now_s = time.monotonic()
        if answer.status == 200:
            self.known.fetched(int(body["cursor"]), now_s, has_more=bool(body["has_more"]))
            return 0.0
        if answer.status == 429:
            self.known.was_refused(now_s)
            return float(body["retry_after_ms"]) / 1000
        self.failed_fetches += 1
        return RETRY_S
