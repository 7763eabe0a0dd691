"""The browser of the tests and of the pictures: the machine's chromium, which talks to nobody by itself."""

import os
import shutil

from playwright.async_api import Browser, Playwright

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class NoChromium(Exception):
    """There is none to drive."""


async def launch_chromium(playwright: Playwright, *args: str) -> Browser:
    """`args` beside the ones of every test. Raises NoChromium."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise NoChromium("no chromium: apt-get install chromium, or name one by CHROMIUM=")
    return await playwright.chromium.launch(executable_path=path, args=[*ARGS, *args])
