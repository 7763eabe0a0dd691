"""A hot room for hidden, sleeping, lagging and slow tabs and for screen readers, on a recorded crowd."""

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.browser.busy_room import NOTICED_WITHIN_MS, SLOWED, BusyRoom
from tests.browser.replaced_responses import refuse

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def hide(busy: BusyRoom, hidden: bool) -> None:
    """Headless Chromium hides no tab, so override `document.hidden`."""
    await busy.tab.page.evaluate(
        """hidden => {
            Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden});
            document.dispatchEvent(new Event('visibilitychange'));
        }""",
        hidden,
    )


async def has_joined(busy: BusyRoom) -> None:
    await busy.tab.write("hello")
    await busy.tab.join("Mina")
    await busy.tab.sees("hello")
    await expect(busy.tab.page.locator("[data-post]")).to_have_count(0)


async def test_a_hidden_tab_renders_nothing_and_summarizes_missed_messages_when_shown(busy: BusyRoom) -> None:
    await has_joined(busy)
    page = busy.tab.page
    await hide(busy, True)
    await page.locator("[data-shape]").evaluate(
        """room => {
            window.painted = 0;
            const count = changes => { window.painted += changes.length; };
            new MutationObserver(count).observe(room,
                {subtree: true, childList: true, characterData: true, attributes: true});
        }"""
    )
    first = await busy.control("say", nickname="Ann", text="where are you @Mina?")
    await busy.control("many", count=3_410)
    last = await busy.control("say", nickname="Ann", text="still away, @Mina?")
    await expect(page).to_have_title("(99+) Show night · Hotchat")
    await expect(page.locator("[data-announce=for-me]")).to_contain_text("still away")
    spoken = page.locator("[data-announce]")
    assert (
        await page.evaluate("() => window.painted") <= 2 * await spoken.count()
    )  # announcements for screen readers do not count
    await hide(busy, False)
    banner = page.locator("[data-testid=away-banner]")
    await expect(banner).to_contain_text("2 mentions, 3,412 messages while you were away")
    await busy.sees_seq(last["seq"])
    await expect(page.locator(f"[data-message-id='{first['id']}']")).to_have_count(0)
    await banner.get_by_role("button").first.click()
    await busy.sees_seq(first["seq"])
    await expect(banner).to_have_count(0)


async def test_a_tab_that_slept_gets_the_latest_page_and_a_summary_of_missed_messages(busy: BusyRoom) -> None:
    await has_joined(busy)
    page = busy.tab.page
    await busy.control("streams", open=False)
    await expect(busy.tab.status).to_have_attribute("data-connection", "reconnecting")
    first = await busy.control("say", nickname="Ann", text="are you there @Mina?")
    await busy.control("many", count=1_000)
    await busy.control("streams", open=True)
    await expect(busy.tab.status).to_have_attribute("data-connection", "live", timeout=NOTICED_WITHIN_MS)
    last = await busy.control("say", nickname="Olivia", text="the newest")
    await busy.sees_seq(last["seq"])
    banner = page.locator("[data-testid=away-banner]")
    await expect(banner).to_contain_text("1,001 messages while you were away")
    await expect(banner).to_contain_text("1 mention", timeout=NOTICED_WITHIN_MS)
    await expect(page.locator(f"[data-message-id='{first['id']}']")).to_have_count(0)
    await banner.get_by_role("button").first.click()
    await busy.sees_seq(first["seq"])


async def test_a_paused_list_stays_in_place_while_thousands_of_messages_arrive(busy: BusyRoom) -> None:
    before = await busy.pages_up_and_settles()
    await busy.control("many", count=4_000)
    await expect(busy.tab.page.locator("[data-testid=new-chip]")).to_contain_text("4,000 new")
    await busy.nothing_moved_since(before)
    last = await busy.control("say", nickname="Olivia", text="the very last")
    await busy.tab.page.keyboard.press("End")
    await busy.sees_seq(last["seq"])


async def test_a_paused_list_stays_in_place_when_the_stream_resumes_far_ahead(busy: BusyRoom) -> None:
    before = await busy.pages_up_and_settles()
    await busy.control("streams", open=False)
    await expect(busy.tab.status).to_have_attribute("data-connection", "reconnecting")
    await busy.control("many", count=1_000)
    await busy.control("streams", open=True)
    await expect(busy.tab.page.locator("[data-testid=new-chip]")).to_contain_text(
        "1,000 new", timeout=NOTICED_WITHIN_MS
    )
    await busy.nothing_moved_since(before)
    last = await busy.control("say", nickname="Olivia", text="the very last")
    await busy.tab.page.keyboard.press("End")
    await busy.sees_seq(last["seq"])


