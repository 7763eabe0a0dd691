"""An owner, a moderator and a troll in one room, from the first insult to a room that is closed to newcomers."""

import pytest
from playwright.async_api import expect

from tests.browser.tab import People, Tab
from tests.browser.test_banning import DELETED, ask_to_ban

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def resumes(tab: Tab) -> None:
    """A menu pauses the list, and so does a pointer or a focus in it while messages follow each other quickly."""
    await tab.page.mouse.move(1, 1)
    await tab.list.press("End")
    await expect(tab.list).to_have_attribute("data-paused", "false")


async def test_a_moderator_bans_a_troll_and_the_owner_lifts_the_ban_and_closes_the_room_to_newcomers(
    people: People,
) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    owner = await people.tab_of(ann)
    moderator, bob = await people.member("Bob")
    troll, _ = await people.member("Troll")
    for tab in (owner, moderator, troll):
        await tab.open(f"/rooms/{room}")
    await moderator.write("hello")
    await owner.sees("hello")
    await owner.choose("hello", "Make moderator")
    await resumes(owner)
    await expect(moderator.page.get_by_role("button", name="Run this room")).to_be_visible()

    await troll.write("buy this")
    await troll.write("and that")
    await moderator.sees("and that")
    dialog = await ask_to_ban(moderator, "buy this")
    await dialog.get_by_role("button", name="Ban Troll #").click()
    await expect(dialog).to_have_count(0)
    await resumes(moderator)
    for tab in (owner, moderator, troll):
        await expect(tab.rows.filter(has_text=DELETED)).to_have_count(2)
    block = troll.page.get_by_test_id("posting-block")
    await expect(block).to_contain_text("A host has banned you from this room until")
    await troll.composer.fill("you cannot stop me")
    await expect(troll.page.get_by_role("button", name="Send", exact=True)).to_be_disabled()

    await owner.page.get_by_role("button", name="Run this room").click()
    panel = owner.page.get_by_role("dialog", name="Run this room")
    await panel.get_by_role("button", name="Lift the ban of Troll #").click()
    await expect(panel).to_contain_text("Nobody is banned.")
    await troll.page.reload()
    await troll.is_live()
    await expect(troll.composer).to_have_value("you cannot stop me")
    await troll.write("sorry")
    await moderator.sees("sorry")

    await panel.get_by_label("Closed to newcomers").check()
    await expect(block).to_contain_text("The room is closed to newcomers.")
    await owner.page.keyboard.press("Escape")
    await moderator.write("moderators can still write")
    await owner.sees("moderators can still write")
    log = (await bob.call("GET", f"/rooms/{room}/audit"))["entries"]
    assert [(entry["actor"]["nickname"], entry["action"]) for entry in reversed(log)] == [
        ("Ann", "add_moderator"),
        ("Bob", "ban"),
        ("Ann", "lift_ban"),
        ("Ann", "change_room"),
    ]
