"""The operator's page: sign in, ban a person from all rooms, hide and delete a room, read the log."""

import uuid

import pytest
from playwright.async_api import Browser, Locator, expect

from chat_server.ops.exemption_repository import MAX_EXEMPTIONS
from tests.browser.axe import violations
from tests.browser.conftest import visitors
from tests.browser.private_room import PrivateRoom
from tests.browser.tab import People, Tab
from tests.browser.test_banning import DELETED, ask_to_ban
from tests.hotchat.test_heat_end_to_end import make_room
from tests.support.chat_stack import ADMIN_TOKEN, StartChatStack
from tests.support.fetching_crowd import until
from tests.support.plain_http import client_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


def section(tab: Tab, title: str) -> Locator:
    return tab.page.get_by_role("region", name=title, exact=True)


async def signed_in(people: People, tab: Tab | None = None) -> Tab:
    tab = tab or await people.tab()
    await tab.page.goto(f"{tab.base_url}/ops")
    await tab.page.get_by_label("Operator's token").fill(ADMIN_TOKEN)
    await tab.page.get_by_role("button", name="Sign in").click()
    await expect(tab.page.get_by_role("button", name="Sign out")).to_be_visible()
    return tab


async def test_a_wrong_token_is_refused_on_the_page(people: People) -> None:
    tab = await people.tab()
    await tab.page.goto(f"{tab.base_url}/ops")
    await tab.page.get_by_label("Operator's token").fill("not the token")
    await tab.page.get_by_role("button", name="Sign in").click()
    await expect(tab.page.get_by_text("This is not the operator's token")).to_be_visible()
    assert await violations(tab) == []


async def test_the_operator_bans_a_person_and_hides_and_deletes_a_room(people: People) -> None:
    owner, troll = await people.person("Ann"), await people.person("Troll")
    name = f"Spam {uuid.uuid4().hex[:8]}"
    room = await owner.make_room(name)
    await troll.post(room, "spam")
    tab = await signed_in(people)
    assert await tab.page.evaluate("() => document.cookie") == ""
    await expect(section(tab, "Who gets in")).to_contain_text("Anyone can create rooms.")

    bans = section(tab, "Bans from all rooms")
    await bans.get_by_label("User id").fill("Troll")
    await bans.get_by_role("button", name="Ban from all rooms").click()
    await expect(bans.get_by_role("alert")).to_contain_text("A user id looks like")
    await bans.get_by_label("User id").fill(troll.id)
    await bans.get_by_label("Delete their messages in all rooms").check()
    await bans.get_by_label("Also ban sessions made later from their last address").check()
    await bans.get_by_label("Reason (optional)").fill("spam in every room")
    await bans.get_by_role("button", name="Ban from all rooms").click()
    await expect(bans.get_by_role("status")).to_contain_text("Troll")
    listed = bans.get_by_role("listitem").filter(has_text="Troll")
    await expect(listed).to_contain_text("spam in every room")
    await expect(listed).not_to_contain_text("Their messages are being deleted.")
    page = await owner.call("GET", f"/rooms/{room}/messages")
    assert [message["deleted"] for message in page["messages"]] == [True]

    rooms = section(tab, "Rooms")
    await rooms.get_by_label("Name or id of a room").fill(name)
    await rooms.get_by_role("button", name=f"Hide from lists: {name}").click()
    shown = rooms.get_by_role("button", name=f"Show in lists: {name}")
    await expect(shown).to_be_visible()
    assert (await owner.call("GET", f"/rooms/{room}"))["visibility"] == "unlisted"
    assert await violations(tab) == []
    await rooms.get_by_role("button", name=f"Delete {name}").click()
    dialog = tab.page.get_by_role("alertdialog")
    await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    assert await violations(tab) == []
    await dialog.get_by_role("button", name=f"Delete {name}").click()
    await expect(rooms).to_contain_text("There is no such room.")

    log = section(tab, "What you did")
    await expect(log.get_by_role("listitem").first).to_contain_text(f"You deleted {name}.")
    await bans.get_by_role("button", name="Lift the ban of Troll").click()
    await expect(bans.get_by_role("listitem").filter(has_text="Troll")).to_have_count(0)
    await tab.page.reload()
    await tab.page.get_by_role("button", name="Sign out").click()
    await expect(tab.page.get_by_label("Operator's token")).to_be_visible()


