"""A host bans people in a room that moves: the row under the pointer at the click is the row whose dialog opens.

HOTCHAT_AIMED_BANS sets how many bans each test makes.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import httpx
import pytest
from playwright.async_api import expect

from tests.browser.tab import People, Person, Tab

BANS: Final = int(os.environ.get("HOTCHAT_AIMED_BANS", "10"))
MESSAGES_PER_S: Final = 20
CROWD: Final = 20
LIST_MOVES_WITHIN_S: Final = 60
AIMED_WITHIN_S: Final = 60

pytestmark = pytest.mark.asyncio(loop_scope="session")

RECORD_CLICKS: Final = """() => {
    window.clickedIds = [];
    document.addEventListener('pointerdown', ({ clientX, clientY }) => {
        const row = document.elementFromPoint(clientX, clientY)?.closest('article');
        if (row) window.clickedIds.push(row.dataset.messageId);
    }, { capture: true });
}"""

# A row in view, chosen by chance.
AIM: Final = """([list, chance]) => {
    const { top: listTop, bottom: listBottom } = list.getBoundingClientRect();
    const rows = [...list.querySelectorAll('article')].filter(row => {
        const { top, bottom } = row.getBoundingClientRect();
        return top > listTop + 60 && bottom < listBottom - 10 && row.querySelector('[aria-label=Ban]') !== null;
    });
    return rows[Math.floor(chance * rows.length)]?.dataset.messageId ?? null;
}"""

BUTTON: Final = """id => {
    const row = document.querySelector(`article[data-message-id="${id}"]`);
    const box = row?.querySelector('[aria-label=Ban]')?.getBoundingClientRect();
    const list = row?.closest('[role=log]').getBoundingClientRect();
    const inView = box && box.top > list.top && box.bottom < list.bottom;
    return inView ? { x: box.left + box.width / 2, y: box.top + box.height / 2 } : null;
}"""

UNDER_THE_POINTER: Final = """({ x, y }) => {
    const button = document.elementFromPoint(x, y)?.closest('[aria-label=Ban]');
    return button?.closest('article').dataset.messageId ?? null;
}"""

HAS_MOVED: Final = """async () => {
    const last = () => Math.max(...[...document.querySelectorAll('article')].map(row => Number(row.dataset.seq)));
    const before = last();
    while (last() <= before) await new Promise(requestAnimationFrame);
}"""


class MovingRoom:
    """A room in which people of a crowd post in turn, all the time. The text of a message names its author."""

    def __init__(self, room: str, owner: Person, crowd: list[Person]) -> None:
        self.room, self.owner = room, owner
        self._crowd = crowd

    @asynccontextmanager
    async def posting(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._post())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _post(self) -> None:
        """At MESSAGES_PER_S on average: a slow response does not lower the rate of those after it."""
        loop = asyncio.get_running_loop()
        start_s, number = loop.time(), 0
        async with asyncio.TaskGroup() as posts:
            while True:
                author = self._crowd[number % len(self._crowd)]
                posts.create_task(self._post_one(author, f"message {number}"))
                number += 1
                await asyncio.sleep(max(0, start_s + number / MESSAGES_PER_S - loop.time()))

    async def _post_one(self, author: Person, text: str) -> None:
        with suppress(AssertionError, httpx.TransportError):  # the author is banned, or the machine too slow
            await author.post(self.room, text)

    def author_of(self, text: str) -> Person:
        return self._crowd[int(text.removeprefix("message ")) % len(self._crowd)]

    async def banned(self) -> list[str]:
        bans: list[dict[str, Any]] = (await self.owner.call("GET", f"/rooms/{self.room}/bans"))["bans"]
        return [ban["user"]["id"] for ban in bans]


async def aim(tab: Tab, chance: random.Random) -> str:
    """Bring the pointer onto the button of a row, and after it while the row moves. Returns the id of its message."""
    handle = await tab.list.element_handle()
    aimed: str | None = None
    async with asyncio.timeout(AIMED_WITHIN_S):
        while True:
            aimed = aimed or await tab.page.evaluate(AIM, [handle, chance.random()])
            place = await tab.page.evaluate(BUTTON, aimed)
            if place is None:
                aimed = None  # the row is no longer in view
                continue
            await tab.page.mouse.move(place["x"], place["y"], steps=3)
            if aimed is not None and await tab.page.evaluate(UNDER_THE_POINTER, place) == aimed:
                return aimed


@pytest.mark.timeout(300 + 6 * BANS, func_only=True)
@pytest.mark.parametrize("view", ["", "/moderate"])
async def test_a_host_bans_the_person_under_the_pointer_while_20_messages_a_second_pass(
    people: People, view: str
) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    moving = MovingRoom(room, owner, [await people.person(f"Guest {number}") for number in range(CROWD)])
    tab = await people.tab_of(owner, viewport={"width": 1280, "height": 800})
    page, chance = tab.page, random.Random(7)
    await tab.open(f"/rooms/{room}{view}")
    await page.evaluate(RECORD_CLICKS)
    aimed_at: list[str] = []
    hit: list[str] = []
    async with moving.posting():
        await expect(tab.rows.nth(12)).to_be_visible()
        for _ in range(BANS):
            async with asyncio.timeout(LIST_MOVES_WITHIN_S):
                await page.evaluate(HAS_MOVED)
            message_id = await aim(tab, chance)
            row = page.locator(f"article[data-message-id='{message_id}']")
            # Before the click: the list moves on as soon as the dialog takes the pointer.
            target = moving.author_of(await row.get_by_test_id("text").inner_text())
            await page.mouse.down()
            await page.mouse.up()
            [clicked_id] = await page.evaluate("() => window.clickedIds.splice(0)")
            assert clicked_id == message_id
            dialog = page.get_by_role("alertdialog", name=f"Ban {target.nickname} #")
            await expect(dialog).to_be_visible()
            await dialog.get_by_label("Delete their messages").uncheck()
            await dialog.get_by_role("button", name=f"Ban {target.nickname} #").click()
            await expect(dialog).to_have_count(0)
            [banned] = await moving.banned()
            aimed_at.append(target.id)
            hit.append(banned)
            await owner.call("DELETE", f"/rooms/{room}/bans/{banned}")
            await tab.follows_newest()
    assert len(hit) == BANS
    assert hit == aimed_at
