"""Two people in two pages through the edge: enter, chat, react, reload."""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Locator, Page, async_playwright, expect

WITHIN_MS = 20_000
NAMES = ("chromium", "google-chrome", "chromium-browser")


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """This machine's Chromium, headless."""
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        try:
            yield browser
        finally:
            await browser.close()


async def chat_in_two_pages(url: str) -> None:
    """Raises AssertionError if something is not visible in time."""
    async with open_browser() as browser:
        minji, jun = await enter(browser, url), await enter(browser, url)
        await say(minji, "hello through the edge", name="Minji")
        await expect(said(jun, "hello through the edge")).to_be_visible(timeout=WITHIN_MS)
        await say(jun, "I read you", name="Jun")
        await expect(said(minji, "I read you")).to_be_visible(timeout=WITHIN_MS)
        row = jun.get_by_role("article").filter(has_text="hello through the edge")
        await row.hover()
        await row.get_by_role("button", name="React: Love").click()
        for page in (jun, minji):
            await expect(page.get_by_role("button", name="Love: 1 person")).to_be_visible(timeout=WITHIN_MS)
        await minji.reload()
        for text in ("hello through the edge", "I read you"):
            await expect(said(minji, text)).to_be_visible(timeout=WITHIN_MS)
        await expect(minji.get_by_role("button", name="Love: 1 person")).to_be_visible(timeout=WITHIN_MS)


async def enter(browser: Browser, url: str) -> Page:
    """Open the lobby in a new browser context."""
    context = await browser.new_context(locale="en-US")
    page = await context.new_page()
    await page.goto(url)
    await expect(composer(page)).to_be_visible(timeout=WITHIN_MS)
    return page


async def say(page: Page, text: str, *, name: str) -> None:
    """Post a first message and answer the question for a nickname."""
    await composer(page).fill(text)
    await composer(page).press("Enter")
    await page.get_by_label("What should people call you?").fill(name)
    await page.get_by_role("button", name="Join and send").click()
    await expect(said(page, text)).to_be_visible(timeout=WITHIN_MS)


def said(page: Page, text: str) -> Locator:
    """The text in the room itself, because the room list shows it too."""
    return page.get_by_role("log").get_by_text(text)


def composer(page: Page) -> Locator:
    return page.get_by_role("textbox", name=re.compile("^Message "))
