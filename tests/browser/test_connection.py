"""The page on a slow, broken or shared connection."""

import asyncio
import re
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Request, expect

from tests.browser.tab import People, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")

SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 20_000}


async def test_all_tabs_of_a_browser_share_one_stream_of_a_room(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab, _ = await people.member("Bob", own_context=True)
    tabs = [tab, *[await people.another_tab(tab.page.context) for _ in range(2)]]
    for one in tabs:
        await one.open(f"/rooms/{room}")
    await ann.post(room, "seen in all of them")
    for one in tabs:
        await one.sees("seen in all of them")
        await expect(one.page.locator("[data-testid=viewers]")).to_have_text("1 here", timeout=20_000)
    await tabs[0].page.close()
    await ann.post(room, "and in those that are left")
    for one in tabs[1:]:
        await one.sees("and in those that are left")


async def test_a_lost_network_connection_loses_no_message(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab, _ = await people.member("Bob")
    # Without a shared worker the page opens its own stream, which goes offline with the browser context.
    await tab.page.add_init_script("delete window.SharedWorker")
    await tab.open(f"/rooms/{room}")
    await ann.post(room, "before")
    await tab.sees("before")
    await tab.page.context.set_offline(True)
    await expect(tab.status).to_have_attribute("data-connection", "offline")
    await expect(tab.status).to_contain_text("You are offline. What you write is kept.")
    await ann.post_many(room, ["missed, one", "missed, two"])
    await tab.page.context.set_offline(False)
    await tab.is_live()
    for text in ("before", "missed, one", "missed, two"):
        await tab.sees(text)
    await ann.post(room, "after")
    await tab.sees("after")


async def test_on_a_slow_network_a_message_shows_at_once_as_being_sent(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    (tab, _), other = await people.member("Bob"), await people.tab()
    await asyncio.gather(tab.open(f"/rooms/{room}"), other.open(f"/rooms/{room}"))
    devtools = await tab.page.context.new_cdp_session(tab.page)
    await devtools.send("Network.emulateNetworkConditions", SLOW)
    await tab.list.evaluate(
        """list => {
            window.shown = [];
            const posts = () => [...document.querySelectorAll('[data-post]')].map(row => row.innerText);
            new MutationObserver(() => window.shown.push(...posts())).observe(list,
                {subtree: true, childList: true, characterData: true});
        }"""
    )
    await tab.write("from the train")
    await tab.page.wait_for_function("() => window.shown.some(text => text.includes('Sending…'))")
    await other.sees("from the train")
    await expect(tab.page.locator("[data-post]")).to_have_count(0)
    await expect(tab.row("from the train")).to_have_count(1)


async def test_an_unreachable_server_is_reported_and_retried(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, "here at last")
    tab = await people.tab()
    await tab.page.route("**/api/v1/**", lambda route: route.abort())
    await tab.page.goto(f"{tab.base_url}/rooms/{room}")
    await expect(tab.page.get_by_role("heading", name="The server does not answer")).to_be_visible()
    await expect(tab.page.get_by_role("heading", level=1)).to_be_visible()
    await expect(tab.status).to_contain_text(re.compile(r"Reconnecting( in \d+ s|…)"))
    await tab.page.unroute_all()
    await tab.sees("here at last")
    await tab.is_live()
    await expect(tab.page.get_by_role("heading", name="The server does not answer")).to_have_count(0)


async def test_a_stream_of_another_origin_gets_the_session_cookie(people: People) -> None:
    """publish_server reserves a share of its connections for older sessions, so it must see the session."""
    room = await (await people.person("Ann")).make_room()
    tab, bob = await people.member("Bob")
    # Playwright does not see requests of a shared worker; without one, the page opens its streams itself.
    await tab.page.add_init_script("delete window.SharedWorker")
    streams: list[Request] = []
    tab.page.on("request", lambda request: streams.append(request) if "/stream/v1/" in request.url else None)
    await tab.open(f"/rooms/{room}")
    assert {urlsplit(stream.url).path for stream in streams} >= {f"/stream/v1/rooms/{room}"}
    for stream in streams:
        assert not stream.url.startswith(tab.base_url)
        assert bob.token in (await stream.all_headers()).get("cookie", "")


def record_fetches(tab: Tab, room: str) -> list[str]:
    """The tab's counted fetches of the room from now on: the paths below the room."""
    fetches: list[str] = []
    prefix = f"{tab.base_url}/api/v1/rooms/{room}"

    def record(request: Request) -> None:
        if request.method == "GET" and request.url.startswith(prefix):
            fetches.append(request.url.removeprefix(prefix).split("?")[0])

    tab.page.on("request", record)
    return fetches


async def test_joining_a_room_costs_one_counted_fetch(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room("Joined at once")
    message = await ann.post(room, "hello")
    member, _ = await people.member("Bob")
    stranger = await people.tab()
    for tab, later in ((member, "with a session"), (stranger, "without a session")):
        fetches = record_fetches(tab, room)
        await tab.open(f"/rooms/{room}")
        await expect(tab.page.get_by_role("heading", name="Joined at once", exact=True)).to_be_visible()
        await ann.post(room, later)
        await tab.sees(later)
        assert fetches == ["/messages"]
        await ann.react(room, message, "heart")


async def test_a_room_asks_for_its_messages_before_it_loads_its_side_parts(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, "hello")
    tab = await people.tab()
    paths: list[str] = []
    tab.page.on("request", lambda request: paths.append(urlsplit(request.url).path))
    await tab.open(f"/rooms/{room}")
    await tab.sees("hello")
    await expect(tab.page.get_by_role("button", name="New room")).to_be_visible()
    messages = paths.index(f"/api/v1/rooms/{room}/messages")
    room_list = next(place for place, path in enumerate(paths) if path.startswith("/assets/RoomList-"))
    assert messages < room_list, "over HTTP/1.1 the messages would wait for a connection"


async def test_own_reactions_are_fetched_where_a_page_shows_reactions(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.react(room, await ann.post(room, "hello"), "heart")
    tab = await people.tab_of(ann)
    fetches = record_fetches(tab, room)
    await tab.open(f"/rooms/{room}")
    await expect(tab.reaction("hello", "heart")).to_have_attribute("aria-pressed", "true")
    assert fetches == ["/messages", "/reactions/mine"]
