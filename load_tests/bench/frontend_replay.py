"""The built frontend in chromium on the replay server, so that a figure measures neither stores nor Kafka."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Browser, Page, async_playwright

from load_tests.bench.chromium import NoChromium, launch_chromium
from load_tests.bench.cores import on_all_cores
from load_tests.bench.fixtures import ROOT
from load_tests.bench.stores import temporary_folder
from local_stack.frontend_build import DIST, ensure_page
from local_stack.ports import free_port
from local_stack.server_process import ServerProcess

WINDOW_PX = (1280, 887)  # its page is 1280 × 800


@dataclass(frozen=True)
class Replay:
    browser: Browser
    base_url: str

    async def fresh_page(self) -> Page:
        """A page with an empty cache, as large as the browser's window. Close its context afterwards.

        It has no emulated size, because the window would be smaller than the page. A frame that changes only the part
        below the window's edge, such as the composer, would count as shown with the list's next frame.
        """
        context = await self.browser.new_context(no_viewport=True)
        return await context.new_page()


@asynccontextmanager
async def replay(*, messages_per_s: float) -> AsyncIterator[Replay]:
    """Raises RuntimeError without chromium."""
    with on_all_cores(), temporary_folder() as path:
        (ROOT / "build").mkdir(exist_ok=True)
        ensure_page(ROOT / "build" / "page.log")
        port = free_port()
        env = {
            "PATH": os.environ["PATH"],
            "PORT": str(port),
            "SPA_DIR": str(DIST),
            "RATE": str(messages_per_s),
        }
        server = ServerProcess(
            "replay_server",
            "load_tests.bench.replay_server",
            env=env,
            log_path=path / "replay.log",
            port=port,
            cwd=ROOT,
        )
        server.start_and_wait()
        try:
            async with async_playwright() as playwright:
                browser = await launch_chromium(playwright, "--window-size={},{}".format(*WINDOW_PX))
                try:
                    yield Replay(browser, server.base_url)
                finally:
                    await browser.close()
        except NoChromium as missing:
            raise RuntimeError(str(missing)) from missing
        finally:
            server.stop()
