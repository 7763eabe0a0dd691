"""How messages look and what can be done with one."""

import re
import uuid
from datetime import datetime
from typing import Any

import asyncpg
import pytest
from playwright.async_api import Locator, Route, expect

from tests.browser.replaced_responses import changing
from tests.browser.tab import People
from tests.support.chat_stack import ChatStack

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLIPBOARD = ["clipboard-read", "clipboard-write"]


async def top_of(row: Locator) -> float:
    top: float = await row.evaluate("row => row.getBoundingClientRect().top")
    return top


async def test_the_list_keeps_its_place_while_history_loads_above_and_messages_arrive_below(
    people: People,
) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post_many(room, [f"message {number}" for number in range(70)])
    tab = await people.tab()
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await tab.page.route("**/messages?*before_seq*", hold)
    await tab.open(f"/rooms/{room}")
    await tab.sees("message 69")
    await tab.scrolls_back_to("message 21")
    await expect(tab.status).to_contain_text("Loading older messages")
    kept = tab.row("message 25")
    before = await top_of(kept)
    await ann.post_many(room, ["below, one", "below, two"])
    await expect(tab.page.locator("[data-testid=new-chip]")).to_contain_text("2 new")
    height = await tab.list.evaluate("list => list.scrollHeight")
    for route in held:
        await route.continue_()
    await tab.page.wait_for_function(
        "before => document.querySelector('[role=log]').scrollHeight > before", arg=height
    )
    await expect(tab.status).not_to_contain_text("Loading older messages")
    assert abs(await top_of(kept) - before) <= 1


async def test_days_are_separated_messages_grouped_by_author_and_exact_times_shown_on_hover(
    people: People, hotchat: ChatStack
) -> None:
    ann, bob = await people.person("Ann"), await people.person("Bob")
    room = await ann.make_room()
    yesterday = await ann.post(room, "of yesterday")
    database = await asyncpg.connect(hotchat.env["DATABASE_URL"].replace("+asyncpg", ""))
    await database.execute(
        "UPDATE messages SET created_at = created_at - interval '1 day' WHERE id = $1",
        uuid.UUID(yesterday["id"]),
    )
    await database.close()
    await ann.post_many(room, ["of today", "right after it"])
    await bob.post(room, "by another")
    tab = await people.tab(locale="en-GB", timezone_id="Europe/London")
    await tab.open(f"/rooms/{room}")
    await tab.sees("by another")
    await expect(tab.page.locator("[role=separator]")).to_have_count(2)
    heads = [await tab.row(text).locator(".nickname").count() for text in ("of today", "right after it")]
    assert heads == [1, 0]
    await expect(tab.row("by another").locator(".nickname")).to_have_text("Bob")
    today = datetime.fromisoformat(
        (await bob.call("GET", f"/rooms/{room}/messages"))["messages"][-1]["created_at"]
    )
    exact = await tab.row("by another").locator("[data-testid=bubble]").get_attribute("title")
    assert exact is not None
    assert str(today.year) in exact
    assert re.search(r"\d{1,2}:\d{2}:\d{2}", exact)


async def test_formatted_text_is_drawn_and_links_are_safe(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, "**bold** _slanted_ ~~gone~~ `code` and https://example.org/page")
    await ann.post(room, "[the bank](https://example.com/login) [bad](javascript:alert(1))")
    await ann.post(
        room, "> quoted\n\n```\nfixed  width\n```\n\n# not a heading\n\n![no](https://example.org/a.png)"
    )
    tab = await people.tab()
    await tab.open(f"/rooms/{room}")
    first, second, third = (tab.rows.nth(index).locator("[data-testid=text]") for index in range(3))
    for drawn, text in (("strong", "bold"), ("em", "slanted"), ("del", "gone"), ("code", "code")):
        await expect(first.locator(drawn)).to_have_text(text)
    link = first.get_by_role("link")
    await expect(link).to_have_attribute("href", "https://example.org/page")
    await expect(link).to_have_attribute("rel", re.compile("noopener.*nofollow"))
    await expect(link).to_have_attribute("target", "_blank")
    await expect(second.get_by_role("link")).to_have_text("the bank (example.com)")
    await expect(second).to_contain_text("[bad](javascript:alert(1))")
    await expect(third.locator("blockquote")).to_have_text("quoted")
    await expect(third.locator("pre")).to_have_text("fixed  width")
    await expect(third).to_contain_text("# not a heading")
    await expect(third.locator("img, h1")).to_have_count(0)


async def test_a_long_message_is_folded_until_it_is_expanded(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, "\n".join(f"line {number}" for number in range(40)))
    tab = await people.tab()
    await tab.open(f"/rooms/{room}")
    [row] = await tab.rows.all()
    folded = await row.evaluate("row => row.offsetHeight")
    await row.get_by_role("button", name="Show all").click()
    await expect(row.get_by_role("button", name="Show less")).to_be_visible()
    assert await row.evaluate("row => row.offsetHeight") > 2 * folded


