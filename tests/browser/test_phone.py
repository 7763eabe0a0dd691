"""The frontend on a phone: one column, touch instead of a pointer."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.tab import People

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 780},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
TABLET: dict[str, Any] = {"viewport": {"width": 1000, "height": 800}, "has_touch": True}


async def test_on_a_phone_the_room_drawer_opens_and_closes_when_a_room_is_chosen(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room("Pocket room")
    await ann.post(room, "small but whole")
    tab = await people.tab(**PHONE)
    await tab.open("/")
    await expect(tab.page.get_by_role("navigation", name="Rooms")).to_have_count(0)
    await tab.page.get_by_role("button", name="Rooms", exact=True).tap()
    drawer = tab.page.get_by_role("dialog", name="Rooms")
    await drawer.get_by_role("link").filter(has_text="Pocket room").first.tap()
    await expect(drawer).to_have_count(0)
    await tab.sees("small but whole")
    sideways = await tab.page.evaluate("() => document.documentElement.scrollWidth > innerWidth")
    assert not sideways


async def test_a_tap_on_a_message_shows_its_actions_and_a_second_tap_reacts(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post_many(room, [f"message {number}" for number in range(5)])
    tab, _ = await people.member("Bob", **PHONE)
    await tab.open(f"/rooms/{room}")
    await tab.row("message 4").tap()
    await tab.row("message 4").get_by_role("button", name="React: Love").tap()
    await expect(tab.reaction("message 4", "heart")).to_have_attribute("aria-pressed", "true")
    await tab.row("message 2").tap()
    await tab.row("message 2").get_by_role("button", name="Reply").tap()
    await tab.composer.fill("answered with a thumb")
    await tab.page.get_by_role("button", name="Send", exact=True).tap()
    await tab.sees("answered with a thumb")


async def test_a_tap_where_the_actions_appear_triggers_none_of_them(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post_many(room, [f"message {number}" for number in range(5)])
    tab, _ = await people.member("Bob", **TABLET)
    await tab.open(f"/rooms/{room}")
    love = tab.row("message 3").get_by_role("button", name="React: Love")
    box = await love.bounding_box()
    assert box is not None
    await tab.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await expect(tab.row("message 3").locator("[data-testid=actions]")).to_have_css("opacity", "1")
    await expect(tab.row("message 3").locator("[data-testid=actions]")).to_have_css("pointer-events", "auto")
    await expect(tab.reaction("message 3", "heart")).to_have_count(0)
    await love.tap()
    await expect(tab.reaction("message 3", "heart")).to_have_text("1")
