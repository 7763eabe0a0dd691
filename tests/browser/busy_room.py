"""A tab in the busy room of the replay server, and what steers that room."""

import asyncio
from typing import Any

import httpx
from playwright.async_api import expect

from tests.browser.tab import People, Tab

HOT = 200
SLOWED = "This device is busy"
NOTICED_WITHIN_MS = 30_000
TALKS_WITHIN_S = 30
Rect = dict[str, float]


class BusyRoom:
    """The tab, and the room that it looks at."""

    def __init__(self, tab: Tab, http: httpx.AsyncClient, people: People) -> None:
        self.tab = tab
        self._http = http
        self._people = people

    async def somebody_else(self) -> Tab:
        """Another browser in the same room."""
        return await (await self._people.tab(viewport={"width": 1000, "height": 800})).open("/")

    async def control(self, what: str, **body: Any) -> Any:
        return (await self._http.post(f"/control/{what}", json=body)).json()

    async def said(self) -> list[dict[str, Any]]:
        """What the server has, oldest first."""
        page = (await self._http.get("/api/v1/rooms/lobby/messages", params={"limit": 5_000})).json()
        messages: list[dict[str, Any]] = page["messages"]
        return messages

    async def said_by(self, nickname: str) -> list[dict[str, Any]]:
        return [message for message in await self.said() if message["author"]["nickname"] == nickname]

    async def rate(self, per_s: float) -> None:
        await self.control("rate", rate=per_s)

    async def talks(self, at_least: int) -> int:
        """The crowd says so many things at its rate, and stops; the seq of the last."""
        before = len(await self.said())
        await self.rate(HOT)
        async with asyncio.timeout(TALKS_WITHIN_S):
            while len(await self.said()) < before + at_least:
                await asyncio.sleep(0.05)
        await self.rate(0)
        last_seq: int = (await self.said())[-1]["seq"]
        return last_seq

    async def rows_in_view(self) -> dict[str, Rect]:
        """Message id → where its row is, for rows that are wholly in view."""
        found: dict[str, Rect] = await self.tab.list.evaluate(
            """list => {
                const view = list.getBoundingClientRect();
                const rows = [...list.querySelectorAll('article')].map(row => [row, row.getBoundingClientRect()]);
                return Object.fromEntries(rows
                    .filter(([, rect]) => rect.top >= view.top && rect.bottom <= view.bottom)
                    .map(([row, rect]) => [row.dataset.messageId, {top: rect.top, height: rect.height}]));
            }"""
        )
        return found

    async def is_paused(self) -> None:
        await expect(self.tab.list).to_have_attribute("data-paused", "true")

    async def stands_still(self) -> None:
        """A key's or a wheel's scroll is over: the browser draws it over several frames."""
        await self.tab.page.wait_for_function(
            """async () => {
                const list = document.querySelector('[role=log]');
                const before = list.scrollTop;
                for (let i = 0; i < 30; i++) await new Promise(requestAnimationFrame);
                return list.scrollTop === before;
            }"""
        )

    async def frames(self, count: int) -> None:
        await self.tab.page.evaluate(
            "async count => { for (let i = 0; i < count; i++) await new Promise(requestAnimationFrame); }",
            count,
        )

    async def gets_busy(self) -> None:
        """A crowd talks, and the page has noticed; a slow machine's page says so instead of the rate."""
        await self.rate(HOT)
        await expect(self.tab.page.locator("[data-testid=status-heat]")).not_to_have_text("")

    async def stands_still_by_page_up(self) -> dict[str, Rect]:
        """The reader went up: where each row is from then on."""
        await self.tab.list.focus()
        await self.tab.page.keyboard.press("PageUp")
        await self.is_paused()
        await self.stands_still()
        return await self.rows_in_view()

    async def nothing_moved_since(self, before: dict[str, Rect]) -> None:
        assert len(before) > 3
        after = await self.rows_in_view()
        moved = {row: (rect, after.get(row)) for row, rect in before.items() if after.get(row) != rect}
        assert not moved, f"rows that moved, where they were and are: {moved}"

    async def sees_seq(self, seq: int) -> None:
        await expect(self.tab.page.locator(f"article[data-seq='{seq}']")).to_be_in_viewport(timeout=15_000)