async def test_the_earlier_address_leads_to_the_control_room(people: People) -> None:
    tab = await people.tab()
    await tab.page.goto(f"{tab.base_url}/operator")
    await tab.page.wait_for_url(f"{tab.base_url}/ops")
    await expect(tab.page.get_by_label("Operator's token")).to_be_visible()
    await expect(tab.page.get_by_role("region")).to_have_count(0)  # nothing shows without the sign-in


async def test_the_operator_changes_settings_and_returns_to_those_of_the_environment(people: People) -> None:
    tab = await signed_in(people)
    settings = section(tab, "Settings of hot rooms")
    rate = settings.get_by_label("A room turns hot at this many fetches a second", exact=True)
    save = settings.get_by_role("button", name="Save settings")
    in_force = await rate.input_value()
    await expect(save).to_be_disabled()

    await rate.fill("0")
    await expect(settings.get_by_text("Give a number above 0 and at most 1,000,000,000.")).to_be_visible()
    await expect(rate).to_have_attribute("aria-invalid", "true")
    await expect(save).to_be_disabled()
    assert await violations(tab) == []
    await rate.fill("4321")
    await settings.get_by_label("What happens in hot rooms").select_option("shadow")
    await settings.get_by_label("Reason of the change (optional)").fill("a quiz with 4,000 people")
    await save.click()
    await expect(settings.get_by_role("status")).to_contain_text("Saved.")
    await expect(settings.get_by_text("In force: 4,321, set here")).to_be_visible()
    stored = await people.operator().call("GET", "/ops/settings")
    assert (stored["enter_per_s"]["value"], stored["mode"]["value"]) == (4321, "shadow")
    entry = section(tab, "What you did").get_by_role("listitem").first
    await expect(entry).to_contain_text("4,321; What happens in hot rooms: Refuse fetches → Only count")
    await expect(entry).to_contain_text("a quiz with 4,000 people")

    await tab.page.reload()
    await expect(rate).to_have_value("4321")
    for left in (1, 0):
        await settings.get_by_role("button", name="Return to").first.click()
        await expect(settings.get_by_role("button", name="Return to")).to_have_count(left)
    await expect(rate).to_have_value(in_force)
    await save.click()
    await expect(settings.get_by_text("set here")).to_have_count(0)
    stored = await people.operator().call("GET", "/ops/settings")
    assert {stored[name]["source"] for name in ("enter_per_s", "mode")}.isdisjoint({"operator"})


async def test_a_setting_of_the_page_is_in_force_in_every_server_and_survives_a_restart(
    browser: Browser, built_page: object, start_chat_stack: StartChatStack
) -> None:
    stack = start_chat_stack(chat=2, publish=0, SPA_DIR=str(built_page))
    second = stack.chat_servers[1]
    path = f"/api/v1/rooms/{await make_room(stack)}/messages?before_seq=1"
    async with visitors(browser, stack) as people, client_of(second.base_url) as reader:

        async def second_answers(status: int) -> None:
            async def does() -> bool:
                return (await reader.get(path)).status_code == status

            await until(does, within_s=20, what=f"status {status} of the second server")

        tab = await signed_in(people)
        settings = section(tab, "Settings of hot rooms")
        save = settings.get_by_role("button", name="Save settings")
        rate = settings.get_by_label("A room turns hot at this many fetches a second", exact=True)
        await second_answers(200)
        await rate.fill("0.1")
        await settings.get_by_label("Seconds below that share until a hot room is cold").fill("600")
        await settings.get_by_label("Whose fetches a hot room refuses").select_option("refuse_all")
        await save.click()
        await expect(settings.get_by_role("status")).to_contain_text("Saved.")
        await second_answers(429)  # the scheduler has heated the room, and the second server refuses

        await tab.page.goto("about:blank")  # an open page would log that the servers are away
        for process in stack.processes:
            process.stop()
        for process in stack.processes:
            process.start()
        for process in stack.processes:
            process.wait_ready()
        await second_answers(429)
        await tab.page.goto(f"{tab.base_url}/ops")
        await expect(rate).to_have_value("0.1")
        await expect(settings.get_by_text("set here")).to_have_count(3)
        await settings.get_by_label("What happens in hot rooms").select_option("off")
        await save.click()
        await expect(settings.get_by_role("status")).to_contain_text("Saved.")
        await second_answers(200)


