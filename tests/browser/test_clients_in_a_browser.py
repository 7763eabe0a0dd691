"""The browser's EventSource and @microsoft/fetch-event-source, both unmodified, read a room and resume."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from local_stack.node import FRONTEND
from tests.browser.tab import People, Person
from tests.support.chat_stack import ChatStack, StartChatStack
from tests.support.plain_http import client_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

NATIVE = """url => {
    window.seen = [];
    new EventSource(url).addEventListener('message.created', event =>
        window.seen.push([event.lastEventId, JSON.parse(event.data).message.text]));
}"""
FETCH = """url => {
    window.seen = [];
    fes.fetchEventSource(url, {openWhenHidden: true, onmessage: event => {
        if (event.event === 'message.created') window.seen.push([event.id, JSON.parse(event.data).message.text]);
    }});
}"""


@pytest.fixture(scope="module")
def fetch_event_source(built_page: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The package as one script that sets `fes`, as a bundler would include it."""
    script = tmp_path_factory.mktemp("bundle") / "fes.js"
    rolldown = FRONTEND / "node_modules" / ".bin" / "rolldown"
    entry = FRONTEND / "node_modules" / "@microsoft" / "fetch-event-source" / "lib" / "esm" / "index.js"
    subprocess.run([rolldown, entry, "-f", "iife", "-n", "fes", "-o", script], check=True, cwd=FRONTEND)
    return script.read_text()


@pytest.mark.parametrize("client", ["EventSource", "fetch-event-source"])
async def test_a_client_reads_and_resumes_over_a_killed_server(
    browser: Browser, fetch_event_source: str, start_chat_stack: StartChatStack, client: str
) -> None:
    stack = start_chat_stack(scheduler=0)
    async with client_of(stack.chat_url) as http:
        people = People(browser, stack.chat_url, http)
        ann = await people.person("Ann")
        room = await ann.make_room()
        page = (await people.tab()).page
        await page.goto(stack.chat_url + "/healthz/live")
        url = f"{stack.publish_url}/stream/v1/rooms/{room}?last_event_id=0"
        if client == "EventSource":
            await page.evaluate(NATIVE, url)
        else:
            await page.evaluate(f"() => {{ {fetch_event_source}; window.fes = fes; }}")
            await page.evaluate(FETCH, url)
        posted = await reads_over_a_kill(stack, ann, room, page)
        assert await page.evaluate("() => window.seen") == [[str(one["seq"]), one["text"]] for one in posted]
        await people.leave()


async def reads_over_a_kill(stack: ChatStack, ann: Person, room: str, page: Page) -> list[dict[str, Any]]:
    posted = [await ann.post(room, "before")]
    await page.wait_for_function("() => window.seen.length === 1")
    [publish] = stack.publish_servers
    publish.kill()
    posted.append(await ann.post(room, "while it is down"))
    publish.start_and_wait()
    posted.append(await ann.post(room, "after"))
    await page.wait_for_function("() => window.seen.length >= 3")
    return posted
