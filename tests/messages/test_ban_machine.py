"""Writes, bans, purges and lifts that race through two writers: nothing of a banned person takes a seq, and no read
shows what a purge covers."""

import asyncio
import uuid
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat_server.messages.operations import (
    DeleteMessage,
    EditMessage,
    MessageResult,
    Operation,
    OperationResult,
    PostMessage,
    SetPin,
    SetReaction,
)
from chat_server.messages.room_operations import (
    BanResult,
    BanUsers,
    ChangeRoom,
    ErasePerson,
    LiftBan,
    PurgeUsers,
    RoomChange,
)
from chat_server.messages.writer import GroupCommitWriter
from chat_server.postgres.pools import asyncpg_dsn, open_database
from server_kit.http.problem import ChatError
from tests.contract.reducer import replay
from tests.support.message_store import Store, post
from tests.support.read_paths import ReadPaths, open_read_paths

OWNER = UUID(int=1)
PEOPLE = [UUID(int=n) for n in range(2, 5)]

EXPECTED_CODES = {"banned", "message_not_found", "posting_restricted", "store_unavailable", "forbidden"}


class Step(NamedTuple):
    """A write of a person, or an act of the owner on them, through one of two writers."""

    what: str
    writer: int
    person: int
    which: int


STEP = st.builds(
    Step,
    what=st.sampled_from(
        ["post"] * 4
        + ["again", "edit", "react", "unreact", "delete", "pin", "slow", "ban", "ban", "purge", "lift"]
    ),
    writer=st.integers(0, 1),
    person=st.integers(0, len(PEOPLE) - 1),
    which=st.integers(0, 9),
)

ROUNDS = st.lists(
    st.tuples(st.lists(STEP, min_size=3, max_size=14), st.sampled_from(["", "", "convert", "erase", "kill"])),
    min_size=2,
    max_size=5,
)
"""The steps of a round race; something else happens meanwhile: rows are rewritten or connections are killed."""


