"""Browser contexts that one test after another uses, cleared in between.

A page in a new context needs a new process, which compiles our scripts and reads the fonts once more: two fifths of the
CPU time of a page load. A context keeps its process as long as one of its pages is open.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from playwright.async_api import Browser, BrowserContext, CDPSession, Page

ONE_PROCESS_PER_SITE: Final = "--process-per-site"
"""The switch that lets the pages of a context share a process. Pages of two contexts never do."""

MAX_UNUSED: Final = 2
"""Contexts that wait for the next test, each with a process. Those given back beyond that number are closed."""

WORKERS_END_WITHIN_S: Final = 2.0
"""A shared worker ends soon after its last page. The context of one that hangs is closed."""

LASTING_CHANGES: Final = (
    "add_init_script",
    "expose_binding",
    "expose_function",
    "grant_permissions",
    "on",
    "once",
    "route",
    "route_from_har",
    "route_web_socket",
    "set_default_navigation_timeout",
    "set_default_timeout",
    "set_extra_http_headers",
    "set_geolocation",
)
"""Methods whose effect on a context cannot be undone, or not surely."""

CLOCK: Final = (
    "fast_forward",
    "install",
    "pause_at",
    "resume",
    "run_for",
    "set_fixed_time",
    "set_system_time",
)
"""The methods of `page.clock`, which replaces the time in all later pages of the context."""


@dataclass
class ReusedContext:
    """A context without options. Its first page keeps its process, and shows no part of our frontend."""

    context: BrowserContext
    first_page: Page
    devtools: CDPSession
    id: str
    is_changed: bool = False
    """Whether a test has called one of LASTING_CHANGES or CLOCK. Such a context serves no other test."""

    def watch(self, owner: Any, methods: tuple[str, ...]) -> None:
        """Note calls of these methods."""
        for method in methods:
            self._watch(owner, method)

    def _watch(self, owner: Any, method: str) -> None:
        call = getattr(owner, method)

        def noted(*args: Any, **options: Any) -> Any:
            self.is_changed = True
            return call(*args, **options)

        setattr(owner, method, noted)

    async def has_workers(self) -> bool:
        """Whether a shared worker runs, which the page of the next test would join."""
        targets = (await self.devtools.send("Target.getTargets"))["targetInfos"]
        return any(one["type"] != "page" for one in targets if one.get("browserContextId") == self.id)

    async def clear(self, origin: str) -> bool:
        """Close the pages of the test and remove what they have stored. False if the context has to be closed."""
        if self.is_changed:
            return False
        pages = [page for page in self.context.pages if page is not self.first_page]
        await asyncio.gather(*(page.close() for page in pages))
        if not await self._workers_end():
            return False
        await self.context.set_offline(False)
        await self.context.clear_cookies()
        await self.devtools.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
        return True

    async def _workers_end(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(WORKERS_END_WITHIN_S):
                while await self.has_workers():
                    await asyncio.sleep(0.01)
                return True
        return False


class ReusedContexts:
    """Gives each user a context with the network on, and without cookies, stores and workers.

    The cache stays: it holds the files of the build, whose names change with their content, and no response of the API
    that is used without asking the server.
    """

    def __init__(self, browser: Browser, origin: str) -> None:
        """`browser` has the switch ONE_PROCESS_PER_SITE. `origin` serves all pages."""
        self._browser, self._origin = browser, origin
        self._unused: list[ReusedContext] = []

    async def take(self) -> ReusedContext:
        return self._unused.pop() if self._unused else await self._make()

    async def give_back(self, used: ReusedContext) -> None:
        if len(self._unused) < MAX_UNUSED and await used.clear(self._origin):
            self._unused.append(used)
        else:
            await used.context.close()

    async def _make(self) -> ReusedContext:
        context = await self._browser.new_context()
        page = await context.new_page()
        await page.goto(f"{self._origin}/healthz/ready")
        devtools = await context.new_cdp_session(page)
        target = await devtools.send("Target.getTargetInfo")
        made = ReusedContext(context, page, devtools, target["targetInfo"]["browserContextId"])
        made.watch(context, LASTING_CHANGES)
        made.watch(context.clock, CLOCK)
        return made
