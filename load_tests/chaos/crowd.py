"""The crowd of one run: rooms, authors and tabs, judged window by window."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from random import Random
from typing import Final
from uuid import uuid4

import aiohttp

from load_tests.chaos.authors import GIVE_UP_S, Author, Pace, Reactor, Rooms
from load_tests.chaos.checker import Verdict, judge
from load_tests.chaos.event_pages import EventPages
from load_tests.chaos.ledger import Ledger
from load_tests.chaos.stream_tab import Address, StreamTab
from load_tests.chaos.tab_record import Identity, TabRecord

POLL_S: Final = 0.02
NORMAL_WITHIN_S: Final = 60.0
QUIET_WITHIN_S: Final = 60.0
PAGES_OLD_S: Final = 0.5
"""Twice the maximum age of a page, because a server without the last write responds from memory."""

ARRIVE_WITHIN_S: Final = 30.0


@dataclass(frozen=True)
class CrowdSize:
    """Each author writes about once in `every_s`, and each reactor reacts.

    One of `hot_share` authors is in the first room (0: even spread). One of `calm_share` tabs follows the calm lane.
    """

    rooms: int
    authors: int
    tabs: int
    every_s: float = 1.0
    hot_share: int = 2
    calm_share: int = 3
    give_up_s: float = GIVE_UP_S
    reactors: int = 0


@dataclass(frozen=True)
class Outcome:
    """The result of one window. `back_to_normal_s` is None if the crowd never recovered.

    `skipped`: events that the calm lane left out, summed over its tabs.
    """

    verdict: Verdict
    ledger: Ledger
    longest_silence_s: float
    back_to_normal_s: float | None
    gaps: int
    reopenings: int
    skipped: int


class Crowd:
    """Use `open_crowd`. A window lasts from `begin_window` to `judge_window`."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        chat_urls: Sequence[str],
        publishers: Sequence[Address],
        rng: Random,
    ) -> None:
        self.http = http
        self.pages = EventPages(http, chat_urls, rng)
        self.tabs: list[StreamTab] = []
        self.rooms = Rooms(())
        self.ledger = Ledger()
        self.owner_token = ""
        self.publishers = publishers
        self._chat_urls = chat_urls
        self._rng = rng
        self._authors: list[Author] = []
        self.pace = Pace(1.0)
        self._tasks: list[asyncio.Task[None]] = []
        self._identities: dict[str, dict[int, Identity]] = {}
        self._starts: dict[str, int] = {}
        self._hot_share = 0

    async def enter(self, size: CrowdSize, name: str) -> None:
        """Create the rooms, sign in the authors, open the tabs."""
        self.pace.every_s, self.pace.give_up_s = size.every_s, size.give_up_s
        self._hot_share = size.hot_share
        token = self.owner_token = await self._sign_in()
        self.rooms = Rooms([f"{name}-{number}" for number in range(size.rooms)])
        for room_id in self.rooms.ids:
            await self._make_room(room_id, token)
            self._identities[room_id] = {}
            self._starts[room_id] = 0
        for number in range(size.tabs):
            self.add_tab(self._room_of(number), is_calm=number % size.calm_share == size.calm_share - 1)
        kinds = [Author] * size.authors + [Reactor] * size.reactors
        for number, kind in enumerate(kinds):
            author = kind(
                self.http,
                self._chat_urls,
                await self._sign_in(),
                self._room_of(number),
                self.rooms,
                self.ledger,
                Random(self._rng.random()),
            )
            self._authors.append(author)
            self._start(author.run(self.pace))
        await self._all_open()

    async def leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *(tab.close() for tab in self.tabs), return_exceptions=True)

    def add_tab(self, room_id: str, cursor: int | None = None, *, is_calm: bool = False) -> StreamTab:
        """A tab that has seen everything up to `cursor`, or up to the last judgement's head if None."""
        start = self._starts[room_id] if cursor is None else cursor
        record = TabRecord(room_id, start, self._identities[room_id])
        tab = StreamTab(record, self.publishers, self.pages, Random(self._rng.random()), is_calm=is_calm)
        self.tabs.append(tab)
        tab.start()
        return tab

    async def drop_tabs(self, tabs: Sequence[StreamTab]) -> None:
        """Close tabs that were added for one fault. They are not judged."""
        gone = {id(tab) for tab in tabs}
        self.tabs = [tab for tab in self.tabs if id(tab) not in gone]
        await asyncio.gather(*(tab.close() for tab in tabs))

    def begin_window(self) -> None:
        now_s = time.monotonic()
        self.ledger.take()
        for tab in self.tabs:
            tab.record.begin_window(now_s)
        self.pace.writing.set()

    async def back_to_normal(self, since_s: float) -> float | None:
        """Wait until every tab has seen a post that started after `since_s`, and so all earlier ones.

        Returns the time since then, or None if it took longer than NORMAL_WITHIN_S.
        """
        try:
            async with asyncio.timeout(NORMAL_WITHIN_S):
                marks = {room_id: await self._post_since(room_id, since_s) for room_id in self.rooms.ids}
                await self._until(
                    lambda: all(t.record.last_seq >= marks[t.record.room_id] for t in self.tabs)
                )
        except TimeoutError:
            return None
        return time.monotonic() - since_s

    async def quiet(self) -> None:
        """Stop writing and wait until every started write is answered."""
        self.pace.writing.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(QUIET_WITHIN_S):
                await self._until(lambda: not any(author.is_busy for author in self._authors))

    def write_on(self) -> None:
        self.pace.writing.set()

    async def heads(self) -> dict[str, int]:
        return {room_id: await self.pages.head(room_id) for room_id in self.rooms.ids}

    def start_after(self, heads: Mapping[str, int]) -> None:
        """After a restore from a backup: judge only later writes, after these seqs."""
        self.ledger.take()
        self._starts.update(heads)
        for tab in self.tabs:
            tab.record.restart(heads[tab.record.room_id])
        for author in self._authors:
            author.forget()
        for room_id in self.rooms.ids:
            self.rooms.recent[room_id].clear()
            self._identities[room_id].clear()

    async def judge_window(self, back_to_normal_s: float | None) -> Outcome:
        """Wait until all writes are finished and every tab has the last event, then compare."""
        now_s = time.monotonic()
        for tab in self.tabs:
            tab.record.end_window(now_s)
        silence_s = max(tab.record.longest_silence_s for tab in self.tabs)
        await self.quiet()
        await asyncio.sleep(PAGES_OLD_S)
        logs = {room_id: await self.pages.after(room_id, self._starts[room_id]) for room_id in self.rooms.ids}
        heads = {room_id: max(log, default=self._starts[room_id]) for room_id, log in logs.items()}
        with suppress(TimeoutError):
            async with asyncio.timeout(ARRIVE_WITHIN_S):
                await self._until(
                    lambda: all(t.record.last_seq >= heads[t.record.room_id] for t in self.tabs)
                )
        records = [tab.record for tab in self.tabs]
        ledger = self.ledger.take()
        outcome = Outcome(
            verdict=judge(
                ledger.answered,
                logs,
                self._starts,
                records,
                {room_id: log.left_out for room_id, log in logs.items()},
            ),
            ledger=ledger,
            longest_silence_s=silence_s,
            back_to_normal_s=back_to_normal_s,
            gaps=sum(record.gaps for record in records),
            reopenings=sum(record.reopenings for record in records),
            skipped=sum(record.skipped_count for record in records),
        )
        for record in records:
            record.settle(heads[record.room_id])
        for room_id, head in heads.items():
            self._starts[room_id] = head
            self._identities[room_id].clear()
        return outcome

    async def _post_since(self, room_id: str, since_s: float) -> int:
        await self._until(lambda: self.rooms.newest_post.get(room_id, (0.0, 0))[0] > since_s)
        return self.rooms.newest_post[room_id][1]

    async def _all_open(self) -> None:
        async with asyncio.timeout(NORMAL_WITHIN_S):
            await self._until(lambda: all(tab.is_open for tab in self.tabs))

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await asyncio.sleep(POLL_S)

    def _room_of(self, number: int) -> str:
        first, *others = self.rooms.ids
        if not self._hot_share or not others:
            return self.rooms.ids[number % len(self.rooms.ids)]
        return others[(number // self._hot_share) % len(others)] if number % self._hot_share else first

    def _start(self, work: Coroutine[object, object, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    async def _sign_in(self) -> str:
        async with self.http.post(
            f"{self._chat_urls[0]}/api/v1/sessions", json={"nickname": f"author {uuid4().hex[:12]}"}
        ) as answer:
            answer.raise_for_status()
            token: str = (await answer.json())["token"]
            return token

    async def _make_room(self, room_id: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        body = {"name": room_id, "id": room_id}
        async with self.http.post(f"{self._chat_urls[0]}/api/v1/rooms", json=body, headers=headers) as answer:
            answer.raise_for_status()


@asynccontextmanager
async def open_crowd(
    chat_urls: Sequence[str], publishers: Sequence[Address], size: CrowdSize, *, name: str, rng: Random
) -> AsyncIterator[Crowd]:
    """Signed-in authors and open tabs, without writes yet. Closed at the end."""
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=30)
    async with aiohttp.ClientSession(connector=connector) as http:
        crowd = Crowd(http, chat_urls, publishers, rng)
        try:
            await crowd.enter(size, name)
            yield crowd
        finally:
            await crowd.leave()
