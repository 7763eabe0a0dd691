"""Streams of both kinds: too many, unread, reopened at once, resumed from any cursor."""

import asyncio
from collections.abc import Iterable
from functools import partial
from random import Random
from typing import Final
from uuid import uuid4

from load_tests.abuse.attack import AttackList
from load_tests.abuse.attacker import Attacker, Connection
from load_tests.abuse.attacks.deletions import fill_ring
from load_tests.abuse.drill import Drill

ATTACKS = AttackList()
STREAMS: Final = 1_500
LISTED: Final = 100
"""Rooms of one list, as many as a request may name."""
MAX_SEQ: Final = 2**63 - 1


async def _open(
    attacker: Attacker, paths: list[str], *, small_buffer: bool = False, **headers: str
) -> list[Connection]:
    """Request a stream of each path, 50 at a time. Returns the opened ones."""
    opened: list[Connection] = []
    waiting = iter(paths)

    async def work() -> None:
        for path in waiting:
            stream = await attacker.stream(path, small_buffer=small_buffer, **headers)
            if stream is not None:
                opened.append(stream)

    await asyncio.gather(*(work() for _ in range(50)))
    return opened


def _expect_share(drill: Drill, opened: int, asked: int) -> None:
    drill.remarks.append(f"{opened} of {asked} streams of one address were opened")
    drill.expect(opened < asked, f"one address got all {asked} streams that it requested")


async def _quiet_rooms(drill: Drill, count: int) -> list[str]:
    """Existing rooms without followers."""
    prefix = f"quiet-{uuid4().hex[:8]}"
    room_ids = [f"{prefix}-{number}" for number in range(count)]
    async with drill.sql() as connection:
        await connection.execute(
            "INSERT INTO rooms (id, name, created_at, active_at)"
            " SELECT id, 'quiet', 'epoch', 'epoch' FROM unnest($1::text[]) id",
            room_ids,
        )
    return room_ids


async def _open_quiet_rooms(drill: Drill, room_ids: list[str]) -> None:
    """Another address opens rooms without followers. Every stream must open."""
    visitor = drill.attacker()
    opened = 0
    for room_id in room_ids:
        stream = await visitor.stream(f"/stream/v1/rooms/{room_id}")
        if stream is not None:
            opened += 1
            stream.close()
    drill.remarks.append(f"{opened} of {len(room_ids)} streams of unfollowed rooms were opened")
    drill.expect(opened == len(room_ids), f"only {opened} of {len(room_ids)} unfollowed rooms were opened")


async def _refusals(drill: Drill, share: str) -> float:
    """The number of requests that publish_server has refused for this share."""
    page = await drill.attacker().call("GET", "/metrics", server="publish")
    name = f'hotchat_share_refusals_total{{share="{share}"}} '
    lines = page.body.decode().splitlines()
    return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))


def _list_path(room_ids: Iterable[str]) -> str:
    return "/stream/v1/rooms?" + "&".join(f"room={room_id}" for room_id in room_ids)


@ATTACKS.add("1,500 room streams from one address", "H4")
async def room_streams(drill: Drill) -> None:
    owner = await drill.person()
    room = await drill.room(owner)
    attacker = drill.attacker()
    await drill.start_measuring()
    asked = drill.of(STREAMS)
    opened = await _open(attacker, [f"/stream/v1/rooms/{room}"] * asked)
    _expect_share(drill, len(opened), asked)
    await drill.flood(
        lambda number: drill.insist(partial(owner.post, room, f"to all {number}")), calls=100, workers=2
    )
    await drill.hold()


@ATTACKS.add("1,500 room-list streams of 100 rooms from one address", "H4")
async def list_streams(drill: Drill) -> None:
    owner = await drill.person()
    room = await drill.room(owner)
    rooms = [room, "lobby", *(f"none-{number}" for number in range(98))]
    query = "&".join(f"room={each}" for each in rooms)
    attacker = drill.attacker()
    await drill.start_measuring()
    asked = drill.of(STREAMS)
    opened = await _open(attacker, [f"/stream/v1/rooms?{query}"] * asked)
    _expect_share(drill, len(opened), asked)
    await drill.flood(
        lambda number: drill.insist(partial(owner.post, room, f"to all {number}")), calls=100, workers=2
    )
    await drill.hold()


@ATTACKS.add("400 unread room-list streams", "H4")
async def unread_list_streams(drill: Drill) -> None:
    people = await drill.people(drill.of(8))
    rooms = [await drill.room(person) for person in people]
    query = "&".join(f"room={each}" for each in rooms)
    attacker = drill.attacker()
    await drill.start_measuring()
    await _open(attacker, [f"/stream/v1/rooms?{query}"] * drill.of(400), small_buffer=True)

    async def post(number: int) -> None:
        index = number % len(people)
        await drill.insist(partial(people[index].post, rooms[index], "x" * 400))

    await drill.flood(post, calls=400, workers=8)
    await drill.hold()


@ATTACKS.add("400 unread room streams with 16 KB messages", "H4", "M1")
async def unread_room_streams(drill: Drill) -> None:
    people = await drill.people(drill.of(16))
    room = await drill.room(people[0])
    attacker = drill.attacker()
    await drill.start_measuring()
    await _open(attacker, [f"/stream/v1/rooms/{room}"] * drill.of(400), small_buffer=True)
    await drill.flood(
        lambda number: drill.insist(partial(people[number % len(people)].post, room, "\U0001f389" * 4_000)),
        calls=800,
        workers=16,
    )
    await drill.hold()


