"""What a person does with their data on the page: download it, and have themselves deleted."""

import json
import uuid

import pytest
from playwright.async_api import expect

from tests.browser.axe import violations
from tests.browser.replaced_responses import refusing
from tests.browser.tab import People

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_person_downloads_what_they_wrote_and_is_deleted_on_every_page(people: People) -> None:
    name = f"Bob {uuid.uuid4().hex[:8]}"  # the room list also shows the rooms of other tests, and their Bobs
    reader, ann = await people.member("Ann")
    room = await ann.make_room()
    await reader.open(f"/rooms/{room}")
    tab = await people.tab()
    await tab.open(f"/rooms/{room}")
    await tab.write("@Ann a secret of Bob")
    await tab.join(name)
    await reader.sees("@Ann a secret of Bob")
    await expect(reader.page.locator("[data-announce=for-me]")).to_contain_text("a secret of Bob")
    page = await ann.call("GET", f"/rooms/{room}/messages")
    await ann.post(room, "an answer", reply_to=page["messages"][-1]["id"])
    await tab.page.get_by_role("button", name="Settings").click()
    async with tab.page.expect_download() as download:
        await tab.page.get_by_role("link", name="Download what I wrote").click()
    file = await (await download.value).path()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["type"] for line in lines] == ["person", "message", "end"]
    assert lines[1]["message"]["text"] == "@Ann a secret of Bob"

    erase = tab.page.get_by_role("button", name="Delete me everywhere")
    await erase.click()
    confirmation = tab.page.get_by_role("alertdialog", name=f"Delete {name} everywhere?")
    await expect(confirmation.get_by_role("button", name="Cancel")).to_be_focused()
    assert await violations(tab) == [], "erasure dialog"
    await confirmation.get_by_role("button", name="Cancel").click()
    await expect(tab.page.get_by_text("a secret of Bob")).to_have_count(2)  # the message and the quote
    await expect(reader.page.get_by_text(name, exact=True)).to_have_count(2)
    await erase.click()
    await confirmation.get_by_role("button", name="Delete me everywhere").click()
    await expect(confirmation).to_have_count(0)
    await expect(tab.page.get_by_role("dialog")).to_have_count(0)
    for shown in (tab.page, reader.page):
        await expect(shown.get_by_text("a secret of Bob")).to_have_count(0)
        await expect(shown.get_by_text(name, exact=True)).to_have_count(0)
        await expect(shown.get_by_test_id("text").get_by_text("an answer")).to_be_visible()
    await expect(tab.page.locator("[data-mine]")).to_have_count(0)
    names = [cookie["name"] for cookie in await tab.page.context.cookies()]
    assert "hotchat_session" not in names


async def test_a_refused_deletion_says_why_and_leaves_the_person_signed_in(people: People) -> None:
    tab, ann = await people.member("Ann")
    room = await ann.make_room()
    await tab.open(f"/rooms/{room}")
    await tab.page.route("**/api/v1/me", refusing("rate_limited", method="DELETE", retry_after_s=1.0))
    await tab.page.get_by_role("button", name="Settings").click()
    await tab.page.get_by_role("button", name="Delete me everywhere").click()
    confirmation = tab.page.get_by_role("alertdialog")
    await confirmation.get_by_role("button", name="Delete me everywhere").click()
    await expect(confirmation.get_by_role("alert")).not_to_be_empty()
    await confirmation.get_by_role("button", name="Cancel").click()
    await expect(tab.page.get_by_text("You are Ann.")).to_be_visible()


@pytest.mark.parametrize(
    ("locale", "name"), [("en", "Deleted person"), ("ko", "삭제된 사용자"), ("ja", "削除された人")]
)
async def test_an_erased_author_is_named_in_the_readers_language(
    people: People, locale: str, name: str
) -> None:
    reader, ann = await people.member("Ann", locale=locale)
    bob = await people.person("Bob")
    room = await ann.make_room()
    first = await bob.post(room, "of Bob")
    await ann.post(room, "an answer", reply_to=first["id"])
    await ann.post(room, "deleted")
    await reader.open(f"/rooms/{room}")
    await reader.sees("an answer")
    await bob.call("DELETE", "/me")
    shown = reader.page.get_by_text(name, exact=True)
    await expect(shown).to_have_count(2)  # at the message and at the quote of it
    await expect(reader.list.get_by_text("deleted", exact=True)).to_have_count(1)  # what Ann wrote
    await reader.page.reload()
    await reader.is_live()
    await expect(shown).to_have_count(2)
