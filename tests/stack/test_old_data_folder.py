"""A data folder of the version before session ends, shares and migration 0004 keeps its data.

The test makes the folder as that version did. It has the schema of revision 0003 in a database that the superuser owns,
and rows as its writer stored them. The secret and the operator's token are in files, and the
session token has its format.
"""

import asyncio
import hashlib
import time
import uuid
from pathlib import Path

import asyncpg
import httpx
import jwt
import orjson
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, make_url
from sqlalchemy.ext.asyncio import create_async_engine

import chat_server
from local_stack.ports import LOOPBACK
from local_stack.postgres import APP, SUPERUSER, Postgres
from tests.stack.running_stack import RunningStack

LAST_OLD_REVISION = "0003"
OLD_SECRET, OLD_ADMIN_TOKEN = "s" * 43, "t" * 43
MINJI, JUN = (
    uuid.UUID(int=0x01900000000070008000000000000A01),
    uuid.UUID(int=0x01900000000070008000000000000A02),
)
ROOMS = {
    "old-room": "An old room",
    "-": "A room of one dash",
    "admin": "\u3164",
    "empty": "Nobody wrote here",
}
TEXTS = [
    "first",
    ">" * 3990,
    "a" + "\u0301" * 900,
    "",
    "한국어 日本語 **bold** https://example.com",
    "pinned",
]
"""The text of message n of each room but `empty`; message 4 was deleted, message 1 edited and liked."""

pytestmark = pytest.mark.timeout(300)


def test_an_old_data_folder_starts_and_keeps_its_rooms(tmp_path: Path) -> None:
    folder = tmp_path / "old data"
    make_old_folder(folder)
    stack = RunningStack(folder)
    stack.start_and_wait()
    try:
        assert_all_is_there(stack)
    finally:
        stack.stop()
    again = RunningStack(folder)
    again.start_and_wait()
    try:
        assert again.get("/api/v1/rooms/old-room").json()["last_seq"] == len(TEXTS) + 5
    finally:
        again.stop()


def assert_all_is_there(stack: RunningStack) -> None:
    listed = {room["id"]: room["name"] for room in stack.get("/api/v1/rooms?limit=100").json()["rooms"]}
    assert ROOMS.items() <= listed.items() and "lobby" in listed
    for room_id in ROOMS:
        page = stack.get(f"/api/v1/rooms/{room_id}/messages").json()
        assert [message["text"] for message in page["messages"]] == ([] if room_id == "empty" else TEXTS)
        events = stack.get(f"/api/v1/rooms/{room_id}/events?after_seq=0").json()["events"]
        assert [event["seq"] for event in events] == list(range(1, page["cursor"] + 1))
    first, *_, last = stack.get("/api/v1/rooms/old-room/messages").json()["messages"]
    assert first["reactions"] == {"heart": 1} and first["edited_at"] is not None
    page = stack.get("/api/v1/rooms/old-room/messages").json()
    assert [message["id"] for message in page["pinned"]] == [last["id"]]

    with httpx.Client(base_url=f"{stack.chat_url}/api/v1", timeout=10) as client:
        minji = {"Authorization": f"Bearer {old_session_token(MINJI, 'Minji')}"}
        assert client.get("/me", headers=minji).json()["id"] == str(MINJI)
        path = "/rooms/old-room/messages"
        draft = {"client_message_id": str(uuid.uuid4()), "text": "still here"}
        posted = client.post(path, json=draft, headers=minji).raise_for_status().json()
        assert posted["seq"] == len(TEXTS) + 4
        edit = client.patch(f"{path}/{first['id']}", json={"text": "edited again"}, headers=minji)
        assert edit.raise_for_status().json()["text"] == "edited again"
        operator = {"Authorization": f"Bearer {OLD_ADMIN_TOKEN}"}
        assert client.patch("/rooms/old-room", json={"slow_mode_s": 0}, headers=operator).status_code == 200
        assert client.get("/rooms/lobby").json()["owner"] is None
        given = client.post("/ops/rooms/lobby/owner", json={"user_id": str(MINJI)}, headers=operator)
        assert given.raise_for_status().json()["owner"] == {"id": str(MINJI), "nickname": "Minji"}
        assert client.get("/rooms/lobby/bans", headers=minji).status_code == 200


def make_old_folder(folder: Path) -> None:
    folder.mkdir()
    (folder / "secret").write_text(OLD_SECRET)
    (folder / "admin-token").write_text(OLD_ADMIN_TOKEN)
    postgres = Postgres(folder / "postgres", log_path=folder / "logs" / "postgres.log")
    postgres.start()
    try:
        postgres.psql("CREATE DATABASE hotchat")
        password = (folder / "postgres.password").read_text()
        asyncio.run(fill(f"postgresql://{SUPERUSER}:{password}@{LOOPBACK}:{postgres.port}/hotchat"))
        assert APP not in postgres.psql("SELECT rolname FROM pg_roles").splitlines()
    finally:
        postgres.stop()
    (folder / "postgres.app-password").unlink()


