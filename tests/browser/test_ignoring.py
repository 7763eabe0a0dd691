"""A reader ignores a person: their messages are hidden in this browser, until that is undone in the settings."""

import pytest
from playwright.async_api import expect

from tests.browser.axe import violations
from tests.browser.tab import People

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_one_click_hides_a_person_also_after_a_reload_and_the_settings_show_them_again(
    people: People,
) -> None:
    owner, mallory = await people.person("Ann"), await people.person("Mallory")
    room = await owner.make_room()
    spam = await mallory.post(room, "buy this")
    await mallory.post(room, "and that")
    await owner.post(room, "no thanks", spam["id"])
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.choose("and that", "Ignore this person")
    await expect(tab.page.get_by_test_id("toast")).to_contain_text("You no longer see messages of Mallory #")
    for text in ("buy this", "and that"):
        await expect(tab.list.get_by_text(text)).to_have_count(0)
    await mallory.post(room, "buy more")
    await tab.page.reload()
    await tab.is_live()
    await tab.sees("no thanks")
    await expect(tab.list.get_by_text("Mallory")).to_have_count(0)

    await tab.page.get_by_role("button", name="Settings").click()
    settings = tab.page.get_by_role("dialog", name="Settings")
    assert await violations(tab) == []
    await settings.get_by_role("button", name="Show again: Mallory #").click()
    await expect(settings.get_by_text("People you ignore")).to_have_count(0)
    await tab.page.keyboard.press("Escape")
    await tab.sees("and that")
    await tab.sees("buy more")
    await expect(tab.row("no thanks").get_by_test_id("quoted")).to_contain_text("buy this")


async def test_people_cannot_ignore_themselves(people: People) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    await owner.post(room, "mine")
    tab = await people.tab_of(owner)
    await tab.open(f"/rooms/{room}")
    await tab.row("mine").hover()
    await tab.row("mine").get_by_label("More actions").click()
    await expect(tab.page.get_by_role("menuitem", name="Edit")).to_be_visible()
    await expect(tab.page.get_by_role("menuitem", name="Ignore this person")).to_have_count(0)
