"""Search looks through a room in steps, and reaches its beginning."""

import uuid

from chat_contract.limits import MAX_SEQ
from chat_server.db import open_database
from chat_server.messages.search import SEARCHED, search
from tests.fetch.conftest import AUTHOR, Store

_MANY = """
INSERT INTO messages (id, room_id, seq, author_id, author_nickname, client_message_id, text, created_at)
SELECT gen_random_uuid(), $1, n, $2, 'ann', gen_random_uuid(),
       CASE n WHEN 1 THEN 'the first 비밀' ELSE 'chatter' END, now()
FROM generate_series(1, $3::bigint) AS n"""


async def test_a_search_goes_on_until_the_rooms_beginning(store: Store, migrated_database_url: str) -> None:
    room_id = await store.make_room()
    await store.connection.execute(_MANY, room_id, AUTHOR, SEARCHED + 10)
    async with open_database(migrated_database_url, 1) as engine:
        page = await search(engine, room_id, ["비밀"], 20, MAX_SEQ)
        assert (page["messages"], page["has_more"], page["next_before_seq"]) == ([], True, 11)
        page = await search(engine, room_id, ["비밀"], 20, 11)
        assert [message["seq"] for message in page["messages"]] == [1]
        assert (page["has_more"], page["next_before_seq"]) == (False, None)


async def test_a_page_that_is_full_goes_on_after_its_last_result(
    store: Store, migrated_database_url: str
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, *(f"word {uuid.uuid4()}" for _ in range(5)))
    async with open_database(migrated_database_url, 1) as engine:
        found: list[int] = []
        before_seq: int | None = MAX_SEQ
        while before_seq is not None:
            page = await search(engine, room_id, ["WORD"], 2, before_seq)
            found += [message["seq"] for message in page["messages"]]
            before_seq = page["next_before_seq"]
    assert found == [5, 4, 3, 2, 1]
