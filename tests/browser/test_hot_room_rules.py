"""A room stays readable at 200 messages a second, on a recorded crowd."""

import asyncio

import pytest
from playwright.async_api import Route, expect

from chat_contract.limits import CALM_ROWS_PER_S
from chat_server.messages.calm_sampling import BURST
from tests.browser.busy_room import BusyRoom
from tests.browser.tab import Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_screen_changes_at_most_four_times_a_second_in_a_busy_room(busy: BusyRoom) -> None:
    await busy.becomes_busy()
    await busy.tab.list.focus()
    await busy.tab.page.keyboard.press("PageUp")
    chip = busy.tab.page.locator(
        "[data-testid=new-chip]"
    )  # the chip counts messages, so each commit changes it exactly once
    await expect(chip).to_contain_text("new")
    changes, lasted_ms = await chip.evaluate(
        """async chip => {
            const startedMs = performance.now();
            let changes = 0;
            await new Promise(done => {
                const count = () => { changes += 1; if (changes === 16) done(); };
                new MutationObserver(count).observe(chip, {subtree: true, characterData: true, childList: true});
            });
            return [changes, performance.now() - startedMs];
        }"""
    )
    assert changes <= lasted_ms / 250 + 3


async def test_scrolling_is_not_animated_in_a_busy_room_nor_with_reduced_motion(busy: BusyRoom) -> None:
    await _reopens_with_frame_interval(16, busy.tab)
    page = busy.tab.page
    await page.evaluate(
        """() => {
            window.scrolls = [];
            const scrollTo = Element.prototype.scrollTo;
            Element.prototype.scrollTo = function (options) {
                window.scrolls.push(options.behavior ?? 'auto');
                return scrollTo.call(this, options);
            };
        }"""
    )
    await busy.control("say", text="into a quiet room")
    await page.wait_for_function("() => window.scrolls.includes('smooth')")
    await busy.becomes_busy()
    await page.evaluate("() => { window.scrolls = []; }")
    await page.wait_for_function("() => window.scrolls.length >= 5")
    assert "smooth" not in await page.evaluate("() => window.scrolls")
    await busy.rate(0)
    await expect(page.locator("[data-testid=status-heat]")).to_have_text("")
    await page.emulate_media(reduced_motion="reduce")
    await page.evaluate("() => { window.scrolls = []; }")
    last = await busy.control("say", text="with less motion")
    await busy.sees_seq(last["seq"])
    assert "smooth" not in await page.evaluate("() => window.scrolls")


@pytest.mark.parametrize("how", ["wheel", "page up", "hover", "selection", "focus", "menu"])
async def test_the_list_pauses_while_the_reader_looks_closer(busy: BusyRoom, how: str) -> None:
    await busy.becomes_busy()
    page, rows = busy.tab.page, busy.tab.rows
    match how:
        case "wheel":
            await page.mouse.move(500, 400)
            await page.mouse.wheel(0, -10)
        case "page up":
            await busy.tab.list.focus()
            await page.keyboard.press("PageUp")
        case "hover":
            await page.mouse.move(500, 400)
        case "selection":
            await (
                rows.nth(-3)
                .locator("[data-testid=text]")
                .evaluate("text => getSelection().selectAllChildren(text)")
            )
        case "focus":
            await rows.nth(-3).evaluate("row => row.focus({preventScroll: true})")
        case _:
            await rows.nth(-3).get_by_label("More actions").evaluate("button => button.click()")
            await expect(page.get_by_role("menu")).to_be_visible()
    await busy.is_paused()
    await busy.is_settled()
    before = await busy.rows_in_view()
    assert len(before) > 3
    await busy.frames(90)
    after = await busy.rows_in_view()
    assert {row: after.get(row) for row in before} == before
    await expect(busy.tab.page.locator("[data-testid=new-chip]")).to_contain_text("new")


async def test_a_touch_pauses_the_list(busy: BusyRoom) -> None:
    await busy.becomes_busy()
    devtools = await busy.tab.page.context.new_cdp_session(busy.tab.page)
    touch = {"type": "touchStart", "touchPoints": [{"x": 500, "y": 400}]}
    await devtools.send("Input.dispatchTouchEvent", touch)
    await busy.is_paused()
    await busy.is_settled()
    before = await busy.rows_in_view()
    await devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    await busy.frames(60)
    await busy.is_paused()  # also after the touch has ended: only End, Esc or the chip resumes the list
    await busy.nothing_moved_since(before)