async def test_connection_trouble_shows_after_two_seconds_without_changing_the_layout(
    busy: BusyRoom,
) -> None:
    page = busy.tab.page
    line = await busy.tab.status.bounding_box()
    await busy.tab.status.evaluate(
        """line => {
            const connection = line.querySelector('[data-testid=status-connection]');
            let lostAtMs = null;
            window.shownAfterMs = new Promise(shown => new MutationObserver(() => {
                if (line.dataset.connection !== 'live') lostAtMs ??= performance.now();
                if (lostAtMs !== null && connection.innerText.trim() !== 'Live') shown(performance.now() - lostAtMs);
            }).observe(line, {subtree: true, childList: true, characterData: true, attributes: true}));
        }"""
    )
    await busy.control("streams", open=False)
    await expect(busy.tab.status).to_contain_text("Reconnecting", timeout=NOTICED_WITHIN_MS)
    assert await page.evaluate("() => window.shownAfterMs") >= 1_990
    assert await busy.tab.status.bounding_box() == line
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.context.set_offline(True)
    await expect(busy.tab.status).to_contain_text("You are offline")
    assert await busy.tab.status.bounding_box() == line
    await page.context.set_offline(False)
    await busy.control("heat", hot=True)
    await busy.control("streams", open=True)
    await expect(busy.tab.connection).to_have_text("Live", timeout=NOTICED_WITHIN_MS)
    await expect(busy.tab.status).to_contain_text("Hot")
    await busy.becomes_busy()
    assert await busy.tab.status.bounding_box() == line


async def test_refused_history_shows_a_countdown_and_is_retried(busy: BusyRoom) -> None:
    page = busy.tab.page
    line = await busy.tab.status.bounding_box()
    requested: list[str] = []
    seen = asyncio.Event()

    async def refuse_once(route: Route) -> None:
        requested.append(route.request.url)
        if len(requested) > 1:
            await seen.wait()
            await route.fallback()
            return
        await refuse(route, "room_hot", retry_after_s=3.5)

    await page.route("**/messages?*before_seq*", refuse_once)
    await busy.tab.list.focus()
    async with asyncio.timeout(NOTICED_WITHIN_MS / 1_000):
        while not requested:  # history that was on its way already moves the top further up
            await page.keyboard.press("Home")
            await busy.is_settled()
    await expect(busy.tab.status).to_contain_text("Older messages in")
    assert await busy.tab.status.bounding_box() == line
    await expect(page.get_by_role("dialog")).to_have_count(0)
    seen.set()
    await expect(page.locator("[data-testid=room-start]")).to_have_count(0)
    await expect(busy.tab.connection).to_have_text("Live", timeout=NOTICED_WITHIN_MS)
    assert len(requested) >= 2


async def test_screen_readers_get_one_summary_every_ten_seconds_and_mentions_at_once(
    busy: BusyRoom,
) -> None:
    await has_joined(busy)
    page = busy.tab.page
    await page.clock.install()
    await busy.tab.open("/")
    await page.locator("[data-announce=summary]").evaluate(
        """summary => {
            window.heard = [];
            window.listenedFromMs = Date.now();
            new MutationObserver(() => window.heard.push(summary.innerText)).observe(summary,
                {subtree: true, characterData: true, childList: true});
        }"""
    )
    await busy.becomes_busy()
    await busy.control("say", nickname="Ann", text="look here @Mina")
    await expect(page.locator("[data-announce=for-me]")).to_have_text("Ann: look here @Mina")
    for count in range(1, 4):
        await page.clock.fast_forward(10_000)
        await page.wait_for_function("count => window.heard.length >= count", arg=count)
    heard, lasted_ms = await page.evaluate("() => [window.heard, Date.now() - window.listenedFromMs]")
    assert all("new messages" in words for words in heard)
    assert len(heard) <= lasted_ms / 10_000
    live = page.locator(
        "[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log]:not([aria-live=off])"
    )
    said_aloud = await live.evaluate_all(
        "all => all.filter(each => each.innerText.includes('messages/s')).length"
    )
    assert said_aloud == 0


async def test_a_slow_page_lowers_its_pace_and_shows_that(busy: BusyRoom) -> None:
    page = busy.tab.page
    await page.evaluate(
        """() => requestAnimationFrame(function tick() {
            const untilMs = performance.now() + 60;
            while (performance.now() < untilMs);
            if (!window.isQuick) requestAnimationFrame(tick);
        })"""
    )
    await busy.becomes_busy()
    await expect(busy.tab.status).to_contain_text(SLOWED, timeout=NOTICED_WITHIN_MS)
    await page.evaluate("() => { window.isQuick = true; }")
