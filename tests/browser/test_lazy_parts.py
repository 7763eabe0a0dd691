"""Parts of the page whose files cannot be loaded, and pages that are older than the server."""

import re
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Route, expect

from tests.browser.replaced_responses import refusing
from tests.browser.tab import People, Person, Tab
from tests.support.chat_stack import StartChatStack
from tests.support.plain_http import client_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

LAZY_FILES = re.compile(r"/assets/(?!first-|rolldown-runtime-)[^/]+\.js")
NOT_LOADED = "This part cannot be loaded now."

Fail = Callable[[Route], Awaitable[None]]

FAILURES: dict[str, Fail] = {
    "offline": lambda route: route.abort("internetdisconnected"),
    "gone after a deploy": lambda route: route.fulfill(status=404, content_type="application/problem+json"),
    "answered with the start page": lambda route: route.fulfill(
        status=200, content_type="text/html", body="<!doctype html><div id=root></div>"
    ),
}


async def open_settings(tab: Tab) -> Locator:
    await tab.page.get_by_role("button", name="Settings", exact=True).click()
    return tab.page.get_by_role("dialog", name="Settings")


async def open_search(tab: Tab) -> Locator:
    await tab.page.get_by_role("button", name="Search", exact=True).click()
    return tab.page.get_by_role("searchbox", name="Words to look for")


async def open_menu(tab: Tab) -> Locator:
    await tab.row("mine").hover()
    await tab.row("mine").get_by_label("More actions").click()
    return tab.page.get_by_role("menuitem", name="Edit")


async def open_emoji(tab: Tab) -> Locator:
    await tab.page.get_by_role("button", name="Emoji", exact=True).click()
    return tab.page.get_by_role("dialog", name="Emoji")


async def open_new_room(tab: Tab) -> Locator:
    await tab.page.get_by_role("button", name="New room").click()
    return tab.page.get_by_label("Name of the room")


async def open_shortcuts(tab: Tab) -> Locator:
    await tab.list.focus()
    await tab.page.keyboard.press("?")
    return tab.page.get_by_role("dialog", name="Keyboard shortcuts")


async def open_host_panel(tab: Tab) -> Locator:
    await tab.page.get_by_role("button", name="Run this room").click()
    return tab.page.get_by_role("dialog", name="Run this room")


PARTS = {
    "settings": open_settings,
    "search": open_search,
    "menu": open_menu,
    "emoji": open_emoji,
    "new room": open_new_room,
    "shortcuts": open_shortcuts,
    "hosts": open_host_panel,
}


async def a_tab_with_a_draft(people: People) -> tuple[Tab, Person]:
    """A tab of a room with one message of the reader, and a draft in the composer."""
    tab, bob = await people.member("Bob")
    room = await bob.make_room()
    await bob.post(room, "mine")
    await tab.open(f"/rooms/{room}")
    await tab.sees("mine")
    await tab.composer.fill("a draft")
    return tab, bob


async def is_intact(tab: Tab) -> None:
    await expect(tab.row("mine")).to_have_count(1)
    await expect(tab.composer).to_have_value("a draft")
    await tab.is_live()


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_part_that_cannot_be_loaded_says_so_and_loads_later(people: People, failure: str) -> None:
    tab, _ = await a_tab_with_a_draft(people)
    notice = tab.page.get_by_role("alert").filter(has_text=NOT_LOADED)
    for open_part in PARTS.values():
        await tab.page.route(LAZY_FILES, FAILURES[failure])
        opened = await open_part(tab)
        await expect(notice).to_be_visible()
        await is_intact(tab)
        await tab.page.unroute_all()
        await notice.get_by_role("button", name="Try now").click()
        await expect(opened.first).to_be_visible()
        await expect(notice).to_have_count(0)
        await tab.page.keyboard.press("Escape")
        await expect(opened).to_have_count(0)
        await is_intact(tab)


@pytest.mark.parametrize("part", ["settings", "menu"])
async def test_a_part_loads_although_one_of_its_files_failed_before(people: People, part: str) -> None:
    """A browser remembers a failed import until the page is loaded again, also of a file that other parts need."""
    tab, _ = await a_tab_with_a_draft(people)
    files: set[str] = set()
    tab.page.on("request", lambda request: files.add(request.url) if LAZY_FILES.search(request.url) else None)
    await expect((await PARTS[part](tab)).first).to_be_visible()
    assert len(files) > 1
    for file in sorted(files):
        await tab.page.reload()
        await is_intact(tab)
        await tab.page.route(file, FAILURES["offline"])
        opened = await PARTS[part](tab)
        notice = tab.page.get_by_role("alert").filter(has_text=NOT_LOADED)
        await expect(notice).to_be_visible()
        await tab.page.unroute_all()
        await tab.page.evaluate("() => dispatchEvent(new Event('online'))")
        await expect(opened.first).to_be_visible()


