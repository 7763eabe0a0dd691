"""A commit meets the bans of its rooms, whatever else it reads and whichever process has made them."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import pytest

from chat_contract.timestamps import rfc3339_ms
from chat_server.messages.operations import EditMessage, MessageOperation, PostMessage, SetReaction
from chat_server.messages.room_operations import BanUsers, LiftBan
from chat_server.messages.writer import GroupCommitWriter
from server_kit.http.problem import ChatError
from tests.support.message_store import Store, post

OWNER, TROLL, GUEST = UUID(int=1), UUID(int=2), UUID(int=3)

Write = MessageOperation | SetReaction
MakeWrite = Callable[[PostMessage, PostMessage, UUID], Write]
"""From a message of the person and one of another person, and from the person's id."""

WRITES: Final[dict[str, MakeWrite]] = {
    "post": lambda own, _, person: post(own.room_id, author=person),
    "reply": lambda own, other, person: replace(post(own.room_id, author=person), reply_to=other.message_id),
    "edit": lambda own, _, person: EditMessage(
        own.room_id, own.message_id, person, f"changed {uuid.uuid4()}"
    ),
    "reaction": lambda own, other, person: SetReaction(
        own.room_id, other.message_id, person, uuid.uuid4().hex, True
    ),
}
"""Commits of each of them read other rows: messages by key, by id and key, by id."""


def ban(room: str, *users: UUID, by: UUID = OWNER, seconds: int | None = None) -> BanUsers:
    return BanUsers(room_id=room, actor_id=by, actor_nickname="Host", user_ids=users, seconds=seconds)


def lift(room: str, user: UUID) -> LiftBan:
    return LiftBan(room_id=room, actor_id=OWNER, actor_nickname="Owner", user_id=user)


async def refusal(writer: GroupCommitWriter, write: Write | BanUsers) -> ChatError | None:
    try:
        match write:
            case SetReaction():
                await writer.react(write)
            case BanUsers():
                await writer.ban(write)
            case _:
                await writer.store(write)
    except ChatError as error:
        return error
    return None


async def code(writer: GroupCommitWriter, write: Write | BanUsers) -> str:
    error = await refusal(writer, write)
    return "" if error is None else error.code


@pytest.fixture
async def room(store: Store) -> str:
    """A room of the owner, with three people who have entered."""
    await store.enter(OWNER, TROLL, GUEST)
    return await store.make_room(OWNER)


@pytest.mark.parametrize("kind", WRITES)
async def test_a_write_meets_the_ban_of_another_process_until_its_end(
    store: Store, room: str, kind: str
) -> None:
    here, elsewhere = await store.writer(), await store.writer()
    own, other = post(room, author=TROLL), post(room, author=GUEST)
    await asyncio.gather(here.store(own), here.store(other))

    def write() -> Write:
        return WRITES[kind](own, other, TROLL)

    assert await code(here, write()) == ""
    for _ in range(2):
        banned = await elsewhere.ban(ban(room, TROLL, seconds=3600))
        assert [await code(writer, write()) for writer in (here, elsewhere)] == ["banned", "banned"]
        assert await code(here, WRITES[kind](other, own, GUEST)) == ""
        await elsewhere.lift_ban(lift(room, TROLL))
        assert [await code(writer, write()) for writer in (here, elsewhere)] == ["", ""]
    await elsewhere.ban(ban(room, TROLL, seconds=3600))
    await store.rows("UPDATE bans SET until = clock_timestamp()")
    assert [await code(writer, write()) for writer in (here, elsewhere)] == ["", ""]
    assert banned.seq < len(await store.assert_no_holes(room))


@pytest.mark.parametrize("clock_is_off_by", [timedelta(hours=-5), timedelta(), timedelta(hours=5)])
async def test_a_ban_ends_by_the_clock_of_postgres_in_each_process(
    store: Store, room: str, clock_is_off_by: timedelta
) -> None:
    writer = await store.writer(clock_is_off_by=clock_is_off_by)
    banned = await writer.ban(ban(room, TROLL, seconds=3600))
    error = await refusal(writer, post(room, author=TROLL))
    assert error is not None and banned.until is not None
    assert error.extra["until"] == rfc3339_ms(banned.until)
    await store.rows("UPDATE bans SET until = clock_timestamp()")
    assert await code(writer, post(room, author=TROLL)) == ""