@ATTACKS.add("400 gzipped streams of a busy room")
async def gzipped_streams(drill: Drill) -> None:
    people = await drill.people(drill.of(16))
    room = await drill.room(people[0])
    attacker = drill.attacker()
    await drill.start_measuring()
    paths = [f"/stream/v1/rooms/{room}"] * drill.of(400)
    await _open(attacker, paths, Accept_Encoding="gzip")
    await drill.flood(
        lambda number: drill.insist(partial(people[number % len(people)].post, room, uuid4().hex * 100)),
        calls=800,
        workers=16,
    )
    await drill.hold()


@ATTACKS.add("a storm of reconnects with random Last-Event-ID", "M1")
async def reconnect_storm(drill: Drill) -> None:
    owner = await drill.person()
    room = await drill.room(owner)
    await fill_ring(drill, room, owner, 4_900)
    attackers = [drill.attacker() for _ in range(4)]
    rng = Random(11)
    await drill.start_measuring()

    async def reconnect(number: int) -> None:
        last_id = rng.choice((0, rng.randrange(5_000), rng.randrange(5_000), MAX_SEQ))
        stream = await attackers[number % 4].stream(f"/stream/v1/rooms/{room}", Last_Event_ID=str(last_id))
        if stream is not None:
            await stream.receive(within_s=0.2)
            stream.reset()

    await drill.flood(reconnect, calls=20_000, workers=64)


@ATTACKS.add("streams of 10,000 unknown rooms", "H4", "M7")
async def unknown_rooms(drill: Drill) -> None:
    attackers = [drill.attacker() for _ in range(4)]
    await drill.start_measuring()

    async def ask(number: int) -> None:
        attacker = attackers[number % 4]
        if number % 2:
            path = f"/stream/v1/rooms/none-{uuid4().hex}"
        else:
            path = "/stream/v1/rooms?" + "&".join(f"room=none-{uuid4().hex}" for _ in range(100))
        stream = await attacker.stream(path)
        if stream is not None:
            stream.close()

    await drill.flood(ask, calls=10_000, workers=32)


@ATTACKS.add("room-list streams of 100 random rooms, 60 at a time", "F4")
async def random_lists(drill: Drill) -> None:
    quiet = await _quiet_rooms(drill, drill.of(40, least=8))
    attacker = drill.attacker()
    refused_before = await _refusals(drill, "unknown_rooms")
    await drill.start_measuring()

    async def ask(number: int) -> None:
        stream = await attacker.stream(_list_path(f"none-{uuid4().hex}" for _ in range(LISTED)))
        if stream is not None:
            stream.close()

    await asyncio.gather(drill.flood(ask, calls=10_000, workers=60), _open_quiet_rooms(drill, quiet))
    refused = await _refusals(drill, "unknown_rooms") - refused_before
    drill.expect(refused > 0, "no list of random rooms was refused for its unknown rooms")
    full = drill.tally.answers["503"]
    drill.expect(full == 0, f"{full} streams got server_full")


@ATTACKS.add("200 room-list streams of 100 existing rooms each from one address", "F5")
async def lists_of_all_rooms(drill: Drill) -> None:
    asked = drill.of(200, least=4)
    rooms = await _quiet_rooms(drill, asked * LISTED)
    quiet = await _quiet_rooms(drill, drill.of(20, least=8))
    attacker = drill.attacker()
    refused_before = await _refusals(drill, "followed_rooms")
    await drill.start_measuring()
    opened = 0
    lists = [rooms[first : first + LISTED] for first in range(0, len(rooms), LISTED)]
    for room_ids in lists:  # one at a time, so that only the share of followed rooms refuses
        opened += await attacker.stream(_list_path(room_ids)) is not None
    _expect_share(drill, opened, asked)
    refused = await _refusals(drill, "followed_rooms") - refused_before
    drill.expect(refused > 0, "no list was refused for the rooms that its address follows")
    await _open_quiet_rooms(drill, quiet)
    full = drill.tally.answers["503"]
    drill.expect(full == 0, f"{full} streams got server_full")
    await drill.hold()


@ATTACKS.add("invalid stream requests", "L")
async def wrong_streams(drill: Drill) -> None:
    attacker = drill.attacker()
    await drill.start_measuring()
    requests: tuple[tuple[str, str], ...] = (
        ("/stream/v1/rooms/lobby?last_event_id=-1", ""),
        ("/stream/v1/rooms/lobby?last_event_id=" + "9" * 8_000, ""),
        ("/stream/v1/rooms/lobby?mode=nothing", ""),
        ("/stream/v1/rooms/" + "a" * 8_000, ""),
        ("/stream/v1/rooms/%00", ""),
        ("/stream/v1/rooms?" + "&".join(["room=lobby"] * 2_000), ""),
        ("/stream/v1/rooms", ""),
        ("/stream/v1/rooms/lobby", "x" * 8_000),
        ("/stream/v1/rooms/lobby", "٣"),
    )

    async def ask(number: int) -> None:
        path, last_id = requests[number % len(requests)]
        stream = await attacker.stream(path, Last_Event_ID=last_id)
        drill.expect(stream is None, f"a stream was opened for {path[:60]}")
        if stream is not None:
            stream.close()

    await drill.flood(ask, calls=2_000, workers=8)


@ATTACKS.add("further requests on open streams")
async def pipelined_streams(drill: Drill) -> None:
    attacker = drill.attacker()
    await drill.start_measuring()
    streams = await _open(attacker, ["/stream/v1/rooms/lobby"] * drill.of(200))
    request = attacker.request("GET", "/healthz/live", server="publish")
    await asyncio.gather(*(stream.send(request * 50) for stream in streams))
    await drill.hold()
