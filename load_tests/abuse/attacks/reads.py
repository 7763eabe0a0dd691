"""Reads: search, room list, unknown rooms, history, conditional requests."""

from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from chat_server.rooms.list_cursor import encode_cursor
from load_tests.abuse.attack import AttackList
from load_tests.abuse.attacks.deletions import fill_ring
from load_tests.abuse.drill import Drill

ATTACKS = AttackList()
LETTERS: Final = "+".join("abcdefghijklmnopqrstuvwxyz" * 2)[:95]
"""48 one-letter words."""
SEARCHED: Final = 100_000


@ATTACKS.add("searches for 48 one-letter words over 12 connections", "H2")
async def search(drill: Drill) -> None:
    owner = await drill.person()
    room = await drill.room(owner)
    await fill_ring(drill, room, owner, SEARCHED)
    attacker = drill.attacker()
    await drill.start_measuring()
    await drill.flood(
        lambda _: attacker.call("GET", f"/api/v1/rooms/{room}/search?q={LETTERS}", what="a search"),
        calls=20_000,
        workers=12,
    )


@ATTACKS.add("searches for a missing word from 12 addresses", "H2")
async def search_for_missing_word(drill: Drill) -> None:
    owner = await drill.person()
    room = await drill.room(owner)
    await fill_ring(drill, room, owner, SEARCHED)
    attackers = [drill.attacker() for _ in range(12)]
    await drill.start_measuring()
    await drill.flood(
        lambda number: attackers[number % 12].call(
            "GET", f"/api/v1/rooms/{room}/search?q=nowhere{number}", what="a search"
        ),
        calls=20_000,
        workers=24,
    )


@ATTACKS.add("requests for the room list over 64 connections", "H2")
async def room_list(drill: Drill) -> None:
    attackers = [drill.attacker() for _ in range(8)]
    await drill.start_measuring()
    await drill.flood(
        lambda number: attackers[number % 8].call("GET", "/api/v1/rooms?limit=100", what="the room list"),
        calls=40_000,
        workers=64,
    )


@ATTACKS.add("searches for rooms by name over 64 connections", "H2")
async def room_search(drill: Drill) -> None:
    attackers = [drill.attacker() for _ in range(8)]
    await drill.start_measuring()
    await drill.flood(
        lambda number: attackers[number % 8].call(
            "GET", f"/api/v1/rooms?q={number % 997}", what="a search of rooms"
        ),
        calls=40_000,
        workers=64,
    )


@ATTACKS.add("fetches of further pages of the room list from eight addresses", "H2")
async def further_pages(drill: Drill) -> None:
    attackers = [drill.attacker() for _ in range(8)]
    await drill.start_measuring()

    async def fetch(number: int) -> None:
        cursor = encode_cursor(datetime.fromtimestamp(1_700_000_000 + number, UTC), "lobby")
        path = f"/api/v1/rooms?limit=100&cursor={cursor}"
        answer = await attackers[number % 8].call("GET", path, what="a further page of the room list")
        drill.expect(answer.status in (0, 200, 429, 503), f"a further page was answered {answer.status}")

    await drill.flood(fetch, calls=40_000, workers=128)


@ATTACKS.add("fetches of unknown rooms", "M7")
async def unknown_rooms(drill: Drill) -> None:
    attackers = [drill.attacker() for _ in range(8)]
    await drill.start_measuring()

    async def fetch(number: int) -> None:
        tail = ("", "/messages", "/events?after_seq=0", "/search?q=a")[number % 4]
        path = f"/api/v1/rooms/none-{uuid4().hex}{tail}"
        answer = await attackers[number % 8].call("GET", path, what="a fetch of an unknown room")
        drill.expect(answer.status in (0, 404, 429, 503), f"an unknown room was answered {answer.status}")

    await drill.flood(fetch, calls=40_000, workers=64)


@ATTACKS.add("fetches of old pages and of 500 events")
async def history(drill: Drill) -> None:
    owner = await drill.person()
    room = await drill.room(owner)
    await fill_ring(drill, room, owner, 20_000)
    attackers = [drill.attacker() for _ in range(8)]
    await drill.start_measuring()

    async def fetch(number: int) -> None:
        at = (number * 7_919) % 20_000
        query = (
            f"messages?before_seq={at + 1}&limit=100",
            f"messages?around_seq={at + 1}&limit=100",
            f"events?after_seq={at}&limit=500",
            f"messages?after_seq={at}&limit=100",
        )[number % 4]
        await attackers[number % 8].call("GET", f"/api/v1/rooms/{room}/{query}", what="a page of history")

    await drill.flood(fetch, calls=40_000, workers=48)


@ATTACKS.add("fetches of old pages of long messages from six addresses", "F6")
async def long_history(drill: Drill) -> None:
    owner = await drill.person()
    room = await drill.room(owner)
    await fill_ring(drill, room, owner, 400, text="😀" * 4_000)
    attackers = [drill.attacker() for _ in range(6)]
    await drill.start_measuring()

    async def fetch(number: int) -> None:
        query = f"before_seq={401 + number}&limit=100"
        answer = await attackers[number % 6].call(
            "GET", f"/api/v1/rooms/{room}/messages?{query}", what="a page of long messages"
        )
        drill.expect(len(answer.body) <= 300_000, f"a page of long messages has {len(answer.body)} bytes")
        drill.expect(
            answer.status in (0, 200, 429, 503), f"a page of long messages was answered {answer.status}"
        )

    await drill.flood(fetch, calls=40_000, workers=150)


@ATTACKS.add("floods of HEAD and conditional requests")
async def validators(drill: Drill) -> None:
    attackers = [drill.attacker() for _ in range(8)]
    await drill.start_measuring()

    async def fetch(number: int) -> None:
        attacker = attackers[number % 8]
        if number % 2:
            tags = ", ".join(f'W/"{number}-{index}"' for index in range(200))
            await attacker.call(
                "GET", "/api/v1/rooms/lobby/messages", what="a conditional fetch", If_None_Match=tags
            )
        else:
            await attacker.call("HEAD", "/api/v1/rooms/lobby/messages", what="a HEAD")

    await drill.flood(fetch, calls=40_000, workers=64)


@ATTACKS.add("floods of health checks, metrics and documents", "H2")
async def health_flood(drill: Drill) -> None:
    attackers = [drill.attacker() for _ in range(8)]
    paths = ("/healthz/ready", "/metrics", "/healthz/live", "/openapi.json", "/docs", "/api/v1/config")
    await drill.start_measuring()

    async def ask(number: int) -> None:
        path = paths[number % len(paths)]
        server = "publish" if number % 3 == 0 and path.startswith(("/healthz", "/metrics")) else "chat"
        await attackers[number % 8].call("GET", path, server=server)

    await drill.flood(ask, calls=40_000, workers=64)


@ATTACKS.add("fetches of single messages and of their reactions", "H2")
async def reaction_lists(drill: Drill) -> None:
    owner = await drill.person()
    room = await drill.room(owner)
    messages = [(await owner.post(room, f"number {number}")).json()["id"] for number in range(8)]
    people = await drill.people(8)
    await drill.start_measuring()

    async def ask(number: int) -> None:
        tail = (f"messages/{messages[number % 8]}/reactions", f"messages/{messages[number % 8]}",
                "reactions/mine?from_seq=1&to_seq=9")[number % 3]  # fmt: skip
        await people[number % 8].call("GET", f"/api/v1/rooms/{room}/{tail}", what="a small fetch")

    await drill.flood(ask, calls=40_000, workers=64)
