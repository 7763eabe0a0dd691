"""The page in browsers whose stores or newer features are missing, full, forbidden or locked."""

import pytest
from playwright.async_api import Route, expect

from tests.browser.tab import People, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")

FORBID = """const refuse = () => { throw new DOMException('denied', 'SecurityError'); };
for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
    Object.defineProperty(window, name, { get: refuse, configurable: true });"""
STORES = {
    "forbidden": FORBID,
    "forbidden as channels and locks": FORBID
    + """for (const name of ['BroadcastChannel', 'SharedWorker'])
        window[name] = class { constructor() { refuse(); } };
    navigator.locks.request = () => Promise.reject(new DOMException('denied', 'SecurityError'));""",
    "missing": """for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
        Object.defineProperty(window, name, { get: () => undefined, configurable: true });""",
    "full": "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };",
    "locked": """for (const name of ['getItem', 'setItem', 'removeItem', 'key'])
        Storage.prototype[name] = () => { throw new DOMException('locked', 'InvalidStateError'); };""",
}
KEYS = (
    "draft", "edit", "read", "ignored", "own-messages", "pin-hidden", "notify", "reading", "seen", "user", "token"
)  # fmt: skip
STORED = {
    "half of a value": '[["ROOM","{',
    "a number": "7",
    "null": "null",
    "an object": '{"ROOM": {}}',
    "a list of nothing": '[["ROOM", null], null, [], ["ROOM"]]',
    "entries of other values": '[["ROOM", "{}"], ["ROOM x", "[]"]]',
    "a draft without its author": '[["ROOM", "{\\"id\\":\\"a\\",\\"text\\":\\"b\\",\\"replyTo\\":{}}"]]',
}
STORE = """([keys, template, room]) => {
    const value = template.replaceAll('ROOM', room);
    for (const key of keys) localStorage.setItem(`hotchat.${key}`, value);
    localStorage.setItem('i18nextLng', value);
}"""
DATABASES = {
    "a newer version": "db => {}, 99",
    "no posts": "db => {}, 1",
    "posts of another version": """db => {
        const posts = db.createObjectStore('posts', {keyPath: 'clientId'});
        posts.put({clientId: 'a'});
        posts.put({clientId: 'b', roomId: ROOM, text: 'without a time', replyTo: null});
        posts.put({clientId: 'c', roomId: ROOM, text: ['no text'], replyTo: {}, queuedAtMs: 'yesterday'});
    }, 1""",
}
MAKE_DATABASE = """([ROOM]) => new Promise((made, failed) => {
    const make = (upgrade, version) => {
        const opening = indexedDB.open('hotchat', version);
        opening.onupgradeneeded = () => upgrade(opening.result);
        opening.onsuccess = () => { opening.result.close(); made(); };
        opening.onerror = () => failed(opening.error);
    };
    indexedDB.deleteDatabase('hotchat').onsuccess = () => make(%s);
})"""
HANG_WHILE_JOINING = "() => void navigator.locks.request('hotchat.session', () => new Promise(() => {}))"
SHORT_WAITS_FOR_LOCKS = """const { timeout } = AbortSignal;
AbortSignal.timeout = (ms) => timeout.call(AbortSignal, ms > 20_000 ? 100 : ms);"""
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


async def test_people_write_while_another_tab_hangs_that_was_joining(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab, _ = await people.member("Bob", own_context=True)
    hanging = await people.another_tab(tab.page.context)
    await hanging.open(f"/rooms/{room}")
    await hanging.page.evaluate(HANG_WHILE_JOINING)
    await tab.page.add_init_script(SHORT_WAITS_FOR_LOCKS)
    await tab.open(f"/rooms/{room}")
    await tab.write("from the tab that works")
    await hanging.sees("from the tab that works")
    await expect(tab.page.locator("[data-post]")).to_have_count(0)


async def tab_that_writes_after(people: People, script: str, *arguments: object) -> Tab:
    """Fill the browser's stores by `script`, whose last argument is the room's id, then read and write in a tab."""
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, "hello")
    tab, _ = await people.member("Bob")
    await tab.page.goto(f"{tab.base_url}/healthz/live")
    await tab.page.evaluate(script, [*arguments, room])
    await tab.open(f"/rooms/{room}")
    await tab.sees("hello")
    await tab.write("after an update")
    await tab.sees("after an update")
    return tab


@pytest.mark.parametrize("value", STORED)
async def test_people_read_and_write_after_another_version_has_stored(people: People, value: str) -> None:
    tab = await tab_that_writes_after(people, STORE, KEYS, STORED[value])
    await expect(tab.page.locator("[data-post]")).to_have_count(0)


@pytest.mark.parametrize("database", DATABASES)
async def test_people_read_and_write_with_a_database_that_has(people: People, database: str) -> None:
    tab = await tab_that_writes_after(people, MAKE_DATABASE % DATABASES[database])
    await expect(
        tab.page.locator("[data-post=sending], [data-post=waiting], [data-post=queued]")
    ).to_have_count(0)