async def test_the_operator_exempts_an_address_and_ends_it(people: People) -> None:
    tab = await signed_in(people)
    exemptions = section(tab, "Exempt addresses")
    address = exemptions.get_by_label("IPv4 or IPv6 address")
    exempt = exemptions.get_by_role("button", name="Exempt the address")
    await address.fill("the town hall")
    await exempt.click()
    await expect(exemptions.get_by_role("alert")).to_contain_text("Give one IPv4 or IPv6 address")
    await address.fill("203.0.113.7")
    hours = exemptions.get_by_label("Hours, from 1 to 72")
    for wrong in ("0", "73", "1.5", ""):
        await hours.fill(wrong)
        await exempt.click()
        await expect(hours).to_have_js_property("validity.valid", False)
    await hours.fill("71")
    await exemptions.get_by_label("Reason (optional)").fill("the town hall")
    await exempt.click()
    await expect(exemptions.get_by_role("status")).to_contain_text("203.0.113.7 is exempt until")
    listed = exemptions.get_by_role("listitem").filter(has_text="203.0.113.7")
    await expect(listed).to_contain_text("the town hall")
    assert await violations(tab) == []
    end = exemptions.get_by_role("button", name="End the exemption of 203.0.113.7")
    dialog = tab.page.get_by_role("alertdialog", name="End the exemption of 203.0.113.7?")
    await end.click()
    await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    assert await violations(tab) == []
    await tab.page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    stored = await people.operator().call("GET", "/ops/exemptions")
    assert [each["address"] for each in stored["exemptions"]] == ["203.0.113.7"]
    await end.click()
    await dialog.get_by_role("button", name="End the exemption of 203.0.113.7").click()
    await expect(listed).to_have_count(0)
    assert (await people.operator().call("GET", "/ops/exemptions"))["exemptions"] == []
    log = section(tab, "What you did").get_by_role("listitem")
    await expect(log.nth(0)).to_contain_text("You ended the exemption of 203.0.113.7.")
    await expect(log.nth(1)).to_contain_text("You exempted 203.0.113.7 from the limits of addresses.")


async def test_a_full_list_of_exemptions_says_what_to_do(people: People) -> None:
    operator = people.operator()
    addresses = [f"198.51.100.{number}" for number in range(MAX_EXEMPTIONS)]
    try:
        for address in addresses:
            await operator.call("POST", "/ops/exemptions", {"address": address, "hours": 1})
        tab = await signed_in(people)
        exemptions = section(tab, "Exempt addresses")
        await exemptions.get_by_label("IPv4 or IPv6 address").fill("203.0.113.7")
        await exemptions.get_by_role("button", name="Exempt the address").click()
        full = "The list of exempt addresses is full; end an exemption first."
        await expect(exemptions.get_by_role("alert")).to_have_text(full)
    finally:
        for address in addresses:
            await operator.call("DELETE", f"/ops/exemptions/{address}")


async def test_the_operator_runs_a_private_room_in_the_moderator_view(people: People) -> None:
    room = await PrivateRoom.of(people)
    filters = {"words": ["casino"], "words_action": "hold"}
    await room.owner.call("PATCH", f"/rooms/{room.id}", {"filters": filters})
    await room.member.post(room.id, "a rude remark")
    await room.member.post(room.id, "a casino near the harbour")
    tab = await signed_in(people)
    rooms = section(tab, "Rooms")
    await rooms.get_by_label("Name or id of a room").fill(room.name)
    await rooms.get_by_role("link", name=f"Moderate {room.name}").click()
    await tab.sees("a rude remark")
    page = tab.page
    await expect(page.get_by_text("you act as the operator")).to_be_visible()
    assert await violations(tab) == []
    await tab.row("a rude remark").hover()
    await expect(tab.row("a rude remark").get_by_role("button", name="More actions")).to_be_visible()
    await expect(page.get_by_role("button", name="Reply")).to_have_count(0)

    await page.get_by_role("button", name="Allow", exact=True).click()
    await tab.sees("a casino near the harbour")  # by a stream
    await tab.choose("a casino near the harbour", "Delete")
    await page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    await expect(tab.rows.filter(has_text=DELETED)).to_have_count(1)
    dialog = await ask_to_ban(tab, "a rude remark")
    await dialog.get_by_role("button", name="Ban Bob #").click()
    await expect(tab.rows.filter(has_text=DELETED)).to_have_count(2)
    await page.get_by_role("tab", name="Log").click()
    await expect(page.get_by_role("tabpanel")).to_contain_text("the operator banned Bob #")
    log = (await room.owner.call("GET", f"/rooms/{room.id}/audit"))["entries"]
    by_operator = [entry["action"] for entry in log if entry["actor"] is None]
    assert by_operator == ["ban", "delete_message", "allow_message"]

    await page.get_by_role("link", name="Back to the operator").click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("Operator's token")).to_be_visible()
    await page.go_back()
    await expect(page.get_by_text("Sign in as the operator to open this view.")).to_be_visible()
    assert await violations(tab) == []


