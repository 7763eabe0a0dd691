"""The calm lane on the page: the same rows as in the full lane, and the rest on request."""

from collections.abc import Sequence
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.busy_room import BusyRoom
from tests.browser.tab import People, Tab
from tests.support.chat_stack import StartChatStack
from tests.support.plain_http import client_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

BUSY_PER_S = 40  # so fast that most messages are left out and the page updates at its slowest pace
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}
MANY_ROWS = 8  # a view of comfortable rows
SEQS = "rows => rows.map(row => Number(row.dataset.seq)).sort((a, b) => a - b)"
SAVES_DATA = """Object.defineProperty(navigator, "connection", {
    value: {saveData: true, addEventListener: () => {}, removeEventListener: () => {}},
});"""


async def test_both_lanes_show_the_same_rows_and_the_choice_of_less_data_moves_an_open_room(
    busy: BusyRoom,
) -> None:
    full, calm = busy.tab, await busy.another_browser()
    await _chooses(calm, "Calm, less data")
    await busy.newest_lane_is("calm")
    for tab in (full, calm):
        await tab.is_live()
        await _records_shown_rows(tab.page)
    await busy.rate(BUSY_PER_S)
    one, other = await _shown_by_each_page(busy, [full.page, calm.page])
    assert one == other


async def test_a_skipped_run_opens_in_place_on_a_click_and_nothing_above_moves(busy: BusyRoom) -> None:
    await _chooses(busy.tab, "Calm, less data")
    await busy.becomes_busy()
    left_out = busy.tab.page.locator("[data-testid=left-out]")
    await expect(left_out.nth(4)).to_be_visible()
    await busy.rate(0)
    await busy.pages_up_and_settles()
    rows = busy.tab.page.locator("article", has=left_out)
    seqs = await rows.evaluate_all("rows => rows.map(row => Number(row.dataset.seq))")
    seq = seqs[len(seqs) // 2]
    row = busy.tab.page.locator(f"article[data-seq='{seq}']")
    button = row.locator("[data-testid=left-out]")
    count = int((await button.inner_text()).strip().removeprefix("+"))
    later = [message for message in await busy.messages() if message["seq"] > seq][:count]
    assert all(message["calm"] is False for message in later)
    first = busy.tab.page.locator(f"[data-message-id='{later[0]['id']}']")
    await expect(first).to_have_count(0)
    await expect(button).to_have_accessible_name(f"{count} messages skipped · show them")
    await row.scroll_into_view_if_needed()  # a click would scroll to it
    await busy.is_settled()
    before = await row.bounding_box()
    await button.click()
    await expect(first).to_have_count(1)
    await expect(button).to_have_count(0)
    assert await row.bounding_box() == before


async def test_an_own_message_that_the_lane_skips_has_its_row_once(busy: BusyRoom) -> None:
    await _chooses(busy.tab, "Calm, less data")
    await busy.tab.write("before the crowd")
    await busy.tab.join("Mina")
    await busy.tab.follows_newest()  # the pointer may be above the list, which grew when the prompt closed
    await busy.becomes_busy()
    await expect(busy.tab.page.locator("[data-testid=left-out]").last).to_be_visible()
    await busy.tab.write("in the crowd")
    own = busy.tab.page.locator("[data-mine][data-seq]", has_text="in the crowd")
    await expect(own).to_have_count(1)
    [*_, stored] = await busy.messages_by("Mina")
    assert stored["calm"] is False
    later = await busy.control("say", nickname="Olivia", text="the end")
    await busy.sees_seq(later["seq"])
    await busy.rate(0)
    await busy.tab.scrolls_back_to("in the crowd")
    await expect(busy.tab.row("in the crowd")).to_have_attribute("data-seq", str(stored["seq"]))


async def test_a_phone_in_a_hot_room_and_a_browser_that_saves_data_follow_the_calm_lane(
    busy: BusyRoom,
) -> None:
    await busy.control("heat", hot=True)
    await busy.another_browser(**PHONE)
    await busy.newest_lane_is("calm")
    await busy.control("heat", hot=False)
    await busy.another_browser(**PHONE)
    await busy.newest_lane_is("full")
    await busy.another_browser(script=SAVES_DATA)
    await busy.newest_lane_is("calm")


async def test_the_lane_resumes_after_a_killed_server_without_losing_or_repeating_a_row(
    browser: Browser, built_page: object, start_chat_stack: StartChatStack
) -> None:
    stack = start_chat_stack(SPA_DIR=str(built_page))
    async with client_of(stack.chat_url) as http:
        people = People(browser, stack.chat_url, http)
        ann, bob = await people.person("Ann"), await people.person("Bob")
        room = await ann.make_room()
        await ann.post(room, "the beginning")
        tab = await people.tab()
        await tab.page.add_init_script("localStorage.setItem('hotchat.reading', 'light')")
        await tab.open(f"/rooms/{room}")
        await _records_shown_rows(tab.page)
        left_out = tab.page.locator("[data-testid=left-out]")
        await bob.post_many(room, [f"before {number}" for number in range(40)])
        await expect(left_out).not_to_have_count(0)
        [publish] = stack.publish_servers
        publish.kill()
        await bob.post_many(room, [f"meanwhile {number}" for number in range(40)])
        publish.start_and_wait()
        await tab.is_live()
        await bob.post_many(room, [f"after {number}" for number in range(40)])
        await ann.post(room, "the end")
        await tab.sees("the end")
        posted = (await ann.call("GET", f"/rooms/{room}/messages?limit=100"))["messages"]
        sampled = [message["seq"] for message in posted if "calm" not in message]
        assert len(sampled) < len(posted) / 2
        shown = await tab.page.evaluate("() => [...window.shown].sort((a, b) => a - b)")
        assert [seq for seq in shown if seq >= posted[0]["seq"]] == sampled

        await tab.list.focus()
        await tab.page.keyboard.press("PageUp")
        row = tab.page.locator("article", has=left_out).last
        count = int((await row.locator("[data-testid=left-out]").inner_text()).strip().removeprefix("+"))
        seq = int(await row.get_attribute("data-seq") or 0)
        await row.locator("[data-testid=left-out]").click()
        [first, *_] = [message for message in posted if message["seq"] > seq]
        await expect(tab.page.locator(f"[data-message-id='{first['id']}']")).to_have_count(1)
        assert first["calm"] is False and count > 0
        await people.leave()


async def _chooses(tab: Tab, pace: str) -> None:
    await tab.page.get_by_role("button", name="Settings").click()
    await tab.page.get_by_role("radio", name=pace).check()
    await tab.page.get_by_role("dialog").get_by_role("button", name="Close").click()
    await tab.follows_newest()  # the dialog was above the list


async def _records_shown_rows(page: Page) -> None:
    await page.locator("[role=log]").evaluate(
        """list => {
            window.shown = new Set();
            const look = () => document.querySelectorAll('article[data-seq]')
                .forEach(row => window.shown.add(Number(row.dataset.seq)));
            new MutationObserver(look).observe(list, {subtree: true, childList: true});
        }"""
    )


async def _shown_by_each_page(busy: BusyRoom, pages: Sequence[Page]) -> list[list[int]]:
    """The seqs of the rows at the end of each page, of the same messages.

    A page that draws no frame for a while, on a busy machine, never has the rows that pass meanwhile.
    """
    for page in pages:
        await expect(page.locator("[data-testid=left-out]").last).to_be_visible()
    first_seq = (await busy.messages())[-1]["seq"]
    for page in pages:
        await page.wait_for_function(
            "from => [...window.shown].filter(seq => seq > from).length >= 20", arg=first_seq
        )
    await busy.rate(0)
    last = await busy.control("say", nickname="Olivia", text="the end")
    for page in pages:
        await expect(page.locator(f"article[data-seq='{last['seq']}']")).to_be_visible()
    posted = [message["seq"] for message in await busy.messages()]
    in_page = [await page.locator("article[data-seq]").evaluate_all(SEQS) for page in pages]
    from_seq = max(first_seq, *(seqs[0] for seqs in in_page))
    shown = [[seq for seq in seqs if seq >= from_seq] for seqs in in_page]
    posted = [seq for seq in posted if seq >= from_seq]
    assert all(MANY_ROWS < len(each) < len(posted) for each in shown), "nothing was left out"
    return shown
