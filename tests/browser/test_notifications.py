"""Notifications of mentions while the reader does not see the room."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.browser.private_room import PrivateRoom
from tests.browser.tab import People, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROUNDS_MAX = 5
"""Rounds of a crowd until the calm lane skips a reply; more notifications in a minute become a summary."""

# Headless Chromium has neither hidden tabs nor notifications, so both are replaced in the page.
EDGE = """
    let isHidden = false;
    Object.defineProperty(document, 'hidden', {get: () => isHidden});
    Object.defineProperty(document, 'visibilityState', {get: () => isHidden ? 'hidden' : 'visible'});
    let isFocused = true;
    document.hasFocus = () => isFocused;
    window.leave = left => { isFocused = !left; window.dispatchEvent(new Event(left ? 'blur' : 'focus')); };
    window.hide = hidden => { isHidden = hidden; document.dispatchEvent(new Event('visibilitychange')); };
    const setItem = Storage.prototype.setItem;
    Storage.prototype.setItem = function (key, value) {
        window.canNotify ||= key === 'hotchat.seen';
        return setItem.call(this, key, value);
    };
    window.notified = [];
    window.shown = [];
    window.withdrawn = [];
    window.Notification = class {
        static permission = 'default';
        static requestPermission = async () => (window.Notification.permission = window.answer ?? 'granted');
        constructor(title, options) {
            window.notified.push([title, options.body]);
            window.shown.push(Object.assign(this, {tag: options.tag, body: options.body}));
        }
        close() { window.withdrawn.push(this.body); }
    };
"""

# Tabs may run in different processes, so what one of them stores or releases reaches the others later.
SOMEBODY_SEES_THE_ROOM = "() => localStorage.getItem('hotchat.seen') !== null"
NOBODY_SEES_THE_ROOM = "() => localStorage.getItem('hotchat.seen') === null"
THE_LAST_TAB_HAS_THE_LOCK = """async () => {
    const {held, pending} = await navigator.locks.query();
    const isOurs = ({name}) => name.startsWith('hotchat.notify.');
    return held.some(isOurs) && !pending.some(isOurs);
}"""

SOMEBODY_SAW_THE_ROOM = """([room, s]) =>
    localStorage.setItem('hotchat.seen', JSON.stringify([room, 'gone', Date.now() + s * 1000]))
