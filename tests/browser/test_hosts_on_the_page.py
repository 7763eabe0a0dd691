"""Hosts of a room in the page: their badges, and what only they can do."""

import re

import pytest
from playwright.async_api import Locator, expect

from tests.browser.tab import People, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")


def badge(tab: Tab, text: str) -> Locator:
    return tab.row(text).get_by_test_id("role-badge")


async def test_the_owner_and_moderators_have_badges_in_rows_and_in_the_overlay(people: People) -> None:
    owner, bob, guest = await people.person("Ann"), await people.person("Bob"), await people.person("Cho")
    room = await owner.make_room()
    await owner.call("PUT", f"/rooms/{room}/moderators/{bob.id}")
    await owner.post(room, "from the owner")
    await bob.post(room, "from a moderator")
    await guest.post(room, "from a guest")
    for path in (f"/rooms/{room}", f"/embed/rooms/{room}?overlay=1"):
        reader = await people.tab()
        await reader.page.goto(reader.base_url + path)
        await reader.sees("from a guest")
        await expect(badge(reader, "from the owner")).to_have_text("Owner")
        await expect(badge(reader, "from a moderator")).to_have_text("Moderator")
        await expect(badge(reader, "from a guest")).to_have_count(0)
        label = re.compile("^Ann, Owner, ")
        await expect(reader.row("from the owner")).to_have_attribute("aria-label", label)


async def test_a_moderator_can_pin_and_delete_messages_of_guests_but_not_of_the_owner(people: People) -> None:
    owner, guest = await people.person("Ann"), await people.person("Cho")
    room = await owner.make_room()
    await owner.post(room, "from the owner")
    await guest.post(room, "from a guest")
    tab, bob = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await owner.call("PUT", f"/rooms/{room}/moderators/{bob.id}")
    await tab.choose("from a guest", "Pin")
    await expect(tab.page.get_by_role("region", name="Pinned messages")).to_contain_text("from a guest")
    await tab.row("from the owner").hover()
    await tab.row("from the owner").get_by_label("More actions").click()
    await expect(tab.page.get_by_role("menuitem", name="Pin", exact=True)).to_be_visible()
    await expect(tab.page.get_by_role("menuitem", name="Delete")).to_have_count(0)


async def test_an_impersonator_has_a_tag_although_the_rows_of_the_other_person_are_not_drawn(
    people: People,
) -> None:
    owner, ann, impostor = [await people.person(name) for name in ("Owner of it", "Ann", "Ann")]
    room = await owner.make_room()
    await ann.post(room, "the first Ann")
    await owner.post_many(room, [f"chatter {number}" for number in range(40)])
    await impostor.post(room, "the second Ann")
    tab = await people.tab(viewport={"width": 1000, "height": 500})
    await tab.open(f"/rooms/{room}")
    await expect(tab.row("the second Ann").get_by_test_id("name-tag")).to_have_count(1)
    await expect(tab.row("the first Ann")).to_have_count(0)
