"""No text and no name can harm the page."""

from collections.abc import Mapping
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.replaced_responses import changing
from tests.browser.tab import People, Person, Tab
from tests.support.hostile_texts import hostile_texts

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE = {
    "html": '<img src=x onerror="window.harmed=1"><script>window.harmed=1</script> <b>bold</b>',
    "link": "[click](javascript:window.harmed=1) <a href='javascript:window.harmed=1'>x</a>",
    "bidi": "\u202egnp.exe\u2066 hidden \u2069 end",
    "zalgo": "Z" + "\u0301\u0315\u0322\u0334\u0489" * 6 + "algo",  # as many marks as the server takes
    "emoji": "🎉" * 4_000,
    "lines": "top" + "\n" * 2_000 + "bottom",
    "word": "w" * 4_000,
}


async def test_hostile_text_is_shown_harmlessly(people: People) -> None:
    ann = await people.person('<i>Ann</i> & "co"')
    room = await ann.make_room("<u>Room</u>")
    await ann.post(room, "the one before")
    for text in HOSTILE.values():
        await ann.post(room, text)
    tab = await people.tab(viewport={"width": 390, "height": 780})
    await tab.open(f"/rooms/{room}")
    await expect(tab.page.get_by_role("heading", level=1, name="<u>Room</u>")).to_be_visible()
    for text in ("w" * 100, "top", "🎉🎉🎉", "algo", "hidden", "click", "window.harmed=1"):
        await expect(tab.rows.filter(has_text=text).first).to_be_attached()
    await expect(tab.rows.first.locator(".nickname")).to_have_text('<i>Ann</i> & "co"')
    state = await tab.page.evaluate(
        """() => ({
            harmed: window.harmed ?? null,
            made: document.querySelectorAll('article [data-testid=text] :is(img, script, b, i)').length,
            links: [...document.querySelectorAll('[data-testid=text] a')].filter(a => !/^https?:/.test(a.href)).length,
            sideways: document.documentElement.scrollWidth > innerWidth
                || document.querySelector('[role=log]').scrollWidth > document.querySelector('[role=log]').clientWidth,
            tallest: Math.max(...[...document.querySelectorAll('article')].map(row => row.offsetHeight)),
            overrides: /[\\u202a-\\u202e]/.test(document.querySelector('[role=log]').innerText),
        })"""
    )
    assert state["tallest"] < 600, "long messages are folded"
    assert {**state, "tallest": 0} == {
        "harmed": None,
        "made": 0,
        "links": 0,
        "sideways": False,
        "tallest": 0,
        "overrides": False,
    }


async def holds(tab: Tab, room: str, ann: Person, texts: Mapping[str, str], **author: str) -> None:
    """Let the tab's pages of the room hold these texts, whatever the server would take today: old rooms may."""
    for name in texts:
        await ann.post(room, f"stands for {name}")

    def put_texts(page: dict[str, Any]) -> None:
        for message in page.get("messages", []):
            message["text"] = texts.get(message["text"].removeprefix("stands for "), message["text"])
            if message["text"] in texts.values():
                message["author"].update(author)

    await tab.page.route(f"**/api/v1/rooms/{room}/messages*", changing(put_texts))