async def fill(superuser_url: str) -> None:
    engine = create_async_engine(make_url(superuser_url).set(drivername="postgresql+asyncpg"))
    async with engine.begin() as connection:
        await connection.run_sync(upgrade_to_last_old_revision)
    await engine.dispose()
    connection = await asyncpg.connect(superuser_url)
    try:
        for user, nickname in ((MINJI, "Minji"), (JUN, "Jun")):
            await connection.execute("INSERT INTO users VALUES ($1, $2, now())", user, nickname)
        for room_id, name in ROOMS.items():
            await write_room(connection, room_id, name)
    finally:
        await connection.close()


def upgrade_to_last_old_revision(connection: Connection) -> None:
    config = Config()
    config.set_main_option(
        "script_location", str(Path(chat_server.__file__).parent / "postgres" / "migrations")
    )
    config.attributes["connection"] = connection
    command.upgrade(config, LAST_OLD_REVISION)


async def write_room(connection: asyncpg.Connection, room_id: str, name: str) -> None:
    await connection.execute(
        "INSERT INTO rooms (id, name, owner_id, created_at, active_at) VALUES ($1, $2, $3, now(), now())",
        room_id, name, MINJI,
    )  # fmt: skip
    if room_id == "empty":
        return
    views = [view(room_id, seq, text) for seq, text in enumerate(TEXTS, start=1)]
    first, deleted, pinned = views[0], views[3], views[5]
    events: list[tuple[str, object, dict[str, object]]] = [
        ("message.created", None, {"message": message | {"edited_at": None}}) for message in views
    ]
    events += [
        ("message.edited", first["id"], {"message": first | {"reactions": {}}}),
        ("message.deleted", None, {"message": deleted}),
        (
            "reaction.changed", None,
            {"message_id": first["id"], "kind": "heart", "count": 1, "added": [str(JUN)], "removed": []},
        ),
    ]  # fmt: skip
    for message in views:
        await connection.execute(
            "INSERT INTO messages (id, room_id, seq, author_id, author_nickname, client_message_id, text, created_at,"
            " edited_at, deleted, reactions)"
            " VALUES ($1, $2, $3, $4, 'Minji', $5, $6, now(), CASE WHEN $7 THEN now() END, $8, $9)",
            message["id"], room_id, message["seq"], MINJI, uuid.uuid4(), message["text"],
            message["edited_at"] is not None, message["deleted"], orjson.dumps(message["reactions"]).decode(),
        )  # fmt: skip
    for seq, (kind, message_id, rest) in enumerate(events, start=1):
        payload = orjson.dumps({"type": kind, "room_id": room_id, "seq": seq, **rest}).decode()
        await connection.execute(
            "INSERT INTO events (room_id, seq, type, message_id, payload, created_at)"
            " VALUES ($1, $2, $3, $4, $5, now())",
            room_id, seq, kind, message_id, payload,
        )  # fmt: skip
        await connection.execute("INSERT INTO outbox VALUES ($1, $2, now())", room_id, seq)
    await connection.execute(
        "INSERT INTO reactions VALUES ($1, 'heart', $2, $3, 1)", first["id"], JUN, room_id
    )
    await connection.execute(
        "UPDATE rooms SET last_seq = $2, message_count = $3, pinned = $4 WHERE id = $1",
        room_id, len(events), len(views), [pinned["id"]],
    )  # fmt: skip


def view(room_id: str, seq: int, text: str) -> dict[str, object]:
    """A message as the old version's API and events showed it."""
    time_text = "2026-11-01T12:00:00.000Z"
    return {
        "id": str(uuid.uuid4()),
        "room_id": room_id,
        "seq": seq,
        "author": {"id": str(MINJI), "nickname": "Minji"},
        "text": text,
        "reply_to": None,
        "created_at": time_text,
        "edited_at": time_text if seq == 1 else None,
        "deleted": not text,
        "reactions": {"heart": 1} if seq == 1 else {},
    }


def old_session_token(user: uuid.UUID, nickname: str) -> str:
    issued_s = int(time.time()) - 3600
    claims = {"sub": str(user), "nick": nickname, "iat": issued_s, "exp": issued_s + 30 * 24 * 3600}
    return jwt.encode(claims, hashlib.sha256(OLD_SECRET.encode()).digest(), algorithm="HS256")
