"""The main scenarios: several browsers in one room, and no message is lost."""

import asyncio
import re

import pytest
from playwright.async_api import Browser, expect

from tests.browser.tab import People
from tests.support.chat_stack import StartChatStack
from tests.support.plain_http import client_of

pytestmark = pytest.mark.asyncio(loop_scope="session")  # the shared browser runs on the session's event loop


async def test_a_first_visit_shows_the_live_room_without_a_session(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room("Show night")
    await ann.post(room, "hello there")
    tab = await people.tab()
    await tab.open(f"/rooms/{room}")
    await tab.sees("hello there")
    await ann.post(room, "and live")
    await tab.sees("and live")
    await expect(tab.page.get_by_role("heading", level=1, name="Show night")).to_be_visible()
    assert not [cookie for cookie in await tab.page.context.cookies() if cookie["name"] == "hotchat_session"]


async def test_the_lobby_is_at_the_root(people: People) -> None:
    tab = await people.tab()
    await tab.open("/")
    await expect(tab.page.get_by_role("heading", level=1, name="Lobby")).to_be_visible()


async def test_the_first_post_asks_for_a_nickname_and_keeps_the_text(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    tab = await people.tab()
    await tab.open(f"/rooms/{room}")
    await tab.write("my first words")
    suggestion = tab.page.get_by_label("What should people call you?")
    await expect(suggestion).to_be_focused()
    assert await suggestion.input_value() != ""
    await expect(tab.composer).to_have_value("my first words")
    await tab.join("Bob")
    await tab.sees("my first words")
    await expect(tab.composer).to_have_value("")
    await expect(tab.composer).to_be_focused()
    await tab.write("more")
    await tab.sees("more")


async def test_a_nickname_the_server_refuses_is_explained_in_place(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    tab = await people.tab()
    await tab.open(f"/rooms/{room}")
    await tab.write("hello")
    field = tab.page.get_by_label("What should people call you?")
    await field.fill("bad\u202ename")
    await field.press("Enter")
    await expect(tab.page.locator("#nickname-problem")).not_to_be_empty()
    await tab.join("Good name")
    await tab.sees("hello")


async def test_two_browsers_see_each_others_messages_and_reactions(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    one, two = await people.tab(), await people.tab()
    await asyncio.gather(one.open(f"/rooms/{room}"), two.open(f"/rooms/{room}"))
    await one.write("from one")
    await one.join("Uno")
    await two.sees("from one")
    await two.write("from two")
    await two.join("Dos")
    await one.sees("from two")
    await two.react("from one", "Love")
    await expect(one.reaction("from one", "heart")).to_have_text("1")
    await one.react("from one", "Love")
    await expect(two.reaction("from one", "heart")).to_have_text("2")
    await expect(two.reaction("from one", "heart")).to_have_attribute("aria-pressed", "true")
    await two.reaction("from one", "heart").click()
    await expect(one.reaction("from one", "heart")).to_have_text("1")
    await expect(two.reaction("from one", "heart")).to_have_attribute("aria-pressed", "false")


async def test_a_reload_keeps_everything(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    tab = await people.tab()
    await tab.open(f"/rooms/{room}")
    await tab.write("remember me")
    await tab.join("Bob")
    await tab.sees("remember me")
    await tab.react("remember me", "Funny")
    await expect(tab.reaction("remember me", "laugh")).to_have_text("1")
    await tab.composer.fill("half a thought")
    await tab.page.reload()
    await tab.is_live()
    await tab.sees("remember me")
    await expect(tab.reaction("remember me", "laugh")).to_have_attribute("aria-pressed", "true")
    await expect(tab.composer).to_have_value("half a thought")
    await tab.composer.press("Enter")
    await tab.sees("half a thought")


async def test_scrolling_back_loads_history_and_the_list_keeps_its_place(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post_many(room, [f"message {number}" for number in range(130)])
    tab = await people.tab()
    await tab.open(f"/rooms/{room}")
    await tab.sees("message 129")
    await tab.list.hover()
    async with asyncio.timeout(30):
        while not await tab.row("message 0").count():
            await tab.page.mouse.wheel(0, -900)
            await tab.page.evaluate("() => new Promise(requestAnimationFrame)")
    await tab.sees("message 0")
    await ann.post(room, "something new")
    chip = tab.page.locator("[data-testid=new-chip]")
    await expect(chip).to_contain_text("1 new")
    await expect(tab.row("message 0")).to_be_visible()
    await chip.click()
    await expect(tab.row("something new")).to_be_in_viewport()


async def test_killed_servers_lose_nothing(
    browser: Browser, built_page: object, start_chat_stack: StartChatStack
) -> None:
    stack = start_chat_stack(SPA_DIR=str(built_page))
    async with client_of(stack.chat_url) as http:
        people = People(browser, stack.chat_url, http)
        one, two = await people.tab(), await people.tab()
        await asyncio.gather(one.open("/"), two.open("/"))
        await one.write("before")
        await one.join("Uno")
        await two.sees("before")

        [publish] = stack.publish_servers
        publish.kill()
        await one.write("while no one streams")
        await expect(two.status).to_have_attribute(
            "data-connection", re.compile("reconnecting|catching-up|polling")
        )
        publish.start_and_wait()
        await two.sees("while no one streams")
        await asyncio.gather(one.is_live(), two.is_live())

        [chat] = stack.chat_servers
        chat.kill()
        await one.write("while no one answers")
        await expect(one.row("while no one answers")).to_have_count(1)
        chat.start_and_wait()
        await two.sees("while no one answers")
        for tab in (one, two):
            for text in ("before", "while no one streams", "while no one answers"):
                await tab.sees(text)
        await people.leave()


async def test_a_message_written_offline_is_sent_once_when_the_network_is_back(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.page.context.set_offline(True)
    await tab.write("first, offline")
    await tab.write("second, offline")
    await expect(tab.row("second, offline")).to_be_visible()
    await expect(tab.status).to_contain_text("You are offline")
    await tab.page.context.set_offline(False)
    await expect(tab.page.locator("[data-post]")).to_have_count(0, timeout=30_000)
    page = await ann.call("GET", f"/rooms/{room}/messages")
    assert [message["text"] for message in page["messages"]] == ["first, offline", "second, offline"]


async def test_unsent_messages_survive_a_reload(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    tab, bob = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.page.route(
        "**/api/v1/rooms/*/messages",
        lambda route: route.abort() if route.request.method == "POST" else route.fallback(),
    )
    await tab.write("stuck for now")
    await expect(tab.page.locator("[data-post]")).to_contain_text("Sending again")
    await tab.page.unroute_all()
    await tab.page.reload()
    await tab.is_live()
    await tab.sees("stuck for now")
    await expect(tab.page.locator("[data-post]")).to_have_count(0)
    page = await bob.call("GET", f"/rooms/{room}/messages")
    assert [message["text"] for message in page["messages"]] == ["stuck for now"]


async def test_a_room_that_does_not_exist_shows_an_error_with_a_link_to_the_lobby(people: People) -> None:
    tab = await people.tab()
    await tab.page.goto(tab.base_url + "/rooms/never-made")
    await expect(tab.page.get_by_role("heading", name="There is no such room")).to_be_visible()
    await tab.page.get_by_role("link", name="Go to the lobby").click()
    await tab.is_live()


async def test_a_hot_room_shows_when_older_messages_load_and_retries(
    browser: Browser, built_page: object, start_chat_stack: StartChatStack
) -> None:
    stack = start_chat_stack(
        SPA_DIR=str(built_page),
        HOTCHAT_ENTER_PER_S="20",
        HOT_FETCH_PER_CLIENT_PER_S="0.2",
        HOT_FETCH_BURST="2",
    )
    async with client_of(stack.chat_url) as http:
        people = People(browser, stack.chat_url, http)
        ann = await people.person("Ann")
        await ann.post_many("lobby", [f"message {number}" for number in range(200)])
        tab, _ = await people.member("Bob")
        await tab.open("/")
        stop = asyncio.Event()

        async def crowd() -> None:
            while not stop.is_set():
                await http.get("/api/v1/rooms/lobby/messages")
                await asyncio.sleep(0.01)

        crowds = [asyncio.create_task(crowd()) for _ in range(3)]
        try:
            await expect(tab.page.locator("[data-testid=hot-badge]")).to_be_visible()
            await tab.list.hover()
            for _ in range(100):
                if "Older messages in" in (await tab.status.inner_text()):
                    break
                await tab.page.mouse.wheel(0, -2_000)
                await tab.page.evaluate("() => new Promise(requestAnimationFrame)")
            await expect(tab.status).to_contain_text("Older messages in")
            rows_before = await tab.rows.first.get_attribute("data-seq")
        finally:
            stop.set()
            await asyncio.gather(*crowds)
        await expect(tab.status).not_to_contain_text("Older messages in", timeout=30_000)
        assert rows_before is not None
        await people.leave()
