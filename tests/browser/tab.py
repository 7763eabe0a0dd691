"""Helpers for users with a browser tab, and for users of the API."""

import asyncio
import uuid
from typing import Any

import httpx
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.reused_contexts import ReusedContext, ReusedContexts
from tests.support.chat_stack import ADMIN_TOKEN
from tests.support.plain_http import answer_of

LOOK_WITHIN_S = 60

OF_MEDIA = {"color_scheme", "forced_colors", "reduced_motion"}
"""Options of a context that a single page can have too."""


class Tab:
    """One open page. Uncaught errors of the page are collected and fail the test at the end."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page = page
        self.base_url = base_url
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def forgets_errors(self, text: str) -> None:
        """Drop the errors that a test has caused: timers and handlers may also meet a broken property."""
        self.errors = [error for error in self.errors if error != text]

    async def open(self, path: str) -> "Tab":
        await self.page.goto(self.base_url + path)
        await self.is_live()
        return self

    async def is_live(self) -> None:
        await expect(self.status).to_have_attribute("data-connection", "live")

    @property
    def status(self) -> Locator:
        return self.page.locator("[data-connection]")

    @property
    def connection(self) -> Locator:
        return self.page.locator("[data-testid=status-connection]")

    @property
    def list(self) -> Locator:
        return self.page.locator("[role=log]")

    @property
    def rows(self) -> Locator:
        return self.page.locator("article")

    @property
    def composer(self) -> Locator:
        return self.page.locator("textarea")

    def row(self, text: str) -> Locator:
        return self.rows.filter(has=self.page.get_by_text(text, exact=True))

    async def sees(self, text: str) -> None:
        await expect(self.row(text)).to_have_count(1)

    async def scrolls_back_to(self, text: str) -> None:
        """Scroll up until the row exists, because a long list holds only rows near the viewport."""
        await self.list.hover()
        async with asyncio.timeout(LOOK_WITHIN_S):
            while await self.row(text).count() == 0:
                await self.page.mouse.wheel(0, -300)
                await self.page.evaluate("() => new Promise(requestAnimationFrame)")
        await expect(self.row(text)).to_have_count(1)

    async def follows_newest(self) -> None:
        """Go to the end of the list, and take the pointer off it: a list under the pointer pauses."""
        await self.page.mouse.move(1, 1)
        await self.list.press("End")
        await expect(self.list).to_have_attribute("data-paused", "false")

    async def write(self, text: str) -> None:
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def join(self, nickname: str) -> None:
        """Enter a nickname in the composer's question."""
        field = self.page.get_by_label("What should people call you?")
        await field.fill(nickname)
        await field.press("Enter")
        await expect(field).to_have_count(0)

    async def react(self, text: str, kind: str) -> None:
        await self.row(text).hover()
        await self.row(text).get_by_role("button", name=f"React: {kind}").click()

    async def choose(self, text: str, item: str) -> None:
        """Choose an item of a message's menu."""
        await self.row(text).hover()
        await self.row(text).get_by_label("More actions").click()
        await self.page.get_by_role("menuitem", name=item, exact=True).click()

    def reaction(self, text: str, kind: str) -> Locator:
        return self.row(text).locator(f"[data-kind={kind}]")


class Person:
    """A user who calls the API without a browser."""

    def __init__(self, http: httpx.AsyncClient, user: dict[str, Any], token: str) -> None:
        self.id, self.nickname, self.token = user["id"], user["nickname"], token
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"}

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = await answer_of(self._http, method, f"/api/v1{path}", json=body, headers=self._headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def make_room(self, name: str = "A room") -> str:
        room = await self.call("POST", "/rooms", {"name": name, "id": f"r-{uuid.uuid4().hex}"})
        return str(room["id"])

    async def post(self, room_id: str, text: str, reply_to: str | None = None) -> dict[str, Any]:
        body = {"client_message_id": str(uuid.uuid4()), "text": text, "reply_to": reply_to}
        message: dict[str, Any] = await self.call("POST", f"/rooms/{room_id}/messages", body)
        return message

    async def post_many(self, room_id: str, texts: list[str]) -> None:
        """Post the texts in this order."""
        for text in texts:
            await self.post(room_id, text)

    async def react(self, room_id: str, message: dict[str, Any], kind: str) -> None:
        await self.call("PUT", f"/rooms/{room_id}/messages/{message['id']}/reactions/{kind}")


class People:
    """Users of the frontend at `base_url`. Without `contexts` each of their tabs has a new browser context."""

    def __init__(
        self, browser: Browser, base_url: str, http: httpx.AsyncClient, contexts: ReusedContexts | None = None
    ) -> None:
        self._browser, self._base_url, self._http = browser, base_url, http
        self._reused = contexts
        self._taken: list[ReusedContext] = []
        self._own_contexts: list[BrowserContext] = []
        self._tabs: list[Tab] = []

    async def person(self, nickname: str) -> Person:
        answer = await answer_of(self._http, "POST", "/api/v1/sessions", json={"nickname": nickname})
        assert answer.is_success, answer.text
        self._http.cookies.clear()
        session = answer.json()
        return Person(self._http, session["user"], session["token"])

    def operator(self) -> Person:
        """Who calls with the operator's token."""
        return Person(self._http, {"id": "", "nickname": "operator"}, ADMIN_TOKEN)

    async def tab(self, *, own_context: bool = False, **options: Any) -> Tab:
        """A tab in another browser context, with `options` such as `color_scheme="dark"`.

        The context is a reused one, unless the test wants its own or gives options that belong to a context.
        """
        of_context = options.keys() - OF_MEDIA - {"viewport"}
        if self._reused is None or own_context or of_context:
            context = await self._browser.new_context(**options)
            self._own_contexts.append(context)
            return await self._open_tab(context)
        taken = await self._reused.take()
        self._taken.append(taken)
        tab = await self._open_tab(taken.context)
        if viewport := options.pop("viewport", None):
            await tab.page.set_viewport_size(viewport)
        if options:
            await tab.page.emulate_media(**options)
        return tab

    async def another_tab(self, context: BrowserContext) -> Tab:
        """A second tab of a browser, with its own process as users' tabs have, and the first tab's stores."""
        assert context in self._own_contexts, "the first tab needs `own_context=True`"
        return await self._open_tab(context)

    async def _open_tab(self, context: BrowserContext) -> Tab:
        tab = Tab(await context.new_page(), self._base_url)
        self._tabs.append(tab)
        return tab

    async def member(self, nickname: str, **context: Any) -> tuple[Tab, Person]:
        """A tab in a browser with a session, and its user."""
        person = await self.person(nickname)
        return await self.tab_of(person, **context), person

    async def tab_of(self, person: Person, **context: Any) -> Tab:
        tab = await self.tab(**context)
        cookie = {"name": "hotchat_session", "value": person.token, "url": self._base_url}
        await tab.page.context.add_cookies([cookie])  # type: ignore[list-item]
        await tab.page.add_init_script(f"localStorage.setItem('hotchat.nickname', {person.nickname!r})")
        return tab

    async def leave(self) -> None:
        await asyncio.gather(*(context.close() for context in self._own_contexts))
        if self._reused is not None:
            for taken in self._taken:
                await self._reused.give_back(taken)
        errors = [error for tab in self._tabs for error in tab.errors]
        assert not errors, errors
