"""Errors and refusals show a sentence and a way to continue, never an empty page."""

import uuid

import pytest
from playwright.async_api import expect

from tests.browser.replaced_responses import refusing
from tests.browser.tab import People

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_crashed_page_shows_an_error_and_keeps_the_draft(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    name = f"Elsewhere {uuid.uuid4().hex[:8]}"
    await ann.make_room(name)
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.composer.fill("half a thought")
    await tab.page.get_by_role("link", name=name).click()
    await expect(tab.page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    await tab.page.evaluate(
        """() => {
            const broken = () => { throw new Error('broken'); };
            Object.defineProperty(document, 'hidden', { get: broken });
        }"""
    )
    await tab.page.go_back()
    await expect(tab.page.get_by_role("heading", name="Something broke on this page")).to_be_visible()
    await tab.page.get_by_role("button", name="Reload the page").click()
    await tab.is_live()
    await expect(tab.composer).to_have_value("half a thought")
    tab.forgets_errors("broken")


async def test_an_unknown_address_links_to_the_lobby(people: People) -> None:
    tab = await people.tab()
    await tab.page.goto(f"{tab.base_url}/no/such/page")
    await expect(tab.page.get_by_role("heading", name="This page does not exist")).to_be_visible()
    await tab.page.get_by_role("link", name="Go to the lobby").click()
    await tab.is_live()


async def test_a_forbidden_room_shows_an_error_and_links_to_the_lobby(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    tab = await people.tab()
    await tab.page.route(f"**/api/v1/rooms/{room}**", refusing("forbidden"))
    await tab.page.goto(f"{tab.base_url}/rooms/{room}")
    await expect(tab.page.get_by_role("heading", name="This room is not open to you")).to_be_visible()
    await tab.page.get_by_role("link", name="Go to the lobby").click()
    await tab.is_live()


async def test_a_refused_search_shows_the_sentence_of_the_server(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    tab = await people.tab()
    await tab.open(f"/rooms/{room}")
    sentence = "Three searches a second are enough; try again in 2 s."
    await tab.page.route(
        f"**/api/v1/rooms/{room}/search*", refusing("rate_limited", sentence, retry_after_s=2.0)
    )
    await tab.page.get_by_role("button", name="Search", exact=True).click()
    await tab.page.get_by_role("searchbox", name="Words to look for").fill("anything")
    await expect(tab.page.get_by_role("dialog").get_by_role("status")).to_have_text(sentence)
