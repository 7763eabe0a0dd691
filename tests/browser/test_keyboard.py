"""The frontend by keyboard, and with reduced motion."""

import pytest
from playwright.async_api import expect

from tests.browser.tab import People

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_question_mark_lists_the_shortcuts_and_each_of_them_works(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.write("my last words")
    await tab.sees("my last words")
    await expect(tab.page.locator("[data-post]")).to_have_count(0)
    await tab.composer.press("ArrowUp")
    await expect(tab.composer).to_have_value("my last words")
    await tab.composer.press("Escape")
    await expect(tab.composer).to_have_value("")
    await tab.composer.press("?")
    await expect(tab.composer).to_have_value("?")
    await tab.composer.fill("")
    await tab.list.focus()
    await tab.page.keyboard.press("?")
    dialog = tab.page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(dialog.locator("dt")).to_have_count(6)
    await tab.page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await tab.list.focus()
    await tab.page.keyboard.press("/")
    await expect(tab.page.get_by_role("searchbox", name="Words to look for")).to_be_focused()
    await tab.page.keyboard.press("Escape")
    await expect(tab.page.get_by_role("dialog")).to_have_count(0)
    await tab.list.focus()
    await tab.page.keyboard.press("c")
    await expect(tab.composer).to_be_focused()
    await expect(tab.composer).to_have_value("")


async def test_a_message_can_be_focused_reacted_to_and_answered_by_keyboard(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post_many(room, ["the first", "the second", "the third"])
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.sees("the third")
    await tab.list.focus()
    await tab.page.keyboard.press("ArrowUp")
    await expect(tab.row("the third")).to_be_focused()
    await tab.page.keyboard.press("ArrowUp")
    await expect(tab.row("the second")).to_be_focused()
    await tab.page.keyboard.press("Tab")
    await expect(tab.row("the second").get_by_role("button", name="React: Love")).to_be_focused()
    await tab.page.keyboard.press("Enter")
    await expect(tab.reaction("the second", "heart")).to_have_attribute("aria-pressed", "true")
    await tab.row("the second").get_by_role("button", name="More actions").focus()
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_role("menu")).to_be_focused()
    await tab.page.keyboard.press("ArrowDown")
    await expect(tab.page.get_by_role("menuitem", name="Reply")).to_be_focused()
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_text("Replying to Ann")).to_be_visible()
    await expect(tab.composer).to_be_focused()
    await tab.page.keyboard.type("answered")
    await tab.page.keyboard.press("Enter")
    await tab.sees("answered")
    await expect(tab.row("answered").locator("[data-testid=quoted]")).to_contain_text("the second")


async def test_reduced_motion_disables_all_animation(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post_many(room, [f"message {number}" for number in range(40)])
    tab = await people.tab(reduced_motion="reduce")
    await tab.open(f"/rooms/{room}")
    await tab.list.evaluate(
        """list => {
            window.tops = new Set();
            list.addEventListener('scroll', () => window.tops.add(Math.round(list.scrollTop)));
        }"""
    )
    await ann.post(room, "arrives without a glide")
    await expect(tab.row("arrives without a glide")).to_be_in_viewport()
    moving = await tab.page.evaluate(
        "() => document.getAnimations().filter(each => each.playState === 'running').length"
    )
    assert moving == 0
    assert await tab.page.evaluate("() => window.tops.size") <= 2, "one jump, not a glide"
