"""axe finds nothing to complain about, and no text or name can harm the page."""

from typing import Any

import pytest
from playwright.async_api import expect

from local_stack.node import FRONTEND
from tests.browser.tab import People, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")

AXE = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"

HOSTILE = {
    "html": '<img src=x onerror="window.harmed=1"><script>window.harmed=1</script> <b>bold</b>',
    "link": "[click](javascript:window.harmed=1) <a href='javascript:window.harmed=1'>x</a>",
    "bidi": "\u202egnp.exe\u2066 hidden \u2069 end",
    "zalgo": "Z" + "\u0301\u0315\u0322\u0334\u0489" * 200 + "algo",
    "emoji": "🎉" * 4_000,
    "lines": "top" + "\n" * 2_000 + "bottom",
    "word": "w" * 4_000,
}


async def violations(tab: Tab) -> list[str]:
    await tab.page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = await tab.page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary']}"
        for one in found
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_in_a_room(people: People, scheme: str) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room("A room to look at")
    first = await ann.post(room, "hello **there** and `code`")
    await ann.react(room, first, "heart")
    bob, someone = await people.member("Bob", color_scheme=scheme, reduced_motion="reduce")
    await someone.post(room, "an answer", first["id"])
    await ann.post(room, "@Bob is meant")
    edited = await ann.post(room, "to be edited")
    await ann.call("PATCH", f"/rooms/{room}/messages/{edited['id']}", {"text": "was edited"})
    deleted = await ann.post(room, "to be deleted")
    await ann.call("DELETE", f"/rooms/{room}/messages/{deleted['id']}")
    await bob.open(f"/rooms/{room}")
    await bob.sees("an answer")
    assert await violations(bob) == []
    for opener in ("Search", "Settings", "New room"):
        await bob.page.get_by_role("button", name=opener, exact=True).first.click()
        await expect(bob.page.get_by_role("dialog")).to_be_visible()
        assert await violations(bob) == [], opener
        await bob.page.keyboard.press("Escape")
        await expect(bob.page.get_by_role("dialog")).to_have_count(0)


async def test_axe_finds_nothing_where_the_nickname_is_asked_and_where_a_room_is_missing(
    people: People,
) -> None:
    room = await (await people.person("Ann")).make_room()
    tab = await people.tab()
    await tab.open(f"/rooms/{room}")
    await tab.write("who am I?")
    await expect(tab.page.get_by_label("What should people call you?")).to_be_visible()
    assert await violations(tab) == []
    await tab.page.goto(tab.base_url + "/rooms/never-made")
    await expect(tab.page.get_by_role("heading", name="There is no such room")).to_be_visible()
    assert await violations(tab) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_on_a_phone_where_a_reaction_tells_who_gave_it(
    people: People, scheme: str
) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    liked = await ann.post(room, "liked by its author")
    await ann.react(room, liked, "heart")
    tab, bob = await people.member("Bob", color_scheme=scheme, viewport={"width": 390, "height": 780})
    await bob.post(room, "my own")
    await tab.open(f"/rooms/{room}")
    await tab.sees("my own")
    await tab.reaction("liked by its author", "heart").hover()
    await expect(tab.page.locator(".reaction-people")).to_be_visible()
    assert await violations(tab) == []


async def test_axe_finds_nothing_in_a_frame_and_where_the_server_is_away(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    tab = await people.tab()
    await tab.open(f"/embed/rooms/{room}")
    assert await violations(tab) == []
    await tab.page.route("**/api/v1/**", lambda route: route.abort())
    await tab.page.goto(f"{tab.base_url}/rooms/{room}")
    await expect(tab.page.get_by_role("heading", name="The server does not answer")).to_be_visible()
    assert await violations(tab) == []


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
