"""A database restored from an older backup lacks users whose tokens are still valid."""

import uuid

import asyncpg
import httpx

from tests.support.chat_stack import StartChatStack
from tests.support.plain_http import client_of

API = "/api/v1"


async def test_every_call_works_for_a_valid_session_without_a_user_row(
    start_chat_stack: StartChatStack, database_url: str
) -> None:
    stack = start_chat_stack(publish=0, scheduler=0)
    connection = await asyncpg.connect(database_url)
    async with client_of(stack.chat_url) as http:
        entered = (await http.post(f"{API}/sessions", json={"nickname": "ann"})).json()
        user = entered["user"]

        async def call(method: str, path: str, status: int = 200, **body: object) -> httpx.Response:
            await connection.execute("UPDATE rooms SET owner_id = NULL")
            await connection.execute("DELETE FROM users")
            answer = await http.request(method, f"{API}{path}", json=body or None)
            assert answer.status_code == status, (method, path, answer.text)
            return answer

        await call("GET", "/me")
        room = (await call("POST", "/rooms", 201, name="After the restore")).json()
        assert room["owner_id"] == user["id"]
        in_room = f"/rooms/{room['id']}"
        draft = {"client_message_id": str(uuid.uuid4()), "text": "hello"}
        message = (await call("POST", f"{in_room}/messages", 201, **draft)).json()
        at_message = f"{in_room}/messages/{message['id']}"
        await call("PATCH", at_message, text="edited")
        await call("PUT", f"{at_message}/reactions/heart")
        reactors = (await call("GET", f"{at_message}/reactions")).json()
        assert reactors["reactions"] == {"heart": [{"id": user["id"], "nickname": "ann"}]}
        await call("POST", f"{in_room}/typing", 204)
        await call("PATCH", in_room, 403, name="Mine")
        await call("DELETE", at_message)
        code = {"recovery_code": room["recovery_code"]}
        recovered = (await call("POST", f"{in_room}/owner/recover", **code)).json()
        assert recovered["owner"] == user
        await call("DELETE", "/sessions", 204)
        assert (
            await connection.fetchval("SELECT nickname FROM users WHERE id = $1", uuid.UUID(user["id"]))
            == "ann"
        )
    await connection.close()


async def test_the_owner_of_a_room_is_the_only_foreign_key_to_users(
    start_chat_stack: StartChatStack, database_url: str
) -> None:
    """A new foreign key needs `ensure_user` in the transaction that writes it."""
    start_chat_stack(publish=0, scheduler=0)
    connection = await asyncpg.connect(database_url)
    keys = await connection.fetch(
        "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'"
    )
    assert [tuple(key) for key in keys] == [("rooms", "FOREIGN KEY (owner_id) REFERENCES users(id)")]
    await connection.close()
