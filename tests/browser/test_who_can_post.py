"""The composer says why one cannot write, and keeps the text until one can."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.axe import violations
from tests.browser.tab import People, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")


def block(tab: Tab) -> Locator:
    return tab.page.get_by_test_id("posting-block")


def send(tab: Tab) -> Locator:
    return tab.page.get_by_role("button", name="Send", exact=True)


async def test_a_room_for_moderators_only_keeps_drafts_until_it_opens(people: People) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.composer.fill("for later")
    await owner.call("PATCH", f"/rooms/{room}", {"who_can_post": "moderators"})
    await expect(block(tab)).to_contain_text("Only the owner and moderators can write here now.")
    await expect(send(tab)).to_be_disabled()
    await tab.composer.press("Enter")
    await expect(tab.composer).to_have_value("for later")
    assert await violations(tab) == []
    await owner.call("PATCH", f"/rooms/{room}", {"who_can_post": "everyone"})
    await expect(block(tab)).to_have_text("")
    await tab.composer.press("Enter")
    await tab.sees("for later")


async def test_a_newcomer_sees_when_they_can_write_and_a_moderator_writes_at_once(
    people: People,
) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    await owner.call("PATCH", f"/rooms/{room}", {"who_can_post": "regulars", "regular_after_s": 3600})
    tab, bob = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await expect(block(tab)).to_contain_text("The room is closed to newcomers. You can write from")
    await owner.call("PUT", f"/rooms/{room}/moderators/{bob.id}")
    await expect(block(tab)).to_have_text("")
    await tab.write("as a moderator")
    await tab.sees("as a moderator")


async def test_a_banned_person_learns_until_when_and_writes_again_once_the_ban_is_lifted(
    people: People,
) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    tab, bob = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await owner.call("PUT", f"/rooms/{room}/bans/{bob.id}", {"seconds": 3600})
    await tab.write("am I heard?")
    await expect(tab.row("am I heard?")).to_contain_text("Not sent")
    await expect(block(tab)).to_contain_text("A host has banned you from this room until")
    await tab.composer.fill("my next words")
    await expect(send(tab)).to_be_disabled()
    await owner.call("DELETE", f"/rooms/{room}/bans/{bob.id}")
    await tab.row("am I heard?").get_by_role("button", name="Try again").click()
    await expect(tab.row("am I heard?")).not_to_contain_text("Not sent")
    await expect(tab.composer).to_have_value("my next words")
    await tab.page.reload()
    await tab.is_live()
    await expect(block(tab)).to_have_text("")
    await tab.composer.press("Enter")
    await tab.sees("my next words")


async def test_a_purge_of_the_reader_shows_the_ban_before_they_write(people: People) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    tab, bob = await people.member("Bob")
    await bob.post(room, "buy this")
    await tab.open(f"/rooms/{room}")
    await tab.sees("buy this")
    ban = {"seconds": None, "purge": True, "reason": "no ads"}
    await owner.call("PUT", f"/rooms/{room}/bans/{bob.id}", ban)
    await expect(block(tab)).to_contain_text("A host has banned you from this room.")
    await expect(block(tab)).to_contain_text("Reason: no ads")


async def test_a_person_with_the_name_of_a_host_reads_how_to_choose_another_name(people: People) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    tab, _ = await people.member("Ann")
    await tab.open(f"/rooms/{room}")
    await tab.write("it is me")
    await expect(tab.row("it is me")).to_contain_text("That name is reserved")
    await expect(block(tab)).to_contain_text("Your name looks like that of a host here.")
    await expect(send(tab)).to_be_disabled()
    assert await violations(tab) == []


@pytest.mark.parametrize(
    ("locale", "for_a_time", "for_good", "in_the_form"),
    [
        (
            "en",
            "The operator of this server has banned you from all rooms until",
            "from all rooms.",
            "New room",
        ),
        ("ko", "서버 운영자가", "서버 운영자가 모든 대화방에서 차단했습니다.", "새 대화방"),
        (
            "ja",
            "サーバー運営者により、",
            "サーバー運営者により、全ルームからブロックされています。",
            "新しいルーム",
        ),
    ],
)
async def test_a_person_banned_from_all_rooms_reads_that_the_operator_did_it(
    people: People, locale: str, for_a_time: str, for_good: str, in_the_form: str
) -> None:
    operator = people.operator()
    room = await (await people.person("Ann")).make_room()
    tab, bob = await people.member("Bob", locale=locale)
    await tab.open(f"/rooms/{room}")
    await operator.call("PUT", f"/ops/bans/{bob.id}", {"seconds": 3600, "reason": "spam"})
    await tab.write("hello?")
    await expect(block(tab)).to_contain_text(for_a_time)
    await expect(block(tab)).to_contain_text("spam")
    await operator.call("PUT", f"/ops/bans/{bob.id}", {"seconds": None})
    await tab.page.reload()
    await tab.is_live()
    await tab.write("hello again?")
    await expect(block(tab)).to_contain_text(for_good)
    await tab.page.get_by_role("button", name=in_the_form).click()
    dialog = tab.page.get_by_role("dialog")
    await dialog.get_by_role("textbox").first.fill("A room of my own")
    await dialog.get_by_role("textbox").first.press("Enter")
    await expect(dialog.get_by_role("alert").filter(has_text=for_good)).to_be_visible()
    await operator.call("DELETE", f"/ops/bans/{bob.id}")