async def test_one_commit_refuses_all_writes_of_a_banned_person_among_others(store: Store, room: str) -> None:
    here, elsewhere = await store.writer(), await store.writer()
    own, other = post(room, author=TROLL), post(room, author=GUEST)
    await asyncio.gather(here.store(own), here.store(other))
    await elsewhere.ban(ban(room, TROLL))
    of_guest = [make(other, own, GUEST) for make in WRITES.values()]
    of_troll = [make(own, other, TROLL) for make in WRITES.values()]
    codes = await asyncio.gather(*(code(here, write) for write in (*of_troll, *of_guest)))
    assert codes == ["banned"] * len(WRITES) + [""] * len(WRITES)


async def test_the_same_person_is_banned_from_one_of_the_rooms_of_a_commit(store: Store, room: str) -> None:
    here, elsewhere, free = await store.writer(), await store.writer(), await store.make_room(OWNER)
    await elsewhere.ban(ban(room, TROLL))
    await elsewhere.ban(ban(free, GUEST))
    posts = [post(each, author=person) for each in (room, free) for person in (TROLL, GUEST)]
    assert await asyncio.gather(*(code(here, each) for each in posts)) == ["banned", "", "", "banned"]


async def test_a_commit_that_reads_no_message_meets_a_ban(store: Store, room: str) -> None:
    """A banned moderator has no role until the ban ends."""
    here, elsewhere = await store.writer(), await store.writer()
    await store.rows(
        "UPDATE rooms SET moderators = $2 WHERE id = $1", room, f'[{{"id": "{TROLL}", "nickname": "t"}}]'
    )
    assert await code(here, ban(room, GUEST, by=TROLL)) == ""
    await elsewhere.ban(ban(room, TROLL))
    assert await code(here, ban(room, GUEST, by=TROLL)) == "forbidden"
    await elsewhere.lift_ban(lift(room, TROLL))
    assert await code(here, ban(room, GUEST, by=TROLL)) == ""


async def test_a_ban_keeps_its_end_when_it_is_repeated_in_another_process(store: Store, room: str) -> None:
    here, elsewhere = await store.writer(), await store.writer()
    ends: set[datetime | None] = set()
    for writer in (here, elsewhere, here):
        ends.add((await writer.ban(ban(room, TROLL, seconds=3600))).until)
    assert len(ends) == 1


async def test_a_ban_holds_after_its_batch_was_rolled_back_and_run_again(store: Store, room: str) -> None:
    """A batch with a write that Postgres rejects runs again in halves."""
    here, elsewhere = await store.writer(), await store.writer()
    await here.ban(ban(room, GUEST))
    codes = await asyncio.gather(
        code(here, post(room, "\0", author=TROLL)),
        code(here, ban(room, TROLL)),
        code(here, post(room, author=TROLL)),
    )
    assert list(codes) == ["validation_failed", "", "banned"]
    assert await code(elsewhere, post(room, author=TROLL)) == "banned"
    assert len(await store.rows("SELECT 1 FROM bans WHERE user_id = $1", TROLL)) == 1


async def test_banned_people_get_the_results_of_posts_that_they_repeat_in_one_commit(
    store: Store, room: str
) -> None:
    here, elsewhere = await store.writer(), await store.writer()
    people = [uuid.uuid4() for _ in range(20)]
    await store.enter(*people)
    posts = [post(room, author=person) for person in people]
    await asyncio.gather(*(here.store(each) for each in posts))
    await elsewhere.ban(ban(room, *people))
    repeats = [replace(each, message_id=uuid.uuid4()) for each in posts]
    new = [post(room, author=person) for person in people]
    codes = await asyncio.gather(*(code(here, each) for each in (*repeats, *new)))
    assert codes == [""] * len(repeats) + ["banned"] * len(new)
    assert len(await store.assert_no_holes(room)) == len(posts)
