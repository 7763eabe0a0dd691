"""How long the gate of private rooms relies on a check, and what a change of a room costs."""

import uuid
from random import Random

from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.postgres.pools import open_database
from chat_server.rooms.access_repository import AccessRepository
from chat_server.rooms.known_rooms import KnownRooms
from chat_server.rooms.room_access import FRESH_S, RoomAccess
from tests.fetch.conftest import Store, fetch_scope

ROOMS = 1_000


async def test_a_change_ends_the_checks_of_its_room_and_is_soon_forgotten(store: Store) -> None:
    now_s, ann = 1_000.0, uuid.uuid4()
    room_id, other_id = [await store.make_room() for _ in range(2)]
    scope = fetch_scope(f"/api/v1/rooms/{room_id}")
    async with open_database(store.dsn, 1) as engine:
        look_ups = LookUpSemaphore(1, lambda _: "an address", lambda: now_s, Random(7))
        access = RoomAccess(AccessRepository(engine), KnownRooms(), look_ups, lambda _: ann, lambda: now_s)
        for each in (room_id, other_id):
            await access.check(each, ann, scope)
            assert access.fresh(each, ann) is True
        access.invalidate(room_id)
        assert access.fresh(room_id, ann) is None
        assert access.fresh(other_id, ann) is True
        now_s += 0.1
        await access.check(room_id, ann, scope)
        assert access.fresh(room_id, ann) is True
        for number in range(ROOMS):
            access.invalidate(f"room-{number}")
        now_s += FRESH_S
        access.invalidate(room_id)
        assert list(access._invalidated_at_s) == [room_id]
