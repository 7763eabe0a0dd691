"""Rooms for invited people: a host makes one and an invite in the page, and the link lets others in."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.axe import violations, violations_in_light_and_dark
from tests.browser.private_room import PrivateRoom
from tests.browser.tab import People, Person, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")

GONE = "This invite no longer works: it has expired, was withdrawn or has been used. Ask for a new one."


def invitation(tab: Tab) -> Locator:
    return tab.page.get_by_role("dialog", name="You are invited to a room")


async def run_room(tab: Tab) -> Locator:
    await tab.page.get_by_role("button", name="Run this room").click()
    return tab.page.get_by_role("dialog", name="Run this room")


async def makes_invite(panel: Locator) -> str:
    """The part of the new link after the page's address."""
    await panel.get_by_role("button", name="Make an invite").click()
    url = await panel.get_by_label("Invite link").input_value()
    return url[url.index("/#invite=") :]


async def opens_invite(tab: Tab, link: str) -> None:
    await tab.page.goto(tab.base_url + link)
    await expect(tab.page).to_have_url(tab.base_url + "/")


async def invite_by_call(owner: Person, room: str, **terms: object) -> str:
    made = await owner.call("POST", f"/rooms/{room}/invites", terms)
    return f"/#invite={made['code']}"


async def test_two_people_meet_in_a_private_room(people: People) -> None:
    ann = await people.tab(reduced_motion="reduce")
    await ann.open("/")
    await ann.page.get_by_role("button", name="New room").click()
    dialog = ann.page.get_by_role("dialog")
    await dialog.get_by_label("Name of the room").fill("Book club")
    await dialog.get_by_label("What should people call you?").fill("Ann")
    await dialog.get_by_role("radio", name="Private").check()
    assert await violations_in_light_and_dark(ann) == [], "form of a new room"
    await dialog.get_by_role("button", name="Create room").click()
    await expect(dialog).to_contain_text("With this code you become the owner again on another device")
    await expect(dialog.get_by_label("Your recovery code")).not_to_have_value("")
    assert await violations_in_light_and_dark(ann) == [], "recovery code of a new room"
    await dialog.get_by_role("button", name="Close").click()
    await ann.is_live()
    panel = await run_room(ann)
    await expect(panel.get_by_role("radio", name="Private")).to_be_checked()
    link = await makes_invite(panel)
    await expect(panel).to_contain_text("for 1 more person, until")
    assert await violations_in_light_and_dark(ann) == [], "host panel"
    await ann.page.keyboard.press("Escape")

    bob = await people.tab(reduced_motion="reduce")
    sent: list[str] = []
    bob.page.on("request", lambda request: sent.append(f"{request.url} {request.headers}"))
    await opens_invite(bob, link)
    await invitation(bob).get_by_label("What should people call you?").fill("Bob")
    assert await violations_in_light_and_dark(bob) == [], "invitation"
    await invitation(bob).get_by_role("button", name="Accept the invite").click()
    await expect(bob.page.get_by_role("heading", level=1, name="Book club")).to_be_visible()
    await bob.is_live()
    await bob.write("hello from Bob")
    await ann.sees("hello from Bob")
    await ann.write("welcome, Bob")
    await bob.sees("welcome, Bob")
    code = link.removeprefix("/#invite=")
    assert not [request for request in sent if code in request]
    assert code not in await bob.page.evaluate(
        "() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state])"
    )


async def test_an_invite_that_was_used_or_ended_says_so(people: People) -> None:
    room = await PrivateRoom.of(people)
    ann = await people.tab_of(room.owner)
    await ann.open(f"/rooms/{room.id}")
    panel = await run_room(ann)
    ended = await makes_invite(panel)
    await panel.get_by_role("button", name="End this invite").click()
    await expect(panel).to_contain_text("There are no open invites.")
    used = await invite_by_call(room.owner, room.id)
    cho = await people.person("Cho")
    await cho.call("POST", "/invites/accept", {"code": used.removeprefix("/#invite=")})
    tab, _ = await people.member("Dan")
    for link in (ended, used, "/#invite=never-made"):
        await opens_invite(tab, link)
        await invitation(tab).get_by_role("button", name="Accept the invite").click()
        await expect(invitation(tab)).to_contain_text(GONE)
    await invitation(tab).get_by_role("button", name="Cancel").click()
    await expect(invitation(tab)).to_have_count(0)
    await tab.is_live()


