"""A reader scrolls up and back to the end, in every way and browser: the list then follows new messages again."""

import contextlib
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.tab import People, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Safari before 26.2 has no such event.
WITHOUT_SCROLLEND = """
    for (const owner of [window, HTMLElement.prototype, Document.prototype]) delete owner.onscrollend;
    const add = EventTarget.prototype.addEventListener;
    EventTarget.prototype.addEventListener = function (type, ...rest) {
        if (type !== 'scrollend') add.call(this, type, ...rest);
    };
"""


async def by_wheel(tab: Tab, direction: int) -> None:
    await tab.list.hover()
    await tab.page.mouse.wheel(0, direction * 700)


async def by_key(tab: Tab, direction: int) -> None:
    await tab.list.focus()
    await tab.page.keyboard.press("PageDown" if direction > 0 else "PageUp")


async def by_space_bar(tab: Tab, direction: int) -> None:
    await tab.list.focus()
    await tab.page.keyboard.press("Space" if direction > 0 else "Shift+Space")


async def by_finger(tab: Tab, direction: int) -> None:
    box = await tab.list.bounding_box()
    assert box is not None
    devtools = await tab.page.context.new_cdp_session(tab.page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for step in range(8):
        point = {"x": x, "y": y + direction * (120 - 40 * step)}
        kind = "touchStart" if step == 0 else "touchMove"
        await devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    await devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


async def by_screen_reader(tab: Tab, direction: int) -> None:
    """A screen reader brings an element into view without any gesture that the page receives."""
    await tab.list.evaluate("(list, by) => { list.scrollTop += by; }", direction * 700)


ATTEMPTS = 10  # one gesture scrolls a part of the way, and is lost while a busy machine lays the list out
WAYS = [by_wheel, by_key, by_space_bar, by_finger, by_screen_reader]


async def follows_again(people: People, way: Any, *, script: str | None, **context: Any) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post_many(room, [f"message {number}" for number in range(40)])
    tab = await people.tab(**context)
    if script is not None:
        await tab.page.add_init_script(script)
    await tab.open(f"/rooms/{room}")
    await expect(tab.row("message 39")).to_be_in_viewport()
    for _ in range(ATTEMPTS):
        await way(tab, -1)
        with contextlib.suppress(AssertionError):
            await expect(tab.list).to_have_attribute("data-paused", "true", timeout=1_500)
            await expect(tab.row("message 39")).not_to_be_in_viewport(timeout=1_500)
            break
    await expect(tab.list).to_have_attribute("data-paused", "true")
    await expect(tab.row("message 39")).not_to_be_in_viewport()
    await ann.post(room, "while the reader looks back")
    await expect(tab.page.locator("[data-testid=new-chip]")).to_contain_text("1 new")
    for _ in range(ATTEMPTS):
        await way(tab, 1)
        with contextlib.suppress(AssertionError):
            await expect(tab.list).to_have_attribute("data-paused", "false", timeout=1_500)
            break
    await expect(tab.row("while the reader looks back")).to_be_in_viewport()
    await ann.post(room, "and the list follows")
    await expect(tab.row("and the list follows")).to_be_in_viewport()


@pytest.mark.parametrize("way", WAYS)
async def test_without_scrollend_a_list_scrolled_back_to_its_end_follows_again(
    people: People, way: Any
) -> None:
    await follows_again(people, way, script=WITHOUT_SCROLLEND, has_touch=way is by_finger)


@pytest.mark.parametrize("way", WAYS)
async def test_a_list_scrolled_back_to_its_end_follows_again_with_reduced_motion(
    people: People, way: Any
) -> None:
    await follows_again(people, way, script=None, has_touch=way is by_finger, reduced_motion="reduce")


async def test_a_short_list_that_cannot_scroll_does_not_freeze(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, "the only message")
    tab = await people.tab()
    await tab.open(f"/rooms/{room}")
    await tab.sees("the only message")
    await tab.list.hover()
    await tab.page.mouse.wheel(0, -300)
    await tab.list.focus()
    await tab.page.keyboard.press("PageUp")
    await expect(tab.list).to_have_attribute("data-paused", "false")
    await ann.post(room, "the next one")
    await expect(tab.row("the next one")).to_be_in_viewport()
