"""A link with a recovery code makes its opener the owner of the room."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.axe import violations
from tests.browser.tab import People, Person, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def room_with_code(owner: Person) -> tuple[str, str]:
    room = await owner.make_room("Lounge")
    made = await owner.call("POST", f"/rooms/{room}/owner/recovery-code")
    return room, made["recovery_code"]


def dialog_of(tab: Tab) -> Locator:
    return tab.page.get_by_role("dialog", name="Become the owner of Lounge?")


async def test_a_new_visitor_becomes_the_owner_and_gets_the_next_code(people: People) -> None:
    owner = await people.person("Ann")
    room, code = await room_with_code(owner)
    tab = await people.tab()
    await tab.open(f"/rooms/{room}#recover={code}")
    dialog = dialog_of(tab)
    await expect(tab.page).to_have_url(f"{tab.base_url}/rooms/{room}")
    await dialog.get_by_label("What should people call you?").fill("Bob")
    assert await violations(tab) == []
    await dialog.get_by_role("button", name="Become the owner").click()
    await expect(dialog).to_contain_text("You are the owner of this room now.")
    next_code = await dialog.get_by_label("Your recovery code").input_value()
    assert next_code != code
    await dialog.get_by_role("button", name="Close").click()
    await expect(dialog).to_have_count(0)
    await expect(tab.page.get_by_role("button", name="Run this room")).to_be_visible()
    assert (await owner.call("GET", f"/rooms/{room}"))["owner"]["nickname"] == "Bob"


async def test_somebody_with_a_session_needs_no_name_and_a_used_code_is_refused(people: People) -> None:
    owner = await people.person("Ann")
    room, code = await room_with_code(owner)
    tab, bob = await people.member("Bob")
    await tab.open(f"/rooms/{room}#recover={code}")
    dialog = dialog_of(tab)
    await expect(dialog.get_by_label("What should people call you?")).to_have_count(0)
    await dialog.get_by_role("button", name="Become the owner").click()
    await expect(dialog).to_contain_text("You are the owner of this room now.")
    assert (await owner.call("GET", f"/rooms/{room}"))["owner"]["id"] == bob.id
    late = await people.tab_of(owner)
    await late.open(f"/rooms/{room}#recover={code}")
    await dialog_of(late).get_by_role("button", name="Become the owner").click()
    await expect(dialog_of(late)).to_contain_text("This link no longer works.")


async def test_a_link_opened_in_a_tab_that_shows_the_room_works_without_a_reload(people: People) -> None:
    owner = await people.person("Ann")
    room, code = await room_with_code(owner)
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.page.evaluate("code => { location.hash = `#recover=${code}` }", code)
    await expect(dialog_of(tab)).to_be_visible()
    await expect(tab.page).to_have_url(f"{tab.base_url}/rooms/{room}")
    await dialog_of(tab).get_by_role("button", name="Cancel").click()
    await expect(dialog_of(tab)).to_have_count(0)
