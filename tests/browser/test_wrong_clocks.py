"""The page on devices whose clock is wrong by years."""

import pytest
from playwright.async_api import expect

from tests.browser.tab import People

pytestmark = pytest.mark.asyncio(loop_scope="session")

YEARS_MS = 10 * 365 * 86_400_000
SET_CLOCK = """(() => {
    const RealDate = Date;
    window.Date = class extends RealDate {
        constructor(...parts) { if (parts.length === 0) super(window.Date.now()); else super(...parts); }
        static now() { return RealDate.now() + (%d); }
    };
})();"""


@pytest.mark.parametrize("ahead_ms", [-YEARS_MS, YEARS_MS], ids=["behind", "ahead"])
async def test_a_newcomer_learns_from_when_on_they_can_write(people: People, ahead_ms: int) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.call("PATCH", f"/rooms/{room}", {"who_can_post": "regulars", "regular_after_s": 3600})
    tab, _ = await people.member("Bob")
    await tab.page.add_init_script(SET_CLOCK % ahead_ms)
    await tab.open(f"/rooms/{room}")
    block = tab.page.get_by_test_id("posting-block")
    await expect(block).to_contain_text("You can write from")
    await ann.call("PATCH", f"/rooms/{room}", {"who_can_post": "everyone"})
    await expect(block).to_have_text("")
    await tab.write("at some time")
    await tab.sees("at some time")
    await expect(tab.page.locator("[data-post]")).to_have_count(0)
    await tab.sees("at some time")


@pytest.mark.parametrize("ahead_ms", [-YEARS_MS, YEARS_MS], ids=["behind", "ahead"])
async def test_a_message_that_is_not_sent_yet_belongs_to_today(people: People, ahead_ms: int) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, "hello")
    tab, _ = await people.member("Bob")
    await tab.page.add_init_script(SET_CLOCK % ahead_ms)
    await tab.open(f"/rooms/{room}")
    await tab.sees("hello")
    await tab.page.route("**/api/**", lambda route: route.abort())
    await tab.write("on the way")
    await expect(tab.page.locator("[data-post=waiting]")).to_have_count(1)
    await expect(tab.page.get_by_role("separator")).to_have_count(1)
