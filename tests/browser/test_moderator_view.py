"""The moderator view: held messages, reports, keys, and guests who open it."""

import re
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.browser.axe import violations, violations_in_light_and_dark
from tests.browser.tab import People, Person, Tab

STICKING_OUT = """() => {
    const parts = "[role=tablist], [role=tablist] *, [role=tabpanel]:not(:has([role=log])) *";
    return [...document.querySelectorAll(parts)].filter(element => {
        const { left, right } = element.getBoundingClientRect();
        const isHidden = right <= left || element.closest(".visually-hidden") !== null;
        return !isHidden && (left < -1 || right > innerWidth + 1);
    }).map(element => element.outerHTML.slice(0, 160));
}"""

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def room_with_filter(owner: Person) -> str:
    room = await owner.make_room("A room with a filter")
    await owner.call("PATCH", f"/rooms/{room}", {"filters": {"words": ["casino"], "words_action": "hold"}})
    return room


async def moderates(people: People, host: Person, room: str, **context: Any) -> Tab:
    return await (await people.tab_of(host, **context)).open(f"/rooms/{room}/moderate")


def item(tab: Tab, text: str) -> Locator:
    return tab.page.locator("[data-queue-item]").filter(has_text=text)


def tab_button(tab: Tab, name: str) -> Locator:
    return tab.page.get_by_role("tab", name=name)


async def test_a_host_allows_one_held_message_and_refuses_another(people: People) -> None:
    owner, guest = await people.person("Ann"), await people.person("Cho")
    room = await room_with_filter(owner)
    await guest.post(room, "a casino near the harbour")
    await guest.post(room, "join my casino")
    reader = await (await people.tab()).open(f"/rooms/{room}")
    tab = await moderates(people, owner, room)
    await expect(tab_button(tab, "Held")).to_have_text("Held2")
    await item(tab, "harbour").get_by_role("button", name="Allow").click()
    await expect(item(tab, "harbour")).to_contain_text("Everybody sees it now")
    await reader.sees("a casino near the harbour")
    await item(tab, "join my").get_by_role("button", name="Refuse").click()
    await expect(item(tab, "join my")).to_contain_text("Nobody sees it")
    await expect(tab_button(tab, "Held")).to_have_text("Held0")
    assert (await owner.call("GET", f"/rooms/{room}/held"))["held"] == []
    await expect(reader.rows).to_have_count(1)


async def test_an_item_keeps_its_place_under_the_pointer_while_others_arrive_and_leave(
    people: People,
) -> None:
    owner, guest, other = [await people.person(name) for name in ("Ann", "Cho", "Dee")]
    room = await room_with_filter(owner)
    await guest.post(room, "casino one")
    await guest.post(room, "casino two")
    tab = await moderates(people, owner, room)
    await expect(item(tab, "casino")).to_have_count(2)
    await item(tab, "casino one").hover()
    place = await item(tab, "casino one").bounding_box()
    newest = (await owner.call("GET", f"/rooms/{room}/held"))["held"][0]
    await owner.call("POST", f"/rooms/{room}/held/{newest['id']}/refuse")
    await other.post(room, "casino three")
    show = tab.page.get_by_role("button", name="Show 1 new one")
    await expect(show).to_be_visible()
    await expect(item(tab, "casino two")).to_contain_text("Another host has decided")
    assert await item(tab, "casino one").bounding_box() == place
    await show.click()
    await expect(item(tab, "casino")).to_have_text([re.compile("casino three"), re.compile("casino one")])


async def test_everyone_who_sent_a_held_text_is_banned_from_the_queue(people: People) -> None:
    owner = await people.person("Ann")
    room = await room_with_filter(owner)
    raiders = [await people.person(f"Raider {number}") for number in range(2)]
    for raider in raiders:
        await raider.post(room, "join my casino")
    tab = await moderates(people, owner, room)
    await item(tab, "join my casino").first.get_by_role("button", name="Ban everyone").click()
    dialog = tab.page.get_by_role("alertdialog")
    await expect(dialog).to_contain_text("2 people sent it")
    await dialog.get_by_role("button", name="Ban everyone who sent this").click()
    await expect(tab.page.get_by_test_id("toast")).to_contain_text("2 people are banned")
    await tab.page.mouse.move(1, 1)
    await expect(tab.page.get_by_text("No messages are waiting for a host.")).to_be_visible()
    bans = await owner.call("GET", f"/rooms/{room}/bans")
    assert {ban["user"]["id"] for ban in bans["bans"]} == {raider.id for raider in raiders}


