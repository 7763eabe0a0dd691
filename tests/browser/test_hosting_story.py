"""An owner, a moderator and a troll in one room; and bans in a room where messages keep arriving."""

import asyncio
import random
from contextlib import suppress

import pytest
from playwright.async_api import expect

from tests.browser.tab import People, Person, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")

BANS = 200
MESSAGES_PER_S = 20
DELETED = "This message was deleted"

# Where a person aims: at a row in view, chosen by chance.
AIM = """([list, chance]) => {
    const view = list.getBoundingClientRect();
    const rows = [...list.querySelectorAll('article')].filter(row => {
        const { top, bottom } = row.getBoundingClientRect();
        return top > view.top + 60 && bottom < view.bottom - 10 && row.querySelector('[data-testid=actions]') !== null;
    });
    const row = rows[Math.floor(chance * rows.length)];
    if (row === undefined) return null;
    const { left, top, height } = row.getBoundingClientRect();
    return { x: left + 80, y: top + height / 2 };
}"""


async def ban_in_the_row(tab: Tab, text: str) -> None:
    await tab.row(text).hover()
    await tab.row(text).get_by_role("button", name="Ban", exact=True).click()
    await tab.page.get_by_role("alertdialog").get_by_role("button", name="Ban Troll #").click()
    await expect(tab.page.get_by_role("alertdialog")).to_have_count(0)


async def test_a_moderator_bans_a_troll_the_owner_lifts_the_ban_and_closes_the_room_to_newcomers(
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

    await troll.write("buy this")
    await troll.write("and that")
    await moderator.sees("and that")
    await ban_in_the_row(moderator, "buy this")
    for tab in (owner, moderator, troll):
        await expect(tab.rows.filter(has_text=DELETED)).to_have_count(2)
    block = troll.page.get_by_test_id("posting-block")
    await expect(block).to_contain_text("A host has banned you from this room until")
    await expect(troll.page.get_by_role("button", name="Send", exact=True)).to_be_disabled()

    await owner.page.get_by_role("button", name="Run this room").click()
    panel = owner.page.get_by_role("dialog", name="Run this room")
    await panel.get_by_role("button", name="Lift the ban of Troll #").click()
    await expect(panel).to_contain_text("Nobody is banned.")
    await troll.page.reload()
    await troll.is_live()
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


async def test_a_host_bans_the_person_at_whom_they_aim_while_messages_keep_arriving(people: People) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    crowd = [await people.person(f"Guest {number}") for number in range(20)]
    tab = await people.tab_of(owner)
    await tab.open(f"/rooms/{room}")
    author_of: dict[str, Person] = {}
    banned: list[str] = []
    hit: list[str] = []
    chance = random.Random(7)

    async def keep_posting() -> None:
        number = 0
        while True:
            author = crowd[number % len(crowd)]
            number += 1
            with suppress(AssertionError):  # banned just now
                author_of[(await author.post(room, f"message {number}"))["id"]] = author
            await asyncio.sleep(1 / MESSAGES_PER_S)

    posting = asyncio.create_task(keep_posting())
    try:
        await expect(tab.rows.nth(12)).to_be_visible()
        while len(banned) < BANS:
            aimed = await tab.page.evaluate(AIM, [await tab.list.element_handle(), chance.random()])
            if aimed is None:
                continue
            await tab.page.mouse.move(aimed["x"], aimed["y"])
            under_the_pointer = tab.page.locator("article:hover")
            target = author_of[str(await under_the_pointer.get_attribute("data-message-id"))]
            await under_the_pointer.get_by_role("button", name="Ban", exact=True).click()
            dialog = tab.page.get_by_role("alertdialog")
            await dialog.get_by_label("Delete their messages").uncheck()
            await dialog.get_by_role("button", name=f"Ban {target.nickname} #").click()
            await expect(dialog).to_have_count(0)
            banned.append(target.id)
            bans = (await owner.call("GET", f"/rooms/{room}/bans"))["bans"]
            hit.append(bans[0]["user"]["id"])
            await owner.call("DELETE", f"/rooms/{room}/bans/{target.id}")
            await tab.page.mouse.move(1, 1)
    finally:
        posting.cancel()
        with suppress(asyncio.CancelledError):
            await posting
    assert hit == banned
