"""Messages that the owner of a room pins are shown above everybody's list."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.replaced_responses import refusing
from tests.browser.tab import People, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")


def bar(tab: Tab) -> Locator:
    return tab.page.get_by_role("region", name="Pinned messages")


async def test_the_owner_pins_from_the_menu_and_the_bar_links_to_the_message(people: People) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    await owner.post(room, "doors open at **nine**")
    await owner.post_many(room, [f"chatter {number}" for number in range(80)])
    reader = await people.tab()
    await reader.open(f"/rooms/{room}")
    tab = await people.tab_of(owner)
    await tab.open(f"/rooms/{room}")
    await tab.choose("chatter 79", "Pin")
    await expect(bar(reader)).to_contain_text("chatter 79")
    pinned = await owner.call("GET", f"/rooms/{room}/messages?after_seq=0&limit=1")
    await owner.call("PUT", f"/rooms/{room}/messages/{pinned['messages'][0]['id']}/pin")
    await expect(bar(reader)).to_contain_text("doors open at")
    await reader.page.reload()
    await reader.is_live()
    await bar(reader).get_by_role("button").first.click()
    await expect(reader.rows.filter(has_text="doors open at nine")).to_be_in_viewport()

    await tab.page.get_by_role("button", name="Pinned messages").click()
    dialog = tab.page.get_by_role("dialog", name="Pinned messages")
    await expect(dialog.get_by_role("listitem")).to_have_count(2)
    await dialog.get_by_role("button", name="Unpin").first.click()
    await expect(dialog.get_by_role("listitem")).to_have_count(1)
    await expect(bar(reader)).to_contain_text("chatter 79")
    await tab.page.keyboard.press("Escape")
    await tab.choose("chatter 79", "Unpin")
    await expect(bar(reader)).to_have_count(0)
    await expect(tab.page.get_by_role("button", name="Pinned messages")).to_have_count(0)


async def test_the_owner_can_pin_although_the_server_refused_the_first_request_for_the_user(
    people: People,
) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    await owner.post(room, "doors open at nine")
    tab = await people.tab_of(owner)
    await tab.page.route("**/api/v1/me", refusing("server_full", times=1, retry_after_s=1.0))
    await tab.open(f"/rooms/{room}")
    await tab.choose("doors open at nine", "Pin")
    await expect(bar(tab)).to_contain_text("doors open at nine")


async def test_a_reader_hides_the_pinned_line_until_another_message_is_pinned(people: People) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    first, second = await owner.post(room, "be kind"), await owner.post(room, "have fun")
    await owner.call("PUT", f"/rooms/{room}/messages/{first['id']}/pin")
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await bar(tab).get_by_role("button", name="Hide until another one is pinned").click()
    await expect(bar(tab)).to_have_count(0)
    await tab.page.reload()
    await tab.is_live()
    await expect(tab.row("be kind").locator("[data-testid=pin-mark]")).to_have_count(1)
    await expect(bar(tab)).to_have_count(0)
    await owner.call("PUT", f"/rooms/{room}/messages/{second['id']}/pin")
    await expect(bar(tab)).to_contain_text("have fun")


async def test_the_pinned_bar_follows_edits_and_deletion_of_its_message(people: People) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    message = await owner.post(room, "starts at nine")
    path = f"/rooms/{room}/messages/{message['id']}"
    await owner.call("PUT", f"{path}/pin")
    tab = await people.tab()
    await tab.open(f"/rooms/{room}")
    await expect(bar(tab)).to_contain_text("starts at nine")
    await owner.call("PATCH", path, {"text": "starts at ten"})
    await expect(bar(tab)).to_contain_text("starts at ten")
    await owner.call("DELETE", path)
    await expect(bar(tab)).to_have_count(0)


async def test_a_pin_over_the_limit_is_refused_with_advice(people: People) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    for number in range(11):
        message = await owner.post(room, f"rule {number}")
        if number < 10:
            await owner.call("PUT", f"/rooms/{room}/messages/{message['id']}/pin")
    tab = await people.tab_of(owner)
    await tab.open(f"/rooms/{room}")
    await tab.choose("rule 10", "Pin")
    await expect(tab.page.get_by_text("unpin one first")).to_be_visible()
