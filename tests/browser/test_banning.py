"""A host bans from a row's toolbar and lifts the ban in the list of bans."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.axe import violations_in_light_and_dark
from tests.browser.tab import People, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")

DELETED = "This message was deleted"


async def ask_to_ban(tab: Tab, text: str) -> Locator:
    """Press Ban in a row's toolbar."""
    await tab.row(text).hover()
    await tab.row(text).get_by_role("button", name="Ban", exact=True).click()
    return tab.page.get_by_role("alertdialog")


async def open_bans(tab: Tab) -> Locator:
    await tab.page.get_by_role("button", name="Run this room").click()
    return tab.page.get_by_role("dialog", name="Run this room")


async def test_two_clicks_ban_a_person_and_delete_their_messages(people: People) -> None:
    owner, mallory = await people.person("Ann"), await people.person("Mallory")
    room = await owner.make_room()
    await mallory.post_many(room, ["buy this", "and that", "and more"])
    tab, reader = await people.tab_of(owner), await people.tab()
    await tab.open(f"/rooms/{room}")
    await reader.open(f"/rooms/{room}")
    dialog = await ask_to_ban(tab, "and that")
    confirm = dialog.get_by_role("button", name="Ban Mallory #")
    await expect(confirm).to_contain_text("and delete 3 messages")
    await confirm.click()
    await expect(tab.page.get_by_test_id("toast")).to_contain_text("3 messages are deleted")
    await expect(reader.rows.filter(has_text=DELETED)).to_have_count(3)
    bans = await owner.call("GET", f"/rooms/{room}/bans")
    assert [ban["user"]["id"] for ban in bans["bans"]] == [mallory.id]


async def test_a_ban_without_a_purge_leaves_the_messages(people: People) -> None:
    owner, mallory = await people.person("Ann"), await people.person("Mallory")
    room = await owner.make_room()
    await mallory.post(room, "my view")
    tab = await people.tab_of(owner)
    await tab.open(f"/rooms/{room}")
    dialog = await ask_to_ban(tab, "my view")
    await dialog.get_by_label("For how long").select_option("10 minutes")
    await dialog.get_by_label("Delete their messages").uncheck()
    await expect(dialog.get_by_role("button", name="and delete")).to_have_count(0)
    await dialog.get_by_label("Reason").fill("off topic")
    await dialog.get_by_role("button", name="Ban Mallory #").click()
    await expect(dialog).to_have_count(0)
    await tab.sees("my view")
    bans = await owner.call("GET", f"/rooms/{room}/bans")
    assert bans["bans"][0]["until"] is not None
    assert bans["bans"][0]["reason"] == "off topic"


async def test_a_reason_that_the_server_would_refuse_is_explained_and_the_dialog_stays(
    people: People,
) -> None:
    owner, mallory = await people.person("Ann"), await people.person("Mallory")
    room = await owner.make_room()
    await mallory.post(room, "my view")
    tab = await people.tab_of(owner)
    await tab.open(f"/rooms/{room}")
    dialog = await ask_to_ban(tab, "my view")
    await dialog.get_by_label("Reason").fill("x" * 201)
    await dialog.get_by_role("button", name="Ban Mallory #").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("1 character too many")
    await dialog.get_by_label("Reason").fill("x" * 200)
    await dialog.get_by_role("button", name="Ban Mallory #").click()
    await expect(dialog).to_have_count(0)


async def test_no_key_bans_before_the_confirm_button_is_chosen(people: People) -> None:
    owner, mallory = await people.person("Ann"), await people.person("Mallory")
    room = await owner.make_room()
    await mallory.post(room, "still here")
    tab = await people.tab_of(owner)
    await tab.open(f"/rooms/{room}")
    for key in ("Enter", "Space", "Escape"):
        dialog = await ask_to_ban(tab, "still here")
        await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
        await tab.page.keyboard.press(key)
        await expect(dialog).to_have_count(0)
    assert (await owner.call("GET", f"/rooms/{room}/bans"))["bans"] == []


