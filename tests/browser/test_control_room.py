"""The live view of the control room: rooms, rates, processes and stores of a real stack."""

import re
import uuid

import pytest
from playwright.async_api import Browser, Page, expect

from local_stack.postgres import Postgres
from local_stack.valkey import Valkey
from tests.browser.axe import violations
from tests.browser.conftest import visitors
from tests.browser.tab import People
from tests.browser.test_heat_on_the_page import crowd
from tests.browser.test_operator_page import section, signed_in
from tests.ops.test_who_may_call import TABLE
from tests.support.api_calls import path_of
from tests.support.chat_stack import StartChatStack
from tests.support.plain_http import client_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def is_live(page: Page) -> None:
    await expect(page.get_by_test_id("control-room-state")).to_have_attribute("data-live", "true")


async def test_the_operator_watches_a_room_and_changes_its_rules(people: People) -> None:
    owner = await people.person("Ann")
    name = f"Quiz {uuid.uuid4().hex[:8]}"
    room = await owner.make_room(name)
    reader = await (await people.tab()).open(f"/rooms/{room}")
    tab = await signed_in(people)
    await is_live(tab.page)
    row = section(tab, "Rooms by heat").get_by_role("row").filter(has_text=name)
    await expect(row.get_by_role("cell").nth(0)).to_have_text("calm")
    await expect(row.get_by_role("cell").nth(3)).to_have_text("1")  # viewer
    assert await violations(tab) == []

    await row.get_by_role("button", name=f"Change the rules of {name}").click()
    dialog = tab.page.get_by_role("dialog", name=f"Change the rules of {name}")
    await dialog.get_by_label("Slow mode").select_option("30")
    await dialog.get_by_label("Who can write").select_option("regulars")
    await dialog.get_by_label("Reason, for the log (optional)").fill("the quiz begins")
    assert await violations(tab) == []
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    await expect(row.get_by_role("cell").nth(4)).to_have_text("30 s")
    await expect(row.get_by_role("cell").nth(5)).to_have_text("no newcomers")
    stored = await owner.call("GET", f"/rooms/{room}")
    assert (stored["slow_mode_s"], stored["who_can_post"]) == (30, "regulars")
    entry = (await owner.call("GET", f"/rooms/{room}/audit"))["entries"][0]
    assert (entry["action"], entry["details"]["reason"]) == ("change_room", "the quiz begins")
    await expect(section(tab, "What you did").get_by_role("listitem").first).to_contain_text(
        "the quiz begins"
    )
    await reader.is_live()


async def test_the_live_view_shows_rates_processes_and_stores(people: People) -> None:
    tab = await signed_in(people)
    await is_live(tab.page)
    processes = section(tab, "Processes")
    for kind in ("chat_server", "publish_server"):
        row = processes.get_by_role("row").filter(has_text=re.compile(kind))
        await expect(row.first.get_by_role("cell").first).to_have_text("ready")
    for store in ("Postgres", "Redis", "Kafka"):
        row = section(tab, "Stores").get_by_role("row").filter(has_text=store)
        await expect(row.get_by_role("cell").first).to_have_text("up")
    await expect(section(tab, "Stores")).to_contain_text("for Kafka")
    charts = section(tab, "All rooms together").get_by_role("figure")
    await expect(charts).to_have_count(3)
    await expect(charts.locator("canvas")).to_have_count(3)
    await expect(charts.first.get_by_role("definition").first).to_have_text(re.compile(r"^\d"))


async def test_the_live_view_says_that_its_figures_are_old_and_recovers(people: People) -> None:
    tab = await signed_in(people)
    await is_live(tab.page)
    await tab.page.route("**/api/v1/ops/stream", lambda route: route.abort())
    await tab.page.evaluate(
        """() => { Object.defineProperty(document, 'hidden', { value: true, configurable: true });
                   document.dispatchEvent(new Event('visibilitychange')) }"""
    )
    state = tab.page.get_by_test_id("control-room-state")
    await expect(state).to_contain_text("The connection is lost.")
    await tab.page.unroute("**/api/v1/ops/stream")
    await tab.page.evaluate(
        "() => { delete document.hidden; document.dispatchEvent(new Event('visibilitychange')) }"
    )
    await is_live(tab.page)
    assert await violations(tab) == []


async def test_a_hot_room_comes_first_once_the_pointer_has_left_the_list(
    browser: Browser, built_page: object, start_chat_stack: StartChatStack
) -> None:
    stack = start_chat_stack(SPA_DIR=str(built_page), HOTCHAT_ENTER_PER_S="20")
    async with visitors(browser, stack) as people, client_of(stack.publish_url) as reader:
        host = await people.person("Ann")
        watched, fetched = await host.make_room("Watched"), await host.make_room("Fetched")
        tab = await signed_in(people)
        await is_live(tab.page)
        rows = section(tab, "Rooms by heat").locator("tbody tr")
        heat_of_fetched = rows.filter(has_text="Fetched").get_by_role("cell").nth(0)
        await tab.page.mouse.move(1, 1)  # the click of the sign-in has left it on the list
        async with reader.stream("GET", f"/stream/v1/rooms/{watched}"):
            await expect(rows.nth(0)).to_contain_text("Watched")
            await rows.nth(0).hover()
            async with crowd(stack.chat_url, fetched):
                await expect(heat_of_fetched).to_have_text("calm, fetches limited")
                await expect(rows.nth(0)).to_contain_text("Watched")  # the pointer is on it
                await tab.page.mouse.move(1, 1)
                await expect(rows.nth(0)).to_contain_text("Fetched")


