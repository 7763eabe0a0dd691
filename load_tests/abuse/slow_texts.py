"""Finds the slowest text: CPU time of the server's event loop, and main-thread time in chromium for its row."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.async_api import CDPSession, Locator, Page, async_playwright
from playwright.async_api import Error as BrowserError

from load_tests.abuse.drill import Drill
from load_tests.abuse.hostile_texts import HOSTILE_TEXTS
from load_tests.bench.chromium import NoChromium, launch_chromium

REPEATS: Final = 5
SHOWN_WITHIN_MS: Final = 10_000
HARMLESS: Final = "a harmless line of sixty characters, as most people write it."


@dataclass(frozen=True)
class TextCost:
    """Milliseconds by name of the text, and the names of texts that the frontend did not show."""

    server_ms: Mapping[str, float]
    page_ms: Mapping[str, float]
    not_shown: tuple[str, ...]
    without_browser: str = ""

    def sentences(self) -> list[str]:
        said = [_slowest("On the server", "CPU for a post", self.server_ms)]
        if self.without_browser:
            said.append(f"In chromium: not measured, {self.without_browser}.")
        else:
            said.append(_slowest("In chromium", "of its main thread for a row", self.page_ms))
        if self.not_shown:
            said.append(f"**Texts that broke the page: {', '.join(self.not_shown)}.**")
        return said


def _slowest(where: str, of_what: str, costs: Mapping[str, float]) -> str:
    if not costs:
        return f"{where}: nothing measured."
    slow = sorted(costs.items(), key=lambda cost: -cost[1])[:3]
    said = ", ".join(f"{name} {ms:.1f} ms" for name, ms in slow)
    return (
        f"{where} the slowest texts are {said} ({of_what}); a harmless one costs {costs['harmless']:.1f} ms."
    )


async def measure_texts(drill: Drill) -> TextCost:
    """Run it while no other client posts, because a server's CPU time cannot be split by request."""
    server_ms = await _on_the_server(drill)
    try:
        page_ms, not_shown = await _in_chromium(drill)
    except NoChromium as missing:
        return TextCost(server_ms, {}, (), str(missing))
    return TextCost(server_ms, page_ms, not_shown)


async def _on_the_server(drill: Drill) -> dict[str, float]:
    owner = await drill.person()
    room = await drill.room(owner)
    costs = {}
    for name, text in {"harmless": HARMLESS, **HOSTILE_TEXTS}.items():
        person = await drill.person()
        found = []
        for _ in range(REPEATS):
            before_ms = _thread_ms(drill.chat.pid)
            await person.post(room, text)
            found.append(_thread_ms(drill.chat.pid) - before_ms)
        costs[name] = min(found)
    return costs


def _thread_ms(pid: int) -> float:
    """CPU time in nanoseconds of a process's first thread, which runs its event loop. Source: proc(5), schedstat."""
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e6


async def _in_chromium(drill: Drill) -> tuple[dict[str, float], tuple[str, ...]]:
    """Show each text in a separate room, so that a text that breaks the page hides no other. Raises NoChromium."""
    costs: dict[str, float] = {}
    not_shown: list[str] = []
    async with async_playwright() as playwright:
        browser = await launch_chromium(playwright)
        try:
            for name, text in {"harmless": HARMLESS, **HOSTILE_TEXTS}.items():
                page = await browser.new_page()
                try:
                    cost_ms = await _row_ms(drill, page, text)
                except BrowserError:
                    not_shown.append(name)
                    continue
                finally:
                    await page.close()
                if cost_ms is not None:
                    costs[name] = cost_ms
        finally:
            await browser.close()
    return costs, tuple(not_shown)


async def _row_ms(drill: Drill, page: Page, text: str) -> float | None:
    """Main-thread time for the text's row and a harmless one after it. None if the server refused
    the text. Raises playwright's Error if the row after it was not shown."""
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable")
    person = await drill.person()
    room = await drill.room(person)
    await person.post(room, "before it")
    await page.goto(f"{drill.chat.base_url}/rooms/{room}")
    await _row(page, "before it").wait_for(timeout=SHOWN_WITHIN_MS)
    await person.post(room, "just before it")
    await _row(page, "just before it").wait_for(timeout=SHOWN_WITHIN_MS)
    before_ms = await _main_thread_ms(session)
    answer = await person.post(room, text)
    if answer.status != 201:
        return None
    await person.post(room, "after it")
    await _row(page, "after it").wait_for(timeout=SHOWN_WITHIN_MS)
    return await _main_thread_ms(session) - before_ms


def _row(page: Page, text: str) -> Locator:
    return page.locator("article").filter(has_text=text).first


async def _main_thread_ms(session: CDPSession) -> float:
    metrics = (await session.send("Performance.getMetrics"))["metrics"]
    return 1000 * float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))