async def test_only_a_pointer_resting_for_300_ms_pauses_the_list(busy: BusyRoom) -> None:
    await busy.becomes_busy()
    await busy.tab.list.evaluate(
        """list => {
            window.restedMs = new Promise(paused => list.addEventListener('pointerenter', () => {
                const enteredMs = performance.now();
                new MutationObserver(() => {
                    if (list.dataset.paused === 'true') paused(performance.now() - enteredMs);
                }).observe(list, {attributeFilter: ['data-paused']});
            }, {capture: true, once: true}));
        }"""
    )
    await busy.tab.page.mouse.move(500, 400)
    assert await busy.tab.page.evaluate("() => window.restedMs") >= 295


async def test_a_pause_by_hover_ends_when_the_pointer_leaves(busy: BusyRoom) -> None:
    await busy.becomes_busy()
    await busy.tab.page.mouse.move(500, 400)
    await busy.is_paused()
    await busy.tab.page.mouse.move(500, 20)
    await expect(busy.tab.list).to_have_attribute("data-paused", "false")


async def test_a_pause_for_a_menu_ends_when_it_has_closed_and_the_pointer_has_left(busy: BusyRoom) -> None:
    await busy.becomes_busy()
    page, row = busy.tab.page, busy.tab.rows.nth(-4)
    await page.mouse.move(500, 400)
    await busy.is_paused()
    await busy.is_settled()
    await row.hover()
    await row.get_by_label("More actions").click()
    await expect(page.get_by_role("menu")).to_be_visible()
    await page.mouse.move(500, 20)
    await busy.frames(30)
    await busy.is_paused()  # while it is open
    await page.mouse.click(500, 20)
    await expect(page.get_by_role("menu")).to_have_count(0)
    await expect(busy.tab.list).to_have_attribute("data-paused", "false")
    await busy.rate(0)
    last = await busy.control("say", nickname="Olivia", text="after the menu")
    await busy.sees_seq(last["seq"])


async def test_a_click_in_a_row_pauses_the_list_only_until_the_pointer_leaves(busy: BusyRoom) -> None:
    await busy.becomes_busy()
    page, row = busy.tab.page, busy.tab.rows.nth(-4)
    await page.mouse.move(500, 400)
    await busy.is_paused()
    await busy.is_settled()
    await row.hover()
    await row.get_by_label("More actions").click()
    await page.get_by_role("menuitem", name="Copy text", exact=True).click()
    await expect(page.get_by_role("menu")).to_have_count(0)
    await row.click(position={"x": 4, "y": 4})
    await page.mouse.move(500, 20)
    await expect(busy.tab.list).to_have_attribute("data-paused", "false")


@pytest.mark.parametrize("way", ["End", "Escape", "chip"])
async def test_end_escape_and_the_button_return_to_the_newest_message(busy: BusyRoom, way: str) -> None:
    await busy.becomes_busy()
    await busy.tab.list.focus()
    await busy.tab.page.keyboard.press("PageUp")
    await busy.is_paused()
    if way == "chip":
        await expect(busy.tab.page.locator("[data-testid=chips]")).to_have_css(
            "opacity", "1"
        )  # it takes clicks from then on
        await busy.tab.page.locator("[data-testid=new-chip]").click(force=True)
        await busy.tab.page.mouse.move(500, 20)
    else:
        await busy.tab.page.keyboard.press(way)
    await expect(busy.tab.list).to_have_attribute("data-paused", "false")
    await busy.rate(0)
    last = await busy.control("say", nickname="Olivia", text="the very last")
    await expect(busy.tab.page.locator(f"[data-message-id='{last['id']}']")).to_be_in_viewport()


