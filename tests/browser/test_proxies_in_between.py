"""The page keeps the room, the session and what people write when a proxy answers in place of the server."""

import pytest
from playwright.async_api import expect

from tests.browser.replaced_responses import answering_as_a_proxy
from tests.browser.tab import People

pytestmark = pytest.mark.asyncio(loop_scope="session")

HTML = "<!doctype html><title>Sign in to the network</title>"
ANSWERS = {
    "204": (204, "", "text/html"),
    "an empty 200": (200, "", "application/json"),
    "the page of a captive portal": (200, HTML, "text/html"),
    "a list in JSON": (200, "[]", "application/json"),
    "the 401 of a login": (401, HTML, "text/html"),
    "the 403 of a firewall": (403, HTML, "text/html"),
    "the 404 of a balancer": (404, "default backend - 404", "text/plain"),
    "the 404 of a gateway in JSON": (404, '{"message": "no Route matched"}', "application/json"),
    "502": (502, HTML, "text/html"),
    "511": (511, HTML, "text/html"),
}


@pytest.mark.parametrize("what", ANSWERS)
async def test_a_post_waits_while_a_proxy_answers_and_is_then_sent_once(people: People, what: str) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab, bob = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.page.route("**/api/**", answering_as_a_proxy(*ANSWERS[what]))
    await tab.write("through the network of a hotel")
    await expect(tab.page.locator("[data-post=waiting]")).to_have_count(1)
    await ann.post(room, "are you there?")
    await tab.sees("are you there?")
    await tab.page.unroute("**/api/**")
    await expect(tab.page.locator("[data-post]")).to_have_count(0)
    await tab.sees("through the network of a hotel")
    page = await ann.call("GET", f"/rooms/{room}/messages")
    posted = [
        message["author"]["id"] for message in page["messages"] if message["text"].startswith("through")
    ]
    assert posted == [bob.id]


@pytest.mark.parametrize("what", ANSWERS)
async def test_a_room_opens_once_a_proxy_no_longer_answers_in_place_of_the_server(
    people: People, what: str
) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, "hello")
    tab, _ = await people.member("Bob")
    await tab.page.route("**/api/**", answering_as_a_proxy(*ANSWERS[what]))
    await tab.page.goto(f"{tab.base_url}/rooms/{room}")
    await expect(tab.status).to_have_attribute("data-connection", "reconnecting")
    await tab.page.unroute("**/api/**")
    await tab.sees("hello")
    await tab.write("here I am")
    await expect(tab.page.locator("[data-post]")).to_have_count(0)
    await expect(tab.page.get_by_label("What should people call you?")).to_have_count(0)