@dataclass
class Run:
    store: Store
    paths: ReadPaths
    writers: list[GroupCommitWriter]
    room: str
    posts: list[PostMessage] = field(default_factory=list)
    stored: set[UUID] = field(default_factory=set)
    """Keys of posts that got a result."""
    banned_since: dict[UUID, int] = field(default_factory=dict)
    """The seq that the ban answered, of everybody whose ban is in force for certain."""
    purged_up_to: dict[UUID, int] = field(default_factory=dict)

    def operation(self, step: Step) -> Operation:
        person = PEOPLE[step.person]
        if step.what == "ban" or step.what == "purge":
            return BanUsers(
                room_id=self.room, actor_id=OWNER, actor_nickname="Owner", user_ids=(person,),
                seconds=3600, purge=step.what == "purge",
            )  # fmt: skip
        if step.what == "lift":
            return LiftBan(room_id=self.room, actor_id=OWNER, actor_nickname="Owner", user_id=person)
        if step.what == "slow":
            change = RoomChange(slow_mode_s=step.which)
            return ChangeRoom(room_id=self.room, actor_id=OWNER, actor_nickname="Owner", change=change)
        if step.what == "post" or not self.posts:
            self.posts.append(post(self.room, f"secret {len(self.posts)}", author=person))
            return self.posts[-1]
        earlier = self.posts[step.which % len(self.posts)]
        match step.what:
            case "again":
                return replace(earlier, message_id=uuid.uuid4())
            case "edit":
                return EditMessage(self.room, earlier.message_id, earlier.author_id, f"secret edit {step}")
            case "delete":
                return DeleteMessage(self.room, earlier.message_id, earlier.author_id)
            case "pin":
                return SetPin(self.room, earlier.message_id, OWNER, True)
            case _:
                return SetReaction(self.room, earlier.message_id, person, "heart", step.what == "react")

    async def send(self, writer: GroupCommitWriter, operation: Operation) -> OperationResult:
        match operation:
            case SetReaction():
                return await writer.react(operation)
            case BanUsers():
                return await writer.ban(operation)
            case LiftBan():
                return await writer.lift_ban(operation)
            case ChangeRoom():
                return await writer.change_room(operation)
            case ErasePerson():
                return await writer.erase_person(operation)
            case PurgeUsers():
                return await writer.purge(operation)
            case _:
                return await writer.store(operation)

    async def race(self, steps: Sequence[Step], meanwhile: str) -> None:
        """Of bans and lifts of one person in a round only the first counts, so that their order is known."""
        acted_on: set[int] = set()
        writes: list[tuple[Operation, asyncio.Task[OperationResult]]] = []
        may_end = set[UUID]()
        for step in steps:
            if step.what in ("ban", "purge", "lift"):
                if step.person in acted_on:
                    continue
                acted_on.add(step.person)
                if step.what == "lift":
                    may_end.add(PEOPLE[step.person])
            operation = self.operation(step)
            task = asyncio.create_task(self.send(self.writers[step.writer], operation))
            writes.append((operation, task))
            if step.which == 0:
                await asyncio.sleep(0)
        repeatable = set(self.stored)
        for person in may_end:
            self.banned_since.pop(person, None)
        await self.do(meanwhile)
        for operation, task in writes:
            try:
                self.note(operation, await task)
            except ChatError as error:
                assert error.code in EXPECTED_CODES, error
                is_repeat = isinstance(operation, PostMessage) and operation.client_message_id in repeatable
                assert not is_repeat or error.code == "store_unavailable"

    async def do(self, what: str) -> None:
        if what == "convert":
            await self.store.convert_all()
        elif what == "erase":
            await self.store.erase_all()
        elif what == "kill":
            await self.store.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'hotchat writer'"
            )

    def note(self, operation: Operation, result: OperationResult) -> None:
        if isinstance(operation, PostMessage):
            assert isinstance(result, MessageResult)
            self.stored.add(operation.client_message_id)
        if isinstance(operation, BanUsers):
            assert isinstance(result, BanResult)
            for person in operation.user_ids:
                self.banned_since[person] = min(result.seq, self.banned_since.get(person, result.seq))

    async def check(self) -> None:
        """After a round, and on every read path."""
        seqs = await self.store.assert_no_holes(self.room)
        stored = await self.store.rows(
            "SELECT payload FROM events WHERE room_id = $1 ORDER BY seq", self.room
        )
        events = [orjson.loads(row["payload"]) for row in stored]
        for event in events:
            for person, since in self.banned_since.items():
                assert event["seq"] <= since or not is_new_of(event, str(person)), (event, since)
            if event["type"] == "messages.purged":
                assert event["up_to_seq"] == event["seq"] - 1
                self.purged_up_to[UUID(event["author_id"])] = event["up_to_seq"]
        shown = await self.paths.everywhere(self.room)
        for path, messages in shown.items():
            for message in messages:
                up_to_seq = self.purged_up_to.get(UUID(message["author"]["id"]), 0)
                if message["seq"] <= up_to_seq:
                    assert path != "pinned", message
                    assert (message["text"], message["deleted"], message["reactions"]) == ("", True, {}), path
        replayed = replay({"seq": 0, "messages": {}, "pinned": []}, await self.paths.events(self.room))
        assert list(replayed["messages"].values()) == shown["newest"]
        assert replayed["pinned"] == shown["pinned"]
        assert replayed["seq"] == len(seqs)
        found = {message["id"] for message in await self.paths.found(self.room, "secret")}
        assert found == {message["id"] for message in shown["newest"] if not message["deleted"]}


def is_new_of(event: dict[str, Any], person: str) -> bool:
    """Whether the event holds a new message, an edit or a given reaction of the person."""
    if event["type"] in ("message.created", "message.edited"):
        return bool(event["message"]["author"]["id"] == person)
    return event["type"] == "reaction.changed" and person in event["added"]


async def run(dsn: str, redis_url: str, rounds: Sequence[tuple[list[Step], str]]) -> None:
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_database(dsn, 2))
        store = Store(engine, asyncpg_dsn(dsn), stack)
        paths = await stack.enter_async_context(open_read_paths(store.dsn, redis_url))
        await store.enter(OWNER, *PEOPLE)
        writers = [await store.writer(), await store.writer()]
        machine = Run(store, paths, writers, await store.make_room(OWNER))
        for steps, meanwhile in rounds:
            await machine.race(steps, meanwhile)
            await machine.check()
        await store.erase_all()
        await machine.check()


def test_nothing_of_a_banned_person_takes_a_seq_and_purges_are_complete(
    database_url: str, redis_url: str
) -> None:
    @settings(
        max_examples=30,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(rounds=ROUNDS)
    def any_mix(rounds: list[tuple[list[Step], str]]) -> None:
        asyncio.run(run(database_url, redis_url, rounds))

    any_mix()
