"""The panel in which hosts run their room: who can write, moderators, hand-over and the recovery code, the log."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.axe import violations_in_light_and_dark
from tests.browser.tab import People, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def open_panel(tab: Tab) -> Locator:
    await tab.page.get_by_role("button", name="Run this room").click()
    return tab.page.get_by_role("dialog", name="Run this room")


async def test_one_click_closes_a_room_to_newcomers_and_one_click_opens_it(people: People) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    tab = await people.tab_of(owner)
    reader, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await reader.open(f"/rooms/{room}")
    block = reader.page.get_by_test_id("posting-block")
    panel = await open_panel(tab)
    await panel.get_by_label("Closed to newcomers").check()
    await expect(block).to_contain_text("The room is closed to newcomers.")
    await panel.get_by_label("Newcomers wait").select_option("1 week")
    await expect(panel.get_by_label("Newcomers wait")).to_have_value("604800")
    await panel.get_by_label("Everyone").check()
    await expect(block).to_have_text("")
    changed = await owner.call("GET", f"/rooms/{room}")
    assert (changed["who_can_post"], changed["regular_after_s"]) == ("everyone", 604_800)


async def test_the_owner_makes_a_moderator_from_a_message_and_removes_them_in_the_panel(
    people: People,
) -> None:
    owner, bob = await people.person("Ann"), await people.person("Bob")
    room = await owner.make_room()
    await bob.post(room, "hello")
    tab = await people.tab_of(owner)
    await tab.open(f"/rooms/{room}")
    await tab.choose("hello", "Make moderator")
    await expect(tab.page.get_by_test_id("toast")).to_contain_text("is a moderator now")
    await bob.post(room, "as a moderator")
    await tab.open(f"/rooms/{room}")
    await expect(tab.row("as a moderator").get_by_test_id("role-badge")).to_have_text("Moderator")
    panel = await open_panel(tab)
    await panel.get_by_role("button", name="Remove Bob #").click()
    await expect(panel).to_contain_text("There are no moderators.")
    assert (await bob.call("GET", f"/rooms/{room}/me"))["role"] == "guest"


async def test_a_hand_over_is_confirmed_and_changes_both_pages(people: People) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    tab = await people.tab_of(owner)
    other, bob = await people.member("Bob")
    await owner.call("PUT", f"/rooms/{room}/moderators/{bob.id}")
    await tab.open(f"/rooms/{room}")
    await other.open(f"/rooms/{room}")
    panel, bobs = await open_panel(tab), await open_panel(other)
    await expect(bobs.get_by_role("button", name="Make a new code")).to_have_count(0)
    await panel.get_by_role("button", name="Hand the room over to Bob #").click()
    question = panel.get_by_role("group", name="Hand over the room")
    await expect(question).to_contain_text("You become a moderator")
    await question.get_by_role("button", name="Hand over the room").click()
    await expect(panel.get_by_role("button", name="Make a new code")).to_have_count(0)
    await expect(bobs.get_by_role("button", name="Make a new code")).to_be_visible()
    await expect(bobs.get_by_role("listitem").filter(has_text="Ann")).to_be_visible()
    assert (await bob.call("GET", f"/rooms/{room}/me"))["role"] == "owner"


async def test_a_new_recovery_code_is_shown_once_and_works(people: People) -> None:
    owner, heir = await people.person("Ann"), await people.person("Bob")
    room = await owner.make_room()
    tab = await people.tab_of(owner)
    await tab.open(f"/rooms/{room}")
    panel = await open_panel(tab)
    await panel.get_by_role("button", name="Make a new code").click()
    code = await panel.get_by_label("Your recovery code").input_value()
    await tab.page.keyboard.press("Escape")
    await expect((await open_panel(tab)).get_by_label("Your recovery code")).to_have_count(0)
    recovered = await heir.call("POST", f"/rooms/{room}/owner/recover", {"recovery_code": code})
    assert recovered["owner"]["id"] == heir.id
    await expect(tab.page.get_by_role("button", name="Make a new code")).to_have_count(0)


async def test_the_log_says_who_did_what_to_whom(people: People) -> None:
    owner, bob, mallory = (
        await people.person("Ann"),
        await people.person("Bob"),
        await people.person("Mallory"),
    )
    room = await owner.make_room()
    spam = await mallory.post(room, "buy this")
    await owner.call("PUT", f"/rooms/{room}/moderators/{bob.id}")
    await bob.call("DELETE", f"/rooms/{room}/messages/{spam['id']}")
    await bob.call("PUT", f"/rooms/{room}/bans/{mallory.id}", {"seconds": 600})
    tab = await people.tab_of(owner)
    await tab.open(f"/rooms/{room}")
    panel = await open_panel(tab)
    await panel.get_by_role("button", name="Show the log").click()
    log = panel.get_by_role("region", name="Log").get_by_role("listitem")
    await expect(log).to_have_count(3)
    await expect(log.nth(0)).to_contain_text("Bob banned Mallory #")
    await expect(log.nth(1)).to_contain_text("Bob deleted a message of Mallory #")
    await expect(log.nth(2)).to_contain_text("Ann made Bob #")


async def test_axe_finds_nothing_in_the_panel(people: People) -> None:
    owner, bob = await people.person("Ann"), await people.person("Bob")
    room = await owner.make_room()
    await owner.call("PUT", f"/rooms/{room}/moderators/{bob.id}")
    await owner.call("PATCH", f"/rooms/{room}", {"who_can_post": "regulars", "regular_after_s": 90})
    tab = await people.tab_of(owner, reduced_motion="reduce")
    await tab.open(f"/rooms/{room}")
    panel = await open_panel(tab)
    await panel.get_by_role("button", name="Hand the room over to Bob #").click()
    await panel.get_by_role("button", name="Make a new code").click()
    await expect(panel.get_by_label("Your recovery code")).to_be_visible()
    await panel.get_by_role("button", name="Show the log").click()
    await expect(panel.get_by_role("region", name="Log").get_by_role("listitem").first).to_be_visible()
    assert await violations_in_light_and_dark(tab) == []
