"""Replays of large pages to clients that read slowly."""

import asyncio

from load_tests.abuse.attack import AttackList
from load_tests.abuse.attacks.deletions import fill_ring
from load_tests.abuse.drill import Drill

ATTACKS = AttackList()
ROOMS = 4
EVENTS_EACH = 4_500


@ATTACKS.add("stalled replays of pages of 500 × 16 KB", "M1")
async def stalled_replays(drill: Drill) -> None:
    """Four rooms have nine pages of 8 MB each. Several clients request every page and read nothing."""
    owners = await drill.people(ROOMS)
    rooms = [await drill.room(owner) for owner in owners]
    for room, owner in zip(rooms, owners, strict=True):
        await fill_ring(drill, room, owner, EVENTS_EACH, text="\U0001f389" * 4_000)
    attackers = [drill.attacker() for _ in range(4)]
    await drill.start_measuring()

    async def resume(number: int) -> None:
        room = rooms[number % ROOMS]
        at = (number * 137) % drill.of(EVENTS_EACH)
        await attackers[number % 4].stream(
            f"/stream/v1/rooms/{room}", small_buffer=True, Last_Event_ID=str(at + 1)
        )

    await drill.flood(resume, calls=600, workers=64)
    await drill.hold()
    if drill.scale.is_full:
        await asyncio.sleep(5)