"""


async def tab_that_can_be_hidden(people: People, room: str, *, own_context: bool = False) -> Tab:
    tab, _ = await people.member("Bob", own_context=own_context)
    await tab.page.add_init_script(EDGE)
    await tab.open(f"/rooms/{room}")
    return tab


async def enable(tab: Tab) -> None:
    """Enable notifications without the dialog, as after an earlier visit. Their code is loaded after the room."""
    await tab.page.wait_for_function("() => window.canNotify")
    await tab.page.evaluate("() => { Notification.permission = 'granted'; }")
    await tab.page.evaluate("() => localStorage.setItem('hotchat.notify', 'on')")


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


async def test_what_arrives_before_the_announcer_is_loaded_is_announced_and_notified(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room("Notified")
    tab, _ = await people.member("Bob")
    await tab.page.add_init_script(
        EDGE + "Notification.permission = 'granted'; localStorage.setItem('hotchat.notify', 'on');"
    )
    may_load = asyncio.Event()

    async def later(route: Route) -> None:
        await may_load.wait()
        await route.continue_()

    await tab.page.route("**/RoomEffects-*.js", later)
    await tab.open(f"/rooms/{room}")
    await tab.page.evaluate("() => window.leave(true)")
    await ann.post(room, "@Bob already?")
    await tab.sees("@Bob already?")
    await tab.page.evaluate("() => window.hide(true)")
    await ann.post(room, "not for Bob")
    assert await notified(tab) == []
    may_load.set()
    await expect(tab.page.locator("[data-announce=for-me]")).to_contain_text("already?")
    assert await notified(tab) == [["Notified", "Ann: @Bob already?"]]
    await expect(tab.page).to_have_title("(1) Notified · Hotchat")


async def test_each_mention_and_reply_notifies_and_replaces_no_other_one(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room("Notified")
    tab, bob = await people.member("Bob")
    await tab.page.add_init_script(EDGE)
    question = await bob.post(room, "who is coming?")
    await tab.open(f"/rooms/{room}")
    await tab.sees("who is coming?")
    await enable(tab)
    await tab.page.evaluate("() => window.hide(true)")
    await ann.post(room, "@Bob one")
    await ann.post(room, "@Bob two")
    await ann.post(room, "I am", reply_to=question["id"])
    await tab.page.wait_for_function("() => window.notified.length === 3")
    assert [body for _, body in await notified(tab)] == ["Ann: @Bob one", "Ann: @Bob two", "Ann: I am"]
    assert len(set(await tab.page.evaluate("() => window.shown.map(({tag}) => tag)"))) == 3


async def test_a_reply_that_the_calm_lane_skips_notifies(people: People) -> None:
    crowd = await people.person("Crowd")
    room = await crowd.make_room("Notified")
    ann = await people.person("Ann")
    tab, bob = await people.member("Bob")
    await tab.page.add_init_script(EDGE + "localStorage.setItem('hotchat.reading', 'light');")
    question = await bob.post(room, "who is coming?")
    await tab.open(f"/rooms/{room}")
    await enable(tab)
    await tab.page.evaluate("() => window.hide(true)")
    for _ in range(ROUNDS_MAX):
        before, after = ([ann.post(room, "chatter") for _ in range(15)] for _ in range(2))
        posted = await asyncio.gather(*before, ann.post(room, "I am", reply_to=question["id"]), *after)
        if posted[15].get("calm") is False:
            break
    else:
        pytest.fail("The calm lane has skipped no reply.")
    await tab.page.wait_for_function(
        "() => window.notified.some(([, body]) => body === 'Somebody replied to you')"
    )


async def test_a_visible_window_without_the_focus_notifies_and_a_seen_one_does_not(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room("Notified")
    tab = await tab_that_can_be_hidden(people, room)
    await enable(tab)
    heard = tab.page.locator("[data-announce=for-me]")
    await ann.post(room, "@Bob you see this")
    await expect(heard).to_contain_text("you see this")
    await tab.page.evaluate("() => window.leave(true)")
    await ann.post(room, "@Bob over here")
    await tab.page.wait_for_function("() => window.notified.length > 0")
    assert await notified(tab) == [["Notified", "Ann: @Bob over here"]]


async def test_a_click_on_a_notification_opens_the_room_at_the_message(people: People) -> None:
    ann = await people.person("Ann")
    room, elsewhere = await ann.make_room("Notified"), await ann.make_room("Elsewhere")
    tab = await tab_that_can_be_hidden(people, room)
    await enable(tab)
    await tab.page.evaluate("() => window.hide(true)")
    await ann.post(room, "@Bob look at this")
    await ann.post_many(room, [f"message {number}" for number in range(80)])
    await tab.page.wait_for_function("() => window.notified.length === 1")
    await tab.page.evaluate("() => window.hide(false)")
    await tab.sees("message 79")
    await tab.page.evaluate("() => window.shown[0].onclick()")
    await expect(tab.row("@Bob look at this")).to_be_in_viewport()
    rooms = tab.page.get_by_role("navigation", name="Rooms")
    await rooms.get_by_role("link").filter(has_text="Elsewhere").first.click()
    await expect(tab.page.get_by_role("heading", level=1, name="Elsewhere")).to_be_visible()
    await tab.page.evaluate("() => window.shown[0].onclick()")
    await expect(tab.row("@Bob look at this")).to_be_in_viewport()
    assert elsewhere not in tab.page.url


async def test_several_tabs_of_a_room_notify_once(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room("Notified")
    first = await tab_that_can_be_hidden(people, room, own_context=True)
    await enable(first)
    await first.page.evaluate("() => window.hide(true)")  # only one tab of a browser is in front
    second = await people.another_tab(first.page.context)
    await second.page.add_init_script(EDGE)
    await second.open(f"/rooms/{room}")
    await enable(second)
    await first.page.wait_for_function(SOMEBODY_SEES_THE_ROOM)
    await ann.post(room, "@Bob seen in the second tab")
    for tab in (first, second):
        await expect(tab.page.locator("[data-announce=for-me]")).to_contain_text("seen in the second tab")
    await second.page.evaluate("() => window.hide(true)")
    await first.page.wait_for_function(NOBODY_SEES_THE_ROOM)
    await ann.post(room, "@Bob come back")
    for tab in (first, second):
        await expect(tab.page.locator("[data-announce=for-me]")).to_contain_text("come back")
    assert await notified(first) + await notified(second) == [["Notified", "Ann: @Bob come back"]]
    closed, left = (first, second) if await notified(first) else (second, first)
    await closed.page.close()
    await left.page.wait_for_function(THE_LAST_TAB_HAS_THE_LOCK)
    await ann.post(room, "@Bob are you there")
    await left.page.wait_for_function("() => window.notified.length === 1")


async def test_a_notification_follows_the_edit_and_the_deletion_of_its_message(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room("Notified")
    tab = await tab_that_can_be_hidden(people, room)
    await enable(tab)
    await tab.page.evaluate("() => window.hide(true)")
    secret = await ann.post(room, "@Bob a secret")
    await ann.post(room, "@Bob good morning")
    await tab.page.wait_for_function("() => window.notified.length === 2")
    path = f"/rooms/{room}/messages/{secret['id']}"
    await ann.call("PATCH", path, {"text": "@Bob nothing"})
    await tab.page.wait_for_function("() => window.notified.length === 3")
    await ann.call("DELETE", path)
    await tab.page.wait_for_function("() => window.withdrawn.length > 0")
    assert await tab.page.evaluate("() => window.withdrawn") == ["Ann: @Bob nothing"]
    tags = await tab.page.evaluate("() => window.shown.map(({tag}) => tag)")
    assert tags[0] == tags[2] != tags[1]


async def test_the_notifications_of_a_private_room_close_when_its_reader_loses_access(people: People) -> None:
    room = await PrivateRoom.of(people)
    tab = await people.tab_of(room.member)
    await tab.page.add_init_script(EDGE)
    await tab.open(f"/rooms/{room.id}")
    await enable(tab)
    await tab.page.evaluate("() => window.hide(true)")
    await room.owner.post(room.id, "@Bob a secret")
    await tab.page.wait_for_function("() => window.notified.length === 1")
    await room.owner.call("PUT", f"/rooms/{room.id}/bans/{room.member.id}", {"seconds": None})
    await tab.page.wait_for_function("() => window.withdrawn.length === 1")
    assert await tab.page.evaluate("() => window.withdrawn") == ["Ann: @Bob a secret"]


@pytest.mark.parametrize("written_s", [-60, 3_600], ids=["a minute ago", "before the clock was set back"])
async def test_what_a_closed_window_left_behind_suppresses_no_mention(people: People, written_s: int) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room("Notified")
    tab = await tab_that_can_be_hidden(people, room)
    await enable(tab)
    await tab.page.evaluate("() => window.hide(true)")
    await tab.page.evaluate(SOMEBODY_SAW_THE_ROOM, [room, written_s])
    await ann.post(room, "@Bob come back")
    await tab.page.wait_for_function("() => window.notified.length === 1")


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
