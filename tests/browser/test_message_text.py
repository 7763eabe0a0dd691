"""Message text in every script: directions, mentions, links and search."""

import asyncio
import unicodedata

import pytest
from playwright.async_api import expect

from tests.browser.tab import People

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_each_line_of_a_message_has_its_own_direction(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, "Hello.\nשלום?\nOK.")
    tab = await people.tab()
    await tab.open(f"/rooms/{room}")
    text = tab.rows.filter(has_text="Hello.").get_by_test_id("text")
    await expect(text).to_be_visible()
    left = await text.evaluate(
        """text => {
            const node = document.createTreeWalker(text, NodeFilter.SHOW_TEXT).nextNode();
            return Object.fromEntries(['H', '.', 'ש', '?'].map(letter => {
                const range = document.createRange();
                range.setStart(node, node.data.indexOf(letter));
                range.setEnd(node, node.data.indexOf(letter) + 1);
                return [letter, range.getBoundingClientRect().left];
            }));
        }"""
    )
    assert left["H"] < left["."], "the English line runs to the right"
    assert left["?"] < left["ש"], "the Hebrew line runs to the left and ends with its question mark"


async def test_a_right_to_left_name_does_not_reorder_the_sentence_around_it(people: People) -> None:
    sara = await people.person("שרה (2)")
    room = await sara.make_room()
    await sara.post(room, "hello.")
    other = await people.tab_of(sara)
    tab, _ = await people.member("Bob")
    await asyncio.gather(tab.open(f"/rooms/{room}"), other.open(f"/rooms/{room}"))
    await other.composer.press_sequentially("hi")
    await expect(tab.page.get_by_test_id("typing-line")).to_have_text("\u2068שרה (2)\u2069 is writing…")
    await tab.choose("hello.", "Reply")
    await expect(tab.page.get_by_text("Replying to \u2068שרה (2)\u2069")).to_be_visible()


@pytest.mark.parametrize(
    ("nickname", "typed"), [("अनिल", "@अनि"), ("ศิริพร", "@ศิ"), ("Ann Lee", "@Ann L")], ids=ascii
)
async def test_a_name_of_any_script_is_completed_and_its_mention_highlighted(
    people: People, nickname: str, typed: str
) -> None:
    named = await people.person(nickname)
    room = await named.make_room()
    await named.post(room, "somebody to mention")
    (tab, _), meant = await people.member("Bob"), await people.tab_of(named)
    await asyncio.gather(tab.open(f"/rooms/{room}"), meant.open(f"/rooms/{room}"))
    await tab.composer.press_sequentially(f"hello {typed}")
    await expect(tab.page.get_by_role("option", name=f"@{nickname}")).to_be_visible()
    await tab.composer.press("Tab")
    await expect(tab.composer).to_have_value(f"hello @{nickname} ")
    await tab.composer.press_sequentially("!")
    await tab.composer.press("Enter")
    for one, kind in ((tab, "other"), (meant, "me")):
        mention = one.rows.filter(has_text="hello").locator(f"[data-mention={kind}]")
        await expect(mention).to_have_text(f"@{nickname}")
    await expect(meant.page.locator("[data-for-me]")).to_have_count(1)


async def test_a_mention_in_code_or_a_quote_mentions_nobody(people: People) -> None:
    ann, bob = await people.person("Ann Lee"), await people.person("Bob")
    room = await ann.make_room()
    tab = await people.tab_of(ann)
    await tab.open(f"/rooms/{room}")
    for text in ("`@Ann Lee`", "```\n@Ann Lee\n```", "> @Ann Lee\nyes", "mail@Ann Lee"):
        await bob.post(room, text)
    await bob.post(room, "the last one")
    await tab.sees("the last one")
    await expect(tab.rows).to_have_count(5)
    await expect(tab.page.locator("[data-for-me]")).to_have_count(0)


async def test_an_address_ends_before_the_text_after_it_and_shows_its_host(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, "https://example.com를 보세요, [bank.com](https://evil.example/bank.com)")
    tab = await people.tab()
    await tab.open(f"/rooms/{room}")
    links = tab.rows.locator("[data-testid=text] a")
    await expect(links).to_have_text(["https://example.com", "bank.com (evil.example)"])
    hrefs = [await link.get_attribute("href") for link in await links.all()]
    assert hrefs == ["https://example.com/", "https://evil.example/bank.com"]


async def test_a_search_that_is_too_long_is_shortened_and_names_its_limit(people: People) -> None:
    address = "https://example.com/" + "a" * 136
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, f"see {address}")
    await ann.post(room, "한국어 café")
    tab = await people.tab()
    await tab.open(f"/rooms/{room}")
    await tab.page.get_by_role("button", name="Search", exact=True).click()
    dialog = tab.page.get_by_role("dialog")
    await dialog.get_by_role("searchbox").fill(address)
    await expect(dialog.get_by_text("up to 4 words of 50 characters")).to_be_visible()
    await expect(dialog.locator("li")).to_have_count(1)
    await expect(dialog.locator("li")).to_contain_text("see https://example.com/")
    for words in ("한국어", "café"):
        await dialog.get_by_role("searchbox").fill(unicodedata.normalize("NFD", words))
        await expect(dialog.locator("li")).to_contain_text("한국어 café")
        await expect(dialog.get_by_text("up to 4 words")).to_have_count(0)
