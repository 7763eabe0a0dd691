"""Notifications of a hidden tab."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.tab import People, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Headless Chromium has neither hidden tabs nor notifications, so both are replaced in the page.
EDGE = """
    let isHidden = false;
    Object.defineProperty(document, 'hidden', {get: () => isHidden});
    Object.defineProperty(document, 'visibilityState', {get: () => isHidden ? 'hidden' : 'visible'});
    window.hide = hidden => { isHidden = hidden; document.dispatchEvent(new Event('visibilitychange')); };
    window.notified = [];
    window.Notification = class {
        static permission = 'default';
        static requestPermission = async () => (window.Notification.permission = window.answer ?? 'granted');
        constructor(title, options) { window.notified.push([title, options.body]); }
        close() {}
    };
"""


async def tab_that_can_be_hidden(people: People, room: str) -> Tab:
    tab, _ = await people.member("Bob")
    await tab.page.add_init_script(EDGE)
    await tab.open(f"/rooms/{room}")
    return tab


async def notified(tab: Tab) -> Any:
    return await tab.page.evaluate("() => window.notified")


async def test_a_hidden_tab_counts_new_messages_in_its_title(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room("Titled")
    tab = await tab_that_can_be_hidden(people, room)
    await expect(tab.page).to_have_title("Titled · Hotchat")
    await tab.page.evaluate("() => window.hide(true)")
    message = await ann.post(room, "one")
    await ann.react(room, message, "heart")
    await ann.post(room, "two")
    await expect(tab.page).to_have_title("(2) Titled · Hotchat")
    await tab.page.evaluate("() => window.hide(false)")
    await expect(tab.page).to_have_title("Titled · Hotchat")
    await tab.sees("two")


async def test_mentions_are_notified_only_when_enabled_and_the_tab_is_hidden(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room("Notified")
    tab = await tab_that_can_be_hidden(people, room)
    heard = tab.page.locator("[data-announce=for-me]")
    await tab.page.evaluate("() => window.hide(true)")
    await ann.post(room, "@Bob before it was asked for")
    await expect(heard).to_contain_text("before it was asked for")
    await tab.page.evaluate("() => window.hide(false)")
    await tab.page.get_by_role("button", name="Settings").click()
    await tab.page.get_by_label("Notify me of mentions").check()
    await tab.page.get_by_role("button", name="Close").click()
    await ann.post(room, "@Bob while you look")
    await expect(heard).to_contain_text("while you look")
    assert await notified(tab) == []
    await tab.page.evaluate("() => window.hide(true)")
    await ann.post(room, "not for Bob")
    await ann.post(room, "@Bob come back")
    await expect(heard).to_contain_text("come back")
    assert await notified(tab) == [["Notified", "Ann: @Bob come back"]]


async def test_a_browser_that_denies_notifications_leaves_the_setting_off(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    tab = await tab_that_can_be_hidden(people, room)
    await tab.page.evaluate("() => { window.answer = 'denied'; }")
    await tab.page.get_by_role("button", name="Settings").click()
    setting = tab.page.get_by_label("Notify me of mentions")
    await setting.click()
    await tab.page.wait_for_function("() => Notification.permission === 'denied'")
    await expect(setting).not_to_be_checked()
    await expect(tab.page.get_by_text("Your browser does not allow it here")).to_be_visible()
