"""A hot room: the flame in the room list, and no typing line."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import visitors
from tests.support.chat_stack import StartChatStack
from tests.support.plain_http import client_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def crowd(url: str, room: str) -> AsyncIterator[None]:
    async def fetch(http: httpx.AsyncClient) -> None:
        while True:
            await http.get(f"/api/v1/rooms/{room}/messages")
            await asyncio.sleep(0.01)

    async with client_of(url) as http:
        fetching = [asyncio.create_task(fetch(http)) for _ in range(3)]
        yield
        for one in fetching:
            one.cancel()
        await asyncio.gather(*fetching, return_exceptions=True)


async def test_a_hot_room_shows_a_flame_in_every_tabs_list_and_no_typing_line(
    browser: Browser, built_page: object, start_chat_stack: StartChatStack
) -> None:
    stack = start_chat_stack(SPA_DIR=str(built_page), HOTCHAT_ENTER_PER_S="20")
    async with visitors(browser, stack) as people:
        ann = await people.person("Ann")
        room = await ann.make_room("Show")
        (inside, _), elsewhere = await people.member("Bob"), await people.tab()
        await asyncio.gather(inside.open(f"/rooms/{room}"), elsewhere.open("/"))
        flame = elsewhere.page.get_by_role("link").filter(has_text="Show").get_by_role("img", name="Hot")
        await expect(flame).to_have_count(0)
        async with crowd(stack.chat_url, room):
            await expect(inside.page.locator("[data-testid=hot-badge]")).to_be_visible(timeout=20_000)
            await expect(flame).to_be_visible(timeout=20_000)
            urls: list[str] = []
            inside.page.on("request", lambda request: urls.append(request.url))
            await inside.composer.press_sequentially("nobody is told")
            await inside.composer.press("Enter")
            await inside.sees("nobody is told")
            assert not [url for url in urls if url.endswith("/typing")]
        await expect(flame).to_have_count(0, timeout=30_000)
