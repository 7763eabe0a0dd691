"""Screenshots of the frontend for the README: `python -m tests.browser.screenshots` writes docs/images/*.png.

Starts the real stack in a temporary folder, fills rooms, and takes each picture in light or dark, wide or on a phone.
They show readers, hosts and the operator at work. A second stack, full with one stream, shows readers who wait in line.
"""

import asyncio
import contextlib
import io
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.async_api import async_playwright, expect

from load_tests.bench.chromium import launch_chromium
from load_tests.jmeter.temporary_stack import temporary_stack
from tests.browser.tab import People, Person, Tab
from tests.browser.test_banning import ask_to_ban, open_bans
from tests.browser.test_operator_page import signed_in
from tests.support.chat_stack import ADMIN_TOKEN
from tests.support.plain_http import client_of

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
WIDE = {"width": 1040, "height": 742}
DESKTOP = {"width": 1280, "height": 800}
HALF = {"width": 760, "height": 742}
PHONE = {"width": 390, "height": 780}
AUDIENCE = 40
SETTINGS = {
    "HOTCHAT_ADMIN_TOKEN": ADMIN_TOKEN,
    "POSTS_PER_USER_PER_S": "0",
    "SESSIONS_PER_ADDRESS_PER_MIN": "0",
    "HOTCHAT_ENTER_PER_S": "20",
    "HOT_FETCH_PER_CLIENT_PER_S": "0.2",
    "HOT_FETCH_BURST": "2",
}
FETCHERS = 4
PINNED = "Welcome to show night! Be kind, no spoilers, and wave when the camera comes by 👋"

HISTORY = [
    "Doors are open!",
    "Front row, left side 🙋",
    "Sound check sounds great",
    "사람 정말 많다",
    "始まる前から楽しい",
]
TALK: list[tuple[str, str, dict[str, int]]] = [
    ("Mina", "Ten minutes to go. Who is watching from where?", {"heart": 3}),
    ("Tomás", "Lisbon, with far too much coffee ☕", {"laugh": 2}),
    ("지우", "서울이에요! 오늘 무대 너무 기대돼요", {"heart": 4}),
    ("さくら", "大阪から見てます。音、ばっちり聞こえます!", {"heart": 2}),
    ("Ada", "The lights just went down", {}),
    ("Ada", "**It begins.**", {"heart": 5, "laugh": 1}),
    ("지우", "와 첫 곡부터 이 노래라니 ㅠㅠ", {"heart": 3, "sad": 1}),
    ("Kofi", "That bass line. The neighbours know it too now", {"laugh": 6}),
]

FANS = [
    "Mina",
    "Tomás",
    "지우",
    "さくら",
    "Ada",
    "Kofi",
    "Léa",
    "Bjørn",
    "Omar",
    "Priya",
    "민준",
    "Zoë",
    "Ivan",
    "葵",
]
SHOUTS = [
    "WOW",
    "그 노래다!!",
    "this is the one I came for",
    "最高",
    "louder please",
    "that light show though",
    "여기 서울 🙌",
    "encore! encore!",
    "I can hear my neighbours singing along, and for once I do not mind at all",
    "すごい声",
    "goosebumps",
]
CROWD_POSTS = 70
WAITERS = 3
"""People in line in front of the picture's reader."""


@contextlib.asynccontextmanager
async def visitors(url: str) -> AsyncIterator[tuple[People, httpx.AsyncClient]]:
    """People with browsers at this address, and a client for everything else."""
    async with (
        async_playwright() as playwright,
        await launch_chromium(playwright) as browser,
        client_of(url) as http,
    ):
        people = People(browser, url, http)
        yield people, http
        await people.leave()


async def draw(url: str) -> None:
    async with visitors(url) as (people, http), contextlib.AsyncExitStack() as stack:
        mina = await fill_rooms(people, http)
        await stack.enter_async_context(audience(http))
        light = await seen(people, mina, "light", HALF)
        dark = await seen(people, mina, "dark", HALF)
        keep("room.png", side_by_side(await light.page.screenshot(), await dark.page.screenshot()))
        keep("room-dark.png", await (await seen(people, mina, "dark", WIDE)).page.screenshot())
        keep("phone.png", await phones(people, mina))
        keep("dialogs.png", await dialogs(people, mina))
        keep("composing.png", await composing(people))
        keep("quiet.png", await quiet_states(people, mina))
        keep("hot.png", await hot_room(url, people, mina))
        keep("crowded.png", await crowded_room(url, people))
        keep("slow-mode.png", await slow_mode(people))
        host, room = await moderated_room(people)
        keep("hosting.png", await hosting(people, host, room))
        keep("hosting-phone.png", await hosting_on_phones(people, host, room))
        keep("operator.png", await operator_pages(people))
        keep("operator-phone.png", await operator_on_phones(people))


