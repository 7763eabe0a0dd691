"""Compact rows: how many a crowded room shows, that nothing moves while one reads, and that keyboards reach them."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.axe import violations_in_light_and_dark
from tests.browser.busy_room import BusyRoom
from tests.browser.replaced_responses import refusing
from tests.browser.tab import People, Tab
from tests.browser.test_layout import LAYOUT_FAULTS, TEXTS, fits

pytestmark = pytest.mark.asyncio(loop_scope="session")

CROWD_PER_S = 20
DESKTOP = {"width": 1280, "height": 800}
MIN_ROWS = 20
MIN_TARGET_PX = 24
TURNS_WITHIN_MS = 30_000
CLIPPED_MARKS = """() => [...document.querySelectorAll('[data-testid=author-mark]')].map(mark => {
    const own = mark.getBoundingClientRect();
    const line = mark.closest('header').parentElement.getBoundingClientRect();
    return Math.max(0, line.top - own.top, own.bottom - line.bottom);
})"""
ON_TOP_AT_NAMES = """() => [...document.querySelectorAll('article .nickname')].map(name => {
    const { left, top, width, height } = name.getBoundingClientRect();
    return document.elementFromPoint(left + width / 2, top + height / 2).textContent;
})"""
PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}


@pytest_asyncio.fixture(loop_scope="session")
async def crowd(busy: BusyRoom) -> AsyncIterator[BusyRoom]:
    """20 messages a second from different authors, on a desktop."""
    await busy.tab.page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    await busy.rate(CROWD_PER_S)
    yield busy


async def is_compact(tab: Tab) -> None:
    await expect(tab.list).to_have_attribute("data-rows", "compact", timeout=TURNS_WITHIN_MS)


async def chooses(tab: Tab, density: str) -> None:
    await tab.page.get_by_role("button", name="Settings").click()
    await (
        tab.page.get_by_role("group", name="Message rows")
        .get_by_role("radio", name=re.compile(f"^{density}"))
        .check()
    )
    await tab.page.get_by_role("dialog").get_by_role("button", name="Close").click()
    await expect(tab.page.get_by_role("dialog")).to_have_count(0)


async def test_a_crowded_room_shows_at_least_20_rows_on_a_desktop(crowd: BusyRoom) -> None:
    comfortable = len(await crowd.rows_in_view())
    await is_compact(crowd.tab)
    seq = int(await crowd.tab.rows.last.get_attribute("data-seq") or 0)
    await crowd.tab.page.wait_for_function(
        "seq => [...document.querySelectorAll('article')].filter(row => Number(row.dataset.seq) > seq).length > 5",
        arg=seq,
    )
    rows = await crowd.rows_in_view()
    assert len(rows) >= MIN_ROWS > 2 * comfortable


async def test_no_row_moves_or_grows_while_one_reads_compact_rows(crowd: BusyRoom) -> None:
    await is_compact(crowd.tab)
    before = await crowd.pages_up_and_settles()
    assert len(before) >= MIN_ROWS
    for row, kind in zip(list(before)[3:6], ("heart", "sad", "laugh"), strict=True):
        await crowd.control("react", id=row, kind=kind)
        await expect(crowd.tab.page.locator(f"[data-message-id='{row}'] [data-kind={kind}]")).to_have_count(1)
    edited, deleted = list(before)[6:8]
    await crowd.control("edit", id=edited, text="a much longer text " * 30)
    await crowd.control("delete", id=deleted)
    await expect(
        crowd.tab.page.locator(f"[data-message-id='{edited}']").get_by_role("button", name="edited, show all")
    ).to_be_visible()
    await expect(crowd.tab.page.locator(f"[data-message-id='{deleted}']")).to_contain_text("was deleted")
    await crowd.nothing_moved_since(before)


async def test_the_density_never_changes_while_the_reader_looks_closer(crowd: BusyRoom) -> None:
    await crowd.rate(0)
    await expect(crowd.tab.page.locator("[data-testid=status-heat]")).to_have_text("")
    before = await crowd.pages_up_and_settles()
    await crowd.rate(CROWD_PER_S)
    chip = crowd.tab.page.locator("[data-testid=new-chip]")
    await expect(chip).to_contain_text(re.compile(r"\d{3,} new"), timeout=TURNS_WITHIN_MS)  # five seconds
    await expect(crowd.tab.list).to_have_attribute("data-rows", "comfortable")
    await crowd.nothing_moved_since(before)
    await crowd.tab.page.keyboard.press("Escape")
    await is_compact(crowd.tab)
    await crowd.rate(0)
    last = await crowd.control("say", nickname="Olivia", text="at the end")
    await crowd.sees_seq(last["seq"])


async def test_a_chosen_density_applies_at_once_and_keeps_the_message_at_the_top(busy: BusyRoom) -> None:
    page = busy.tab.page
    await busy.pages_up_and_settles()
    # So far up that a screen of compact rows is left below the first one.
    await busy.tab.list.evaluate("list => { list.scrollTop -= 2_500; }")
    await busy.is_settled()
    top = next(iter(await busy.rows_in_view()))
    for density in ("Compact", "Comfortable"):
        await chooses(busy.tab, density)
        await expect(busy.tab.list).to_have_attribute("data-rows", density.lower())
        await busy.is_settled()
        assert next(iter(await busy.rows_in_view())) == top
    await chooses(busy.tab, "Compact")
    await page.reload()
    await busy.tab.is_live()
    await expect(busy.tab.list).to_have_attribute("data-rows", "compact")
    assert len(await busy.rows_in_view()) >= MIN_ROWS


async def test_a_compact_row_has_the_label_and_the_focus_order_of_a_comfortable_one(busy: BusyRoom) -> None:
    quoted = await busy.control("say", nickname="Ann", text="a question")
    message = await busy.control(
        "say", nickname="Olivia", text="see https://example.com", reply_to=quoted["id"]
    )
    await busy.control("react", id=message["id"])
    row = busy.tab.page.locator(f"[data-message-id='{message['id']}']")
    await expect(row.locator("[data-kind]")).to_have_count(1)
    seen = []
    for density in ("Comfortable", "Compact"):
        await chooses(busy.tab, density)
        await busy.tab.list.focus()
        await busy.tab.page.keyboard.press("ArrowUp")
        await expect(row).to_be_focused()
        names = [await row.get_attribute("aria-label")]
        for _ in range(await row.locator("button, a").count()):
            await busy.tab.page.keyboard.press("Tab")
            names.append(
                await busy.tab.page.evaluate(
                    "() => document.activeElement.ariaLabel ?? document.activeElement.textContent"
                )
            )
        seen.append(names)
        await busy.tab.page.keyboard.press("Escape")
    assert seen[0] == seen[1]
    assert len(seen[0]) > 6


async def test_a_compact_row_shows_its_time_to_the_pointer_and_the_keyboard(busy: BusyRoom) -> None:
    await chooses(busy.tab, "Compact")
    row, time = busy.tab.rows.last, busy.tab.rows.last.locator("time")
    await busy.tab.page.mouse.move(5, 5)  # after the choice of the density it may be over the row
    await expect(time).to_be_hidden()
    await row.hover()
    await expect(time).to_be_visible()
    await busy.tab.page.mouse.move(5, 5)
    await expect(time).to_be_hidden()
    await busy.tab.list.focus()
    await busy.tab.page.keyboard.press("ArrowUp")
    await expect(time).to_be_visible()


async def test_compact_rows_fit_on_a_phone_with_every_text_and_targets_for_fingers(people: People) -> None:
    ann, bob = await people.person("永" * 32), await people.person("Bob")
    room = await ann.make_room()
    for text in TEXTS:
        message = await ann.post(room, text)
        for kind in ("heart", "sad", "laugh"):
            await bob.react(room, message, kind)
        await bob.post(room, text, reply_to=message["id"])
    tab = await people.tab_of(bob, **PHONE)
    await tab.page.add_init_script("localStorage.setItem('hotchat.density', 'compact')")
    await tab.open(f"/rooms/{room}")
    await is_compact(tab)
    for _ in range(60):
        await expect(tab.rows.first).to_be_attached()
        await fits(tab)
        if await tab.page.locator("[data-testid=room-start]").count():
            break
        await tab.list.evaluate("list => { list.scrollTop -= list.clientHeight * 0.8; }")
    await expect(tab.page.locator("[data-testid=room-start]")).to_have_count(1)
    small = await tab.list.evaluate(
        """(list, min) => [...list.querySelectorAll('article button')].filter(button => {
            const own = button.getBoundingClientRect();
            const more = getComputedStyle(button, '::after');
            const grown = more.content === 'none' ? 0 : -2 * parseFloat(more.top);
            return own.height > 0 && own.height + grown < min && button.closest('[data-testid=text]') === null
                && !button.classList.contains('text-button');
        }).map(button => button.outerHTML.slice(0, 120))""",
        MIN_TARGET_PX,
    )
    assert small == []


async def test_names_badges_and_times_are_readable_in_compact_rows_of_hosts(people: People) -> None:
    ann, bob = await people.person("Ann"), await people.person("Bob")
    room = await ann.make_room()
    await bob.post(room, "short")
    await bob.post(room, "so long that it needs several lines " * 5)
    tab = await people.tab_of(ann, viewport=PHONE["viewport"])
    await tab.page.add_init_script("localStorage.setItem('hotchat.density', 'compact')")
    await tab.page.goto(f"{tab.base_url}/rooms/{room}/moderate")
    await is_compact(tab)
    await expect(tab.rows).to_have_count(2)
    assert await tab.page.evaluate(CLIPPED_MARKS) == [0, 0]
    await tab.rows.last.hover()
    time, name = tab.rows.last.locator("time"), tab.rows.last.locator(".nickname")
    await expect(time).to_be_visible()
    time_box, name_box = await time.bounding_box(), await name.bounding_box()
    assert time_box is not None and name_box is not None
    assert time_box["x"] + time_box["width"] <= name_box["x"]
    await tab.page.emulate_media(forced_colors="active")
    assert await tab.page.evaluate(ON_TOP_AT_NAMES) == ["Bob", "Bob"]


async def test_pending_and_failed_posts_show_their_state_in_compact_rows(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    tab, _ = await people.member("Bob")
    await tab.page.add_init_script("localStorage.setItem('hotchat.density', 'compact')")
    await tab.open(f"/rooms/{room}")
    await tab.page.route("**/api/v1/rooms/*/messages", refusing("validation_failed", method="POST"))
    await tab.write("never stored")
    await expect(tab.row("never stored")).to_contain_text("Not sent")
    assert await tab.page.evaluate(LAYOUT_FAULTS) == []
    assert await violations_in_light_and_dark(tab) == []
    await tab.page.unroute_all()
    await tab.row("never stored").get_by_role("button", name="Try again").click()
    await expect(tab.page.locator("[data-post]")).to_have_count(0)
    await tab.sees("never stored")


async def test_axe_finds_nothing_in_compact_rows(crowd: BusyRoom) -> None:
    await crowd.tab.page.emulate_media(reduced_motion="reduce")
    await is_compact(crowd.tab)
    await expect(crowd.tab.page.locator("[data-testid=left-out]").last).to_be_visible()
    await crowd.rate(0)
    await crowd.pages_up_and_settles()
    assert await violations_in_light_and_dark(crowd.tab) == []
