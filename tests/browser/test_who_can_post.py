"""The composer says why one cannot write, and keeps the text until one can."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.axe import violations
from tests.browser.tab import People, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")


def block(tab: Tab) -> Locator:
    return tab.page.get_by_test_id("posting-block")


def send(tab: Tab) -> Locator:
    return tab.page.get_by_role("button", name="Send", exact=True)


async def test_a_room_for_moderators_only_keeps_drafts_until_it_opens(people: People) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.composer.fill("for later")
    await owner.call("PATCH", f"/rooms/{room}", {"who_can_post": "moderators"})
    await expect(block(tab)).to_contain_text("Only the owner and moderators can write here now.")
    await expect(send(tab)).to_be_disabled()
    await tab.composer.press("Enter")
    await expect(tab.composer).to_have_value("for later")
    assert await violations(tab) == []
    await owner.call("PATCH", f"/rooms/{room}", {"who_can_post": "everyone"})
    await expect(block(tab)).to_have_text("")
    await tab.composer.press("Enter")
    await tab.sees("for later")


async def test_a_newcomer_sees_when_they_can_write_and_a_moderator_writes_at_once(
    people: People,
) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    await owner.call("PATCH", f"/rooms/{room}", {"who_can_post": "regulars", "regular_after_s": 3600})
    tab, bob = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await expect(block(tab)).to_contain_text("The room is closed to newcomers. You can write from")
    await owner.call("PUT", f"/rooms/{room}/moderators/{bob.id}")
    await expect(block(tab)).to_have_text("")
    await tab.write("as a moderator")
    await tab.sees("as a moderator")


async def test_a_banned_person_learns_until_when_and_writes_again_once_the_ban_is_lifted(
    people: People,
) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    tab, bob = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await owner.call("PUT", f"/rooms/{room}/bans/{bob.id}", {"seconds": 3600})
    await tab.write("am I heard?")
    await expect(tab.row("am I heard?")).to_contain_text("Not sent")
    await expect(block(tab)).to_contain_text("A host has banned you from this room until")
    await tab.composer.fill("my next words")
    await expect(send(tab)).to_be_disabled()
    await owner.call("DELETE", f"/rooms/{room}/bans/{bob.id}")
    await tab.row("am I heard?").get_by_role("button", name="Try again").click()
    await expect(tab.row("am I heard?")).not_to_contain_text("Not sent")
    await expect(tab.composer).to_have_value("my next words")
    await tab.page.reload()
    await tab.is_live()
    await expect(block(tab)).to_have_text("")
    await tab.composer.press("Enter")
    await tab.sees("my next words")


async def test_a_purge_of_the_reader_shows_the_ban_before_they_write(people: People) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    tab, bob = await people.member("Bob")
    await bob.post(room, "buy this")
    await tab.open(f"/rooms/{room}")
    await tab.sees("buy this")
    ban = {"seconds": None, "purge": True, "reason": "no ads"}
    await owner.call("PUT", f"/rooms/{room}/bans/{bob.id}", ban)
    await expect(block(tab)).to_contain_text("A host has banned you from this room.")
    await expect(block(tab)).to_contain_text("Reason: no ads")


async def test_a_person_with_the_name_of_a_host_reads_how_to_choose_another_name(people: People) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    tab, _ = await people.member("Ann")
    await tab.open(f"/rooms/{room}")
    await tab.write("it is me")
    await expect(tab.row("it is me")).to_contain_text("That name is reserved")
    await expect(block(tab)).to_contain_text("Your name looks like that of a host here.")
    await expect(send(tab)).to_be_disabled()
    assert await violations(tab) == []
