"""A test finds nothing of the test before it, although both use the same browser context."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.browser.conftest import visitors
from tests.browser.reused_contexts import ReusedContexts
from tests.browser.tab import People, Tab
from tests.support.chat_stack import ChatStack

pytestmark = pytest.mark.asyncio(loop_scope="session")

STORED = """async () => ({
    local: Object.keys(localStorage),
    session: Object.keys(sessionStorage),
    databases: (await indexedDB.databases()).map(({name}) => name),
    caches: await caches.keys(),
})"""
NOTHING: dict[str, list[str]] = {"local": [], "session": [], "databases": [], "caches": []}

STORE = """async () => {
    localStorage.setItem('draft', 'mine');
    sessionStorage.setItem('draft', 'mine');
    await caches.open('drafts');
    await new Promise((stored) => { indexedDB.open('drafts').onsuccess = stored; });
}"""

TIME_ZONE = "() => new Intl.DateTimeFormat().resolvedOptions().timeZone"
IS_REACHABLE = "() => fetch('/healthz/live', {cache: 'no-store'}).then(() => true, () => false)"
UNREACHABLE: dict[str, Any] = {
    "offline": True,
    "latency": 0,
    "downloadThroughput": -1,
    "uploadThroughput": -1,
}


async def test_cookies_and_stores_are_empty_and_the_network_is_on_for_the_next_user(
    browser_of_reused_contexts: Browser, hotchat: ChatStack
) -> None:
    contexts = ReusedContexts(browser_of_reused_contexts, hotchat.chat_url)
    async with visitors(browser_of_reused_contexts, hotchat, contexts) as people:
        tab, _ = await people.member("Ann")
        await tab.open("/")
        await tab.page.evaluate(STORE)
        used = tab.page.context
        await used.set_offline(True)
    async with visitors(browser_of_reused_contexts, hotchat, contexts) as people:
        tab = await people.tab()
        assert tab.page.context is used
        await tab.page.goto(f"{tab.base_url}/healthz/live")
        assert await tab.page.evaluate(STORED) == NOTHING
        assert await used.cookies() == []
    await used.close()


async def test_a_shared_worker_of_the_last_user_has_ended(
    browser_of_reused_contexts: Browser, hotchat: ChatStack
) -> None:
    contexts = ReusedContexts(browser_of_reused_contexts, hotchat.chat_url)
    used = await contexts.take()
    tab = Tab(await used.context.new_page(), hotchat.chat_url)
    assert not await used.has_workers()
    await tab.open("/")
    assert await used.has_workers()
    await contexts.give_back(used)
    assert await contexts.take() is used
    assert not await used.has_workers()
    await used.context.close()


async def test_the_time_zone_and_the_slow_network_of_the_last_user_are_gone(
    browser_of_reused_contexts: Browser, hotchat: ChatStack
) -> None:
    contexts = ReusedContexts(browser_of_reused_contexts, hotchat.chat_url)
    async with visitors(browser_of_reused_contexts, hotchat, contexts) as people:
        tab = await people.tab()
        used = tab.page.context
        await tab.page.goto(f"{tab.base_url}/healthz/live")
        zone = await tab.page.evaluate(TIME_ZONE)
        devtools = await used.new_cdp_session(tab.page)
        await devtools.send("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
        await devtools.send("Network.emulateNetworkConditions", UNREACHABLE)
        assert await tab.page.evaluate(TIME_ZONE) == "Asia/Tokyo"
        assert not await tab.page.evaluate(IS_REACHABLE)
    async with visitors(browser_of_reused_contexts, hotchat, contexts) as people:
        tab = await people.tab()
        assert tab.page.context is used
        await tab.page.goto(f"{tab.base_url}/healthz/live")
        assert await tab.page.evaluate(TIME_ZONE) == zone
        assert await tab.page.evaluate(IS_REACHABLE)
    await used.close()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda page: page.context.add_init_script("void 0"), id="script"),
        pytest.param(lambda page: page.context.grant_permissions(["clipboard-read"]), id="permission"),
        pytest.param(lambda page: page.context.route("**", lambda route: route.abort()), id="route"),
        pytest.param(lambda page: page.clock.install(), id="clock"),
    ],
)
async def test_a_context_with_a_lasting_change_serves_no_other_test(
    contexts: ReusedContexts, change: Callable[[Page], Awaitable[None]]
) -> None:
    changed = await contexts.take()
    await change(await changed.context.new_page())
    await contexts.give_back(changed)
    other = await contexts.take()
    assert other is not changed
    await contexts.give_back(other)


async def test_the_second_tab_of_a_browser_needs_a_context_of_its_own(people: People) -> None:
    tab = await people.tab()
    with pytest.raises(AssertionError, match="own_context=True"):
        await people.another_tab(tab.page.context)
    first = await people.tab(own_context=True)
    assert (await people.another_tab(first.page.context)).page.context is first.page.context


async def test_a_tab_has_the_viewport_and_the_colours_that_its_test_chooses(people: People) -> None:
    """The next one has the usual ones."""
    shown = "() => [innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]"
    small = await people.tab(viewport={"width": 500, "height": 400}, color_scheme="dark")
    assert await small.page.evaluate(shown) == [500, True]
    usual = await small.page.context.new_page()
    assert await usual.evaluate(shown) == [1280, False]
