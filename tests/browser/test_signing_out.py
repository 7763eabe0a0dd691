"""Signing out, and refused sign-ins."""

import pytest
from playwright.async_api import Route, expect

from tests.browser.replaced_responses import refusing
from tests.browser.tab import People

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("button", ["Sign out", "Sign out everywhere"])
async def test_signing_out_ends_the_session_in_all_tabs_and_clears_stored_data(
    people: People, button: str
) -> None:
    room = await (await people.person("Ann")).make_room()
    tab = await people.tab(own_context=True)
    await tab.open(f"/rooms/{room}")
    await tab.write("hello")
    await tab.join("Bob")
    await tab.sees("hello")
    other = await people.another_tab(tab.page.context)
    await other.open(f"/rooms/{room}")
    await expect(other.page.locator("[data-mine]")).to_have_count(1)
    await tab.composer.fill("half a thought")
    await tab.page.get_by_role("button", name="Settings").click()
    await expect(tab.page.get_by_text("You are Bob.")).to_be_visible()
    await tab.page.get_by_role("button", name=button, exact=True).click()
    await expect(tab.page.get_by_role("dialog")).to_have_count(0)
    for page in (tab.page, other.page):
        await expect(page.locator("[data-mine]")).to_have_count(0)
    await expect(tab.composer).to_have_value("")
    kept = await tab.page.evaluate("() => Object.keys(localStorage).filter(key => localStorage[key] !== '')")
    assert not {"hotchat.nickname", "hotchat.user", "hotchat.draft", f"hotchat.draft.{room}"} & set(kept)
    names = [cookie["name"] for cookie in await tab.page.context.cookies()]
    assert "hotchat_session" not in names
    await other.write("again")
    await expect(other.page.get_by_label("What should people call you?")).to_be_visible()


async def test_an_unsent_message_is_not_sent_by_the_next_user_until_they_retry_it(
    people: People,
) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab = await people.tab()
    await tab.open(f"/rooms/{room}")
    await tab.write("hello")
    await tab.join("Bob")
    await tab.sees("hello")
    await expect(tab.page.locator("[data-post]")).to_have_count(0)

    async def away(route: Route) -> None:
        if route.request.method == "POST":
            await route.abort()
        else:
            await route.continue_()

    await tab.page.route(f"**/api/v1/rooms/{room}/messages*", away)
    await tab.write("Bob's secret")
    await tab.write("Bob's other secret")
    await expect(tab.page.locator("[data-post]")).to_have_count(2)
    await tab.page.get_by_role("button", name="Settings").click()
    await tab.page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(tab.page.locator("[data-post=failed]")).to_have_count(2)
    await expect(tab.page.locator("[data-post=failed]").first).to_contain_text(
        "Not sent: you have signed out or your session has ended."
    )
    await expect(tab.page.locator("[data-post][data-mine]")).to_have_count(2)
    await tab.page.unroute_all(behavior="wait")
    await tab.write("hello from Eve")
    await tab.join("Eve")
    await tab.sees("hello from Eve")
    await expect(tab.page.locator("[data-post]")).to_have_count(2)  # Eve's own is sent by then
    await expect(tab.page.locator("[data-post=failed]")).to_have_count(2)
    page = await ann.call("GET", f"/rooms/{room}/messages")
    assert [message["text"] for message in page["messages"]] == ["hello", "hello from Eve"]
    await tab.row("Bob's secret").get_by_role("button", name="Try again").click()
    await tab.row("Bob's other secret").get_by_role("button", name="Discard").click()
    await tab.composer.hover()  # two messages within a second pause the list under a resting pointer
    await expect(tab.page.locator("[data-post]")).to_have_count(0)
    page = await ann.call("GET", f"/rooms/{room}/messages")
    last = page["messages"][-1]
    assert (last["text"], last["author"]["nickname"]) == ("Bob's secret", "Eve")


async def test_a_refused_join_is_retried_at_the_servers_time(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    tab = await people.tab()
    refused = refusing("rate_limited", method="POST", times=2, retry_after_s=1.0)
    await tab.page.route("**/api/v1/sessions", refused)
    await tab.open(f"/rooms/{room}")
    await tab.write("hello")
    field = tab.page.get_by_label("What should people call you?")
    await field.fill("Bob")
    await field.press("Enter")
    await expect(tab.page.locator("#nickname-problem")).to_contain_text("You will join automatically in")
    await tab.sees("hello")


async def test_a_refused_room_list_shows_the_reason_and_is_retried(people: People) -> None:
    room = await (await people.person("Ann")).make_room("Refused at first")
    tab = await people.tab()
    await tab.page.route("**/api/v1/rooms", refusing("rate_limited", times=1, retry_after_s=1.5))
    await tab.page.goto(f"{tab.base_url}/rooms/{room}")
    await expect(tab.page.locator("nav [role=status]")).to_contain_text(
        "Too many requests at once; try again in"
    )
    await expect(tab.page.locator("li [aria-current=page]")).to_contain_text("Refused at first")