async def test_the_text_and_the_permalink_of_a_message_can_be_copied(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    message = await ann.post(room, "words to copy")
    tab = await people.tab(permissions=CLIPBOARD)
    await tab.open(f"/rooms/{room}")
    for item, copied in (
        ("Copy text", "words to copy"),
        ("Copy link to message", f"{tab.base_url}/rooms/{room}?at={message['seq']}"),
    ):
        await tab.choose("words to copy", item)
        await tab.page.wait_for_function(
            "async copied => await navigator.clipboard.readText() === copied", arg=copied
        )
        await expect(tab.page.get_by_text("Copied", exact=True)).to_be_visible()


@pytest.mark.parametrize(
    "refusal",
    [
        "navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError'))",
        "Object.defineProperty(window, 'isSecureContext', {value: false}); document.execCommand = () => false",
    ],
    ids=["secure context", "insecure context"],
)
async def test_a_toast_says_that_the_browser_refused_to_copy(people: People, refusal: str) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, "words to copy")
    tab = await people.tab()
    await tab.page.add_init_script(refusal)
    await tab.open(f"/rooms/{room}")
    toast = tab.page.get_by_text("Your browser did not let the page copy it.")
    await tab.page.get_by_role("button", name="Copy link", exact=True).click()
    await expect(toast).to_be_visible()
    await expect(tab.page.get_by_text("Link copied")).to_have_count(0)
    await expect(toast).to_have_count(0)
    await tab.choose("words to copy", "Copy text")
    await expect(toast).to_be_visible()


async def test_a_permalink_loads_around_its_message_and_leads_back_to_the_newest(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post_many(room, [f"message {number}" for number in range(160)])
    tab = await people.tab()
    await tab.open(f"/rooms/{room}?at=21")
    await expect(tab.row("message 20")).to_be_in_viewport()
    await expect(tab.page.locator("[data-target]")).to_contain_text("message 20")
    await expect(tab.row("message 159")).to_have_count(0)
    await tab.page.locator("[data-testid=new-chip]").click()
    await expect(tab.row("message 159")).to_be_in_viewport()


async def test_a_reaction_shows_who_gave_it_on_hover_and_on_keyboard_focus(people: People) -> None:
    ann, cleo = await people.person("Ann"), await people.person("Cleo")
    room = await ann.make_room()
    message = await ann.post(room, "react to me")
    await ann.react(room, message, "heart")
    await cleo.react(room, message, "heart")
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    chip = tab.reaction("react to me", "heart")
    await expect(chip).to_have_text("2")
    await expect(chip).to_have_attribute("aria-pressed", "false")
    await chip.hover()
    people_told = tab.page.locator("[role=tooltip]")
    await expect(people_told).to_have_text("Love Ann and Cleo")
    await chip.click()
    await expect(chip).to_have_attribute("aria-pressed", "true")
    await expect(chip).to_have_text("3")
    await expect(people_told).to_contain_text("Bob")
    await tab.composer.hover()
    await expect(people_told).to_have_count(0)
    await tab.page.keyboard.press("Shift+Tab")
    await chip.focus()
    await expect(people_told).to_contain_text("Ann")
    await tab.page.keyboard.press("Enter")
    await expect(chip).to_have_attribute("aria-pressed", "false")
    await expect(chip).to_have_text("2")


async def test_people_with_the_same_nickname_get_tags_once_both_have_been_seen(people: People) -> None:
    owner, ann, other = [await people.person(name) for name in ("Olivia", "Ann", "ann")]
    room = await owner.make_room()
    await ann.post(room, "first Ann")
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.sees("first Ann")
    await expect(tab.page.locator("[data-testid=name-tag]")).to_have_count(0)
    await other.post(room, "other Ann")
    tags = tab.rows.locator("[data-testid=name-tag]")
    await expect(tags).to_have_count(2)
    first, second = [text.strip() for text in await tags.all_inner_texts()]
    assert re.fullmatch("#[2-9a-z]{4}", first)
    assert first != second
    await expect(tab.row("other Ann")).to_have_attribute("aria-label", re.compile(f"^ann {second}, "))
    for turn in range(4):
        await (await people.person("Ann")).post(room, f"another Ann {turn}")
    avatars = tab.rows.locator("[data-testid=avatar]")
    await expect(avatars).to_have_count(6)
    hues = await avatars.evaluate_all("all => all.map(one => one.style.cssText)")
    assert len(set(hues)) > 3, "a colour belongs to a person, not to a name"


async def test_a_name_without_a_visible_letter_is_shown_as_unnamed(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, "from nobody")
    tab, _ = await people.member("Bob")

    def blank_names(page: dict[str, Any]) -> None:
        for message in page.get("messages", []):
            message["author"]["nickname"] = "\u3164\u200b"

    await tab.page.route(f"**/api/v1/rooms/{room}/messages*", changing(blank_names))
    await tab.open(f"/rooms/{room}")
    await expect(tab.row("from nobody").locator(".nickname")).to_have_text("Unnamed")
    await tab.page.unroute_all(behavior="wait")
