"""Features: edit, delete, reply, search, new rooms, embedding, languages."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.replaced_responses import refusing
from tests.browser.tab import People, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_own_message_can_be_edited_and_deleted_from_its_menu(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    (tab, _), (other, _) = await people.member("Bob"), await people.member("Cleo")
    await tab.open(f"/rooms/{room}")
    await other.open(f"/rooms/{room}")
    await tab.write("with a tpyo")
    await other.sees("with a tpyo")
    await tab.choose("with a tpyo", "Edit")
    await expect(tab.composer).to_have_value("with a tpyo")
    await tab.write("with a typo")
    for one in (tab, other):
        await one.sees("with a typo")
        await expect(one.row("with a typo")).to_contain_text("edited")
    await tab.choose("with a typo", "Delete")
    question = tab.page.get_by_role("alertdialog", name="Delete this message for everybody?")
    await question.get_by_role("button", name="Cancel").click()
    await expect(question).to_have_count(0)
    await tab.choose("with a typo", "Delete")
    await question.get_by_role("button", name="Delete").click()
    for one in (tab, other):
        await one.sees("This message was deleted")
        await expect(one.row("with a typo")).to_have_count(0)


async def test_only_its_author_and_the_owner_may_change_a_message(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, "mine")
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.row("mine").hover()
    await tab.row("mine").get_by_label("More actions").click()
    await expect(tab.page.get_by_role("menuitem", name="Reply")).to_be_visible()
    await expect(tab.page.get_by_role("menuitem", name=re.compile("Edit|Delete|Pin"))).to_have_count(0)


async def test_a_reply_quotes_its_message_and_the_quote_links_to_it(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, "the question")
    await ann.post_many(room, [f"chatter {number}" for number in range(80)])
    tab, bob = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.choose("chatter 79", "Reply")
    await expect(tab.page.get_by_text("Replying to Ann")).to_be_visible()
    await tab.write("my answer")
    await expect(tab.row("my answer").locator("[data-testid=quoted]")).to_contain_text("chatter 79")
    await expect(tab.page.locator("[data-post]:not([data-post=sent])")).to_have_count(0)
    await tab.page.keyboard.press("Escape")
    page = await bob.call("GET", f"/rooms/{room}/messages")
    assert page["messages"][-1]["reply_to"] == page["messages"][-2]["id"]
    oldest = await bob.call("GET", f"/rooms/{room}/messages?after_seq=0&limit=1")
    await ann.post(room, "the answer to the first", oldest["messages"][0]["id"])
    quote = tab.row("the answer to the first").locator("[data-testid=quoted]")
    await expect(quote).to_contain_text("the question")
    await quote.click()
    await expect(tab.row("the question")).to_be_in_viewport()


async def test_search_finds_words_and_jumps_to_the_message(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, "the secret ingredient is patience")
    await ann.post(room, "오늘 공연 정말 좋았어요")
    await ann.post_many(room, [f"chatter {number}" for number in range(80)])
    tab = await people.tab()
    await tab.open(f"/rooms/{room}")
    for words, found in (
        ("ingredient", "the secret ingredient is patience"),
        ("공연", "오늘 공연 정말 좋았어요"),
    ):
        await tab.page.get_by_role("button", name="Search", exact=True).click()
        await tab.page.get_by_role("searchbox", name="Words to look for").fill(words)
        await tab.page.get_by_role("dialog").get_by_role("button", name=found).click()
        await expect(tab.page.get_by_role("dialog")).to_have_count(0)
        await expect(tab.row(found)).to_be_in_viewport()


async def closes_new_room_dialog(tab: Tab) -> None:
    dialog = tab.page.get_by_role("dialog", name="Your room is ready")
    await expect(dialog.get_by_label("Your recovery code")).not_to_have_value("")
    await dialog.get_by_role("button", name="Close").click()
    await expect(dialog).to_have_count(0)


async def test_a_new_room_is_created_and_opened(people: People) -> None:
    tab = await people.tab()
    await tab.open("/")
    await tab.page.get_by_role("button", name="New room").click()
    await tab.page.get_by_label("Name of the room").fill("Quiet corner")
    await tab.page.get_by_label("What should people call you?").fill("Bob")
    await tab.page.get_by_role("button", name="Create room").click()
    await closes_new_room_dialog(tab)
    await expect(tab.page.get_by_role("heading", level=1, name="Quiet corner")).to_be_visible()
    await expect(tab.page).to_have_url(re.compile("/rooms/"))
    await tab.is_live()
    await tab.write("first here")
    await tab.sees("first here")


async def test_a_new_room_waits_while_joining_is_refused(people: People) -> None:
    tab = await people.tab()
    await tab.open("/")
    await tab.page.route("**/api/v1/sessions", refusing("rate_limited", method="POST", retry_after_s=100.0))
    await tab.page.get_by_role("button", name="New room").click()
    await tab.page.get_by_label("Name of the room").fill("Patient corner")
    await tab.page.get_by_role("button", name="Create room").click()
    await expect(tab.page.get_by_text("You will join automatically in")).to_be_visible()
    await tab.page.unroute_all()
    await tab.page.evaluate("() => window.dispatchEvent(new Event('online'))")
    await closes_new_room_dialog(tab)
    await expect(tab.page.get_by_role("heading", level=1, name="Patient corner")).to_be_visible()


async def test_the_name_of_a_new_room_is_checked_before_it_is_sent(people: People) -> None:
    tab, _ = await people.member("Bob")
    await tab.open("/")
    await tab.page.get_by_role("button", name="New room").click()
    name = tab.page.get_by_label("Name of the room")
    for refused, sentence in (
        ("two\u200bwords", "The character U+200B cannot be sent; remove it."),
        ("\u3164", "The character U+3164 cannot be sent; remove it."),
        ("x" * 83, "3 characters too many; the limit is 80 code points."),
    ):
        await name.fill(refused)
        await tab.page.get_by_role("button", name="Create room").click()
        await expect(tab.page.get_by_role("alert").filter(has_text=sentence)).to_be_visible()
        await expect(name).to_have_attribute("aria-invalid", "true")
    await name.fill("Plain corner")
    await tab.page.get_by_role("button", name="Create room").click()
    await closes_new_room_dialog(tab)
    await expect(tab.page.get_by_role("heading", level=1, name="Plain corner")).to_be_visible()


async def test_an_embedded_room_has_no_navigation_and_an_overlay_shows_only_messages(people: People) -> None:
    ann = await people.person("Ann")
    tab = await people.tab()
    room = await ann.make_room()
    await ann.post(room, "on the picture")
    await tab.open(f"/embed/rooms/{room}")
    await tab.sees("on the picture")
    await expect(tab.composer).to_be_visible()
    await expect(tab.page.get_by_role("navigation")).to_have_count(0)
    await tab.page.goto(f"{tab.base_url}/embed/rooms/{room}?overlay=1")
    await tab.sees("on the picture")
    await expect(tab.composer).to_have_count(0)
    await expect(tab.page.locator("header:has(h1)")).to_have_count(0)
    await ann.post(room, "and live")
    await tab.sees("and live")
    background = await tab.page.evaluate(
        """() => ['html', 'body', '[data-shape]', '[role=log]']
            .map(at => getComputedStyle(document.querySelector(at)).backgroundColor)"""
    )
    assert set(background) == {"rgba(0, 0, 0, 0)"}


@pytest.mark.parametrize(("language", "title"), [("ko", "설정"), ("ja", "設定")])
async def test_the_language_follows_the_browser_and_can_be_chosen(
    people: People, language: str, title: str
) -> None:
    tab = await people.tab()
    await tab.open("/")
    await tab.page.get_by_role("button", name="Settings").click()
    await tab.page.get_by_label("Language").select_option(language)
    await expect(tab.page.get_by_role("heading", name=title)).to_be_visible()
    await expect(tab.page.locator("html")).to_have_attribute("lang", language)
    same = await people.tab(locale=language)
    await same.open("/")
    await same.page.get_by_role("button", name=title).click()
    await expect(same.page.get_by_role("heading", name=title)).to_be_visible()


async def test_the_language_of_the_address_wins_over_the_chosen_one_and_that_over_the_browsers(
    people: People,
) -> None:
    tab = await people.tab(locale="ko-KR")
    html = tab.page.locator("html")
    await tab.open("/")
    await expect(html).to_have_attribute("lang", "ko")
    await tab.page.get_by_role("button", name="설정").click()
    await tab.page.get_by_label("언어").select_option("ja")
    await expect(html).to_have_attribute("lang", "ja")
    for address, language in (("/", "ja"), ("/?lang=en", "en"), ("/?lang=ko-!", "ko"), ("/?lang=xx", "ja")):
        await tab.open(address)
        await expect(html).to_have_attribute("lang", language)
