"""The Content-Security-Policy of the frontend, and the sites that may frame a room."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import quote

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Frame, Page, expect

from local_stack.ports import LOOPBACK
from tests.browser.tab import People

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_browser_gets_the_script_in_the_form_that_the_build_made(people: People) -> None:
    tab = await people.tab()
    codings: dict[str, str | None] = {}
    tab.page.on(
        "response", lambda answer: codings.update({answer.url: answer.headers.get("content-encoding")})
    )
    await tab.page.goto(f"{tab.base_url}/rooms/lobby")
    await tab.is_live()
    first = {url: coding for url, coding in codings.items() if re.search("/assets/(first|style)-", url)}
    assert len(first) == 2 and set(first.values()) <= {"br", "gzip"}


async def test_no_script_runs_that_is_not_a_file_of_the_page(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    tab = await people.tab()
    answer = await tab.page.goto(f"{tab.base_url}/rooms/{room}")
    assert answer is not None
    policy = dict(rule.strip().split(" ", 1) for rule in answer.headers["content-security-policy"].split(";"))
    assert policy["script-src"] == "'self'"
    await tab.is_live()
    await tab.page.evaluate(
        """() => {
            const script = document.createElement('script');
            script.textContent = 'window.harmed = 1';
            document.body.append(script);
            const image = document.createElement('div');
            image.innerHTML = '<img src="data:," onerror="window.harmed = 1">';
            document.body.append(image);
            window.refused = 0;
            document.addEventListener('securitypolicyviolation', () => { window.refused += 1; });
            const again = document.createElement('script');
            again.textContent = 'window.harmed = 1';
            document.body.append(again);
        }"""
    )
    await tab.page.wait_for_function("() => window.refused > 0")
    assert await tab.page.evaluate("() => window.harmed ?? null") is None


Show = Callable[[Page, str], Awaitable[Frame]]


@pytest_asyncio.fixture(loop_scope="session")
async def show() -> AsyncIterator[Show]:
    """Show an address in a frame on a page of another site. Returns the frame."""

    async def page_with_a_frame(request: web.Request) -> web.Response:
        frame = f'<iframe src="{request.query["url"]}" width="600" height="500"></iframe>'
        return web.Response(text=f"<!doctype html><title>Show</title>{frame}", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page_with_a_frame)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    port = runner.addresses[0][1]

    async def shown(page: Page, url: str) -> Frame:
        await page.goto(f"http://localhost:{port}/?url={quote(url, safe='')}")  # the room is at 127.0.0.1
        [frame] = page.main_frame.child_frames
        return frame

    yield shown
    await runner.cleanup()


async def test_an_embedded_room_can_be_read_and_written_on_another_sites_page(
    people: People, show: Show
) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room("In a frame")
    await ann.post(room, "hello, show")
    tab = await people.tab()
    frame = await show(tab.page, f"{tab.base_url}/embed/rooms/{room}")
    await expect(frame.locator("article")).to_contain_text("hello, show")
    await frame.locator("textarea").fill("hello from the frame")
    await frame.locator("textarea").press("Enter")
    await frame.get_by_label("What should people call you?").fill("Framed")
    await frame.get_by_role("button", name="Join and send").click()
    posted = frame.get_by_role("log").get_by_text(
        "hello from the frame"
    )  # until then the composer keeps the text
    await expect(posted).to_be_visible()
    await expect(frame.locator("[data-post]")).to_have_count(0)
    page = await ann.call("GET", f"/rooms/{room}/messages")
    assert [message["text"] for message in page["messages"]] == ["hello, show", "hello from the frame"]


async def test_nothing_in_an_embedded_room_leads_out_of_its_frame(people: People, show: Show) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room("In a frame")
    await ann.post(room, "see https://example.org/page and [this](https://example.com/)")
    tab = await people.tab()
    frame = await show(tab.page, f"{tab.base_url}/embed/rooms/{room}")
    await expect(frame.locator("article a")).to_have_count(2)
    await leads_nowhere(frame)
    frame = await show(tab.page, f"{tab.base_url}/embed/rooms/no-such-room")
    await expect(frame.get_by_role("heading", name="There is no such room")).to_be_visible()
    await leads_nowhere(frame)
    for path in ("/embed/nope", "/embed", "/embed/rooms/a/b"):
        await tab.page.goto(f"{tab.base_url}{path}")
        await expect(tab.page.get_by_role("heading", name="This page does not exist")).to_be_visible()
        await expect(tab.page.get_by_role("link")).to_have_count(0)


async def leads_nowhere(frame: Frame) -> None:
    links = await frame.locator("a").evaluate_all(
        "links => links.map(link => [link.target, link.relList.contains('noopener')])"
    )
    assert all(link == ["_blank", True] for link in links)


async def test_only_the_embed_page_may_be_shown_in_another_sites_frame(people: People, show: Show) -> None:
    room = await (await people.person("Ann")).make_room()
    tab = await people.tab()
    for path in (f"/rooms/{room}", "/embed/nope", "/index.html"):
        frame = await show(tab.page, f"{tab.base_url}{path}")
        await is_refused(tab.page, frame)


async def is_refused(page: Page, frame: Frame) -> None:
    async with asyncio.timeout(30):
        while not frame.url.startswith("chrome-error:"):
            await page.evaluate("() => new Promise(requestAnimationFrame)")
    assert await frame.locator("textarea").count() == 0


async def test_the_api_documentation_loads_nothing_from_other_hosts(people: People) -> None:
    tab = await people.tab()
    urls: set[str] = set()
    tab.page.on("request", lambda request: urls.add(request.url))
    await tab.page.goto(f"{tab.base_url}/docs")
    await expect(tab.page.locator(".swagger-ui .info .title")).to_contain_text("Hotchat chat_server")
    assert all(url.startswith((f"{tab.base_url}/", "data:")) for url in urls), urls