async def test_the_moderator_view_closes_when_the_sign_in_of_the_operator_has_ended(people: People) -> None:
    room = await PrivateRoom.of(people)
    await room.member.post(room.id, "a rude remark")
    tab = await signed_in(people)
    await tab.open(f"/rooms/{room.id}/moderate?as=operator")
    await tab.sees("a rude remark")
    await tab.page.context.clear_cookies(name="hotchat_operator")
    dialog = await ask_to_ban(tab, "a rude remark")
    await dialog.get_by_role("button", name="Ban Bob #").click()
    await expect(tab.page.get_by_text("Sign in as the operator to open this view.")).to_be_visible()
    assert (await room.owner.call("GET", f"/rooms/{room.id}/bans"))["bans"] == []


async def test_a_person_who_is_also_the_operator_is_a_guest_in_the_room_itself(people: People) -> None:
    owner, cho = await people.person("Ann"), await people.person("Cho")
    room = await owner.make_room()
    await cho.post(room, "hello")
    tab = await people.tab_of(await people.person("Bob"))
    await signed_in(people, tab)
    await tab.open(f"/rooms/{room}/moderate?as=operator")
    await expect(tab.row("hello").get_by_role("button", name="Ban", exact=True)).to_have_count(1)
    await tab.open(f"/rooms/{room}")
    await tab.sees("hello")
    await expect(tab.rows.get_by_role("button", name="Ban", exact=True)).to_have_count(0)
    await tab.page.goto(f"{tab.base_url}/rooms/{room}/moderate")
    await expect(tab.page.get_by_text("Only the owner and the moderators of this room")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
async def test_the_page_fits_its_window_in_light_and_dark(people: People, width: int, scheme: str) -> None:
    tab = await people.tab(color_scheme=scheme, viewport={"width": width, "height": 480})
    await signed_in(people, tab)
    await expect(section(tab, "Rooms").get_by_role("listitem").first).to_be_visible()
    last = section(tab, "What you did")
    await last.scroll_into_view_if_needed()
    await expect(last).to_be_in_viewport()
    overflow = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await tab.page.evaluate(overflow) <= 0
    assert await violations(tab) == []


async def test_a_closed_server_says_what_to_do(
    browser: Browser, built_page: object, start_chat_stack: StartChatStack
) -> None:
    stack = start_chat_stack(
        scheduler=0, SPA_DIR=str(built_page), SESSIONS="closed", ROOM_CREATION="operator"
    )
    async with visitors(browser, stack) as people:
        tab = await (await people.tab()).open("/")
        await tab.composer.fill("hello")
        await tab.composer.press("Enter")
        alert = tab.page.get_by_text("This server is not accepting new people right now; ask its operator")
        await expect(alert).to_be_visible()
        await expect(tab.page.get_by_label("What should people call you?")).to_have_count(0)
        assert await violations(tab) == []
        await tab.page.get_by_role("button", name="Close").click()
        await expect(tab.composer).to_have_value("hello")
        await tab.page.get_by_role("button", name="New room").click()
        dialog = tab.page.get_by_role("dialog", name="New room")
        await expect(dialog).to_contain_text("Only the operator of this server can create rooms")
        await expect(dialog.get_by_role("textbox")).to_have_count(0)
        assert await violations(tab) == []
