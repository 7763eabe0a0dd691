"""Composing: drafts, completions, slow mode, refused messages, and the typing line."""

import asyncio
import re
import time
import uuid

import httpx
import pytest
from playwright.async_api import expect

from chat_contract.events import RoomSlowMode
from chat_server.kafka.signal_sender import SignalSender
from tests.browser.axe import violations_in_light_and_dark
from tests.browser.replaced_responses import refusing
from tests.browser.tab import People, Person
from tests.support.stores import Kafka

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_each_room_keeps_its_own_draft(people: People) -> None:
    ann = await people.person("Ann")
    one, two = await ann.make_room("Draft one"), await ann.make_room("Draft two")
    tab, _ = await people.member("Bob")
    for room, draft in ((one, "for the first"), (two, "for the second")):
        await tab.open(f"/rooms/{room}")
        await expect(tab.composer).to_have_value("")
        await tab.composer.fill(draft)
    await tab.open(f"/rooms/{one}")
    await expect(tab.composer).to_have_value("for the first")
    await tab.page.go_back()
    await expect(tab.composer).to_have_value("for the second")


async def test_a_nickname_is_completed_and_the_mention_is_highlighted_for_that_person(people: People) -> None:
    ann = await people.person("Annabel")
    room = await ann.make_room()
    await ann.post(room, "somebody to mention")
    (tab, _), meant, other = await people.member("Bob"), await people.tab_of(ann), await people.tab()
    await asyncio.gather(*(one.open(f"/rooms/{room}") for one in (tab, meant, other)))
    await tab.composer.press_sequentially("hello @ann")
    await expect(tab.page.get_by_role("option", name="@Annabel")).to_have_attribute("aria-selected", "true")
    await tab.composer.press("Tab")
    await expect(tab.composer).to_have_value("hello @Annabel ")
    await tab.composer.press_sequentially("!")
    await tab.composer.press("Enter")
    for one, is_meant in ((meant, True), (other, False)):
        row = one.rows.filter(has_text="hello @Annabel !")
        await expect(row.locator("[data-mention]")).to_have_text("@Annabel")
        await expect(row.locator("[data-mention=me]")).to_have_count(1 if is_meant else 0)
        await expect(one.page.locator("[data-for-me]")).to_have_count(1 if is_meant else 0)


