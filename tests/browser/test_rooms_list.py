"""The room list: unread counts, last messages, search by name, copied links."""

import re
import uuid

import httpx
import pytest
from playwright.async_api import Locator, expect

from tests.browser.tab import People, Tab
from tests.support.chat_stack import ChatStack

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIRST_PAGE = 50


def listed(tab: Tab, name: str) -> Locator:
    return tab.page.get_by_role("navigation", name="Rooms").get_by_role("link").filter(has_text=name)


def unread(tab: Tab, name: str) -> Locator:
    return listed(tab, name).locator("[data-testid=unread]")


async def test_unread_counts_only_messages_not_50_reactions_and_edits(people: People) -> None:
    ann = await people.person("Ann")
    name = f"Unread {uuid.uuid4().hex[:8]}"
    room, elsewhere = await ann.make_room(name), await ann.make_room("Elsewhere")
    first = await ann.post(room, "the one that is changed")
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.sees("the one that is changed")
    await listed(tab, "Elsewhere").first.click()
    await expect(listed(tab, name)).to_contain_text("the one that is changed")
    for number in range(25):
        path = f"/rooms/{room}/messages/{first['id']}"
        await ann.call("PATCH", path, {"text": f"edited {number}"})
        await ann.call("PUT" if number % 2 == 0 else "DELETE", f"{path}/reactions/heart")
    await ann.post_many(room, ["news", "more news", "and the last of it"])
    await expect(listed(tab, name)).to_contain_text("and the last of it")
    await expect(unread(tab, name)).to_have_text("3")
    await listed(tab, name).click()
    await tab.sees("and the last of it")
    await expect(unread(tab, name)).to_have_count(0)
    await tab.page.goto(f"{tab.base_url}/rooms/{elsewhere}")
    await expect(listed(tab, name)).to_be_visible()
    await expect(unread(tab, name)).to_have_count(0)


async def test_one_stream_keeps_the_last_message_of_every_listed_room_live(
    people: People, hotchat: ChatStack
) -> None:
    ann = await people.person("Ann")
    names = [f"Live {uuid.uuid4().hex[:8]}" for _ in range(3)]
    rooms = [await ann.make_room(name) for name in names]
    async with httpx.AsyncClient(base_url=hotchat.publish_url) as publish:

        async def list_streams() -> int:
            metrics = (await publish.get("/metrics")).text
            found = re.search(r'^hotchat_streams_open\{kind="list"\} (\d+)', metrics, re.MULTILINE)
            return int(found[1]) if found else 0

        before = await list_streams()
        tab, _ = await people.member("Bob")
        await tab.open(f"/rooms/{rooms[0]}")
        await expect(listed(tab, names[1])).to_contain_text("Nothing said yet")
        for name, room in zip(names, rooms, strict=True):
            await ann.post(room, f"said in {name}")
        for name in names:
            await expect(listed(tab, name)).to_contain_text(f"Ann said in {name}", timeout=15_000)
        assert await list_streams() <= before + 1


async def test_a_room_beyond_the_first_page_is_found_by_its_name(people: People) -> None:
    ann = await people.person("Ann")
    name = f"산책 {uuid.uuid4().hex[:8]}"
    room = f"z-{uuid.uuid4().hex}"  # the last one among equally active rooms
    await ann.call("POST", "/rooms", {"name": name, "id": room})
    for number in range(FIRST_PAGE + 1):
        await ann.make_room(f"Crowd {number}")
    tab = await people.tab()
    await tab.open("/")
    await expect(listed(tab, "Crowd").first).to_be_visible()
    await expect(listed(tab, name)).to_have_count(0)
    search = tab.page.get_by_role("searchbox", name="Find a room")
    await search.fill("no room is called so")
    await expect(tab.page.get_by_text("No room of that name.")).to_be_visible()
    await search.fill(name.upper())
    await listed(tab, name).click()
    await expect(tab.page).to_have_url(re.compile(f"/rooms/{room}$"))
    await expect(tab.page.get_by_role("heading", level=1, name=name)).to_be_visible()


async def test_a_copied_link_opens_the_room_in_another_browser(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room("Shared room")
    await ann.post(room, "you found it")
    tab = await people.tab(permissions=["clipboard-read", "clipboard-write"])
    await tab.open(f"/rooms/{room}")
    await tab.page.get_by_role("button", name="Copy link").click()
    await expect(tab.page.get_by_text("Link copied")).to_be_visible()
    link = await tab.page.evaluate("() => navigator.clipboard.readText()")
    friend = await people.tab()
    await friend.page.goto(link)
    await friend.sees("you found it")
