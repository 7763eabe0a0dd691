"""No text and no name can harm the page."""

import pytest
from playwright.async_api import expect

from tests.browser.tab import People

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE = {
    "html": '<img src=x onerror="window.harmed=1"><script>window.harmed=1</script> <b>bold</b>',
    "link": "[click](javascript:window.harmed=1) <a href='javascript:window.harmed=1'>x</a>",
    "bidi": "\u202egnp.exe\u2066 hidden \u2069 end",
    "zalgo": "Z" + "\u0301\u0315\u0322\u0334\u0489" * 200 + "algo",
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
            made: document.querySelectorAll('article .text :is(img, script, b, i)').length,
            links: [...document.querySelectorAll('article .text a')].filter(a => !/^https?:/.test(a.href)).length,
            sideways: document.documentElement.scrollWidth > innerWidth
                || document.querySelector('.list').scrollWidth > document.querySelector('.list').clientWidth,
            tallest: Math.max(...[...document.querySelectorAll('article')].map(row => row.offsetHeight)),
            overrides: /[\\u202a-\\u202e]/.test(document.querySelector('.list').innerText),
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
