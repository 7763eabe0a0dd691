"""A host sets the filters of a room in the host panel."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.axe import violations
from tests.browser.tab import People, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def host_panel(tab: Tab, room: str) -> Locator:
    await tab.open(f"/rooms/{room}")
    await tab.page.get_by_role("button", name="Run this room").click()
    return tab.page.get_by_role("dialog", name="Run this room")


async def test_a_host_sets_the_filters_and_finds_them_again(people: People) -> None:
    owner, guest = await people.person("Ann"), await people.person("Cho")
    room = await owner.make_room()
    tab = await people.tab_of(owner)
    panel = await host_panel(tab, room)
    await panel.get_by_label("Words or phrases").fill("casino\n\nbuy now\ncasino")
    await expect(panel).to_contain_text("2 of 500 words, 13 of 5,000 characters")
    await panel.get_by_label("Messages with one of them").select_option("Hold for a host")
    await panel.get_by_label("Messages with a link").select_option("Refuse")
    await panel.get_by_label("A text that its author has just sent").select_option("Refuse")
    await panel.get_by_role("button", name="Save the filters").click()
    await expect(panel.get_by_text("Saved.")).to_be_visible()
    assert await owner.call("GET", f"/rooms/{room}/filters") == {
        "words": ["casino", "buy now"],
        "words_action": "hold",
        "links": "refuse",
        "repeats": "refuse",
    }
    assert (await guest.post(room, "join my c a s i n o"))["held"] is True
    panel = await host_panel(tab, room)
    await expect(panel.get_by_label("Words or phrases")).to_have_value("casino\nbuy now")
    await expect(panel.get_by_label("Messages with a link")).to_have_value("refuse")


async def test_words_over_the_bounds_of_the_server_are_explained_before_they_are_sent(people: People) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    tab = await people.tab_of(owner)
    panel = await host_panel(tab, room)
    words, save = panel.get_by_label("Words or phrases"), panel.get_by_role("button", name="Save the filters")
    for text, sentence in (
        ("\n".join(str(number) for number in range(501)), "1 word too many; the limit is 500."),
        ("fine\n" + "x" * 101, "Line 2: 1 character too many; the limit is 100 code points."),
        ("\n".join(f"{number:0100}" for number in range(51)), "100 characters too many"),
    ):
        await words.fill(text)
        await expect(panel.get_by_role("alert").filter(has_text=sentence)).to_be_visible()
        await expect(save).to_be_disabled()
    assert await violations(tab) == []
    await words.fill("fine")
    await expect(save).to_be_enabled()
