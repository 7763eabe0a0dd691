"""axe finds no violation on any page, in any state."""

import pytest
from playwright.async_api import expect

from tests.browser.axe import violations, violations_in_light_and_dark
from tests.browser.busy_room import BusyRoom
from tests.browser.replaced_responses import refusing
from tests.browser.tab import People
from tests.browser.test_phone import PHONE

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_axe_finds_nothing_in_a_room(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room("A room to look at")
    first = await ann.post(room, "hello **there** and `code`")
    await ann.react(room, first, "heart")
    bob, someone = await people.member("Bob", reduced_motion="reduce")
    await someone.post(room, "an answer", first["id"])
    await ann.post(room, "@Bob is meant")
    edited = await ann.post(room, "to be edited")
    await ann.call("PATCH", f"/rooms/{room}/messages/{edited['id']}", {"text": "was edited"})
    deleted = await ann.post(room, "to be deleted")
    await ann.call("DELETE", f"/rooms/{room}/messages/{deleted['id']}")
    await bob.open(f"/rooms/{room}")
    await bob.sees("an answer")
    assert await violations_in_light_and_dark(bob) == []
    for opener in ("Search", "Settings", "New room"):
        await bob.page.get_by_role("button", name=opener, exact=True).first.click()
        await expect(bob.page.get_by_role("dialog")).to_be_visible()
        assert await violations_in_light_and_dark(bob) == [], opener
        await bob.page.keyboard.press("Escape")
        await expect(bob.page.get_by_role("dialog")).to_have_count(0)


async def test_axe_finds_nothing_in_the_nickname_form_and_on_a_missing_room(
    people: People,
) -> None:
    room = await (await people.person("Ann")).make_room()
    tab = await people.tab()
    await tab.open(f"/rooms/{room}")
    await tab.write("who am I?")
    await expect(tab.page.get_by_label("What should people call you?")).to_be_visible()
    assert await violations(tab) == []
    await tab.page.goto(tab.base_url + "/rooms/never-made")
    await expect(tab.page.get_by_role("heading", name="There is no such room")).to_be_visible()
    assert await violations(tab) == []


async def test_axe_finds_nothing_on_a_phone_with_the_list_of_reactors_open(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    liked = await ann.post(room, "liked by its author")
    await ann.react(room, liked, "heart")
    tab, bob = await people.member("Bob", viewport={"width": 390, "height": 780})
    await bob.post(room, "my own")
    await tab.open(f"/rooms/{room}")
    await tab.sees("my own")
    await tab.reaction("liked by its author", "heart").hover()
    await expect(tab.page.locator("[role=tooltip]")).to_be_visible()
    assert await violations_in_light_and_dark(tab) == []


async def test_axe_finds_nothing_in_an_embedded_room_and_without_a_server(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    tab = await people.tab()
    await tab.open(f"/embed/rooms/{room}")
    assert await violations(tab) == []
    await tab.page.route("**/api/v1/**", lambda route: route.abort())
    await tab.page.goto(f"{tab.base_url}/rooms/{room}")
    await expect(tab.page.get_by_role("heading", name="The server does not answer")).to_be_visible()
    assert await violations(tab) == []


async def test_axe_finds_nothing_in_menus_lists_and_dialogs_of_messages(people: People) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    for text in ("pinned one", "to look at"):
        message = await owner.post(room, text)
        await owner.call("PUT", f"/rooms/{room}/messages/{message['id']}/pin")
    tab = await people.tab_of(owner, reduced_motion="reduce")
    page = tab.page
    await tab.open(f"/rooms/{room}")
    await expect(page.get_by_role("region", name="Pinned messages")).to_be_visible()
    assert await violations_in_light_and_dark(tab) == [], "pinned line"

    await tab.row("to look at").hover()
    await tab.row("to look at").get_by_label("More actions").click()
    await expect(page.get_by_role("menu")).to_be_visible()
    assert await violations_in_light_and_dark(tab) == [], "message menu"
    await page.keyboard.press("Escape")

    await tab.choose("to look at", "Delete")
    await expect(page.get_by_role("alertdialog")).to_be_visible()
    assert await violations_in_light_and_dark(tab) == [], "delete dialog"
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("alertdialog")).to_have_count(0)

    await page.get_by_role("button", name="Pinned messages").click()
    await expect(page.get_by_role("dialog").get_by_role("listitem")).to_have_count(2)
    assert await violations_in_light_and_dark(tab) == [], "pinned dialog"
    await page.keyboard.press("Escape")

    await tab.choose("to look at", "Copy text")
    await expect(page.locator("[data-testid=toast]")).to_be_visible()
    assert await violations_in_light_and_dark(tab) == [], "notice"

    await tab.choose("to look at", "Reply")
    await tab.composer.press_sequentially("@an")
    await expect(page.get_by_role("option", name="@Ann")).to_be_visible()
    assert await violations_in_light_and_dark(tab) == [], "mention list and quoted message"
    await tab.composer.fill("")

    await tab.list.focus()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    assert await violations_in_light_and_dark(tab) == [], "shortcuts"
    await page.keyboard.press("Escape")

    await page.get_by_role("button", name="Emoji").click()
    await expect(page.get_by_role("gridcell").first).to_be_visible()
    assert await violations_in_light_and_dark(tab) == [], "emoji picker"


async def test_axe_finds_nothing_when_sending_fails_and_when_offline(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.page.route("**/api/v1/rooms/*/messages", refusing("validation_failed"))
    await tab.write("never stored")
    await expect(tab.row("never stored")).to_contain_text("Not sent")
    assert await violations(tab) == [], "failed post"
    await tab.page.context.set_offline(True)
    await tab.write("for later")
    await expect(tab.status).to_contain_text("You are offline")
    assert await violations(tab) == [], "offline"


async def test_axe_finds_nothing_in_the_drawer_of_a_phone(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    tab, _ = await people.member("Bob", **PHONE, reduced_motion="reduce")
    await tab.open(f"/rooms/{room}")
    await tab.page.get_by_role("button", name="Rooms", exact=True).tap()
    await expect(tab.page.get_by_role("dialog", name="Rooms").get_by_role("link").first).to_be_visible()
    assert await violations_in_light_and_dark(tab) == []


async def test_axe_finds_nothing_in_a_hot_room_with_a_paused_list(busy: BusyRoom) -> None:
    page = busy.tab.page
    await page.emulate_media(reduced_motion="reduce")
    await busy.control("heat", hot=True)
    await busy.control("streams", open=False)
    await busy.control("many", count=700)
    await busy.control("streams", open=True)
    await expect(page.locator("[data-testid=hot-badge]")).to_be_visible()
    await expect(page.locator("[data-testid=away-banner]")).to_be_visible()
    await busy.becomes_busy()
    await expect(page.locator("[data-testid=left-out]").last).to_be_visible()
    await busy.rate(0)
    await busy.pages_up_and_settles()
    assert await violations_in_light_and_dark(busy.tab) == []