async def test_closing_a_part_that_cannot_be_loaded_leaves_the_room_as_it_was(people: People) -> None:
    tab, _ = await a_tab_with_a_draft(people)
    await tab.page.route(LAZY_FILES, FAILURES["offline"])
    await open_settings(tab)
    notice = tab.page.get_by_role("alert").filter(has_text=NOT_LOADED)
    await notice.get_by_role("button", name="Close").click()
    await expect(notice).to_have_count(0)
    await is_intact(tab)


@pytest.mark.parametrize("failure", FAILURES)
async def test_emoji_whose_data_cannot_be_loaded_say_so_and_load_later(people: People, failure: str) -> None:
    tab, _ = await a_tab_with_a_draft(people)
    await tab.page.route("**/emojibase/**", FAILURES[failure])
    await open_emoji(tab)
    notice = tab.page.get_by_role("alert").filter(has_text="The emoji cannot be loaded now.")
    await expect(notice).to_be_visible()
    await tab.page.unroute_all()
    await notice.get_by_role("button", name="Try now").click()
    await tab.page.get_by_role("searchbox", name="Emoji").fill("octopus")
    await tab.page.get_by_role("gridcell", name="octopus").click()
    await expect(tab.composer).to_have_value("a draft🐙")


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_room_list_that_cannot_be_loaded_says_so_and_loads_later(
    people: People, failure: str
) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room("Listed at last")
    await ann.post(room, "hello")
    tab = await people.tab()
    await tab.page.route(re.compile(r"/assets/RoomList-[^/]+\.js"), FAILURES[failure])
    await tab.open(f"/rooms/{room}")
    await tab.sees("hello")
    notice = tab.page.get_by_role("status").filter(has_text="The list of rooms cannot be loaded just now.")
    await expect(notice).to_be_visible()
    await tab.page.unroute_all()
    await notice.get_by_role("button", name="Try now").click()
    rooms = tab.page.get_by_role("navigation", name="Rooms")
    await expect(rooms.get_by_role("link").filter(has_text="Listed at last").first).to_be_visible()
    await expect(notice).to_have_count(0)


async def test_a_message_is_sent_and_later_stored_ones_return_without_the_file_of_the_database(
    people: People,
) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.page.route("**/api/v1/rooms/*/messages", refusing("validation_failed", method="POST"))
    await tab.write("refused before")
    await expect(tab.row("refused before")).to_contain_text("Not sent")
    await tab.page.unroute_all()
    await tab.page.route(re.compile(r"/assets/indexed-db-outbox-store-[^/]+\.js"), FAILURES["offline"])
    await tab.page.reload()
    await tab.is_live()
    await tab.write("sent without a database")
    await tab.sees("sent without a database")
    await expect(tab.page.locator("[data-post]")).to_have_count(0)
    await tab.page.unroute_all()
    await expect(tab.row("refused before")).to_contain_text("Not sent", timeout=20_000)


async def test_a_list_of_reactors_that_cannot_be_loaded_is_left_out(people: People) -> None:
    tab, bob = await a_tab_with_a_draft(people)
    await tab.react("mine", "Love")
    await expect(tab.reaction("mine", "heart")).to_have_attribute("aria-pressed", "true")
    await tab.page.route(LAZY_FILES, FAILURES["offline"])
    await tab.page.mouse.move(0, 0)
    async with tab.page.expect_event("requestfailed"):
        await tab.reaction("mine", "heart").hover()
    await is_intact(tab)
    await expect(tab.page.get_by_role("alert").filter(has_text=NOT_LOADED)).to_have_count(0)
    await tab.page.unroute_all()
    await tab.page.mouse.move(0, 0)
    await tab.reaction("mine", "heart").hover()
    await expect(tab.page.get_by_role("tooltip").first).to_contain_text(bob.nickname)


@pytest.mark.parametrize("file", ["completion", "queries"])
async def test_names_are_suggested_once_the_files_of_suggestions_can_be_loaded(
    people: People, file: str
) -> None:
    tab, bob = await a_tab_with_a_draft(people)
    await tab.page.route(re.compile(rf"/assets/{file}-[^/]+\.js"), FAILURES["offline"])
    await tab.page.reload()
    await tab.sees("mine")
    await tab.composer.fill("")
    async with tab.page.expect_event("requestfailed", lambda request: f"/assets/{file}-" in request.url):
        await tab.composer.press_sequentially("@Bo")
    await tab.page.unroute_all()
    await tab.composer.press_sequentially("b")
    await tab.page.get_by_role("option", name=f"@{bob.nickname}").click()
    await expect(tab.composer).to_have_value("@Bob ")