CONSEQUENCES = {
    "Redis": "Redis does not answer, so no room is throttled, and heat is unknown.",
    "Postgres": "Postgres does not answer, so posts and changes are refused.",
}


async def test_a_stopped_store_is_shown_with_what_follows_and_recovers(
    browser: Browser,
    built_page: object,
    start_chat_stack: StartChatStack,
    own_postgres: Postgres,
    own_valkey: Valkey,
) -> None:
    own_postgres.ensure_database("hotchat")
    urls = {"DATABASE_URL": own_postgres.url("hotchat"), "REDIS_URL": own_valkey.url()}
    stack = start_chat_stack(scheduler=0, publish=0, SPA_DIR=str(built_page), **urls)
    async with visitors(browser, stack) as people:
        tab = await signed_in(people)
        await is_live(tab.page)
        stores = section(tab, "Stores")
        warning = stores.get_by_role("alert")
        for name, store in (("Redis", own_valkey), ("Postgres", own_postgres)):
            state = stores.get_by_role("row").filter(has_text=name).get_by_role("cell").first
            await expect(state).to_have_text("up")
            await expect(warning).to_have_text("")
            store.stop()
            await expect(state).to_have_text("down")
            await expect(warning).to_contain_text(CONSEQUENCES[name])
            await is_live(tab.page)
            assert await violations(tab) == []
            store.start()
            await expect(state).to_have_text("up")
            await expect(warning).to_have_text("")


ASK = """async ([method, path]) => {
    const answer = await fetch(path, { method });
    const body = await answer.json();
    return [answer.status, body.code, answer.headers.get('content-type')];
}"""
REFUSED = {
    "nobody": [401, "unauthenticated", "application/problem+json"],
    "a person": [403, "forbidden", "application/problem+json"],
}


@pytest.mark.parametrize(("who", "refusal"), REFUSED.items())
async def test_nothing_is_visible_without_the_sign_in(
    people: People, who: str, refusal: list[object]
) -> None:
    tab = await people.tab() if who == "nobody" else (await people.member("Ann"))[0]
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    await tab.page.goto(f"{tab.base_url}/ops")
    await expect(tab.page.get_by_label("Operator's token")).to_be_visible()
    await expect(tab.page.get_by_role("region")).to_have_count(0)
    assert not [url for url in asked if url.endswith("/ops/stream")]
    for method, template in TABLE:
        path = path_of(template, room_id="lobby", user_id=str(uuid.uuid4()))
        assert await tab.page.evaluate(ASK, [method, path]) == refusal, (method, template)


async def test_the_figures_are_gone_when_the_sign_in_has_ended(people: People) -> None:
    tab = await signed_in(people)
    await is_live(tab.page)
    await tab.page.context.clear_cookies(name="hotchat_operator")
    await tab.page.evaluate(
        """() => { for (const value of [true, false]) {
                     Object.defineProperty(document, 'hidden', { value, configurable: true });
                     document.dispatchEvent(new Event('visibilitychange')) } }"""
    )
    await expect(tab.page.get_by_label("Operator's token")).to_be_visible()
    await expect(tab.page.get_by_role("region")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_live_view_is_usable_on_a_phone(people: People, scheme: str) -> None:
    tab = await people.tab(color_scheme=scheme, viewport={"width": 390, "height": 844})
    await signed_in(people, tab)
    await is_live(tab.page)
    overflow = "() => document.querySelector('main').scrollWidth - document.querySelector('main').clientWidth"
    assert await tab.page.evaluate(overflow) <= 0
    change = section(tab, "Rooms by heat").get_by_role("button", name="Change the rules of").first
    await change.scroll_into_view_if_needed()
    await change.click()
    await expect(tab.page.get_by_role("dialog")).to_be_visible()
    await tab.page.keyboard.press("Escape")
    assert await violations(tab) == []


async def test_figures_and_drafts_stay_while_the_server_is_away(
    browser: Browser, built_page: object, start_chat_stack: StartChatStack
) -> None:
    stack = start_chat_stack(scheduler=0, publish=0, SPA_DIR=str(built_page))
    (server,) = stack.chat_servers
    async with visitors(browser, stack) as people:
        tab = await signed_in(people)
        await is_live(tab.page)
        rate = section(tab, "Settings of hot rooms").get_by_label("A room turns hot at", exact=False)
        await rate.first.fill("1234")
        server.stop()
        state = tab.page.get_by_test_id("control-room-state")
        await expect(state).to_contain_text(re.compile(r"The figures are \d+ seconds? old"))
        await expect(section(tab, "Stores").get_by_role("row").filter(has_text="Postgres")).to_be_visible()
        await expect(rate.first).to_have_value("1234")
        server.start()
        server.wait_ready()
        await is_live(tab.page)
        await expect(rate.first).to_have_value("1234")
