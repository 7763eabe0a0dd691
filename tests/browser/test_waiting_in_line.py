"""A reader of a full server waits in line for a stream, and reads meanwhile."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser.axe import violations_in_light_and_dark
from tests.browser.conftest import visitors
from tests.browser.tab import Tab
from tests.browser.test_phone import PHONE
from tests.support.chat_stack import StartChatStack
from tests.support.plain_http import client_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHOWN_WITHIN_MS = 30_000
"""A waiting page reads every eight seconds."""

NUMBER_AND_ID = slice(0, 22)
"""What a renewal keeps of a place."""


async def place_of(tab: Tab) -> str:
    place: str = await tab.page.evaluate("() => sessionStorage.getItem('hotchat.place')")
    return place[NUMBER_AND_ID]


async def waits(tab: Tab, words: str) -> None:
    await expect(tab.page.get_by_test_id("waiting-in-line")).to_contain_text(words, timeout=SHOWN_WITHIN_MS)


async def test_a_reader_of_a_full_server_reads_keeps_the_place_and_gets_the_next_stream(
    browser: Browser, built_page: object, start_chat_stack: StartChatStack
) -> None:
    stack = start_chat_stack(SPA_DIR=str(built_page), scheduler=0, MAX_STREAMS="1")
    async with visitors(browser, stack) as people, client_of(stack.publish_url) as streams:
        ann = await people.person("Ann")
        room = await ann.make_room()
        await ann.post(room, "before")
        tab = await people.tab(**PHONE)
        async with streams.stream("GET", f"/stream/v1/rooms/{room}") as taken:
            assert taken.status_code == 200
            await tab.page.goto(f"{tab.base_url}/rooms/{room}")
            await waits(tab, "You are next in line")
            await tab.sees("before")
            await ann.post(room, "while it waits")
            await expect(tab.row("while it waits")).to_have_count(1, timeout=SHOWN_WITHIN_MS)
            assert await violations_in_light_and_dark(tab) == []
            place = await place_of(tab)
            later = (await streams.post("/stream/v1/places", json={})).json()
            await tab.page.reload()
            await waits(tab, "You are next in line")
            assert await place_of(tab) == place
            later = (await streams.post("/stream/v1/places", json={"place": later["place"]})).json()
            assert later["position"] == 2
        await expect(tab.status).to_have_attribute("data-connection", "live", timeout=SHOWN_WITHIN_MS)
        await expect(tab.page.get_by_test_id("waiting-in-line")).to_have_count(0)
        await ann.post(room, "live again")
        await tab.sees("live again")
