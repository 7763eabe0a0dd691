"""At any width from 320 px, at 200 % zoom and above an on-screen keyboard, nothing overlaps or sticks out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect
from playwright.async_api import TimeoutError as PlaywrightTimeout

from tests.browser.conftest import visitors
from tests.browser.replaced_responses import refusing
from tests.browser.tab import People, Person, Tab
from tests.support.chat_stack import ChatStack

pytestmark = pytest.mark.asyncio(loop_scope="session")

LAYOUT_FAULTS = Path(__file__).with_name("layout_faults.js").read_text()
SETTLED_WITHIN_MS = 30_000

WIDTHS = (320, 360, 414, 600, 760, 761, 900, 1024, 1100, 1180, 1440, 2560)
TALL = 1600
"""A tall window shows many rows at once, which makes the sweep faster."""

ZOOMED_WINDOWS = [(320, 450), (512, 384), (720, 450)]
"""What 640×900, 1024×768 and 1440×900 px are at 200 % zoom."""

WINDOWS_ABOVE_A_KEYBOARD = [(568, 256), (320, 256)]

PHONE: dict[str, Any] = {"viewport": {"width": 320, "height": 480}, "has_touch": True, "is_mobile": True}

WIDE_NAME = "永" * 32
WIDE_ROOM = "会議室" * 20

TEXTS = [
    "a short one",
    "word" * 100,
    "a message of many words that fills every line of its bubble " * 8,
    f"https://example.com/{'path-' * 60}?q={'x' * 200}",
    f"```\n{'code without any break ' * 12}\n```",
    f"inline `{'code' * 60}` text",
    "ภาษาไทยไม่มีช่องว่างระหว่างคำ" * 12,
    "日本語の文章には空白がありません。" * 20,
    "안녕하세요여러분" * 30,
    "مرحبا بالعالم " * 30,
    "שלום" * 60,
    "👨‍👩‍👧‍👦" * 6,
    "👩🏽‍💻" * 80,
    f"> {'quoted' * 40}\n> and more\n\n1. {'first' * 50}\n2. second",
    f"**{'bold' * 60}** _{'slanted' * 40}_ @{'mention' * 8}",
    "A\u0301\u0302\u0303\u0304" * 60,
]


@dataclass(frozen=True)
class CrowdedRoom:
    """A room where two people have posted every difficult text, with reactions and a pinned message."""

    id: str
    reader: Person
    owner: Person


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def crowded(browser: Browser, hotchat: ChatStack) -> CrowdedRoom:
    async with visitors(browser, hotchat) as people:
        ann, bob = await people.person(WIDE_NAME), await people.person("Bob")
        room = await ann.make_room(WIDE_ROOM)
        for text in TEXTS:
            message = await ann.post(room, text)
            for kind in ("heart", "sad", "laugh"):
                await bob.react(room, message, kind)
            await bob.post(room, text, reply_to=message["id"])
        await ann.call("PUT", f"/rooms/{room}/messages/{message['id']}/pin")
        return CrowdedRoom(room, bob, ann)


async def open_room(people: People, crowded: CrowdedRoom, **context: object) -> Tab:
    tab = await people.tab_of(crowded.reader, **context)
    return await tab.open(f"/rooms/{crowded.id}")


async def fits(tab: Tab) -> None:
    """Check what the page shows, once the rows have their measured heights."""
    await expect(tab.rows.first).to_be_attached()
    try:
        await tab.page.wait_for_function(f"() => ({LAYOUT_FAULTS})().length === 0", timeout=SETTLED_WITHIN_MS)
    except PlaywrightTimeout:
        assert await tab.page.evaluate(LAYOUT_FAULTS) == []


async def actions_of_a_row_can_be_clicked(tab: Tab) -> None:
    """Check the last row that is completely in view."""
    seq = await tab.list.evaluate(
        """list => {
            const view = list.getBoundingClientRect();
            return [...list.querySelectorAll('article[data-seq]')].findLast(row => {
                const {left, right, top, bottom} = row.getBoundingClientRect();
                const isInView = top >= view.top && bottom <= view.bottom;
                return isInView && row.contains(document.elementFromPoint((left + right) / 2, bottom - 2));
            })?.dataset.seq ?? null;
        }"""
    )
    assert seq is not None
    row = tab.page.locator(f"article[data-seq='{seq}']")
    box = await row.bounding_box()
    assert box is not None
    await tab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 2)
    await expect(row.locator("[data-testid=actions]")).to_have_css("pointer-events", "auto")
    covered = await row.evaluate(
        """row => [...row.querySelectorAll('[data-testid=actions] button')].filter(button => {
            const {left, right, top, bottom} = button.getBoundingClientRect();
            const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
            return hit?.closest('article') != null && !button.contains(hit);
        }).map(button => button.getAttribute('aria-label'))"""
    )
    assert covered == []


async def end_of_history_fits(tab: Tab) -> None:
    await tab.list.evaluate("list => { list.scrollTop = list.scrollHeight; }")
    await fits(tab)
    await actions_of_a_row_can_be_clicked(tab)


async def whole_history_fits(tab: Tab) -> None:
    """Check the whole history, from its end to its beginning."""
    await end_of_history_fits(tab)
    for _ in range(100):
        await fits(tab)
        if await tab.list.evaluate("list => list.scrollTop") == 0:
            return
        await tab.list.evaluate("list => { list.scrollTop -= list.clientHeight * 0.8; }")
    raise AssertionError("the beginning of the room was not reached")


async def test_at_every_width_all_rows_and_their_actions_are_in_the_list(
    people: People, crowded: CrowdedRoom
) -> None:
    tab = await open_room(people, crowded)
    for width in WIDTHS:
        await tab.page.set_viewport_size({"width": width, "height": TALL})
        await whole_history_fits(tab)


async def test_at_200_percent_zoom_all_rows_and_their_actions_are_in_the_list(
    people: People, crowded: CrowdedRoom
) -> None:
    tab = await open_room(people, crowded, device_scale_factor=2)
    for width, height in ZOOMED_WINDOWS:
        await tab.page.set_viewport_size({"width": width, "height": height})
        await end_of_history_fits(tab)
        await tab.page.set_viewport_size({"width": width, "height": TALL})
        await whole_history_fits(tab)


async def every_dialog_fits(tab: Tab) -> None:
    """Open each dialog of the header."""
    # Not by role: an open dialog hides the roles of the page. The button with a live region copies the link.
    buttons = tab.page.locator("header").first.locator("button:not(:has([aria-live]))")
    dialog = tab.page.get_by_role("dialog")
    opened = 0
    for index in range(await buttons.count()):
        await expect(buttons.nth(index)).to_be_in_viewport(ratio=0.99)
        await buttons.nth(index).tap()
        await expect(dialog).to_be_visible()
        await fits(tab)
        await expect(dialog).to_be_in_viewport(ratio=0.99)
        controls = dialog.get_by_role("button")
        for number in range(await controls.count()):
            await controls.nth(number).scroll_into_view_if_needed()
            await expect(controls.nth(number)).to_be_in_viewport(ratio=0.95)  # scrolled by whole pixels
        await tab.page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        opened += 1
    assert opened >= 3


async def test_on_a_small_phone_every_dialog_fits_or_scrolls_in_every_language(
    people: People, crowded: CrowdedRoom
) -> None:
    tab = await open_room(people, crowded, **PHONE)
    for language in ("en", "ko", "ja"):
        await tab.page.evaluate("language => localStorage.setItem('i18nextLng', language)", language)
        await tab.open(f"/rooms/{crowded.id}")
        await expect(tab.page.locator("html")).to_have_attribute("lang", language)
        await every_dialog_fits(tab)


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
async def test_on_a_small_phone_pages_without_a_room_fit(
    people: People, crowded: CrowdedRoom, language: str
) -> None:
    tab = await people.tab_of(crowded.reader, **PHONE)
    await tab.page.add_init_script(f"localStorage.setItem('i18nextLng', '{language}')")
    for path in ("/nowhere", "/rooms/no-such-room", "/embed/rooms/no-such-room", "/embed/nowhere"):
        await tab.page.goto(tab.base_url + path)
        await expect(tab.page.get_by_role("heading")).to_be_in_viewport(ratio=0.99)
        await expect(tab.page.locator("html")).to_have_attribute("lang", language)
        assert await tab.page.evaluate(LAYOUT_FAULTS) == []


async def test_on_a_small_phone_an_embedded_room_and_an_overlay_fit(
    people: People, crowded: CrowdedRoom
) -> None:
    tab = await people.tab_of(crowded.reader, **PHONE)
    for query in ("", "?overlay=1"):
        await tab.page.goto(f"{tab.base_url}/embed/rooms/{crowded.id}{query}")
        await fits(tab)


async def test_on_a_small_phone_the_search_for_rooms_and_a_new_room_fit(
    people: People, crowded: CrowdedRoom
) -> None:
    tab = await people.tab(**PHONE)
    await tab.open(f"/rooms/{crowded.id}")
    await tab.page.get_by_role("button", name="Rooms", exact=True).tap()
    await tab.page.get_by_role("searchbox", name="Find a room").fill(f"no room has this name {WIDE_NAME}")
    await fits(tab)
    await tab.page.get_by_role("button", name="New room").tap()
    await tab.page.get_by_label("Name of the room").fill("x" * 200)
    dialog = tab.page.get_by_role("dialog").last
    await dialog.get_by_role("button").last.tap()
    await fits(tab)
    controls = dialog.locator("button, input")
    for number in range(await controls.count()):
        await controls.nth(number).scroll_into_view_if_needed()
        await expect(controls.nth(number)).to_be_in_viewport(ratio=0.95)


async def test_on_a_small_phone_suggestions_emoji_and_the_question_for_a_name_fit(
    people: People, crowded: CrowdedRoom
) -> None:
    tab = await people.tab(**PHONE)
    await tab.open(f"/rooms/{crowded.id}")
    await tab.composer.press_sequentially(f"@{WIDE_NAME[0]}")
    await expect(tab.page.get_by_role("option").first).to_be_visible()
    await fits(tab)
    await tab.composer.fill("word" * 100)
    await tab.page.get_by_role("button", name="Emoji", exact=True).tap()
    await expect(tab.page.get_by_role("gridcell").first).to_be_visible()
    await fits(tab)
    await tab.page.keyboard.press("Escape")
    await expect(tab.page.get_by_role("gridcell")).to_have_count(0)
    await tab.page.get_by_role("button", name="Send", exact=True).tap()
    await expect(tab.page.get_by_label("What should people call you?")).to_be_visible()
    await fits(tab)


async def test_on_a_small_phone_the_menu_of_a_message_fits(people: People, crowded: CrowdedRoom) -> None:
    tab = await open_room(people, crowded, **PHONE)
    row = tab.rows.last
    await row.locator("[data-testid=bubble]").tap(position={"x": 8, "y": 8})
    await row.get_by_role("button", name="More actions").tap()
    items = tab.page.get_by_role("menuitem")
    await expect(items.first).to_be_visible()
    for number in range(await items.count()):
        await expect(items.nth(number)).to_be_in_viewport(ratio=0.99)


async def test_on_a_small_phone_what_only_hosts_see_fits(people: People, crowded: CrowdedRoom) -> None:
    tab = await people.tab_of(crowded.owner, **PHONE)
    await tab.open(f"/rooms/{crowded.id}")
    await fits(tab)
    row = tab.rows.last
    await row.locator("[data-testid=bubble]").tap(position={"x": 8, "y": 8})
    await row.get_by_role("button", name="Ban", exact=True).tap()
    dialog = tab.page.get_by_role("alertdialog")
    for button in ("List of bans", "Cancel", "Ban Bob #"):
        await expect(dialog.get_by_role("button", name=button)).to_be_in_viewport(ratio=0.99)
    await dialog.get_by_role("button", name="List of bans").tap()
    await expect(tab.page.get_by_role("dialog", name="Run this room")).to_be_visible()
    await fits(tab)


async def test_on_a_small_phone_a_refused_message_shows_its_reason_and_buttons_without_an_overlap(
    people: People, crowded: CrowdedRoom
) -> None:
    tab = await open_room(people, crowded, **PHONE)
    reason = "The words of this message are refused in this room by a rule of its owner."
    await tab.page.route("**/api/v1/rooms/*/messages", refusing("validation_failed", reason, method="POST"))
    for text in ("first refused", "second refused"):
        await tab.composer.fill(text)
        await tab.page.get_by_role("button", name="Send", exact=True).tap()
        await expect(tab.row(text)).to_contain_text("Not sent: ")
    await fits(tab)
    for button in ("Try again", "Edit", "Discard"):
        await expect(tab.row("second refused").get_by_role("button", name=button)).to_be_in_viewport(
            ratio=0.99
        )


async def test_the_field_grows_with_its_text_in_a_browser_without_field_sizing(
    people: People, crowded: CrowdedRoom
) -> None:
    tab = await open_room(people, crowded)
    await tab.page.evaluate("() => { CSS.supports = () => false; }")
    await tab.page.add_style_tag(content="textarea { field-sizing: fixed !important; }")
    await tab.composer.fill("one line")
    one_line = await tab.composer.bounding_box()
    await tab.composer.fill("one\ntwo\nthree")
    three_lines = await tab.composer.bounding_box()
    await tab.composer.fill("\n" * 50)
    most = await tab.composer.bounding_box()
    assert one_line is not None
    assert three_lines is not None
    assert most is not None
    line_height = (three_lines["height"] - one_line["height"]) / 2
    assert one_line["height"] / 3 < line_height < one_line["height"]
    assert three_lines["height"] < most["height"] < one_line["height"] * 5
    await tab.composer.fill("one line")
    assert await tab.composer.bounding_box() == one_line


async def test_an_on_screen_keyboard_leaves_the_composer_in_view(
    people: People, crowded: CrowdedRoom
) -> None:
    tab = await open_room(people, crowded, **PHONE)
    # A browser that does not make the window smaller, such as Safari.
    await tab.page.evaluate(
        """() => {
            Object.defineProperty(visualViewport, 'height', {configurable: true, get: () => 220});
            visualViewport.dispatchEvent(new Event('resize'));
        }"""
    )
    await tab.page.wait_for_function(
        "() => document.querySelector('textarea').getBoundingClientRect().bottom <= 220"
    )
    send = await tab.page.get_by_role("button", name="Send", exact=True).bounding_box()
    assert send is not None
    assert send["y"] + send["height"] <= 220
    await fits(tab)
    await expect(tab.rows.last).to_be_in_viewport()


async def test_a_window_that_a_keyboard_made_small_shows_the_composer_and_messages(
    people: People, crowded: CrowdedRoom
) -> None:
    tab = await open_room(people, crowded)
    for width, height in WINDOWS_ABOVE_A_KEYBOARD:
        await tab.page.set_viewport_size({"width": width, "height": height})
        await expect(tab.composer).to_be_in_viewport(ratio=0.99)
        assert await tab.list.evaluate("list => list.clientHeight") >= 60
        await fits(tab)
