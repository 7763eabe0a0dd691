"""The operator's page: sign in, ban a person from all rooms, hide and delete a room, read the log."""

import uuid

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.browser.axe import violations
from tests.browser.conftest import visitors
from tests.browser.tab import People, Tab
from tests.support.chat_stack import ADMIN_TOKEN, StartChatStack

pytestmark = pytest.mark.asyncio(loop_scope="session")


def section(tab: Tab, title: str) -> Locator:
    return tab.page.get_by_role("region", name=title, exact=True)


async def signed_in(people: People) -> Tab:
    tab = await people.tab()
    await tab.page.goto(f"{tab.base_url}/operator")
    field = tab.page.get_by_label("Operator's token")
    await field.fill("not the token")
    await tab.page.get_by_role("button", name="Sign in").click()
    await expect(tab.page.get_by_text("This is not the operator's token")).to_be_visible()
    assert await violations(tab) == []
    await field.fill(ADMIN_TOKEN)
    await tab.page.get_by_role("button", name="Sign in").click()
    await expect(tab.page.get_by_role("button", name="Sign out")).to_be_visible()
    return tab


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
    await rooms.get_by_role("button", name=f"Hide {name} from lists").click()
    shown = rooms.get_by_role("button", name=f"Show {name} in lists")
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
    await expect(log.get_by_role("listitem").first).to_contain_text(f"delete_room · {room}")
    await bans.get_by_role("button", name="Lift the ban of Troll").click()
    await expect(bans.get_by_role("listitem").filter(has_text="Troll")).to_have_count(0)
    await tab.page.reload()
    await tab.page.get_by_role("button", name="Sign out").click()
    await expect(tab.page.get_by_label("Operator's token")).to_be_visible()


@pytest.mark.parametrize("width", [320, 1280])
async def test_the_page_fits_its_window(people: People, width: int) -> None:
    tab = await signed_in(people)
    await tab.page.set_viewport_size({"width": width, "height": 480})
    await expect(section(tab, "Rooms").get_by_role("listitem").first).to_be_visible()
    overflow = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await tab.page.evaluate(overflow) <= 0


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
