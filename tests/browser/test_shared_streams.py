"""The tabs of a browser share their streams, also after the shared worker or the leading tab has ended."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from contextlib import ExitStack

import pytest
from playwright.async_api import Browser, expect

from local_stack.ports import LOOPBACK
from tests.browser.tab import People, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHOWN_WITHIN_MS = 20_000

WITHOUT_WORKERS = "delete window.SharedWorker;"
WORKERS = {
    "missing": WITHOUT_WORKERS,
    "forbidden": "window.SharedWorker = class { constructor() { throw new DOMException('', 'SecurityError'); } };",
    "not loaded": """window.SharedWorker = class {
        port = new MessageChannel().port1;
        constructor() { setTimeout(() => this.onerror?.(new Event('error'))); }
    };""",
    "silent": "window.SharedWorker = class { port = new MessageChannel().port1; };",
}


async def shows(tab: Tab, text: str) -> None:
    await expect(tab.row(text)).to_have_count(1, timeout=SHOWN_WITHIN_MS)


async def tabs_of_one_browser(people: People, count: int, script: str) -> list[Tab]:
    tab = await people.tab(own_context=True)
    await tab.page.context.add_init_script(script)
    return [tab, *[await people.another_tab(tab.page.context) for _ in range(count - 1)]]


async def run_in_shared_worker(browser: Browser, tab: Tab, script: str) -> None:
    """Run a script in the tab's shared worker, without waiting for its end."""
    page_session = await tab.page.context.new_cdp_session(tab.page)
    own = (await page_session.send("Target.getTargetInfo"))["targetInfo"]
    session = await browser.new_browser_cdp_session()
    targets = (await session.send("Target.getTargets"))["targetInfos"]
    [worker] = [
        target
        for target in targets
        if target["type"] == "shared_worker" and target["browserContextId"] == own["browserContextId"]
    ]
    attached = await session.send("Target.attachToTarget", {"targetId": worker["targetId"], "flatten": False})
    message = json.dumps({"id": 1, "method": "Runtime.evaluate", "params": {"expression": script}})
    await session.send("Target.sendMessageToTarget", {"sessionId": attached["sessionId"], "message": message})


async def end_shared_worker(browser: Browser, tab: Tab, stack: ExitStack) -> None:
    await run_in_shared_worker(browser, tab, "self.close()")


async def hang_shared_worker(browser: Browser, tab: Tab, stack: ExitStack) -> None:
    """Let it wait for a response that never comes: like an endless loop, without its use of the CPU."""
    listener = stack.enter_context(socket.create_server((LOOPBACK, 0)))
    listener.settimeout(SHOWN_WITHIN_MS / 1_000)
    url = f"http://{LOOPBACK}:{listener.getsockname()[1]}/"
    await run_in_shared_worker(
        browser,
        tab,
        f"const request = new XMLHttpRequest(); request.open('GET', '{url}', false); request.send()",
    )
    connection, _ = await asyncio.to_thread(listener.accept)
    stack.enter_context(connection)


@pytest.mark.parametrize("stop", [end_shared_worker, hang_shared_worker], ids=["ends", "hangs"])
async def test_messages_arrive_after_the_shared_worker_ends_or_hangs(
    people: People, browser: Browser, stop: Callable[[Browser, Tab, ExitStack], Awaitable[None]]
) -> None:
    with ExitStack() as stack:
        await follows_without_the_worker(people, lambda tab: stop(browser, tab, stack))


async def follows_without_the_worker(people: People, stop: Callable[[Tab], Awaitable[None]]) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab = await people.tab(own_context=True)
    other = await people.another_tab(tab.page.context)
    for one in (tab, other):
        await one.open(f"/rooms/{room}")
    await ann.post(room, "before")
    await shows(tab, "before")
    await stop(tab)
    await ann.post(room, "after")
    for one in (tab, other):
        await shows(one, "after")
        await one.is_live()
    late = await people.another_tab(tab.page.context)
    await late.open(f"/rooms/{room}")
    await ann.post(room, "in all of them")
    for one in (tab, other, late):
        await shows(one, "in all of them")
        await expect(one.row("before")).to_have_count(1)


@pytest.mark.parametrize(
    ("worker", "tab_count"), [("missing", 8), ("forbidden", 3), ("not loaded", 3), ("silent", 3)]
)
async def test_tabs_share_one_stream_without_a_shared_worker(
    people: People, worker: str, tab_count: int
) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tabs = await tabs_of_one_browser(people, tab_count, WORKERS[worker])
    for tab in tabs:
        await tab.open(f"/rooms/{room}")
    await ann.post(room, "in all of them")
    for tab in tabs:
        await shows(tab, "in all of them")
        await expect(tab.page.locator("[data-testid=viewers]")).to_have_text("1 here")
    await tabs[0].page.close()  # it leads
    await ann.post(room, "in those that are left")
    for tab in tabs[1:]:
        await shows(tab, "in those that are left")
        await tab.is_live()


async def test_tabs_that_cannot_share_fetch_messages_and_say_so(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tabs = await tabs_of_one_browser(people, 5, WITHOUT_WORKERS + "delete window.BroadcastChannel;")
    for tab in tabs:
        await tab.page.goto(f"{tab.base_url}/rooms/{room}")
        await expect(tab.page.locator("[data-testid=room-start]")).to_be_visible()
    await ann.post(room, "in all of them")
    for tab in tabs:
        await shows(tab, "in all of them")
    connections = [await tab.status.get_attribute("data-connection") for tab in tabs]
    assert set(connections) == {"live", "polling"}
    polling = tabs[connections.index("polling")]
    await expect(polling.status).to_contain_text("Live updates are slow here")


async def test_tabs_of_many_rooms_leave_connections_for_one_another(people: People) -> None:
    ann = await people.person("Ann")
    rooms = [await ann.make_room() for _ in range(7)]
    tabs = await tabs_of_one_browser(people, 7, "")
    for tab, room in zip(tabs, rooms, strict=True):
        await tab.page.goto(f"{tab.base_url}/rooms/{room}")
        await expect(tab.page.locator("[data-testid=room-start]")).to_be_visible()
    await asyncio.gather(*(ann.post(room, "hello") for room in rooms))
    for tab in tabs:
        await shows(tab, "hello")
    live = [tab for tab in tabs if await tab.status.get_attribute("data-connection") == "live"]
    assert len(live) == 4