async def test_a_banned_person_sees_why_they_cannot_accept_an_invite(people: People) -> None:
    room = await PrivateRoom.of(people)
    await room.owner.call("PUT", f"/rooms/{room.id}/bans/{room.member.id}", {"seconds": None, "purge": False})
    tab = await people.tab_of(room.member)
    await opens_invite(tab, await invite_by_call(room.owner, room.id))
    await invitation(tab).get_by_role("button", name="Accept the invite").click()
    await expect(invitation(tab)).to_contain_text("You are banned from that room")


async def test_the_owner_invites_a_moderator_for_several_people(people: People) -> None:
    room = await PrivateRoom.of(people)
    ann = await people.tab_of(room.owner)
    await ann.open(f"/rooms/{room.id}")
    panel = await run_room(ann)
    await panel.get_by_role("combobox", name="As", exact=True).select_option("Moderator")
    await panel.get_by_role("combobox", name="For", exact=True).select_option("5 people")
    await panel.get_by_role("combobox", name="Valid for", exact=True).select_option("1 hour")
    link = await makes_invite(panel)
    await expect(panel).to_contain_text("for 5 more people, until")
    tab, cho = await people.member("Cho")
    await opens_invite(tab, link)
    await invitation(tab).get_by_role("button", name="Accept the invite").click()
    await expect(tab.page.get_by_role("button", name="Run this room")).to_be_visible()
    settings = await room.owner.call("GET", f"/rooms/{room.id}")
    assert [each["id"] for each in settings["moderators"]] == [cho.id]
    panel = await run_room(tab)
    await expect(panel.get_by_role("heading", name="Invites")).to_be_visible()
    await expect(panel.get_by_role("combobox", name="As", exact=True)).to_have_count(0)
    await expect(panel.get_by_role("radio", name="Private")).to_have_count(0)
    await expect(panel.get_by_role("heading", name="Delete the room")).to_have_count(0)


async def test_an_invite_that_is_pasted_into_an_open_page_works_without_a_reload(people: People) -> None:
    room = await PrivateRoom.of(people)
    link = await invite_by_call(room.owner, room.id)
    tab, _ = await people.member("Dan")
    await tab.open("/")
    await tab.page.evaluate("link => { location.hash = link.slice(1) }", link)
    await expect(invitation(tab)).to_be_visible()
    await expect(tab.page).to_have_url(tab.base_url + "/")


async def test_the_owner_changes_who_can_enter(people: People) -> None:
    owner = await people.person("Ann")
    room = await owner.make_room("Open house")
    ann = await people.tab_of(owner)
    await ann.open(f"/rooms/{room}")
    panel = await run_room(ann)
    for visibility in ("Unlisted", "Private", "Public"):
        async with ann.page.expect_response(lambda response: response.request.method == "PATCH"):
            await panel.get_by_role("radio", name=visibility).check()
        await expect(panel.get_by_role("radio", name=visibility)).to_be_checked()
        assert (await owner.call("GET", f"/rooms/{room}"))["visibility"] == visibility.lower()


async def test_the_owner_deletes_the_room_after_a_question_that_names_it(people: People) -> None:
    room = await PrivateRoom.of(people)
    ann, bob = await people.tab_of(room.owner), await people.tab_of(room.member)
    for tab in (ann, bob):
        await tab.open(f"/rooms/{room.id}")
    panel = await run_room(ann)
    await panel.get_by_role("button", name="Delete this room…").click()
    await expect(panel.get_by_role("button", name="Cancel")).to_be_focused()
    await expect(panel).to_contain_text(f"Delete {room.name} with all its messages for everybody?")
    assert await violations(ann) == []
    await panel.get_by_role("button", name=f"Delete {room.name}").click()
    await expect(ann.page).to_have_url(ann.base_url + "/")
    await ann.is_live()
    await expect(bob.page.get_by_role("heading", name="This room was deleted")).to_be_visible()