async def test_everyone_who_sent_a_text_is_banned_by_one_confirmation_but_no_host(people: People) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    raiders = [await people.person(f"Raider {number}") for number in range(3)]
    for raider in raiders:
        await raider.post(room, "raid!")
    await owner.post(room, "what is this")
    tab = await people.tab_of(owner)
    await tab.open(f"/rooms/{room}")
    await tab.sees("what is this")
    first = tab.row("raid!").first
    await first.hover()
    await first.get_by_label("More actions").click()
    await tab.page.get_by_role("menuitem", name="Ban everyone who sent this").click()
    dialog = tab.page.get_by_role("alertdialog")
    await expect(dialog).to_contain_text("3 people sent it")
    await dialog.get_by_role("button", name="Ban everyone who sent this and delete their messages").click()
    await expect(tab.page.get_by_test_id("toast")).to_contain_text("3 people are banned")
    await expect(tab.row("raid!")).to_have_count(0)
    bans = await owner.call("GET", f"/rooms/{room}/bans")
    assert {ban["user"]["id"] for ban in bans["bans"]} == {raider.id for raider in raiders}


async def test_a_host_lifts_a_ban_in_the_list_which_the_dialog_of_a_ban_opens(people: People) -> None:
    owner, mallory, bob = (
        await people.person("Ann"),
        await people.person("Mallory"),
        await people.person("Bob"),
    )
    room = await owner.make_room()
    await bob.post(room, "hello")
    await owner.call("PUT", f"/rooms/{room}/bans/{mallory.id}", {"seconds": None, "reason": "spam"})
    tab = await people.tab_of(owner)
    await tab.open(f"/rooms/{room}")
    await (await ask_to_ban(tab, "hello")).get_by_role("button", name="List of bans").click()
    panel = tab.page.get_by_role("dialog", name="Run this room")
    entry = panel.get_by_role("listitem").filter(has_text="Mallory")
    await expect(entry).to_contain_text("For good, by Ann")
    await expect(entry).to_contain_text("spam")
    await entry.get_by_role("button", name="Lift the ban of Mallory #").click()
    await expect(panel).to_contain_text("Nobody is banned.")
    await mallory.post(room, "back again")
    await tab.page.keyboard.press("Escape")
    await tab.sees("back again")


async def test_guests_have_no_ban_button_and_a_new_moderator_has_it_at_once(people: People) -> None:
    owner, cho = await people.person("Ann"), await people.person("Cho")
    room = await owner.make_room()
    await cho.post(room, "from a guest")
    await owner.post(room, "from the owner")
    tab, bob = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.sees("from a guest")
    ban = tab.rows.get_by_role("button", name="Ban", exact=True)
    await expect(ban).to_have_count(0)
    await expect(tab.page.get_by_role("button", name="Run this room")).to_have_count(0)
    await owner.call("PUT", f"/rooms/{room}/moderators/{bob.id}")
    await expect(tab.page.get_by_role("button", name="Run this room")).to_be_visible()
    await expect(ban).to_have_count(1)  # not the owner's row
    await owner.call("DELETE", f"/rooms/{room}/moderators/{bob.id}")
    await expect(ban).to_have_count(0)


async def test_the_dialog_bans_the_person_who_was_clicked_although_rows_move_meanwhile(
    people: People,
) -> None:
    owner, mallory, bob = (
        await people.person("Ann"),
        await people.person("Mallory"),
        await people.person("Bob"),
    )
    room = await owner.make_room()
    await mallory.post(room, "buy this")
    tab = await people.tab_of(owner)
    await tab.open(f"/rooms/{room}")
    dialog = await ask_to_ban(tab, "buy this")
    await bob.post_many(room, [f"chatter {number}" for number in range(20)])
    await dialog.get_by_role("button", name="Ban Mallory #").click()
    await expect(dialog).to_have_count(0)
    bans = await owner.call("GET", f"/rooms/{room}/bans")
    assert [ban["user"]["id"] for ban in bans["bans"]] == [mallory.id]


async def test_axe_finds_nothing_in_the_ban_dialog_and_the_list_of_bans(people: People) -> None:
    owner, mallory = await people.person("Ann"), await people.person("Mallory")
    room = await owner.make_room()
    await mallory.post(room, "buy this")
    await owner.call("PUT", f"/rooms/{room}/bans/{mallory.id}", {"seconds": 600})
    tab = await people.tab_of(owner, reduced_motion="reduce")
    await tab.open(f"/rooms/{room}")
    dialog = await ask_to_ban(tab, "buy this")
    await expect(dialog).to_be_visible()
    assert await violations_in_light_and_dark(tab) == [], "ban dialog"
    await tab.page.keyboard.press("Escape")
    panel = await open_bans(tab)
    await expect(panel.get_by_role("listitem")).to_have_count(1)
    assert await violations_in_light_and_dark(tab) == [], "list of bans"