async def draw_full_server(url: str) -> None:
    async with visitors(url) as (people, http):
        keep("waiting.png", await waiting_in_line(people, http))


async def fill_rooms(people: People, http: httpx.AsyncClient) -> Person:
    """Fill the lobby and two other rooms. Returns one of the people."""
    names = dict.fromkeys(name for name, *_ in TALK)
    members = {name: await people.person(name) for name in names}
    everybody = list(members.values())
    await side_room(everybody[0], "After the show", "Coffee at the corner, then?")
    await side_room(everybody[2], "한국어 방", "여기는 한국어로 편하게 얘기해요")
    welcome = await members["Mina"].post("lobby", PINNED)
    pin = f"/api/v1/rooms/lobby/messages/{welcome['id']}/pin"
    (await http.put(pin, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"})).raise_for_status()
    for number in range(120):
        await everybody[number % len(everybody)].post("lobby", HISTORY[number % len(HISTORY)])
    posted: dict[str, Any] = {}
    for name, text, reactions in TALK:
        message = await members[name].post("lobby", text)
        posted[text] = message
        for kind, count in reactions.items():
            for person in everybody[-count:]:  # so that Mina gave only some of them
                await person.react("lobby", message, kind)
    answered = posted["The lights just went down"]
    await members["さくら"].post("lobby", "I saw it too, goosebumps", answered["id"])
    await members["Tomás"].post("lobby", "@Mina save me a seat next time 🎟️")
    await members["Mina"].post("lobby", "Seats? Nobody is sitting 😄")
    return members["Mina"]


async def side_room(owner: Person, name: str, words: str) -> None:
    room = await owner.make_room(name)
    await owner.post(room, words)


async def seen(people: People, who: Person, scheme: str, size: dict[str, int], **context: Any) -> Tab:
    """The lobby as this person sees it, at the newest message and without running animations."""
    tab = await people.tab_of(who, color_scheme=scheme, viewport=size, **context)
    await tab.open("/")
    await expect(tab.rows.last).to_be_in_viewport()
    await expect(tab.page.locator("[data-kind]").first).to_be_visible()
    await expect(tab.page.locator("[data-testid=viewers]")).to_have_text(
        re.compile(rf"[{AUDIENCE // 10}-9]\d here"), timeout=20_000
    )
    await tab.page.evaluate("() => document.fonts.ready")
    return tab


async def phones(people: People, mina: Person) -> bytes:
    """The room in light and dark, the room list, and the question for a nickname."""
    light, dark = [await seen(people, mina, scheme, PHONE) for scheme in ("light", "dark")]
    rooms = await seen(people, mina, "light", PHONE)
    await rooms.page.get_by_role("button", name="Rooms", exact=True).click()
    await expect(rooms.page.get_by_role("dialog", name="Rooms")).to_be_visible()
    await expect(rooms.page.locator("[role=dialog] a[href^='/rooms/']")).to_have_count(3)
    new = await people.tab(color_scheme="dark", viewport=PHONE)
    await new.open("/")
    await new.write("Good evening from Busan!")
    await expect(new.page.get_by_label("What should people call you?")).to_be_focused()
    return side_by_side(*[await tab.page.screenshot() for tab in (light, dark, rooms, new)])


async def dialogs(people: People, mina: Person) -> bytes:
    """Search in light, settings in dark."""
    search = await seen(people, mina, "light", HALF)
    await search.page.get_by_role("button", name="Search", exact=True).click()
    await search.page.get_by_role("searchbox", name="Words to look for").fill("무대")
    await expect(search.page.locator("[role=dialog] li")).to_have_count(1)
    settings = await seen(people, mina, "dark", HALF)
    await settings.page.get_by_role("button", name="Settings").click()
    await expect(settings.page.get_by_role("dialog")).to_be_visible()
    return side_by_side(await search.page.screenshot(), await settings.page.screenshot())


async def composing(people: People) -> bytes:
    """Completion of a mention in light, people who reacted in dark."""
    ada = await people.person("Ada")
    writing = await seen(people, ada, "light", HALF)
    await writing.composer.press_sequentially("Look, @")
    await expect(writing.page.get_by_role("option").first).to_be_visible()
    reading = await seen(people, ada, "dark", HALF)
    chip = reading.reaction("That bass line. The neighbours know it too now", "laugh")
    await chip.hover()
    await expect(reading.page.locator("[role=tooltip]")).to_be_visible()
    return side_by_side(await writing.page.screenshot(), await reading.page.screenshot())


async def quiet_states(people: People, mina: Person) -> bytes:
    """An empty room in light, a missing room in dark."""
    empty, missing = [
        await people.tab_of(mina, color_scheme=scheme, viewport=HALF) for scheme in ("light", "dark")
    ]
    await empty.open("/rooms/" + await mina.make_room("Rehearsal"))
    await expect(empty.page.get_by_text("This is where Rehearsal begins.")).to_be_visible()
    await missing.page.goto(missing.base_url + "/rooms/never-made")
    await expect(missing.page.get_by_role("heading", name="There is no such room")).to_be_visible()
    return side_by_side(await empty.page.screenshot(), await missing.page.screenshot())


async def moderated_room(people: People) -> tuple[Person, str]:
    """A host, and a room with held messages and a report."""
    host, troll = await people.person("Hana"), await people.person("Free tickets")
    room = await host.make_room("Show night")
    rules = {"words": ["casino"], "words_action": "hold", "links": "hold"}
    await host.call("PATCH", f"/rooms/{room}", {"filters": rules})
    for name, text, _ in TALK:
        await (await people.person(name)).post(room, text)
    await troll.post(room, "Tickets for half the price, ask me")
    await troll.post(room, "The casino next door pays for them")
    await troll.post(room, "Look: https://tickets.example/half-price")
    rude = await (await people.person("Loud")).post(room, "You all sing out of tune")
    await (await people.person("지우")).call(
        "POST", f"/rooms/{room}/messages/{rude['id']}/reports", {"reason": "Rude to everybody"}
    )
    return host, room


async def hosting(people: People, host: Person, room: str) -> bytes:
    """The moderator view in light, a ban in dark."""
    view = await people.tab_of(host, color_scheme="light", viewport=WIDE)
    await view.open(f"/rooms/{room}/moderate")
    await view.page.get_by_role("tab", name="Held").click()
    await expect(view.page.locator("[data-queue-item]")).to_have_count(2)
    ban = await people.tab_of(host, color_scheme="dark", viewport=HALF)
    await ban.open(f"/rooms/{room}")
    await ask_to_ban(ban, "Tickets for half the price, ask me")
    await expect(ban.page.get_by_role("alertdialog")).to_be_visible()
    return side_by_side(await view.page.screenshot(), await ban.page.screenshot())


async def hosting_on_phones(people: People, host: Person, room: str) -> bytes:
    """The live list and the held messages of the moderator view, reports in dark, and the panel of hosts."""
    live, held, panel = [await people.tab_of(host, color_scheme="light", viewport=PHONE) for _ in range(3)]
    reports = await people.tab_of(host, color_scheme="dark", viewport=PHONE)
    for tab in (live, held, reports):
        await tab.open(f"/rooms/{room}/moderate")
        await tab.sees("You all sing out of tune")
    await held.page.get_by_role("tab", name="Held").click()
    await expect(held.page.locator("[data-queue-item]")).to_have_count(2)
    await reports.page.get_by_role("tab", name="Reports").click()
    await expect(reports.page.locator("[data-queue-item]")).to_have_count(1)
    await open_bans(await panel.open(f"/rooms/{room}"))
    return side_by_side(*[await tab.page.screenshot() for tab in (live, held, reports, panel)])


async def operator_pages(people: People) -> bytes:
    """The control room's live view in light and dark."""
    tabs = [await control_room(people, scheme, HALF) for scheme in ("light", "dark")]
    return side_by_side(*[await tab.page.screenshot() for tab in tabs])


async def operator_on_phones(people: People) -> bytes:
    """The control room's rooms and the rules of one, and in dark its processes and the settings of hot rooms."""
    schemes = ("light", "light", "dark", "dark")
    rooms, rules, processes, settings = [await control_room(people, scheme, PHONE) for scheme in schemes]
    for tab in (rooms, rules):
        await at_the_top(tab, "Rooms by heat")
    await rules.page.get_by_role("button", name="Change the rules of Show night").click()
    await expect(rules.page.get_by_role("dialog")).to_be_visible()
    await at_the_top(processes, "Processes")
    await at_the_top(settings, "Settings of hot rooms")
    return side_by_side(*[await tab.page.screenshot() for tab in (rooms, rules, processes, settings)])


async def control_room(people: People, scheme: str, size: dict[str, int]) -> Tab:
    tab = await signed_in(people, await people.tab(color_scheme=scheme, viewport=size))
    await expect(tab.page.get_by_role("heading", name="Rooms by heat")).to_be_visible()
    await expect(tab.page.locator(".uplot canvas").first).to_be_visible()
    return tab


async def at_the_top(tab: Tab, heading: str) -> None:
    """Scroll to the section with this heading."""
    await tab.page.get_by_role("heading", name=heading).evaluate("(it) => it.scrollIntoView()")


async def hot_room(url: str, people: People, mina: Person) -> bytes:
    """A scroll back while many clients fetch: the badge, and the time until older messages load."""
    tab = await seen(people, mina, "light", WIDE)
    async with crowd(url, "lobby"):
        await expect(tab.page.locator("[data-testid=hot-badge]")).to_be_visible(timeout=20_000)
        await tab.list.hover()
        async with asyncio.timeout(30):
            while "Older messages in" not in await tab.status.inner_text():
                await tab.page.mouse.wheel(0, -1_500)
                await tab.page.evaluate("() => new Promise(requestAnimationFrame)")
        await expect(tab.page.locator("[data-testid=chips]")).to_have_css("opacity", "1")
        return await tab.page.screenshot()


async def crowded_room(url: str, people: People) -> bytes:
    """Compact rows of a hot room in light, and in dark on a phone, while many people write."""
    host = await people.person("Hana")
    room = await host.make_room("Finale")
    fans = [await people.person(name) for name in FANS]
    tabs = [
        await people.tab_of(host, color_scheme="light", viewport=DESKTOP),
        await people.tab_of(host, color_scheme="dark", viewport={**PHONE, "height": DESKTOP["height"]}),
    ]
    for tab in tabs:
        await tab.open(f"/rooms/{room}")
    async with crowd(url, room):
        for number in range(CROWD_POSTS):
            fan = fans[number % len(fans)]
            message = await fan.post(room, SHOUTS[number * 7 % len(SHOUTS)])
            for admirer in fans[: number % 4]:
                await admirer.react(room, message, "heart")
            if number == CROWD_POSTS - 8:
                await host.post(room, "Encore in five minutes, stay where you are!")
        for tab in tabs:
            await expect(tab.list).to_have_attribute("data-rows", "compact")
            await expect(tab.page.locator("[data-testid=hot-badge]")).to_be_visible()
            await expect(tab.rows.last).to_be_in_viewport()
        return side_by_side(*[await tab.page.screenshot() for tab in tabs])


async def slow_mode(people: People) -> bytes:
    """The wait of a writer on a phone, and the choice of a host."""
    host, fan = await people.person("Hana"), await people.person("Kofi")
    room = await host.make_room("Questions to the band")
    await host.post(room, "Ask away! One question each, please")
    await host.call("PATCH", f"/rooms/{room}", {"slow_mode": {"mode": "fixed", "seconds": 30}})
    size = {**PHONE, "height": HALF["height"]}
    waiting = await people.tab_of(fan, color_scheme="light", viewport=size)
    await waiting.open(f"/rooms/{room}")
    await waiting.write("Which song was the hardest to write?")
    await waiting.composer.fill("And who plays the trumpet?")
    await expect(waiting.page.locator("[data-testid=slow-mode]")).to_contain_text("you can write again in")
    picture = await waiting.page.screenshot()  # before the host changes the mode
    choosing = await people.tab_of(host, color_scheme="dark", viewport=HALF)
    await choosing.open(f"/rooms/{room}")
    await choosing.page.get_by_role("button", name="Settings").click()
    await choosing.page.get_by_label("Slow mode").select_option(label="Automatic")
    help_line = choosing.page.get_by_text("Regulars wait at most 10 s, hosts never.")
    await help_line.scroll_into_view_if_needed()
    return side_by_side(picture, await choosing.page.screenshot())


async def waiting_in_line(people: People, http: httpx.AsyncClient) -> bytes:
    """Readers of a full server: their numbers in line in light, and in dark on a phone."""
    host = await people.person("Hana")
    room = await host.make_room("Premiere")
    members = {name: await people.person(name) for name in dict.fromkeys(name for name, *_ in TALK)}
    for name, text, _ in TALK:
        await members[name].post(room, text)
    tabs = [
        await people.tab_of(host, color_scheme="light", viewport=HALF),
        await people.tab(color_scheme="dark", viewport={**PHONE, "height": HALF["height"]}),
    ]
    streams = (await http.get("/api/v1/config")).json()["stream_url"]
    async with http.stream("GET", f"{streams}/stream/v1/rooms/{room}", timeout=None), line(http, streams):
        for number, tab in enumerate(tabs, start=WAITERS + 1):
            await tab.page.goto(f"{tab.base_url}/rooms/{room}")
            await expect(tab.page.get_by_test_id("waiting-in-line")).to_contain_text(
                f"number {number} in line"
            )
            await expect(tab.rows.last).to_be_in_viewport()
        return side_by_side(*[await tab.page.screenshot() for tab in tabs])


@contextlib.asynccontextmanager
async def line(http: httpx.AsyncClient, streams: str) -> AsyncIterator[None]:
    """People who already wait for a stream, and ask again every second."""

    async def wait(place: str | None) -> str:
        body = {} if place is None else {"place": place}
        return str((await http.post(f"{streams}/stream/v1/places", json=body)).json()["place"])

    async def keep_waiting(places: list[str]) -> None:
        while True:
            await asyncio.sleep(1)
            places = [await wait(place) for place in places]

    places = [await wait(None) for _ in range(WAITERS)]
    waiting = asyncio.create_task(keep_waiting(places))
    try:
        yield
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


@contextlib.asynccontextmanager
async def audience(http: httpx.AsyncClient) -> AsyncIterator[None]:
    """People who only read."""
    streams = (await http.get("/api/v1/config")).json()["stream_url"]
    async with contextlib.AsyncExitStack() as open_streams:
        for _ in range(AUDIENCE):
            await open_streams.enter_async_context(
                http.stream("GET", f"{streams}/stream/v1/rooms/lobby", timeout=None)
            )
        yield


@contextlib.asynccontextmanager
async def crowd(url: str, room: str) -> AsyncIterator[None]:
    """Clients that fetch until the room is hot."""

    async def fetch(http: httpx.AsyncClient) -> None:
        while True:
            await http.get(f"/api/v1/rooms/{room}/messages")
            await asyncio.sleep(0.02)

    async with client_of(url) as http:
        fetching = [asyncio.create_task(fetch(http)) for _ in range(FETCHERS)]
        try:
            yield
        finally:
            for one in fetching:
                one.cancel()
            await asyncio.gather(*fetching, return_exceptions=True)


def side_by_side(*pictures: bytes) -> bytes:
    """One picture of all, from left to right, with the height of the first."""
    opened = [Image.open(io.BytesIO(picture)) for picture in pictures]
    together = Image.new("RGB", (sum(each.width for each in opened), opened[0].height))
    left = 0
    for each in opened:
        together.paste(each, (left, 0))
        left += each.width
    drawn = io.BytesIO()
    together.save(drawn, "PNG")
    return drawn.getvalue()


def keep(name: str, picture: bytes) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    few_colours = Image.open(io.BytesIO(picture)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    few_colours.save(IMAGES / name, "PNG", optimize=True)
    sys.stdout.write(f"docs/images/{name}: {(IMAGES / name).stat().st_size // 1024} KB\n")


def main() -> None:
    expect.set_options(timeout=20_000)
    with temporary_stack(SETTINGS) as target:
        asyncio.run(draw(target.url))
    with temporary_stack({**SETTINGS, "MAX_STREAMS": "1"}) as full:
        asyncio.run(draw_full_server(full.url))


if __name__ == "__main__":
    main()
