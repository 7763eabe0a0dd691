"""What is written is sent once: while the nickname is asked, with input methods, and after the storage was cleared."""

import json

import pytest
from playwright.async_api import Request, expect

from tests.browser.replaced_responses import refusing
from tests.browser.tab import People, Person, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAME_FIELD = "What should people call you?"

PRESS_WITH_INPUT_METHOD = """(field, [key, isComposing]) => field.dispatchEvent(new KeyboardEvent("keydown", {
  key, keyCode: 229, which: 229, isComposing, bubbles: true, cancelable: true,
}))"""


HANGING_DATABASE = """
  const open = IDBFactory.prototype.open;
  IDBFactory.prototype.open = function (...names) {
    const request = open.apply(this, names);
    for (const type of ["success", "error", "upgradeneeded"])
      request.addEventListener(type, (event) => event.stopImmediatePropagation());
    return request;
  };
"""


async def texts(person: Person, room: str) -> list[str]:
    page = await person.call("GET", f"/rooms/{room}/messages")
    return [message["text"] for message in page["messages"]]


async def all_sent(tab: Tab) -> None:
    await expect(tab.page.locator("[data-post]:not([data-post=sent])")).to_have_count(0)


async def press_send(tab: Tab) -> None:
    await tab.page.get_by_role("button", name="Send", exact=True).click()


