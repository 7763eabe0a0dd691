"""The room list: unread counts, last messages, search by name, copied links."""

import re
import uuid

import pytest
from playwright.async_api import Locator, expect

from tests.browser.tab import People, Person, Tab
from tests.support.chat_stack import ChatStack
from tests.support.plain_http import client_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIRST_PAGE = 50


def listed(tab: Tab, name: str) -> Locator:
    return tab.page.get_by_role("navigation", name="Rooms").get_by_role("link").filter(has_text=name)


def unread(tab: Tab, name: str) -> Locator:
    return listed(tab, name).locator("[data-testid=unread]")


async def read_and_left(people: People, *, own_context: bool = False) -> tuple[Person, Person, Tab, str, str]:
    """A room's author, a reader who has read it and opened another room, their tab, the room's name and its id."""
    ann = await people.person("Ann")
    name = f"Left {uuid.uuid4().hex[:8]}"
    room, elsewhere = await ann.make_room(name), await ann.make_room("Elsewhere")
    await ann.post(room, "the beginning")
    tab, bob = await people.member("Bob", own_context=own_context)
    await tab.open(f"/rooms/{room}")
    await tab.sees("the beginning")
    await tab.page.goto(f"{tab.base_url}/rooms/{elsewhere}")
    await expect(listed(tab, name)).to_contain_text("the beginning")
    return ann, bob, tab, name, room


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
    async with client_of(hotchat.publish_url) as publish:

        async def list_streams() -> int:
            metrics = (await publish.get("/metrics")).text
            found = re.search(r'^hotchat_streams_open\{kind="list"\} (\d+)', metrics, re.MULTILINE)
            return int(found[1]) if found else 0

        before = await list_streams()
        tab, _ = await people.member("Bob")
        await tab.open(f"/rooms/{rooms[0]}")
        await expect(listed(tab, names[1])).to_contain_text("No messages yet")
        for name, room in zip(names, rooms, strict=True):
            await ann.post(room, f"said in {name}")
        for name in names:
            await expect(listed(tab, name)).to_contain_text(f"Ann said in {name}")
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
    await expect(tab.page.get_by_text("No room with that name.")).to_be_visible()
    await search.fill(name.upper())
    await listed(tab, name).click()
    await expect(tab.page).to_have_url(re.compile(f"/rooms/{room}$"))
    await expect(tab.page.get_by_role("heading", level=1, name=name)).to_be_visible()


async def test_a_search_for_a_room_that_is_too_long_names_the_limit_and_asks_nothing(people: People) -> None:
    ann = await people.person("Ann")
    name = f"Listed {uuid.uuid4().hex[:8]}"
    await ann.post(await ann.make_room(name), "hello")
    tab = await people.tab()
    await tab.open("/")
    await expect(listed(tab, name)).to_be_visible()
    searches: list[str] = []
    tab.page.on("request", lambda request: searches.append(request.url) if "q=" in request.url else None)
    search = tab.page.get_by_role("searchbox", name="Find a room")
    await search.fill("https://chat.example/" + "x" * 100)
    await expect(
        tab.page.get_by_text("21 characters too many; the limit is 100 code points.")
    ).to_be_visible()
    await search.fill("")
    await expect(listed(tab, name)).to_be_visible()
    assert searches == []


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


async def test_a_new_room_appears_in_open_pages_and_its_messages_are_followed(people: People) -> None:
    ann = await people.person("Ann")
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{await ann.make_room('Open')}")
    await expect(listed(tab, "Open").first).to_be_visible()
    name = f"New {uuid.uuid4().hex[:8]}"
    room = await ann.make_room(name)
    await expect(listed(tab, name)).to_contain_text("No messages yet")
    await ann.post(room, "the first words")
    await expect(listed(tab, name)).to_contain_text("Ann the first words")


async def test_a_renamed_room_has_its_new_name_in_the_list_the_header_and_the_title(people: People) -> None:
    ann = await people.person("Ann")
    before, after = (f"{word} {uuid.uuid4().hex[:8]}" for word in ("Before", "After"))
    room = await ann.make_room(before)
    inside, (outside, _) = await people.tab(), await people.member("Bob")
    await inside.open(f"/rooms/{room}")
    await outside.open("/")
    await expect(listed(outside, before)).to_be_visible()
    await ann.call("PATCH", f"/rooms/{room}", {"name": after})
    await expect(inside.page.get_by_role("heading", level=1, name=after)).to_be_visible()
    await expect(inside.page).to_have_title(f"{after} · Hotchat")
    for tab in (inside, outside):
        await expect(listed(tab, after)).to_be_visible()
        await expect(listed(tab, before)).to_have_count(0)


async def test_own_messages_and_deleted_ones_are_never_unread(people: People) -> None:
    ann, bob, tab, name, room = await read_and_left(people)
    await bob.post(room, "from my phone")
    await expect(listed(tab, name)).to_contain_text("from my phone")
    await expect(unread(tab, name)).to_have_count(0)
    await ann.post(room, "news")
    await expect(unread(tab, name)).to_have_text("1")
    mistake = await ann.post(room, "a mistake")
    await expect(unread(tab, name)).to_have_text("2")
    await ann.call("DELETE", f"/rooms/{room}/messages/{mistake['id']}")
    await expect(unread(tab, name)).to_have_text("1")
    await bob.post(room, "from my phone again")
    await ann.post(room, "in the same second")
    await expect(listed(tab, name)).to_contain_text("in the same second")
    await expect(unread(tab, name)).to_have_text("2")


async def test_a_room_read_in_another_tab_is_read_in_every_tab(people: People) -> None:
    ann, _, tab, name, room = await read_and_left(people, own_context=True)
    await ann.post(room, "news")
    await expect(unread(tab, name)).to_have_text("1")
    other = await people.another_tab(tab.page.context)
    await other.open(f"/rooms/{room}")
    await other.sees("news")
    await expect(unread(tab, name)).to_have_count(0)


async def test_the_list_follows_activity_except_under_the_pointer_and_the_focus(people: People) -> None:
    ann = await people.person("Ann")
    mark = uuid.uuid4().hex[:8]
    names = [f"{letter} {mark}" for letter in "XYZ"]
    rooms = {name: await ann.make_room(name) for name in names}
    elsewhere = await ann.make_room("Elsewhere")
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{elsewhere}")
    links = listed(tab, mark)

    async def say(name: str, text: str) -> None:
        await ann.post(rooms[name], text)
        await expect(listed(tab, name)).to_contain_text(text)

    async def shows_in_order(*letters: str) -> None:
        await expect(links).to_have_text([re.compile(f"^{letter} {mark}") for letter in letters])

    for name in names:
        await say(name, "one")
    await shows_in_order("Z", "Y", "X")
    await listed(tab, names[1]).hover()
    await say(names[0], "two")
    await shows_in_order("Z", "Y", "X")
    await tab.composer.hover()
    await shows_in_order("X", "Z", "Y")
    await listed(tab, names[2]).focus()
    await tab.page.keyboard.press("Tab")
    await say(names[1], "three")
    await shows_in_order("X", "Z", "Y")
    await tab.page.get_by_role("searchbox", name="Find a room").focus()
    await shows_in_order("Y", "X", "Z")
