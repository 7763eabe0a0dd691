"""Private rooms in the page: members read and write, everybody else finds no room, and access can end."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.axe import violations
from tests.browser.private_room import PrivateRoom
from tests.browser.replaced_responses import refusing
from tests.browser.tab import People, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")


def listed(tab: Tab, name: str) -> Locator:
    return tab.page.get_by_role("navigation", name="Rooms").get_by_role("link").filter(has_text=name)


def heading(tab: Tab, words: str) -> Locator:
    return tab.page.get_by_role("heading", name=words)


async def test_two_members_chat_live_and_the_list_shows_the_room(people: People) -> None:
    room = await PrivateRoom.of(people)
    ann, bob = await people.tab_of(room.owner), await people.tab_of(room.member)
    await ann.open(f"/rooms/{room.id}")
    await bob.open("/")
    await expect(listed(bob, room.name).get_by_role("img", name="Private")).to_be_visible()
    await ann.write("only for us")
    await expect(listed(bob, room.name)).to_contain_text("only for us")
    await listed(bob, room.name).click()
    await bob.is_live()
    await bob.sees("only for us")
    await bob.write("yes, for us")
    await ann.sees("yes, for us")
    assert await violations(bob) == []


async def test_two_tabs_share_the_stream_of_a_private_room(people: People) -> None:
    room = await PrivateRoom.of(people)
    first = await people.tab_of(room.member, own_context=True)
    second = await people.another_tab(first.page.context)
    await first.open(f"/rooms/{room.id}")
    await second.open(f"/rooms/{room.id}")
    await room.owner.post(room.id, "to both")
    for tab in (first, second):
        await tab.sees("to both")
    viewers = first.page.get_by_test_id("viewers")
    await expect(viewers).to_have_text("1 here")


@pytest.mark.parametrize("has_session", [True, False])
async def test_a_stranger_finds_no_such_room(people: People, has_session: bool) -> None:
    room = await PrivateRoom.of(people)
    await room.owner.post(room.id, "a secret")
    tab = (await people.member("Eve"))[0] if has_session else await people.tab()
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    await tab.page.goto(f"{tab.base_url}/rooms/{room.id}")
    await expect(heading(tab, "There is no such room")).to_be_visible()
    await expect(tab.page.get_by_role("navigation", name="Rooms").get_by_role("link").first).to_be_visible()
    await expect(listed(tab, room.name)).to_have_count(0)
    assert not [url for url in asked if "ticket" in url or f"/stream/v1/rooms/{room.id}" in url]


async def test_a_person_who_loses_access_sees_a_sentence_within_seconds_and_keeps_the_draft(
    people: People,
) -> None:
    room = await PrivateRoom.of(people)
    tab = await people.tab_of(room.member)
    await tab.open(f"/rooms/{room.id}")
    await room.owner.post(room.id, "before the end")
    await tab.sees("before the end")
    await expect(listed(tab, room.name)).to_be_visible()
    await tab.composer.fill("half a thought")
    await room.owner.call("PUT", f"/rooms/{room.id}/bans/{room.member.id}", {"seconds": None, "purge": False})
    await expect(heading(tab, "You can no longer read this room")).to_be_visible(timeout=5_000)
    await expect(tab.page.get_by_text("before the end")).to_have_count(0)
    await expect(listed(tab, room.name)).to_have_count(0)
    assert await violations(tab) == []
    await tab.page.get_by_role("link", name="Go to the lobby").click()
    await tab.is_live()
    assert "half a thought" in await tab.page.evaluate("() => localStorage.getItem('hotchat.draft')")


async def test_a_deleted_room_closes_with_a_sentence(people: People) -> None:
    room = await PrivateRoom.of(people)
    tab = await people.tab_of(room.member)
    await tab.open(f"/rooms/{room.id}")
    await room.owner.call("DELETE", f"/rooms/{room.id}")
    await expect(heading(tab, "This room was deleted")).to_be_visible(timeout=5_000)


async def test_a_public_room_that_turns_private_stays_open_to_its_hosts_and_closes_for_others(
    people: People,
) -> None:
    owner, guest = await people.person("Ann"), await people.person("Cho")
    room = await owner.make_room("Open for now")
    ann, cho = await people.tab_of(owner), await people.tab_of(guest)
    for tab in (ann, cho):
        await tab.open(f"/rooms/{room}")
    await owner.call("PATCH", f"/rooms/{room}", {"visibility": "private"})
    await expect(heading(cho, "You can no longer read this room")).to_be_visible(timeout=5_000)
    await owner.post(room, "among hosts")
    await ann.sees("among hosts")
    await ann.is_live()


async def test_signing_out_closes_a_private_room_in_all_tabs_and_leaves_nothing_of_it(people: People) -> None:
    room = await PrivateRoom.of(people)
    await room.owner.post(room.id, "a secret")
    tab = await people.tab_of(room.member, own_context=True)
    other = await people.another_tab(tab.page.context)
    for each in (tab, other):
        await each.open(f"/rooms/{room.id}")
        await each.sees("a secret")
    await tab.write("my own words")
    await other.sees("my own words")
    await tab.page.get_by_role("button", name="Settings").click()
    await tab.page.get_by_role("button", name="Sign out", exact=True).click()
    for each in (tab, other):
        await expect(heading(each, "There is no such room")).to_be_visible()
        await expect(each.page.get_by_text("a secret")).to_have_count(0)
        await expect(listed(each, room.name)).to_have_count(0)
    stored = await tab.page.evaluate("() => JSON.stringify({ ...localStorage, ...sessionStorage })")
    assert room.id not in stored
    assert "secret" not in stored
    assert "my own words" not in stored
    assert await tab.page.evaluate("async () => (await caches.keys()).length") == 0


async def test_a_lost_stream_of_a_private_room_opens_again_with_a_new_ticket(people: People) -> None:
    room = await PrivateRoom.of(people)
    tab = await people.tab_of(room.member)
    path = f"/rooms/{room.id}/stream-tickets"
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    await tab.page.route(f"**{path}", refusing("store_unavailable", times=2, retry_after_s=1.0))
    await tab.open(f"/rooms/{room.id}")
    assert len([url for url in asked if url.endswith(path)]) == 3
    await room.owner.post(room.id, "through the third ticket")
    await tab.sees("through the third ticket")
