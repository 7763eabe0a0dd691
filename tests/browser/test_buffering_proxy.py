"""The page behind a proxy that holds streams back."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from local_stack.ports import LOOPBACK, free_port
from tests.browser.tab import People, Tab
from tests.support.buffering_proxy import BufferingProxy, Holds, buffering_proxy
from tests.support.chat_stack import StartChatStack
from tests.support.plain_http import client_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHOWN_WITHIN_MS = 20_000
STREAMS_OF_A_TAB = 2  # the room, and the list of rooms


@pytest_asyncio.fixture(loop_scope="session")
async def proxied(
    browser: Browser, built_page: object, start_chat_stack: StartChatStack
) -> AsyncIterator[tuple[People, BufferingProxy]]:
    """Users whose streams go through the proxy."""
    port = free_port()
    stack = start_chat_stack(
        SPA_DIR=str(built_page), PUBLIC_STREAM_URL=f"http://{LOOPBACK}:{port}", scheduler=0
    )
    [publish] = stack.publish_servers
    async with (
        buffering_proxy(port, publish.port) as proxy,
        client_of(stack.chat_url) as http,
    ):
        people = People(browser, stack.chat_url, http)
        yield people, proxy
        await people.leave()


async def is_polling(tab: Tab) -> None:
    await expect(tab.status).to_have_attribute("data-connection", "polling", timeout=SHOWN_WITHIN_MS)


async def shows(tab: Tab, text: str) -> None:
    await expect(tab.row(text)).to_have_count(1, timeout=SHOWN_WITHIN_MS)


@pytest.mark.parametrize("holds", ["everything", "after the opening"])
async def test_messages_arrive_through_a_proxy_that_holds_streams_back(
    proxied: tuple[People, BufferingProxy], holds: Holds
) -> None:
    people, proxy = proxied
    ann = await people.person("Ann")
    room, elsewhere = await ann.make_room(), await ann.make_room("Another one")
    proxy.hold(holds)
    tab = await people.tab()
    await tab.page.goto(f"{tab.base_url}/rooms/{room}")
    await expect(tab.page.locator("[data-testid=room-start]")).to_be_visible()
    async with asyncio.timeout(SHOWN_WITHIN_MS / 1_000):
        await proxy.has_accepted(STREAMS_OF_A_TAB)
    await ann.post(room, "held back")
    await ann.post(elsewhere, "in the list")
    await shows(tab, "held back")
    await is_polling(tab)
    await expect(tab.status).to_contain_text("Live updates are slow here")
    listed = tab.page.locator(f"a[href='/rooms/{elsewhere}']")
    await expect(listed).to_contain_text("in the list", timeout=SHOWN_WITHIN_MS + 5_000)
    await ann.post(room, "one more")
    await shows(tab, "one more")
    proxy.hold("nothing")
    await tab.page.evaluate("() => dispatchEvent(new Event('online'))")
    await expect(tab.status).to_have_attribute("data-connection", "live", timeout=SHOWN_WITHIN_MS + 10_000)
    await ann.post(room, "streamed again")
    for text in ("held back", "one more", "streamed again"):
        await shows(tab, text)


async def test_messages_arrive_when_the_proxy_begins_to_hold_streams_back(
    proxied: tuple[People, BufferingProxy],
) -> None:
    people, proxy = proxied
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab = await people.tab_of(ann)
    await tab.open(f"/rooms/{room}")
    proxy.hold("everything")
    bob = await people.person("Bob")
    await bob.post(room, "held back")
    await shows(tab, "held back")
    await is_polling(tab)
    await tab.write("my own")
    await shows(tab, "my own")
    await expect(tab.page.locator("[data-post]")).to_have_count(0)