async def test_a_room_full_of_hostile_texts_stays_usable(people: People) -> None:
    texts = hostile_texts()
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab = await people.tab_of(ann)
    await holds(tab, room, ann, texts)
    await ann.post(room, "the newest one")
    await tab.open(f"/rooms/{room}")
    await tab.sees("the newest one")
    seen: set[str] = set()
    await tab.list.hover()
    while len(seen) <= len(texts):
        seen.update(
            await tab.page.evaluate(
                "() => [...document.querySelectorAll('[data-seq]')].map(row => row.dataset.seq)"
            )
        )
        drawn = await tab.page.evaluate(
            """() => ({
                plain: document.querySelectorAll('[data-testid=plain-row], [data-testid=plain-text]').length,
                levels: Math.max(...[...document.querySelectorAll('[data-testid=text] *')].map(node => {
                    let levels = 0;
                    for (let at = node; at.dataset.testid !== 'text'; at = at.parentElement) levels += 1;
                    return levels;
                }), 0),
                elements: Math.max(...[...document.querySelectorAll('[data-testid=text]')].map(
                    text => text.querySelectorAll('*').length)),
                tallest: Math.max(...[...document.querySelectorAll('article')].map(row => row.offsetHeight)),
                sideways: (list => list.scrollWidth > list.clientWidth)(document.querySelector('[role=log]')),
            })"""
        )
        assert drawn["plain"] == 0, "no text breaks its row"
        assert drawn["levels"] <= 12
        assert drawn["elements"] <= 2_100, "a folded text is drawn in part"
        assert drawn["tallest"] < 600
        assert not drawn["sideways"]
        await tab.page.mouse.wheel(0, -400)
        await tab.page.evaluate("() => new Promise(requestAnimationFrame)")
    await tab.page.get_by_role("button", name="Back to newest").click()
    await tab.write("and I can still write")
    await tab.sees("and I can still write")
    await tab.page.unroute_all(behavior="wait")


async def test_a_message_that_fails_to_render_breaks_only_its_row_and_can_be_deleted(
    people: People,
) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, "the one before")
    bob = await people.person("Bob")
    await bob.post(room, "💥 **breaks**")
    broken_row = await (await people.person("💥 Eve")).post(room, "her *row* breaks")
    await ann.post(room, "the one after", reply_to=broken_row["id"])
    tab = await people.tab_of(ann)
    await tab.page.add_init_script(
        """const segment = Intl.Segmenter.prototype.segment;
        Intl.Segmenter.prototype.segment = function (text) {
            if (text.includes('💥')) throw new Error('cannot be drawn');
            return segment.call(this, text);
        };"""
    )
    await tab.open(f"/rooms/{room}")
    await tab.sees("the one before")
    await tab.sees("the one after")
    await expect(tab.row("💥 **breaks**")).to_have_count(1)
    await expect(tab.page.locator("[data-testid=plain-row]")).to_contain_text("her *row* breaks")
    for text in ("her *row* breaks", "💥 **breaks**"):
        await tab.choose(text, "Delete")
        await tab.page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
        await expect(tab.page.get_by_text(text)).to_have_count(0)
    await tab.write("and I can still write")
    await tab.sees("and I can still write")


async def test_text_that_fails_to_render_breaks_no_list_and_no_dialog(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room("💥 room")
    eve = await people.person("💥 Eve")
    await ann.post(room, "the one before")
    broken = await eve.post(room, "💥 word for @Ann")
    await eve.post(room, "a plain word")
    await ann.post(room, "the one after", reply_to=broken["id"])
    await ann.call("PUT", f"/rooms/{room}/messages/{broken['id']}/pin")
    tab = await people.tab_of(ann)
    await tab.page.add_init_script(
        """for (const name of ['trim', 'normalize']) {
            const real = String.prototype[name];
            String.prototype[name] = function (...args) {
                if (this.includes('💥')) throw new Error('cannot be drawn');
                return real.apply(this, args);
            };
        }"""
    )
    await tab.open(f"/rooms/{room}")
    await tab.sees("the one before")
    await tab.sees("the one after")
    await expect(tab.rows).to_have_count(4)
    await expect(tab.page.locator("[data-testid=pinned-bar]")).to_contain_text("💥 word")
    await expect(tab.page.locator("[data-testid=quoted]")).to_contain_text("💥 word")
    await expect(tab.page.locator("h1")).to_have_text("Room")
    await expect(tab.page.locator("li [aria-current=page]")).to_contain_text("Room")
    await tab.page.get_by_role("button", name="Search").click()
    await tab.page.get_by_role("dialog").get_by_role("searchbox").fill("word")
    await expect(tab.page.locator("[role=dialog] li")).to_have_count(2)
    await tab.page.keyboard.press("Escape")
    await eve.post(room, "💥 calls @Ann now")
    await expect(tab.rows.filter(has_text="calls")).to_have_count(1)
    await tab.write("and I can still write")
    await tab.sees("and I can still write")
