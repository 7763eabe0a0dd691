"""Translators and extensions change the nodes of the page, and the page goes on working."""

import pytest
from playwright.async_api import expect

from tests.browser.tab import People, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")

# As a browser's translator does: each text is replaced by nested <font> elements with a translation.
TRANSLATE = """() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const text of texts) {
        if (text.data.trim() === '' || text.parentElement.closest('font, script, style, textarea')) continue;
        const outer = document.createElement('font');
        const inner = document.createElement('font');
        inner.textContent = text.data.toUpperCase();
        outer.append(inner);
        text.replaceWith(outer);
    }
}"""
# As some translators do: the text itself moves into an element.
WRAP = """() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const text of texts) {
        if (text.data.trim() === '' || text.parentElement.closest('font, script, style, textarea')) continue;
        const font = document.createElement('font');
        text.replaceWith(font);
        font.append(text);
    }
}"""
REMOVE_ICONS_AND_IMAGES = (
    "() => document.querySelectorAll('svg, [data-testid=avatar]').forEach(e => e.remove())"
)
ADD_NODES = """() => document.querySelectorAll('article, article *, header, header *, [data-connection]').forEach(
    element => element.append(document.createElement('extension-mark')))"""

CHANGES = {
    "replaced by a translator": TRANSLATE,
    "wrapped by a translator": WRAP,
    "removed by an extension": REMOVE_ICONS_AND_IMAGES,
    "added by an extension": ADD_NODES,
}


async def shows(tab: Tab, text: str) -> None:
    await expect(tab.rows.filter(has_text=text)).to_have_count(1)


@pytest.mark.parametrize("change", CHANGES)
async def test_messages_can_be_written_edited_and_deleted_when_nodes_are(people: People, change: str) -> None:
    script = CHANGES[change]
    ann = await people.person("Ann")
    room = await ann.make_room()
    first = await ann.post(room, "Plain **bold** text with https://example.com and a line\n> quoted")
    second = await ann.post(room, "to be deleted")
    await ann.post(room, "a reply", second["id"])
    tab, bob = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await shows(tab, "a reply")
    messages = f"/rooms/{room}/messages"

    await tab.page.evaluate(script)
    await ann.call("PATCH", f"{messages}/{first['id']}", {"text": "Edited *once* more"})
    await shows(tab, "Edited once more")
    await expect(tab.rows.filter(has_text="bold")).to_have_count(0)

    await tab.page.evaluate(script)
    await ann.react(room, first, "heart")
    chip = tab.rows.filter(has_text="Edited once more").locator("[data-kind=heart]")
    await expect(chip).to_contain_text("1")
    await tab.page.evaluate(script)
    await bob.react(room, first, "heart")
    await expect(chip).to_contain_text("2")
    await expect(chip).not_to_contain_text("1")

    await tab.page.evaluate(script)
    await ann.call("DELETE", f"{messages}/{second['id']}")
    await expect(tab.rows.filter(has_text="This message was deleted").first).to_be_visible()
    await expect(tab.rows.locator("[data-testid=text]").filter(has_text="to be deleted")).to_have_count(0)

    await tab.page.evaluate(script)
    await ann.call("PUT", f"{messages}/{first['id']}/pin")
    await expect(tab.page.locator("[data-testid=pinned-bar]")).to_contain_text("Edited once more")
    await tab.page.evaluate(script)
    await ann.call("DELETE", f"{messages}/{first['id']}/pin")
    await expect(tab.page.locator("[data-testid=pinned-bar]")).to_have_count(0)

    await tab.page.evaluate(script)
    await tab.write("still writing")
    await shows(tab, "still writing")
    await tab.page.evaluate(script)
    await ann.post(room, "still reading")
    await shows(tab, "still reading")
    await expect(tab.page.get_by_text("Something broke")).to_have_count(0)
    await expect(tab.page.get_by_text("This part could not be shown")).to_have_count(0)