async def test_a_click_acts_on_the_row_that_was_under_the_pointer(busy: BusyRoom) -> None:
    await busy.becomes_busy()
    page = busy.tab.page
    await page.mouse.move(420, 500)
    await busy.is_paused()
    await busy.is_settled()
    under = await page.evaluate(
        "() => document.elementFromPoint(420, 500).closest('article')?.dataset.messageId ?? null"
    )
    await page.mouse.down()
    await busy.frames(60)
    still = await page.evaluate(
        "() => document.elementFromPoint(420, 500).closest('article')?.dataset.messageId ?? null"
    )
    await page.mouse.up()
    assert still == under


async def test_new_rows_keep_the_pace_of_the_writers_marks(busy: BusyRoom) -> None:
    await busy.tab.list.evaluate(
        """list => {
            window.seen = new Map();
            const rows = [...document.querySelectorAll('article')];
            const last = Math.max(...rows.map(row => Number(row.dataset.seq)));
            new MutationObserver(() => {
                for (const row of document.querySelectorAll('article')) {
                    const id = row.dataset.messageId;
                    const time = row.querySelector('[data-testid=bubble]').title;
                    if (Number(row.dataset.seq) > last) window.seen.set(id, time);
                }
            }).observe(list, {subtree: true, childList: true});
        }"""
    )
    await busy.becomes_busy()
    await busy.tab.page.wait_for_function("() => new Set(window.seen.values()).size >= 4")
    await busy.rate(0)
    times: list[str] = await busy.tab.page.evaluate("() => [...window.seen.values()]")
    per_second = {time: times.count(time) for time in set(times)}
    assert len(per_second) >= 3
    assert max(per_second.values()) <= BURST + CALM_ROWS_PER_S


async def _reopens_with_frame_interval(frame_ms: int, tab: Tab) -> None:
    """Set the frame interval from the first frame on, so that the speed of the machine does not affect the pace."""
    await tab.page.add_init_script(
        """{
            const next = window.requestAnimationFrame.bind(window);
            let drawnMs = 0;
            let toldMs = performance.now();
            window.requestAnimationFrame = call => next(nowMs => {
                if (nowMs !== drawnMs) toldMs += FRAME_MS;
                drawnMs = nowMs;
                call(toldMs);
            });
        }""".replace("FRAME_MS", str(frame_ms))
    )
    await tab.page.reload()
    await tab.is_live()


async def test_a_pinned_message_gets_a_row_only_after_a_paused_list_resumes(
    busy: BusyRoom,
) -> None:
    await busy.becomes_busy()
    await expect(busy.tab.page.locator("[data-testid=left-out]").last).to_be_visible()
    before = await busy.pages_up_and_settles()
    rows = busy.tab.page.locator("article", has=busy.tab.page.locator("[data-testid=left-out]"))
    after_seq = int(await rows.last.get_attribute("data-seq") or 0)
    left_out = next(message for message in await busy.messages() if message["seq"] > after_seq)
    row = busy.tab.page.locator(f"[data-message-id='{left_out['id']}']")
    await busy.control("pin", id=left_out["id"])
    await expect(busy.tab.page.locator("[data-testid=pinned-bar]")).to_contain_text(
        left_out["author"]["nickname"]
    )
    await expect(row).to_have_count(0)
    await busy.nothing_moved_since(before)
    await busy.rate(0)
    await busy.tab.page.keyboard.press("End")
    await busy.tab.page.locator("[data-testid=pinned-bar] button >> nth=0").click()
    await expect(row).to_be_in_viewport()
    await expect(row.locator("[data-testid=pin-mark]")).to_have_count(1)


