"""The page in browsers whose stores or newer features are missing, full, forbidden or locked."""

import pytest
from playwright.async_api import Route, expect

from tests.browser.tab import People

pytestmark = pytest.mark.asyncio(loop_scope="session")

FORBID = """const refuse = () => { throw new DOMException('denied', 'SecurityError'); };
for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
    Object.defineProperty(window, name, { get: refuse, configurable: true });"""
STORES = {
    "forbidden": FORBID,
    "missing": """for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
        Object.defineProperty(window, name, { get: () => undefined, configurable: true });""",
    "full": "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };",
    "locked": """for (const name of ['getItem', 'setItem', 'removeItem', 'key'])
        Storage.prototype[name] = () => { throw new DOMException('locked', 'InvalidStateError'); };""",
}
MISSING = """
    delete window.SharedWorker; delete window.BroadcastChannel; delete window.Notification;
    delete Navigator.prototype.locks; delete Navigator.prototype.clipboard;
    delete Intl.Segmenter; delete crypto.__proto__.randomUUID; delete window.scheduler;
"""


@pytest.mark.parametrize("state", STORES)
async def test_people_read_and_write_when_the_stores_are(people: People, state: str) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, "hello")
    tab = await people.tab()
    await tab.page.add_init_script(STORES[state])
    await tab.open(f"/rooms/{room}")
    await tab.sees("hello")
    await tab.write("from a strange browser")
    await tab.join("Bob")
    await tab.sees("from a strange browser")
    await tab.react("hello", "Love")
    await expect(tab.reaction("hello", "heart")).to_have_attribute("aria-pressed", "true")
    await tab.composer.fill("a draft")
    await tab.page.get_by_role("link", name="Hotchat", exact=True).click()
    await expect(tab.composer).to_have_value("")
    await tab.page.go_back()
    await expect(tab.composer).to_have_value("a draft")
    await tab.sees("from a strange browser")


async def test_people_read_and_write_without_newer_features_of_browsers(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, "hello 👋")
    tab = await people.tab()
    await tab.page.add_init_script(MISSING)
    await tab.open(f"/rooms/{room}")
    await tab.sees("hello 👋")
    await tab.write("from an old browser")
    await tab.join("Bob")
    await tab.sees("from an old browser")
    await tab.react("hello 👋", "Love")
    await tab.reaction("hello 👋", "heart").hover()
    await expect(tab.page.get_by_role("tooltip").first).to_contain_text("Bob")
    await tab.page.get_by_role("button", name="Settings", exact=True).click()
    await expect(tab.page.get_by_role("dialog", name="Settings")).to_be_visible()


async def test_people_write_where_cookies_are_blocked(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab = await people.tab()
    await tab.page.add_init_script(
        "Object.defineProperty(Navigator.prototype, 'cookieEnabled', { get: () => false });" + FORBID
    )

    async def without_cookies(route: Route) -> None:
        headers = {name: value for name, value in route.request.headers.items() if name != "cookie"}
        response = await route.fetch(headers=headers)
        await route.fulfill(
            response=response,
            headers={name: value for name, value in response.headers.items() if name != "set-cookie"},
        )

    await tab.page.route("**/api/**", without_cookies)
    await tab.open(f"/rooms/{room}")
    await tab.write("without cookies")
    await expect(tab.page.get_by_text("Your browser blocks cookies here")).to_be_visible()
    await tab.join("Bob")
    await tab.sees("without cookies")
    await expect(tab.page.locator("[data-post]")).to_have_count(0)
