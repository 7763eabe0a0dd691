"""A first visit, and a visit with an expired session."""

import time
from uuid import UUID

import pytest
from playwright.async_api import expect

from server_kit.session_tokens import LIFETIME_S, SessionTokens
from tests.browser.tab import People, Person, Tab
from tests.support.chat_stack import SECRET

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_lobby_greets_with_a_few_messages_and_a_link_to_share(people: People) -> None:
    tab = await people.tab()
    await tab.open("/?at=1")
    greeting = tab.rows.filter(has_text="Welcome to the lobby!")
    await expect(greeting).to_be_visible()
    await expect(tab.page.get_by_role("button", name="Copy link")).to_be_visible()


async def expire(tab: Tab, person: Person) -> None:
    """Make the session of the person expire."""
    tokens = SessionTokens(SECRET)
    token, _ = tokens.issue(
        UUID(person.id), person.nickname, time.time() - LIFETIME_S - 60, session_id=UUID(person.id)
    )
    cookie = {"name": "hotchat_session", "value": token, "url": tab.base_url}
    await tab.page.context.add_cookies([cookie])  # type: ignore[list-item]


async def test_a_message_written_while_the_session_expires_is_kept_and_sent_on_request(
    people: People,
) -> None:
    room = await (await people.person("Ann")).make_room()
    tab, bob = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.write("with a session")
    await tab.sees("with a session")
    await tab.composer.fill("begun before it expired")
    await expire(tab, bob)
    await tab.composer.press("Enter")
    await tab.sees("begun before it expired")
    await expect(tab.page.locator("[data-post=failed]")).to_contain_text("your session has ended")
    await tab.page.get_by_role("button", name="Try again").click()
    await expect(tab.page.locator("[data-post]")).to_have_count(0)
    await expect(tab.page.get_by_label("What should people call you?")).to_have_count(0)


async def test_a_reader_with_an_expired_session_keeps_nickname_and_draft(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab, bob = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.composer.fill("a draft from last month")
    await expire(tab, bob)
    await tab.page.reload()
    await tab.is_live()
    await expect(tab.composer).to_have_value("a draft from last month")
    await tab.composer.press("Enter")
    await tab.sees("a draft from last month")
    await expect(tab.page.locator("[data-post]")).to_have_count(0)
    page = await ann.call("GET", f"/rooms/{room}/messages")
    assert page["messages"][-1]["author"]["nickname"] == "Bob"
