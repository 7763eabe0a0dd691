"""The rules by which a room stays readable at 200 messages a second, on a recorded crowd."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, expect

from local_stack.ports import free_port
from local_stack.server_process import ServerProcess
from tests.browser.tab import People, Tab
from tests.chat_stack import ROOT

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOT = 200
Rect = dict[str, float]


@pytest.fixture(scope="module")
def busy_server(built_page: Path, logs_dir: Path) -> Iterator[ServerProcess]:
    port = free_port()
    env = {"PATH": os.environ["PATH"], "PORT": str(port), "SPA_DIR": str(built_page)}
    server = ServerProcess(
        "replay_server",
        "tests.browser.replay_server",
        env=env,
        log_path=logs_dir / "replay.log",
        port=port,
        cwd=ROOT,
    )
    server.start_and_wait()
    yield server
    server.stop()


class BusyRoom:
    """A tab in the busy room, and what steers the room."""

    def __init__(self, tab: Tab, http: httpx.AsyncClient) -> None:
        self.tab = tab
        self._http = http

    async def control(self, what: str, **body: Any) -> Any:
        return (await self._http.post(f"/control/{what}", json=body)).json()

    async def said_by(self, nickname: str) -> list[dict[str, Any]]:
        """What the server has of somebody, oldest first."""
        page = (await self._http.get("/api/v1/rooms/lobby/messages", params={"limit": 5_000})).json()
        return [message for message in page["messages"] if message["author"]["nickname"] == nickname]

    async def rate(self, per_s: float) -> None:
        await self.control("rate", rate=per_s)

    async def rows_in_view(self) -> dict[str, Rect]:
        """Message id → where its row is, for rows that are wholly in view."""
        found: dict[str, Rect] = await self.tab.list.evaluate(
            """list => {
                const view = list.getBoundingClientRect();
                const rows = [...list.querySelectorAll('article')].map(row => [row, row.getBoundingClientRect()]);
                return Object.fromEntries(rows
                    .filter(([, rect]) => rect.top >= view.top && rect.bottom <= view.bottom)
                    .map(([row, rect]) => [row.dataset.messageId, {top: rect.top, height: rect.height}]));
            }"""
        )
        return found

    async def is_frozen(self) -> None:
        await expect(self.tab.list).to_have_attribute("data-frozen", "true")

    async def stands_still(self) -> None:
        """A key's or a wheel's scroll is over: the browser draws it over several frames."""
        await self.tab.page.wait_for_function(
            """async () => {
                const list = document.querySelector('.list');
                const before = list.scrollTop;
                for (let i = 0; i < 10; i++) await new Promise(requestAnimationFrame);
                return list.scrollTop === before;
            }"""
        )

    async def frames(self, count: int) -> None:
        await self.tab.page.evaluate(
            "async count => { for (let i = 0; i < count; i++) await new Promise(requestAnimationFrame); }",
            count,
        )


@pytest_asyncio.fixture(loop_scope="session")
async def busy(browser: Browser, busy_server: ServerProcess) -> AsyncIterator[BusyRoom]:
    async with httpx.AsyncClient(base_url=busy_server.base_url) as http:
        await http.post("/control/reset", json={})
        people = People(browser, busy_server.base_url, http)
        tab = await people.tab(viewport={"width": 1000, "height": 800})
        await tab.open("/")
        yield BusyRoom(tab, http)
        await people.leave()


async def busy_now(busy: BusyRoom) -> None:
    await busy.rate(HOT)
    await expect(busy.tab.status).to_contain_text("messages/s")


@pytest.mark.parametrize("how", ["wheel", "page up", "hover", "selection", "focus", "menu"])
async def test_whoever_looks_closer_has_a_list_that_stands_still(busy: BusyRoom, how: str) -> None:
    await busy_now(busy)
    page, rows = busy.tab.page, busy.tab.rows
    match how:
        case "wheel":
            await page.mouse.move(500, 400)
            await page.mouse.wheel(0, -10)
        case "page up":
            await busy.tab.list.focus()
            await page.keyboard.press("PageUp")
        case "hover":
            await page.mouse.move(500, 400)
        case "selection":
            await rows.nth(-3).locator(".text").evaluate("text => getSelection().selectAllChildren(text)")
        case "focus":
            await rows.nth(-3).evaluate("row => row.focus({preventScroll: true})")
        case _:
            await rows.nth(-3).get_by_label("More actions").evaluate("button => button.click()")
            await expect(page.get_by_role("menu")).to_be_visible()
    await busy.is_frozen()
    await busy.stands_still()
    before = await busy.rows_in_view()
    assert len(before) > 3
    await busy.frames(90)
    after = await busy.rows_in_view()
    assert {row: after.get(row) for row in before} == before
    await expect(busy.tab.page.locator(".new-chip")).to_contain_text("new")


async def test_hover_lets_the_list_go_when_the_pointer_leaves(busy: BusyRoom) -> None:
    await busy_now(busy)
    await busy.tab.page.mouse.move(500, 400)
    await busy.is_frozen()
    await busy.tab.page.mouse.move(500, 20)
    await expect(busy.tab.list).to_have_attribute("data-frozen", "false")


@pytest.mark.parametrize("way", ["End", "Escape", "chip"])
async def test_end_esc_and_the_chip_lead_back_to_the_newest(busy: BusyRoom, way: str) -> None:
    await busy_now(busy)
    await busy.tab.list.focus()
    await busy.tab.page.keyboard.press("PageUp")
    await busy.is_frozen()
    if way == "chip":
        await busy.tab.page.locator(".new-chip").click(force=True)
        await busy.tab.page.mouse.move(500, 20)
    else:
        await busy.tab.page.keyboard.press(way)
    await expect(busy.tab.list).to_have_attribute("data-frozen", "false")
    await busy.rate(0)
    last = await busy.control("say", nickname="Owner", text="the very last")
    await expect(busy.tab.page.locator(f"[data-message-id='{last['id']}']")).to_be_in_viewport()


async def test_a_click_acts_on_the_row_that_was_under_the_pointer(busy: BusyRoom) -> None:
    await busy_now(busy)
    page = busy.tab.page
    await page.mouse.move(420, 500)
    await busy.is_frozen()
    await busy.stands_still()
    under = await page.evaluate(
        "() => document.elementFromPoint(420, 500).closest('article')?.dataset.messageId ?? null"
    )
    await page.mouse.down()
    await busy.frames(60)
    still = await page.evaluate(
        "() => document.elementFromPoint(420, 500).closest('article')?.dataset.messageId ?? null"
    )
    await page.mouse.up()
    assert still == under


async def test_at_most_six_new_rows_a_second_and_the_rest_is_counted_in_place(busy: BusyRoom) -> None:
    await busy.tab.page.evaluate(
        """() => {
            window.seen = new Map();
            const rows = [...document.querySelectorAll('article')];
            const last = Math.max(...rows.map(row => Number(row.dataset.seq)));
            new MutationObserver(() => {
                for (const row of document.querySelectorAll('article')) {
                    const id = row.dataset.messageId;
                    const time = row.querySelector('.bubble').title;
                    if (Number(row.dataset.seq) > last) window.seen.set(id, time);
                }
            }).observe(document.querySelector('.list'), {subtree: true, childList: true});
        }"""
    )
    await busy_now(busy)
    await busy.tab.page.wait_for_function("() => new Set(window.seen.values()).size >= 4")
    await busy.rate(0)
    times: list[str] = await busy.tab.page.evaluate("() => [...window.seen.values()]")
    per_second = {time: times.count(time) for time in set(times)}
    assert len(per_second) >= 3
    assert max(per_second.values()) <= 6
    left_out = busy.tab.page.locator(".left-out").last
    count = int((await left_out.inner_text()).removeprefix("+"))
    rows_before = await busy.tab.rows.count()
    assert count > 0
    await left_out.click()
    await expect(busy.tab.page.locator(".left-out")).not_to_have_count(0)
    assert await busy.tab.rows.count() >= rows_before


async def test_mentions_replies_and_the_owner_are_always_shown(busy: BusyRoom) -> None:
    await busy.tab.write("my own words")
    await busy.tab.join("Mina")
    await expect(busy.tab.page.locator(".row-post")).to_have_count(0)  # until then its row has another id
    own_id = (await busy.said_by("Mina"))[-1]["id"]
    await busy_now(busy)
    await busy.tab.list.focus()
    await busy.tab.page.keyboard.press("PageUp")
    await busy.is_frozen()
    await busy.control("say", nickname="Ann", text="look here @Mina")
    await busy.control("say", nickname="Bob", text="an answer to that", reply_to=own_id)
    await busy.control("say", nickname="Owner", text="a word from the owner")
    await expect(busy.tab.page.locator(".new-chip")).to_contain_text("2 for you")
    await busy.rate(0)
    await busy.tab.page.keyboard.press("Escape")
    for text in ("a word from the owner", "an answer to that", "look here @Mina"):
        await busy.tab.looks_back_for(text)


async def test_reactions_and_edits_never_change_the_height_of_a_row_in_view(busy: BusyRoom) -> None:
    message = await busy.control("say", text="short")
    await busy.tab.sees("short")
    row = busy.tab.page.locator(f"[data-message-id='{message['id']}']")
    before = await row.bounding_box()
    for kind in ("heart", "sad", "laugh"):
        await busy.control("react", id=message["id"], kind=kind)
    await expect(row.locator(".reaction")).to_have_count(3)
    await busy.control("edit", id=message["id"], text="a much longer text " * 30)
    await expect(row.get_by_role("button", name="edited, show all")).to_be_visible()
    assert await row.bounding_box() == before
    await row.get_by_role("button", name="edited, show all").click()
    after = await row.bounding_box()
    assert before is not None and after is not None and after["height"] > before["height"]


async def test_a_count_changes_on_screen_at_most_twice_a_second(busy: BusyRoom) -> None:
    message = await busy.control("say", text="count me")
    await busy.control("react", id=message["id"])
    chip = busy.tab.page.locator(f"[data-message-id='{message['id']}'] .reaction-heart")
    await expect(chip).to_have_text("1")
    await chip.evaluate(
        """chip => {
            window.startedMs = performance.now();
            window.counts = [];
            new MutationObserver(() => window.counts.push(Number(chip.innerText)))
                .observe(chip, {subtree: true, characterData: true, childList: true});
        }"""
    )
    for _ in range(60):
        await busy.control("react", id=message["id"])
    await expect(chip).to_have_text("61")
    counts, lasted_ms = await busy.tab.page.evaluate(
        "() => [window.counts, performance.now() - window.startedMs]"
    )
    assert counts == sorted(set(counts)), "a count never goes back, and is not drawn twice"
    assert len(counts) <= lasted_ms / 500 + 1


async def test_my_own_message_is_there_before_the_server_has_it_and_once_afterwards(
    busy: BusyRoom,
) -> None:
    await busy.tab.write("hello")
    await busy.tab.join("Mina")
    await busy.tab.sees("hello")
    await busy_now(busy)
    await busy.tab.page.keyboard.press("Escape")
    seen = asyncio.Event()

    async def answer_late(route: Route) -> None:
        if route.request.method == "POST":
            await seen.wait()
        await route.fallback()

    await busy.tab.page.route("**/api/v1/rooms/*/messages", answer_late)
    await busy.tab.write("right away")
    await expect(busy.tab.row("right away")).to_be_in_viewport()
    assert "right away" not in [said["text"] for said in await busy.said_by("Mina")]
    await busy.rate(0)
    seen.set()
    await expect(busy.tab.page.locator(".row-post")).to_have_count(0)
    await busy.tab.sees("right away")


async def test_sending_while_frozen_does_not_scroll_and_a_chip_links_to_it(busy: BusyRoom) -> None:
    await busy.tab.write("hello")
    await busy.tab.join("Mina")
    await busy_now(busy)
    await busy.tab.list.focus()
    await busy.tab.page.keyboard.press("PageUp")
    await busy.is_frozen()
    await busy.stands_still()
    before = await busy.rows_in_view()
    await busy.tab.write("sent from up here")
    await expect(busy.tab.page.locator(".new-chip")).to_contain_text("Your message is below")
    after = await busy.rows_in_view()
    assert {row: after.get(row) for row in before} == before
    await expect(busy.tab.composer).to_be_focused()


async def test_enter_queues_a_message_exactly_once_and_the_composer_keeps_its_focus(busy: BusyRoom) -> None:
    await busy.tab.write("first")
    await busy.tab.join("Mina")
    await busy_now(busy)
    for number in range(10):
        await busy.tab.composer.press_sequentially(f"line {number}")
        await busy.tab.composer.press("Enter")
    await busy.rate(0)
    await expect(busy.tab.composer).to_be_focused()
    for number in reversed(range(10)):
        await busy.tab.looks_back_for(f"line {number}")
    lines = [said["text"] for said in await busy.said_by("Mina")]
    assert lines == ["first", *(f"line {number}" for number in range(10))]


async def test_a_busy_room_keeps_few_rows_in_the_page(busy: BusyRoom) -> None:
    await busy_now(busy)
    await busy.frames(120)
    assert await busy.tab.rows.count() < 200