async def test_a_guest_reports_a_message_and_a_host_resolves_the_report(people: People) -> None:
    owner, mallory = await people.person("Ann"), await people.person("Mallory")
    room = await owner.make_room()
    await mallory.post(room, "a rude remark")
    guest, _ = await people.member("Cho")
    await guest.open(f"/rooms/{room}")
    await guest.choose("a rude remark", "Report to the hosts")
    dialog = guest.page.get_by_role("dialog", name="Report this message to the hosts?")
    await dialog.get_by_role("button", name="Report").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Write a few words")
    assert await violations(guest) == [], "report dialog"
    await dialog.get_by_label("What is wrong with it?").fill("it insults people")
    await dialog.get_by_role("button", name="Report").click()
    await expect(guest.page.get_by_test_id("toast")).to_contain_text("The hosts of this room will see it")

    tab = await people.tab_of(owner)
    await tab.open(f"/rooms/{room}")
    await tab.page.get_by_role("button", name="Run this room").click()
    panel = tab.page.get_by_role("dialog", name="Run this room")
    await expect(panel).to_contain_text("Held messages: 0, reports: 1")
    await panel.get_by_role("link", name="Open the moderator view").click()
    await tab_button(tab, "Reports").click()
    report = item(tab, "a rude remark")
    await expect(report).to_contain_text("it insults people")
    await expect(report).to_contain_text("Reported by Cho #")
    await report.get_by_role("button", name="Resolve").click()
    await expect(report).to_contain_text("Resolved.")
    await expect(tab_button(tab, "Reports")).to_have_text("Reports0")
    log = (await owner.call("GET", f"/rooms/{room}/audit"))["entries"]
    assert [entry["action"] for entry in log] == ["resolve_report"]


async def test_a_host_deletes_a_reported_message_and_bans_its_author(people: People) -> None:
    owner, mallory, cho = [await people.person(name) for name in ("Ann", "Mallory", "Cho")]
    room = await owner.make_room()
    for text in ("first remark", "second remark"):
        message = await mallory.post(room, text)
        await cho.call("POST", f"/rooms/{room}/messages/{message['id']}/reports", {"reason": "rude"})
    tab = await moderates(people, owner, room)
    await tab_button(tab, "Reports").click()
    await item(tab, "first remark").get_by_role("button", name="Delete message").click()
    await tab.page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    await expect(tab.rows.filter(has_text="This message was deleted")).to_have_count(1)
    await tab.page.mouse.move(1, 1)
    await expect(item(tab, "remark")).to_have_count(1)
    await item(tab, "second remark").get_by_role("button", name="Ban").click()
    await tab.page.get_by_role("alertdialog").get_by_role("button", name="Ban Mallory #").click()
    await expect(tab.rows.filter(has_text="This message was deleted")).to_have_count(2)
    await tab_button(tab, "Bans").click()
    await expect(tab.page.get_by_role("tabpanel")).to_contain_text("Mallory #")
    await tab_button(tab, "Log").click()
    await expect(tab.page.get_by_role("tabpanel")).to_contain_text("Ann banned Mallory #")


async def test_keys_open_the_queues_and_act_on_the_focused_item(people: People) -> None:
    owner, guest = await people.person("Ann"), await people.person("Cho")
    room = await room_with_filter(owner)
    for text in ("casino one", "casino two"):
        await guest.post(room, text)
    message = await guest.post(room, "a rude remark")
    await owner.call("POST", f"/rooms/{room}/messages/{message['id']}/reports", {"reason": "rude"})
    tab = await moderates(people, owner, room)
    keyboard = tab.page.keyboard
    await expect(item(tab, "casino")).to_have_count(2)
    await keyboard.press("?")
    help_dialog = tab.page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(help_dialog).to_contain_text("Allow the held message")
    await keyboard.press("a")  # not through a dialog
    await keyboard.press("Escape")
    await expect(help_dialog).to_have_count(0)
    await keyboard.press("h")
    await keyboard.press("j")
    await expect(item(tab, "casino two")).to_be_focused()
    await keyboard.press("x")
    await expect(item(tab, "casino two")).to_contain_text("Nobody sees it")
    await keyboard.press("j")
    await keyboard.press("a")
    await tab.sees("casino one")
    await keyboard.press("r")
    await keyboard.press("j")
    await keyboard.press("e")
    await expect(item(tab, "a rude remark")).to_contain_text("Resolved.")
    await keyboard.press("l")
    await expect(tab.list).to_be_focused()
    await keyboard.press("ArrowUp")
    await keyboard.press("b")
    dialog = tab.page.get_by_role("alertdialog")
    await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    await keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    assert (await owner.call("GET", f"/rooms/{room}/bans"))["bans"] == []


