"""Writes of two writers whose connections are killed at any moment leave a log without holes or duplicates."""

import asyncio
import uuid
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat_server.kafka.committed_event import CommittedEvent
from chat_server.messages.operations import (
    DeleteMessage,
    EditMessage,
    MessageOperation,
    MessageResult,
    Operation,
    OperationResult,
    PostMessage,
    SetReaction,
)
from chat_server.messages.writer import GroupCommitWriter
from chat_server.postgres.pools import asyncpg_dsn, open_database
from server_kit.http.problem import ChatError
from tests.support.message_store import Store, post

PEOPLE = [uuid.UUID(int=n) for n in range(1, 4)]


class Step(NamedTuple):
    """A write (`what`) through one of two writers; `which` chooses an earlier message, `kills` ends connections."""

    what: str
    writer: int
    person: int
    room: int
    which: int
    kills: bool


STEPS = st.lists(
    st.builds(
        Step,
        what=st.sampled_from(
            ["post", "post", "post", "again", "nul", "edit", "delete", "react", "unreact", "reply"]
        ),
        writer=st.integers(0, 1),
        person=st.integers(0, len(PEOPLE) - 1),
        room=st.integers(0, 1),
        which=st.integers(0, 20),
        kills=st.sampled_from([False] * 14 + [True]),
    ),
    min_size=10,
    max_size=60,
)


def operation(step: Step, room: str, posts: list[PostMessage]) -> MessageOperation | SetReaction:
    """The operation of a step in the room. The first steps are posts, because there is no message to act on."""
    person = PEOPLE[step.person]
    if not posts or step.what == "post":
        posts.append(post(room, f"text {len(posts)}", author=person))
        return posts[-1]
    earlier = posts[step.which % len(posts)]
    match step.what:
        case "again":
            return replace(earlier, message_id=uuid.uuid4())
        case "nul":
            return post(room, "bad \0 text", author=person)
        case "reply":
            return replace(post(room, author=person), reply_to=earlier.message_id)
        case "edit":
            return EditMessage(room, earlier.message_id, earlier.author_id, f"edit {step.which}")
        case "delete":
            return DeleteMessage(room, earlier.message_id, earlier.author_id)
        case _:
            return SetReaction(room, earlier.message_id, person, "heart", step.what == "react")


async def send(writer: GroupCommitWriter, wanted: MessageOperation | SetReaction) -> OperationResult:
    if isinstance(wanted, SetReaction):
        return await writer.react(wanted)
    return await writer.store(wanted)


async def kill_writers(store: Store) -> None:
    await store.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'hotchat writer'"
    )


async def run(dsn: str, steps: Sequence[Step]) -> None:
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_database(dsn, 4))
        store = Store(engine, asyncpg_dsn(dsn), stack)
        rooms = [await store.make_room(), await store.make_room()]
        # The second writer crashes after every commit, before it passes the events on.
        handed: list[CommittedEvent] = []
        writers = [
            await store.writer(after_commit=handed.extend),
            await store.writer(after_commit=lambda _: None),
        ]
        posts: dict[str, list[PostMessage]] = {room: [] for room in rooms}
        results = await write(store, writers, rooms, posts, steps)
        await check(store, rooms, results, handed)


async def write(
    store: Store,
    writers: Sequence[GroupCommitWriter],
    rooms: Sequence[str],
    posts: dict[str, list[PostMessage]],
    steps: Sequence[Step],
) -> list[tuple[Operation, OperationResult | BaseException]]:
    """Run all at once, so that they share commits and race. Returns each operation with its result."""
    writes: list[tuple[Operation, asyncio.Task[OperationResult]]] = []
    for step in steps:
        room = rooms[step.room]
        wanted = operation(step, room, posts[room])
        writes.append((wanted, asyncio.create_task(send(writers[step.writer], wanted))))
        if step.kills:
            await asyncio.sleep(0)
            await kill_writers(store)
    answers = await asyncio.gather(*(task for _, task in writes), return_exceptions=True)
    return [(wanted, answer) for (wanted, _), answer in zip(writes, answers, strict=True)]


async def check(
    store: Store,
    rooms: Sequence[str],
    results: Sequence[tuple[Operation, OperationResult | BaseException]],
    handed: Sequence[CommittedEvent],
) -> None:
    seqs = {room: await store.assert_no_holes(room) for room in rooms}
    rows = await store.rows(
        "SELECT id, room_id, author_id, client_message_id, seq FROM messages WHERE room_id = ANY($1)", rooms
    )
    stored = {(row["room_id"], row["author_id"], row["client_message_id"]): row for row in rows}
    assert len(stored) == len(rows)
    for wanted, answer in results:
        if isinstance(answer, BaseException):
            assert isinstance(answer, ChatError), answer
        elif isinstance(wanted, PostMessage):
            assert isinstance(answer, MessageResult)
            row = stored[wanted.room_id, wanted.author_id, wanted.client_message_id]
            assert (str(row["id"]), row["seq"]) == (answer.message["id"], answer.message["seq"])
    for room in rooms:
        handed_seqs = [event.seq for event in handed if event.room_id == room]
        assert len(set(handed_seqs)) == len(handed_seqs)
        assert set(handed_seqs) <= set(seqs[room])


def test_no_mix_of_writes_and_killed_connections_leaves_a_hole(database_url: str) -> None:
    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(steps=STEPS)
    def any_mix(steps: list[Step]) -> None:
        asyncio.run(run(database_url, steps))

    any_mix()