@pytest.mark.parametrize("change", [TRANSLATE, WRAP], ids=["replaced", "wrapped"])
async def test_a_translated_page_shows_the_state_of_its_connection_and_its_dialogs(
    people: People, change: str
) -> None:
    tab, bob = await people.member("Bob")
    room = await bob.make_room()
    await bob.post(room, "hello")
    # Without a shared worker the page opens its own stream, which goes offline with the browser context.
    await tab.page.add_init_script("delete window.SharedWorker")
    await tab.open(f"/rooms/{room}")
    await tab.sees("hello")
    await tab.page.evaluate(change)
    await tab.page.context.set_offline(True)
    await expect(tab.status).to_contain_text("You are offline")
    await tab.page.evaluate(change)
    await tab.page.context.set_offline(False)
    await tab.is_live()
    await expect(tab.status.locator("[data-testid=status-connection]")).to_have_text("Live")
    await tab.page.get_by_role("button", name="Settings", exact=True).click()
    await expect(tab.page.get_by_role("dialog")).to_be_visible()
    await tab.page.evaluate(change)
    await tab.page.get_by_label("Language").select_option("ko")
    await expect(tab.page.get_by_role("heading", name="설정")).to_be_visible()
    await expect(tab.page.get_by_role("dialog")).not_to_contain_text("Reading pace", ignore_case=True)
    await tab.page.keyboard.press("Escape")
    await expect(tab.page.get_by_role("dialog")).to_have_count(0)
    await expect(tab.rows.filter(has_text="hello")).to_have_count(1)


@pytest.mark.parametrize("change", [TRANSLATE, WRAP], ids=["replaced", "wrapped"])
async def test_a_page_that_is_translated_all_the_time_can_be_used(people: People, change: str) -> None:
    """As translators do that follow every change of the page."""
    tab, bob = await people.member("Bob")
    other_room = await bob.make_room("Somewhere else")
    room = await bob.make_room()
    await bob.post_many(room, [f"message {number}." for number in range(80)])
    await tab.open(f"/rooms/{room}")
    await shows(tab, "message 79.")
    await tab.page.evaluate(
        f"""() => {{
            const translate = {change};
            translate();
            const changes = {{ subtree: true, childList: true, characterData: true }};
            new MutationObserver(translate).observe(document.body, changes);
        }}"""
    )
    await tab.list.evaluate("list => { list.scrollTop = 0; }")
    await expect(tab.rows.filter(has_text="message 79.")).to_have_count(0)
    await tab.list.press("End")
    await shows(tab, "message 79.")

    row = tab.rows.filter(has_text="message 79.")
    await row.hover()
    await row.get_by_role("button", name="Reply").click()
    await tab.write("an answer")
    await shows(tab, "an answer")
    answer = tab.rows.filter(has_text="an answer")
    await answer.hover()
    await answer.get_by_label("More actions").click()
    await tab.page.get_by_role("menuitem", name="Edit").click()
    await tab.write("an answer, changed")
    await expect(answer).to_contain_text("changed", ignore_case=True)
    await answer.hover()
    await answer.get_by_label("More actions").click()
    await tab.page.get_by_role("menuitem", name="Delete").click()
    await tab.page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    await expect(answer).to_have_count(0)

    await tab.composer.press_sequentially(":octopus")
    await tab.page.get_by_role("option").first.click()
    await expect(tab.composer).to_have_value("🐙 ")
    await tab.page.get_by_role("button", name="Search", exact=True).click()
    await tab.page.get_by_role("searchbox", name="Words to look for").fill("message 3.")
    await expect(tab.page.get_by_role("dialog").get_by_role("button", name="message 3.")).to_be_visible()
    await tab.page.keyboard.press("Escape")

    await bob.post(other_room, "unread")
    listed = tab.page.locator(f"nav a[href='/rooms/{other_room}']")
    await expect(listed).to_contain_text("unread", ignore_case=True)
    await listed.click()
    await shows(tab, "unread")
    await tab.write("and here")
    await shows(tab, "and here")
    await tab.page.go_back()
    await expect(tab.composer).to_have_value("🐙 ")
    await expect(tab.page.get_by_text("Something broke")).to_have_count(0)
    await expect(tab.page.get_by_text("This part could not be shown")).to_have_count(0)
