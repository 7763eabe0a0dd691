"""A purge reaches every open page: rows, pinned messages and the quotes of replies."""

import pytest
from playwright.async_api import expect

from tests.browser.tab import People

pytestmark = pytest.mark.asyncio(loop_scope="session")

DELETED = "This message was deleted"


async def test_a_purge_empties_rows_pins_and_quotes_of_a_person_and_leaves_the_others(people: People) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    mallory, bob = await people.person("Mallory"), await people.person("Bob")
    spam = await mallory.post(room, "buy this")
    await mallory.post(room, "and that")
    await bob.post(room, "no thanks", spam["id"])
    await owner.call("PUT", f"/rooms/{room}/messages/{spam['id']}/pin")
    reader = await people.tab()
    await reader.open(f"/rooms/{room}")
    await expect(reader.page.get_by_role("region", name="Pinned messages")).to_contain_text("buy this")
    await expect(reader.row("no thanks").get_by_test_id("quoted")).to_contain_text("buy this")

    await owner.call("PUT", f"/rooms/{room}/bans/{mallory.id}", {"seconds": None, "purge": True})
    await expect(reader.rows.filter(has_text=DELETED)).to_have_count(
        3
    )  # two rows, and the reply by its quote
    await expect(reader.list.get_by_text("buy this")).to_have_count(0)
    await expect(reader.list.get_by_text("and that")).to_have_count(0)
    await expect(reader.page.get_by_role("region", name="Pinned messages")).to_have_count(0)
    await reader.sees("no thanks")


async def test_a_purge_reaches_a_quote_of_a_message_that_is_not_loaded(people: People) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room()
    mallory = await people.person("Mallory")
    spam = await mallory.post(room, "buy this")
    await owner.post_many(room, [f"chatter {number}" for number in range(60)])
    await owner.post(room, "please do not", spam["id"])
    reader = await people.tab()
    await reader.open(f"/rooms/{room}")
    quote = reader.row("please do not").get_by_test_id("quoted")
    await expect(quote).to_contain_text("buy this")
    await owner.call("PUT", f"/rooms/{room}/bans/{mallory.id}", {"seconds": 600, "purge": True})
    await expect(quote).to_contain_text(DELETED)


async def test_a_change_of_the_room_reaches_open_pages(people: People) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room("Before")
    reader = await people.tab()
    await reader.open(f"/rooms/{room}")
    await owner.call("PATCH", f"/rooms/{room}", {"name": "After"})
    await expect(reader.page.get_by_role("heading", name="After", exact=True)).to_be_visible()
    await owner.post(room, "still here")
    await reader.sees("still here")