async def test_an_emoji_is_completed_by_shortcode_and_picked_in_the_emoji_picker(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.composer.press_sequentially("party :tad")
    await expect(tab.page.get_by_role("option", name=":tada:")).to_be_visible()
    await tab.composer.press("Enter")
    await expect(tab.composer).to_have_value("party 🎉 ")
    await tab.page.get_by_role("button", name="Emoji").click()
    search = tab.page.get_by_role("searchbox", name="Emoji")
    await search.fill("octopus")
    await tab.page.get_by_role("gridcell", name="octopus").click()
    await expect(tab.composer).to_have_value("party 🎉 🐙")
    await tab.composer.press("Enter")
    await tab.sees("party 🎉 🐙")


async def test_an_emoji_is_completed_by_its_name_in_the_readers_language(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    for locale, word, emoji in (("ko", ":손뼉", "👏"), ("ja", ":拍手", "👏"), ("en", ":octop", "🐙")):
        tab, _ = await people.member("Bob", locale=locale)
        await tab.open(f"/rooms/{room}")
        await tab.composer.press_sequentially(word)
        option = tab.page.get_by_role("option").filter(has_text=emoji)
        await expect(option).to_have_attribute("aria-selected", "true")
        named = await tab.composer.get_attribute("aria-activedescendant")
        await expect(tab.page.locator(f"#{named}")).to_contain_text(emoji)
        await tab.composer.press("Enter")
        await expect(tab.composer).to_have_value(f"{emoji} ")


async def test_a_refused_message_is_kept_and_can_be_retried_or_discarded(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")

    await tab.page.route("**/api/v1/rooms/*/messages", refusing("validation_failed", method="POST"))
    await tab.write("try me again")
    await tab.write("never mind")
    await expect(tab.row("try me again")).to_contain_text("Not sent")
    await tab.row("never mind").get_by_role("button", name="Discard").click()
    await expect(tab.row("never mind")).to_have_count(0)
    await tab.page.unroute_all()
    await tab.page.reload()
    await tab.is_live()
    await expect(tab.row("never mind")).to_have_count(0)
    await tab.row("try me again").get_by_role("button", name="Try again").click()
    await expect(tab.page.locator("[data-post]")).to_have_count(0)
    await tab.sees("try me again")


async def test_a_refused_edit_stays_in_the_composer_with_the_reason(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.write("first words")
    await tab.sees("first words")
    await expect(tab.page.locator("[data-post]")).to_have_count(0)
    await tab.page.route("**/messages/*", lambda route: route.abort())
    await tab.composer.press("ArrowUp")
    await expect(tab.composer).to_have_value("first words")
    await tab.write("better words")
    await expect(tab.page.locator("form ~ [role=alert]")).to_contain_text("Your edit is kept here")
    await expect(tab.composer).to_have_value("better words")
    await tab.page.unroute_all()
    await tab.composer.press("Enter")
    await tab.sees("better words")
    await expect(tab.composer).to_have_value("")


async def test_slow_mode_counts_down_inside_send_and_never_for_the_owner(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.call("PATCH", f"/rooms/{room}", {"slow_mode_s": 4})
    (tab, _), owner = await people.member("Bob"), await people.tab_of(ann)
    await asyncio.gather(tab.open(f"/rooms/{room}"), owner.open(f"/rooms/{room}"))
    await tab.write("one")
    await tab.composer.fill("two")
    waiting = tab.page.get_by_role("button", name="Wait")
    await expect(waiting).to_be_disabled()
    await expect(waiting).to_have_text(re.compile("^[1-4]$"))
    await tab.composer.press("Enter")
    await expect(tab.composer).to_have_value("two")
    await owner.write("the owner, once")
    await owner.write("the owner, twice")
    await owner.sees("the owner, twice")
    await tab.page.get_by_role("button", name="Send", exact=True).click()
    await tab.sees("two")
    await expect(tab.page.locator("[data-post]")).to_have_count(0)


async def test_slow_mode_says_why_and_announces_the_start_and_the_end_of_a_wait(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.call("PATCH", f"/rooms/{room}", {"slow_mode": {"mode": "fixed", "seconds": 4}})
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    line = tab.page.locator("[data-testid=slow-mode]")
    await expect(line).to_have_text("Slow mode, set by the hosts: one message every 4 s.")
    height = await tab.composer.bounding_box()
    await tab.page.evaluate(
        """() => {
            const region = document.querySelector('[data-testid=slow-mode] ~ [role=status]');
            window.heard = [];
            new MutationObserver(() => window.heard.push(region.textContent))
                .observe(region, {subtree: true, characterData: true, childList: true});
        }"""
    )
    await tab.write("one")
    await expect(line).to_contain_text("you can write again in")
    assert await tab.composer.bounding_box() == height
    await tab.composer.fill("two")
    await tab.composer.press("Enter")
    await expect(tab.composer).to_have_value("two")
    assert await violations_in_light_and_dark(tab) == []
    await tab.page.wait_for_function("() => window.heard.includes('You can write again.')")
    await tab.composer.press("Enter")
    await tab.sees("two")
    await expect(tab.composer).to_have_value("")
    heard = await tab.page.evaluate("() => window.heard")
    assert len(heard) in (2, 3), heard
    assert heard[0].startswith("Slow mode, set by the hosts: you can write again in")
    assert heard[1] == "You can write again."


async def test_a_wait_in_slow_mode_goes_on_after_a_reload(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.call("PATCH", f"/rooms/{room}", {"slow_mode_s": 60})
    tab, _ = await people.member("Bob")
    await tab.open(f"/rooms/{room}")
    await tab.write("one")
    await tab.sees("one")
    await expect(tab.page.locator("[data-post]")).to_have_count(0)
    await tab.page.reload()
    await tab.is_live()
    await tab.write("kept in the field")
    await expect(tab.page.get_by_role("button", name="Wait")).to_be_disabled()
    await expect(tab.composer).to_have_value("kept in the field")
    await expect(tab.rows).to_have_count(1)


async def test_hosts_choose_an_automatic_slow_mode_and_its_target(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    tab = await people.tab_of(ann)
    await tab.open(f"/rooms/{room}")
    await tab.page.get_by_role("button", name="Settings").click()
    await tab.page.get_by_label("Slow mode").select_option(label="Automatic")
    target = tab.page.get_by_label("Messages that people can read")
    await expect(target).to_have_value("3")
    await target.select_option(label="10 a second")
    await expect(target).to_have_value("10")
    await expect(tab.page.get_by_text("Regulars wait at most 10 s, hosts never.")).to_be_visible()
    assert await violations_in_light_and_dark(tab) == []
    assert (await ann.call("GET", f"/rooms/{room}"))["slow_mode"] == {
        "mode": "auto",
        "seconds": 0,
        "target_posts_per_s": 10,
    }


async def test_automatic_slow_mode_counts_down_says_why_and_then_lets_the_writer_post(people: People) -> None:
    ann, bob = await people.person("Ann"), await people.person("Bob")
    room = await ann.make_room()
    await ann.call("PATCH", f"/rooms/{room}", {"slow_mode": {"mode": "auto", "target_posts_per_s": 1}})
    tab, _ = await people.member("Carl")
    await tab.open(f"/rooms/{room}")
    line = tab.page.locator("[data-testid=slow-mode]")
    writing = asyncio.create_task(keeps_writing(tab.base_url, bob, room))
    try:
        await expect(line).to_contain_text("Many people are writing: one message every")
        await tab.write("the first")
        await expect(line).to_contain_text("Many people are writing: you can write again in")
        await tab.composer.fill("the second")
        await expect(tab.page.get_by_role("button", name="Wait")).to_be_disabled()
        await tab.page.get_by_role("button", name="Send", exact=True).click()
        await expect(tab.page.locator("[data-post]")).to_have_count(0)
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
    page = await ann.call("GET", f"/rooms/{room}/messages?limit=100")
    by_carl = [each["text"] for each in page["messages"] if each["author"]["nickname"] == "Carl"]
    assert by_carl == ["the first", "the second"]


async def keeps_writing(url: str, person: Person, room: str) -> None:
    """Four messages a second, whatever slow mode answers."""
    headers = {"Authorization": f"Bearer {person.token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as http:
        while True:
            body = {"client_message_id": str(uuid.uuid4()), "text": "again"}
            answer = await http.post(f"/api/v1/rooms/{room}/messages", json=body)
            assert answer.status_code in (201, 429), answer.text
            await asyncio.sleep(0.25)


async def test_hosts_see_in_the_settings_that_a_target_cannot_be_reached(
    people: People, kafka_server: Kafka
) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.call("PATCH", f"/rooms/{room}", {"slow_mode": {"mode": "auto", "target_posts_per_s": 1}})
    tab = await people.tab_of(ann)
    await tab.open(f"/rooms/{room}")
    await tab.page.get_by_role("button", name="Settings").click()
    warning = tab.page.get_by_test_id("target-unreachable")
    await expect(warning).to_have_text("")
    signals = SignalSender(kafka_server.bootstrap_servers, clock=time.monotonic)
    sending = asyncio.create_task(signals.run())
    try:
        signals.offer(longest_wait(room, is_unreachable=True))
        await expect(warning).to_contain_text("Even the longest wait does not slow the room to this.")
        assert await violations_in_light_and_dark(tab) == []
        signals.offer(longest_wait(room, is_unreachable=False))
        await expect(warning).to_have_text("")
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


def longest_wait(room: str, *, is_unreachable: bool) -> RoomSlowMode:
    """The signal of a scheduler. That of the stack sends none for a room in which nobody writes."""
    signal: RoomSlowMode = {
        "type": "room.slow_mode",
        "room_id": room,
        "slow_mode_s": 300,
        "mode": "auto",
        "version": time.time_ns() // 1_000,
    }
    if is_unreachable:
        signal["unreachable"] = True
    return signal


async def test_others_see_who_is_typing_and_the_writer_does_not(people: People) -> None:
    room = await (await people.person("Ann")).make_room()
    (tab, _), other = await people.member("Bob"), await people.tab()
    await asyncio.gather(tab.open(f"/rooms/{room}"), other.open(f"/rooms/{room}"))
    await tab.composer.press_sequentially("hm")
    await expect(other.page.locator("[data-testid=typing-line]")).to_have_text("Bob is writing…")
    await expect(tab.page.locator("[data-testid=typing-line]")).to_have_text("")
    await expect(other.page.locator("[data-testid=typing-line]")).to_have_text("")