async def test_the_page_speaks_english_until_the_file_of_its_language_arrives(people: People) -> None:
    tab = await people.tab(locale="ko")
    await tab.page.route(re.compile(r"/assets/ko-[^/]+\.js"), FAILURES["gone after a deploy"])
    await tab.open("/")
    await expect(tab.page.get_by_role("button", name="Settings", exact=True)).to_be_visible()
    await tab.page.unroute_all()
    await expect(tab.page.get_by_role("button", name="설정", exact=True)).to_be_visible()


async def test_a_language_that_cannot_be_loaded_leaves_the_one_before_over_a_reload(people: People) -> None:
    tab = await people.tab(locale="ja")
    await tab.open("/")
    await tab.page.route(re.compile(r"/assets/ko-[^/]+\.js"), FAILURES["gone after a deploy"])
    await tab.page.get_by_role("button", name="設定", exact=True).click()
    await tab.page.get_by_label("言語").select_option("ko")
    await expect(
        tab.page.get_by_role("alert").filter(has_text="今はこの言語を読み込めません")
    ).to_be_visible()
    await tab.page.reload()
    await expect(tab.page.get_by_role("button", name="設定", exact=True)).to_be_visible()


async def test_an_open_page_offers_to_reload_after_a_reconnection_to_a_newer_build(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab, _ = await people.member("Bob")
    # Without a shared worker the page opens its own stream, which goes offline with the browser context.
    await tab.page.add_init_script("delete window.SharedWorker")
    await tab.open(f"/rooms/{room}")
    await tab.composer.fill("a draft")
    newer = '<!doctype html><script src="/assets/first-newer.js"></script><div id="root"></div>'
    await tab.page.route(
        f"{tab.base_url}/", lambda route: route.fulfill(content_type="text/html", body=newer)
    )
    await tab.page.context.set_offline(True)
    await expect(tab.status).to_have_attribute("data-connection", "offline")
    await tab.page.context.set_offline(False)
    banner = tab.page.get_by_role("status").filter(has_text="A new version is available.")
    await expect(banner).to_be_visible()
    await ann.post(room, "the page works on")
    await tab.sees("the page works on")
    await expect(tab.composer).to_have_value("a draft")
    await banner.get_by_role("button", name="Reload").click()
    await tab.sees("the page works on")
    await expect(tab.composer).to_have_value("a draft")
    await expect(banner).to_have_count(0)


async def test_a_page_that_is_older_than_the_server_keeps_working_and_recovers_by_a_reload(
    browser: Browser, built_page: Path, tmp_path: Path, start_chat_stack: StartChatStack
) -> None:
    page_folder = tmp_path / "page"
    shutil.copytree(built_page, page_folder)
    stack = start_chat_stack(SPA_DIR=str(page_folder), scheduler=0)
    [chat] = stack.chat_servers
    async with client_of(stack.chat_url) as http:
        people = People(browser, stack.chat_url, http)
        tab, _ = await a_tab_with_a_draft(people)
        chat.stop()
        deploy_newer_build(page_folder)
        chat.start_and_wait()
        await open_settings(tab)
        notice = tab.page.get_by_role("alert").filter(has_text="Reload the page to use this part")
        await expect(notice).to_be_visible()
        await expect(tab.page.get_by_role("status").filter(has_text="A new version")).to_be_visible()
        await is_intact(tab)
        await notice.get_by_role("button", name="Reload the page").click()
        await tab.sees("mine")
        await expect(tab.composer).to_have_value("a draft")
        await expect((await open_settings(tab)).first).to_be_visible()
        await people.leave()


def deploy_newer_build(folder: Path) -> None:
    """Give every script of the build another name, as a build of changed sources does."""
    assets = folder / "assets"
    for compressed in [*folder.rglob("*.js.br"), *folder.rglob("*.js.gz"), *folder.rglob("*.html.*")]:
        compressed.unlink()
    names = [path.name for path in assets.glob("*.js")]
    for path in [*assets.glob("*.js"), folder / "index.html"]:
        text = path.read_text()
        for name in names:
            text = text.replace(name, f"newer-{name}")
        path.write_text(text)
    for name in names:
        (assets / name).rename(assets / f"newer-{name}")