async def test_the_live_list_marks_newcomers_and_shows_people_whom_the_host_ignores(people: People) -> None:
    owner, guest = await people.person("Ann"), await people.person("Cho")
    room = await owner.make_room()
    await guest.post(room, "hello")
    await owner.post(room, "welcome")
    tab = await people.tab_of(owner)
    await tab.open(f"/rooms/{room}")
    await tab.choose("hello", "Ignore this person")
    await expect(tab.row("hello")).to_have_count(0)
    await tab.open(f"/rooms/{room}/moderate")
    await expect(tab.row("hello").get_by_test_id("author-mark")).to_have_text("Newcomer")
    await expect(tab.row("welcome").get_by_test_id("author-mark")).to_have_count(0)


async def test_a_persons_card_shows_their_messages_and_their_ban_which_the_host_lifts(people: People) -> None:
    owner, mallory = await people.person("Ann"), await people.person("Mallory")
    room = await owner.make_room()
    await mallory.post(room, "buy this")
    await mallory.post(room, "and that")
    ban = {"seconds": 600, "reason": "spam"}
    await owner.call("PUT", f"/rooms/{room}/bans/{mallory.id}", ban)
    tab = await moderates(people, owner, room)
    await tab.choose("buy this", "About this person")
    card = tab.page.get_by_role("dialog", name="Mallory #")
    await expect(card).to_contain_text("Known here since")
    await expect(card.get_by_role("listitem")).to_have_text([re.compile("and that"), re.compile("buy this")])
    await expect(card).to_contain_text("by Ann.")
    await expect(card).to_contain_text("spam")
    assert await violations(tab) == []
    await card.get_by_role("button", name="Lift the ban").click()
    await expect(card).to_contain_text("Not banned.")
    await card.get_by_role("button", name="Ban", exact=True).click()
    await expect(tab.page.get_by_role("alertdialog")).to_contain_text("Ban Mallory #")


async def test_guests_get_a_sentence_and_a_way_back_and_a_new_moderator_gets_in_at_once(
    people: People,
) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    tab, bob = await people.member("Bob")
    await tab.page.goto(f"{tab.base_url}/rooms/{room}/moderate")
    await expect(tab.page.get_by_text("Only the owner and the moderators of this room")).to_be_visible()
    assert await violations(tab) == []
    await tab.page.get_by_role("link", name="Back to the room").click()
    await tab.is_live()
    await tab.page.go_back()
    await owner.call("PUT", f"/rooms/{room}/moderators/{bob.id}")
    await expect(tab_button(tab, "Held")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 320])
async def test_axe_finds_nothing_in_the_moderator_view_and_nothing_is_cut_off(
    people: People, width: int
) -> None:
    owner, guest = await people.person("Ann"), await people.person("Cho")
    room = await room_with_filter(owner)
    await guest.post(room, "a casino with " + "a-very-long-word" * 10)
    message = await guest.post(room, "a rude remark")
    await owner.call("POST", f"/rooms/{room}/messages/{message['id']}/reports", {"reason": "rude"})
    view = {"width": width, "height": 720}
    tab = await moderates(people, owner, room, viewport=view, reduced_motion="reduce")
    await tab.sees("a rude remark")
    assert await violations_in_light_and_dark(tab) == [], "live list"
    for name in ("Held", "Reports", "Bans", "Log"):
        await tab_button(tab, name).click()
        await expect(tab.page.get_by_role("tabpanel")).to_be_visible()
        await expect(tab.page.get_by_role("tabpanel")).not_to_be_empty()
        assert await violations_in_light_and_dark(tab) == [], name
        assert await tab.page.evaluate(STICKING_OUT) == [], name
