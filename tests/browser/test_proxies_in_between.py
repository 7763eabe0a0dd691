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


async def test_a_post_waits_while_a_proxy_answers_and_is_then_sent_once(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab, bob = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    for what, answer in ANSWERS.items():
        await tab.page.route("**/api/**", answering_as_a_proxy(*answer))
        await tab.write(f"through {what}")
        await expect(tab.page.locator("[data-post=waiting]"), what).to_have_count(1)
        await ann.post(room, f"are you behind {what}?")
        await tab.sees(f"are you behind {what}?")
        await tab.page.unroute("**/api/**")
        await expect(tab.page.locator("[data-post]"), what).to_have_count(0)
        await tab.sees(f"through {what}")
    messages = (await ann.call("GET", f"/rooms/{room}/messages"))["messages"]
    posted = [message["text"] for message in messages if message["author"]["id"] == bob.id]
    assert posted == [f"through {what}" for what in ANSWERS]


async def test_a_room_opens_once_a_proxy_no_longer_answers_in_place_of_the_server(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, "hello")
    tab, _ = await people.member("Bob")
    for what, answer in ANSWERS.items():
        await tab.page.route("**/api/**", answering_as_a_proxy(*answer))
        await tab.page.goto(f"{tab.base_url}/rooms/{room}")
        await expect(tab.status, what).to_have_attribute("data-connection", "reconnecting")
        await tab.page.unroute("**/api/**")
        await tab.sees("hello")
        await tab.write(f"here I am, after {what}")
        await tab.sees(f"here I am, after {what}")
        await expect(tab.page.locator("[data-post]"), what).to_have_count(0)
        await expect(tab.page.get_by_label("What should people call you?"), what).to_have_count(0)
