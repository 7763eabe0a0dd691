"""A tab in the busy room of the replay server, and controls for that room."""

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
    """A tab and the room that it shows."""

    def __init__(self, tab: Tab, http: httpx.AsyncClient, people: People) -> None:
        self.tab = tab
        self._http = http
        self._people = people

    async def another_browser(self, script: str = "", **context: Any) -> Tab:
        """Another browser in the same room. `script` runs first on its page."""
        tab = await self._people.tab(**{"viewport": {"width": 1000, "height": 800}, **context})
        await tab.page.add_init_script(script)
        return await tab.open("/")

    async def newest_lane_is(self, lane: str) -> None:
        """Wait until the stream that was opened last has this lane. A slow page may have opened others before."""
        async with asyncio.timeout(TALKS_WITHIN_S):
            while (await self.control("lanes"))[-1] != lane:
                await asyncio.sleep(0.05)

    async def control(self, what: str, **body: Any) -> Any:
        return (await self._http.post(f"/control/{what}", json=body)).json()

    async def messages(self) -> list[dict[str, Any]]:
        """The messages of the server, oldest first."""
        messages: list[dict[str, Any]] = await self.control("messages")
        return messages

    async def messages_by(self, nickname: str) -> list[dict[str, Any]]:
        return [message for message in await self.messages() if message["author"]["nickname"] == nickname]

    async def rate(self, per_s: float) -> None:
        await self.control("rate", rate=per_s)

    async def crowd_posts(self, at_least: int) -> int:
        """Let the crowd post at least this many messages, then stop it. Returns the seq of the last one."""
        before = len(await self.messages())
        await self.rate(HOT)
        async with asyncio.timeout(TALKS_WITHIN_S):
            while len(await self.messages()) < before + at_least:
                await asyncio.sleep(0.05)
        await self.rate(0)
        last_seq: int = (await self.messages())[-1]["seq"]
        return last_seq

    async def rows_in_view(self) -> dict[str, Rect]:
        """Message id → position of its row, for rows that are completely in view."""
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

    async def is_settled(self) -> None:
        """Wait until a scroll by key or wheel has ended; the browser draws it over several frames."""
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

    async def becomes_busy(self) -> None:
        """Start the crowd and wait until the status line shows the rate, or the warning of a slow machine."""
        await self.rate(HOT)
        await expect(self.tab.page.locator("[data-testid=status-heat]")).not_to_have_text("")

    async def pages_up_and_settles(self) -> dict[str, Rect]:
        """Scroll up by Page Up and wait. Returns the position of each row."""
        await self.tab.list.focus()
        await self.tab.page.keyboard.press("PageUp")
        await self.is_paused()
        await self.is_settled()
        return await self.rows_in_view()

    async def nothing_moved_since(self, before: dict[str, Rect]) -> None:
        assert len(before) > 3
        after = await self.rows_in_view()
        moved = {row: (rect, after.get(row)) for row, rect in before.items() if after.get(row) != rect}
        assert not moved, f"rows that moved, with both positions: {moved}"

    async def sees_seq(self, seq: int) -> None:
        await expect(self.tab.page.locator(f"article[data-seq='{seq}']")).to_be_in_viewport()