async def test_left_out_messages_open_in_place_on_a_click(busy: BusyRoom) -> None:
    await _reopens_with_frame_interval(16, busy.tab)
    await busy.becomes_busy()
    left_out = busy.tab.page.locator("[data-testid=left-out]")
    await expect(left_out.last).to_be_visible()
    await busy.rate(0)
    await expect(busy.tab.page.locator("[data-testid=status-heat]")).to_have_text("")
    await busy.pages_up_and_settles()
    rows = busy.tab.page.locator("article", has=left_out)
    seqs = await rows.evaluate_all("rows => rows.map(row => Number(row.dataset.seq))")
    row = busy.tab.page.locator(f"article[data-seq='{seqs[len(seqs) // 2]}']")
    messages = await busy.messages()
    next_one = next(message for message in messages if message["seq"] > seqs[len(seqs) // 2])
    count = await row.locator("[data-testid=left-out]").inner_text()
    assert int(count.removeprefix("+")) > 0
    await expect(busy.tab.page.locator(f"[data-message-id='{next_one['id']}']")).to_have_count(0)
    await row.locator("[data-testid=left-out]").click()
    await expect(busy.tab.page.locator(f"[data-message-id='{next_one['id']}']")).to_have_count(1)
    await expect(row.locator("[data-testid=left-out]")).to_have_count(0)


async def test_the_reading_pace_all_gives_every_message_a_row(busy: BusyRoom) -> None:
    await busy.becomes_busy()
    left_out = busy.tab.page.locator("[data-testid=left-out]")
    await expect(left_out.first).to_be_visible()
    await busy.rate(0)
    page = busy.tab.page
    for _ in range(2):  # a reload keeps the choice
        await page.get_by_role("button", name="Settings").click()
        await page.get_by_role("radio", name="All").check()
        await page.get_by_role("dialog").get_by_role("button", name="Close").click()
        await expect(left_out).to_have_count(0)
        await page.reload()
        await busy.tab.is_live()
        await busy.sees_seq(await busy.crowd_posts(20))
        rows = await page.locator("article").evaluate_all("all => all.map(row => row.dataset.messageId)")
        assert len(rows) > 3
        assert rows == [message["id"] for message in await busy.messages()][-len(rows) :]
        await expect(left_out).to_have_count(0)


async def test_mentions_replies_and_the_owner_are_always_shown(busy: BusyRoom) -> None:
    await busy.tab.write("my own words")
    await busy.tab.join("Mina")
    await expect(busy.tab.page.locator("[data-post]")).to_have_count(0)  # until then its row has another id
    own_id = (await busy.messages_by("Mina"))[-1]["id"]
    await busy.becomes_busy()
    await busy.tab.list.focus()
    await busy.tab.page.keyboard.press("PageUp")
    await busy.is_paused()
    await busy.control("say", nickname="Ann", text="look here @Mina")
    await busy.control("say", nickname="Bob", text="an answer to that", reply_to=own_id)
    await busy.control("say", nickname="Olivia", text="a word from the owner")
    await expect(busy.tab.page.locator("[data-testid=new-chip]")).to_contain_text("2 for you")
    await busy.rate(0)
    await busy.tab.page.keyboard.press("Escape")
    for text in ("a word from the owner", "an answer to that", "look here @Mina"):
        await busy.tab.scrolls_back_to(text)


async def test_reactions_and_edits_never_change_the_height_of_a_row_in_view(busy: BusyRoom) -> None:
    message = await busy.control("say", text="short")
    await busy.tab.sees("short")
    row = busy.tab.page.locator(f"[data-message-id='{message['id']}']")
    before = await row.bounding_box()
    for kind in ("heart", "sad", "laugh"):
        await busy.control("react", id=message["id"], kind=kind)
    await expect(row.locator("[data-kind]")).to_have_count(3)
    await busy.control("edit", id=message["id"], text="a much longer text " * 30)
    await expect(row.get_by_role("button", name="edited, show all")).to_be_visible()
    assert await row.bounding_box() == before
    await row.get_by_role("button", name="edited, show all").click()
    after = await row.bounding_box()
    assert before is not None and after is not None and after["height"] > before["height"]


async def test_an_expanded_row_keeps_its_height_at_the_next_edit(busy: BusyRoom) -> None:
    message = await busy.control("say", text="short")
    row = busy.tab.page.locator(f"[data-message-id='{message['id']}']")
    show = row.get_by_role("button", name="edited, show all")
    await busy.sees_seq(message["seq"])
    await busy.control("edit", id=message["id"], text="a much longer text " * 30)
    await show.click()
    await busy.is_settled()
    expanded = await row.bounding_box()
    await busy.control("edit", id=message["id"], text="an even longer text " * 60)
    await expect(show).to_be_visible()
    assert await row.bounding_box() == expanded


async def test_a_deletion_never_changes_the_height_of_a_row_in_view(busy: BusyRoom) -> None:
    message = await busy.control("say", text="long words " * 40)
    row = busy.tab.page.locator(f"[data-message-id='{message['id']}']")
    await busy.control("react", id=message["id"])
    await expect(row.locator("[data-kind]")).to_have_count(1)
    await busy.sees_seq(message["seq"])
    before = await row.bounding_box()
    await busy.control("delete", id=message["id"])
    await expect(row).to_contain_text("This message was deleted")
    assert await row.bounding_box() == before


async def test_a_count_changes_on_screen_at_most_twice_a_second(busy: BusyRoom) -> None:
    message = await busy.control("say", text="count me")
    await busy.control("react", id=message["id"])
    chip = busy.tab.page.locator(f"[data-message-id='{message['id']}'] [data-kind=heart]")
    await expect(chip).to_have_text("1")
    await chip.evaluate(
        """chip => {
            window.startedMs = performance.now();
            window.counts = [];
            new MutationObserver(() => window.counts.push(Number(chip.innerText)))
                .observe(chip, {subtree: true, characterData: true, childList: true});
        }"""
    )
    for _ in range(60):
        await busy.control("react", id=message["id"])
    await expect(chip).to_have_text("61")
    counts, lasted_ms = await busy.tab.page.evaluate(
        "() => [window.counts, performance.now() - window.startedMs]"
    )
    assert counts == sorted(set(counts)), "a count never goes back, and is not drawn twice"
    assert len(counts) <= lasted_ms / 500 + 1


async def test_an_own_message_shows_before_the_server_has_it_and_once_afterwards(
    busy: BusyRoom,
) -> None:
    await busy.tab.write("hello")
    await busy.tab.join("Mina")
    await busy.tab.sees("hello")
    await busy.becomes_busy()
    await busy.tab.page.keyboard.press("Escape")
    seen = asyncio.Event()

    async def answer_late(route: Route) -> None:
        if route.request.method == "POST":
            await seen.wait()
        await route.fallback()

    await busy.tab.page.route("**/api/v1/rooms/*/messages", answer_late)
    await busy.tab.write("right away")
    await expect(busy.tab.row("right away")).to_be_in_viewport()
    assert "right away" not in [message["text"] for message in await busy.messages_by("Mina")]
    await busy.rate(0)
    seen.set()
    await expect(busy.tab.page.locator("[data-post]")).to_have_count(0)
    await busy.tab.sees("right away")


async def test_sending_while_paused_does_not_scroll_and_a_button_links_to_the_message(busy: BusyRoom) -> None:
    await busy.tab.write("hello")
    await busy.tab.join("Mina")
    await busy.becomes_busy()
    await busy.tab.list.focus()
    await busy.tab.page.keyboard.press("PageUp")
    await busy.is_paused()
    await busy.is_settled()
    before = await busy.rows_in_view()
    await busy.tab.write("sent from up here")
    await expect(busy.tab.page.locator("[data-testid=own-chip]")).to_have_text("Your message is below")
    await busy.nothing_moved_since(before)
    await expect(busy.tab.composer).to_be_focused()
    await busy.tab.page.locator("[data-testid=own-chip]").click()
    await expect(busy.tab.row("sent from up here")).to_be_in_viewport()


async def test_enter_queues_a_message_exactly_once_and_the_composer_keeps_its_focus(busy: BusyRoom) -> None:
    await busy.tab.write("first")
    await busy.tab.join("Mina")
    await busy.becomes_busy()
    for number in range(10):
        await busy.tab.composer.press_sequentially(f"line {number}")
        await busy.tab.composer.press("Enter")
    await busy.rate(0)
    await expect(busy.tab.composer).to_be_focused()
    await expect(busy.tab.page.locator("[data-post]")).to_have_count(0)
    await busy.tab.scrolls_back_to("line 9")
    lines = [message["text"] for message in await busy.messages_by("Mina")]
    assert lines == ["first", *(f"line {number}" for number in range(10))]


async def test_a_busy_room_keeps_few_rows_in_the_page(busy: BusyRoom) -> None:
    await busy.becomes_busy()
    await busy.frames(120)
    assert await busy.tab.rows.count() < 200