async def test_a_first_message_is_posted_once_however_often_send_is_pressed(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab = await people.tab()
    await tab.open(f"/rooms/{room}")
    await tab.composer.fill("hello")
    for _ in range(3):
        await press_send(tab)
    await tab.join("Bob")
    await tab.sees("hello")
    await all_sent(tab)
    assert await texts(ann, room) == ["hello"]
    await expect(tab.composer).to_have_value("")


async def test_a_text_corrected_or_erased_during_the_question_for_a_name_is_not_sent_in_its_old_form(
    people: People,
) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    corrected, erased = await people.tab(), await people.tab()
    for tab, later in ((corrected, "hello"), (erased, "")):
        await tab.open(f"/rooms/{room}")
        await tab.composer.fill("helo")
        await press_send(tab)
        await expect(tab.page.get_by_label(NAME_FIELD)).to_be_visible()
        await tab.composer.fill(later)
        await tab.join("Bob")
    await corrected.sees("hello")
    await all_sent(corrected)
    await erased.sees("hello")
    assert await texts(ann, room) == ["hello"]


async def test_a_text_is_sent_to_its_own_room_when_the_name_is_given_in_another_one(people: People) -> None:
    ann = await people.person("Ann")
    first, second = await ann.make_room("First room"), await ann.make_room("Second room")
    tab = await people.tab()
    await tab.open(f"/rooms/{first}")
    await tab.composer.fill("for the first room")
    await press_send(tab)
    await tab.page.get_by_label(NAME_FIELD).fill("Bo")
    await tab.page.get_by_role("link", name="Second room").first.click()
    await tab.page.wait_for_url(f"**/rooms/{second}")
    await tab.is_live()
    await expect(tab.page.get_by_label(NAME_FIELD)).to_have_value("Bo")
    await tab.composer.fill("a draft for the second")
    await tab.join("Bob")
    await tab.page.go_back()
    await tab.sees("for the first room")
    await all_sent(tab)
    assert (await texts(ann, first), await texts(ann, second)) == (["for the first room"], [])
    await tab.page.go_forward()
    await expect(tab.composer).to_have_value("a draft for the second")


async def test_the_draft_returns_when_a_reply_replaces_an_edit(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, "a question")
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.write("first words")
    await all_sent(tab)
    await tab.composer.fill("my draft")
    await tab.choose("first words", "Edit")
    await expect(tab.composer).to_have_value("first words")
    await tab.composer.fill("better words")
    await tab.choose("a question", "Reply")
    await expect(tab.composer).to_have_value("my draft")
    await tab.composer.press("Enter")
    await tab.sees("my draft")
    await all_sent(tab)
    assert await texts(ann, room) == ["a question", "first words", "my draft"]


async def test_an_unfinished_edit_returns_after_a_reload_until_it_is_saved_or_cancelled(
    people: People,
) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.write("first words")
    await all_sent(tab)
    await tab.composer.fill("my draft")
    await tab.choose("first words", "Edit")
    await tab.composer.fill("better words")
    await tab.page.reload()
    await tab.is_live()
    await expect(tab.composer).to_have_value("better words")
    await expect(tab.page.get_by_text("Editing your message")).to_be_visible()
    await tab.composer.press("Escape")
    await expect(tab.composer).to_have_value("my draft")
    await tab.page.reload()
    await tab.is_live()
    await expect(tab.composer).to_have_value("my draft")
    await tab.choose("first words", "Edit")
    await tab.composer.fill("the best words")
    await tab.page.reload()
    await tab.is_live()
    await expect(tab.composer).to_have_value("the best words")
    await tab.composer.press("Enter")
    await tab.sees("the best words")
    await expect(tab.composer).to_have_value("my draft")
    await tab.page.reload()
    await tab.is_live()
    await expect(tab.composer).to_have_value("my draft")
    assert await texts(ann, room) == ["the best words"]


async def test_after_a_reload_an_edit_says_that_its_message_was_deleted_meanwhile(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab, bob = await people.member("Bob")
    message = await bob.post(room, "first words")
    await tab.open(f"/rooms/{room}")
    await tab.choose("first words", "Edit")
    await tab.composer.fill("better words")
    await tab.page.goto(f"{tab.base_url}/api/v1/config")
    await bob.call("DELETE", f"/rooms/{room}/messages/{message['id']}")
    await tab.open(f"/rooms/{room}")
    await expect(tab.page.get_by_role("alert").filter(has_text="This message was deleted.")).to_be_visible()
    await tab.composer.press("Escape")
    await expect(tab.composer).to_have_value("better words")
    await expect(tab.page.get_by_text("Editing your message")).to_have_count(0)


@pytest.mark.parametrize("is_composing", [True, False])
async def test_no_key_of_an_input_method_does_anything(people: People, is_composing: bool) -> None:
    ann = await people.person("Annabel")
    room = await ann.make_room()
    await ann.post(room, "hello")
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")

    async def press(key: str) -> None:
        await tab.page.locator(":focus").evaluate(PRESS_WITH_INPUT_METHOD, [key, is_composing])

    await tab.write("my last message")
    await all_sent(tab)
    await press("ArrowUp")
    await expect(tab.composer).to_have_value("")
    await tab.composer.press_sequentially("안녕 @ann")
    option = tab.page.get_by_role("option", name="@Annabel")
    await expect(option).to_be_visible()
    for key in ("Enter", "Tab", "Escape", "ArrowDown"):
        await press(key)
    await expect(option).to_be_visible()
    await expect(tab.composer).to_have_value("안녕 @ann")
    await tab.page.get_by_role("button", name="Search").click()
    search = tab.page.get_by_role("searchbox", name="Words to look for")
    await search.fill("한")
    for key in ("Escape", "Enter"):
        await press(key)
    await expect(search).to_have_value("한")
    assert await texts(ann, room) == ["hello", "my last message"]


async def test_keys_of_an_input_method_neither_submit_nor_cancel_a_name(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    tab = await people.tab()
    await tab.open(f"/rooms/{room}")
    await tab.write("hello")
    field = tab.page.get_by_label(NAME_FIELD)
    await field.fill("하")
    for key in ("Enter", "Escape"):
        await field.evaluate(PRESS_WITH_INPUT_METHOD, [key, False])
    await expect(field).to_have_value("하")


async def test_messages_are_sent_once_after_the_browser_has_cleared_its_storage(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    posts: list[str] = []

    def count(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/messages"):
            posts.append(json.loads(request.post_data or "{}")["text"])

    tab.page.on("request", count)
    devtools = await tab.page.context.new_cdp_session(tab.page)
    await devtools.send(
        "Storage.clearDataForOrigin", {"origin": tab.base_url, "storageTypes": "indexeddb,local_storage"}
    )
    await tab.write("one")
    await tab.write("two")
    await tab.sees("one")
    await tab.sees("two")
    await all_sent(tab)
    await tab.write("three")
    await tab.sees("three")
    await all_sent(tab)
    assert await texts(ann, room) == ["one", "two", "three"]
    assert posts == ["one", "two", "three"]


async def test_a_message_is_sent_while_the_browsers_database_never_answers(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab, _ = await people.member("Bob")
    await tab.page.add_init_script(HANGING_DATABASE)
    await tab.open(f"/rooms/{room}")
    await tab.write("one")
    await tab.write("two")
    await tab.sees("two")
    await all_sent(tab)
    assert await texts(ann, room) == ["one", "two"]


async def test_a_refused_message_shows_the_reason_and_returns_to_the_composer_for_correction(
    people: People,
) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")

    refused = refusing("validation_failed", "Too rude.", method="POST")
    await tab.page.route("**/api/v1/rooms/*/messages", refused)
    await tab.write("rude words")
    await expect(tab.row("rude words")).to_contain_text("Not sent: Too rude.")
    await tab.page.unroute_all()
    await tab.composer.fill("my draft")
    await tab.row("rude words").get_by_role("button", name="Edit").click()
    await expect(tab.composer).to_have_value("rude words")
    await expect(tab.composer).to_be_focused()
    await tab.write("kind words")
    await tab.sees("kind words")
    await all_sent(tab)
    await expect(tab.composer).to_have_value("my draft")
    assert await texts(ann, room) == ["kind words"]


async def test_pasted_control_characters_are_removed_and_the_caret_stays(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.composer.fill("before  after")
    await tab.composer.evaluate("field => field.setSelectionRange(7, 7)")
    await tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await tab.page.evaluate(
        "text => navigator.clipboard.writeText(text)", "Agenda\u000bitem \u001b[31mred\u001b[0m"
    )
    await tab.composer.press("Control+V")
    await expect(tab.composer).to_have_value("before Agenda\nitem red after")
    await tab.composer.press_sequentially("!")
    await expect(tab.composer).to_have_value("before Agenda\nitem red! after")


async def test_a_draft_written_in_one_tab_is_sent_once_from_two(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab, _ = await people.member("Bob", own_context=True)
    await tab.open(f"/rooms/{room}")
    await tab.composer.fill("written once")
    other = await people.another_tab(tab.page.context)
    await other.open(f"/rooms/{room}")
    await expect(other.composer).to_have_value("written once")
    await other.composer.press("Enter")
    await expect(tab.composer).to_have_value("")
    await tab.composer.press("Enter")
    await other.sees("written once")
    await tab.sees("written once")
    assert await texts(ann, room) == ["written once"]


async def test_a_wait_ends_when_the_network_returns_and_not_when_the_clock_changes(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    refused = refusing("store_unavailable", method="POST", retry_after_s=100.0)
    await tab.page.route("**/api/v1/rooms/*/messages", refused)
    await tab.write("patience")
    await expect(tab.row("patience")).to_contain_text("Sending again in 100 s")
    await tab.page.evaluate("() => { const now = Date.now; Date.now = () => now() - 3_600_000; }")
    await expect(tab.row("patience")).to_contain_text("Sending again in 9")
    await tab.page.unroute_all()
    await tab.page.evaluate("() => window.dispatchEvent(new Event('online'))")
    await all_sent(tab)
    assert await texts(ann, room) == ["patience"]
