"""A message that a filter holds: its author sees that it waits for a moderator, until there is a decision."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.axe import violations
from tests.browser.tab import People, Person, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")

WAITING = "Waiting for a moderator. Others do not see it yet."
REFUSED = "A moderator did not allow this message."


async def holding_room(owner: Person) -> str:
    room = await owner.make_room()
    filters = {"words": ["shady"], "words_action": "hold", "links": "allow", "repeats": "allow"}
    await owner.call("PATCH", f"/rooms/{room}", {"filters": filters})
    return room


async def held_in(owner: Person, room: str) -> dict[str, Any]:
    listed = await owner.call("GET", f"/rooms/{room}/held")
    held: dict[str, Any] = listed["held"][0]
    return held


async def writes_held(people: People) -> tuple[Person, str, Tab]:
    owner = await people.person("Ann")
    room = await holding_room(owner)
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.write("a shady offer")
    await expect(tab.row("a shady offer")).to_contain_text(WAITING)
    return owner, room, tab


async def test_a_held_message_waits_over_a_reload_and_is_a_message_once_it_is_allowed(people: People) -> None:
    owner, room, tab = await writes_held(people)
    await tab.write("and a plain one")
    await expect(tab.row("and a plain one")).not_to_contain_text(WAITING)
    assert await violations(tab) == []
    await tab.page.reload()
    await expect(tab.row("a shady offer")).to_contain_text(WAITING)
    held = await held_in(owner, room)
    await owner.call("POST", f"/rooms/{room}/held/{held['id']}/allow")
    await expect(tab.row("a shady offer")).not_to_contain_text(WAITING)
    await expect(tab.page.locator("[data-post]")).to_have_count(0)
    await tab.page.reload()
    await tab.sees("a shady offer")
    await expect(tab.row("a shady offer")).not_to_contain_text(WAITING)


async def test_a_refused_message_says_so_and_can_be_edited_or_discarded(people: People) -> None:
    owner, room, tab = await writes_held(people)
    held = await held_in(owner, room)
    await owner.call("POST", f"/rooms/{room}/held/{held['id']}/refuse")
    await tab.page.reload()  # asks for the decision at once
    row = tab.row("a shady offer")
    await expect(row).to_contain_text(REFUSED)
    await expect(row.get_by_role("button", name="Try again")).to_have_count(0)
    await row.get_by_role("button", name="Edit", exact=True).click()
    await tab.composer.fill("a fair offer")
    await tab.composer.press("Enter")
    await tab.sees("a fair offer")
    await expect(tab.row("a shady offer")).to_have_count(0)


async def test_signing_out_leaves_no_held_message_to_the_next_person(people: People) -> None:
    _, _, tab = await writes_held(people)
    await tab.page.get_by_role("button", name="Settings").click()
    await tab.page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(tab.row("a shady offer")).to_have_count(0)
    await tab.page.reload()
    await tab.is_live()
    await expect(tab.row("a shady offer")).to_have_count(0)
