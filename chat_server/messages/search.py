"""Search in one room: substrings, so that Korean and Japanese are found as well as English.

A call looks through SEARCHED messages by the room's own index, and says where the next one goes on. A text index would
cost every post a part of its speed for a call that few make; `docs/decisions` says more.
"""

from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Query, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from typing_extensions import TypedDict

from chat_contract.events import Message as MessageDict
from chat_contract.limits import MAX_SEQ
from chat_server.errors import problems
from chat_server.json_body import invalid
from chat_server.messages.message_view import STORED_ONLY, message_view
from chat_server.models import Message
from chat_server.parts import PartsOf
from chat_server.types import RoomId

SEARCHED: Final = 50_000

router = APIRouter(tags=["messages"])


class SearchPage(TypedDict):
    """Newest first. `has_more`: older messages are left to be looked through, from `next_before_seq` on."""

    messages: list[MessageDict]
    has_more: bool
    next_before_seq: int | None


async def search(
    engine: AsyncEngine, room_id: str, words: list[str], limit: int, before_seq: int
) -> SearchPage:
    """Messages that hold every word, in any case, newest first, of the SEARCHED ones before `before_seq`."""
    older = (Message.room_id == room_id, Message.seq < before_seq)
    newest = select(Message).where(*older).order_by(Message.seq.desc()).limit(SEARCHED).subquery()
    beyond = select(Message.seq).where(*older).order_by(Message.seq.desc()).offset(SEARCHED).limit(1)
    query = select(newest).where(~newest.c.deleted).order_by(newest.c.seq.desc()).limit(limit + 1)
    for word in words:
        query = query.where(newest.c.text.icontains(word, autoescape=True))
    async with engine.connect() as connection:
        rows = (await connection.execute(query)).mappings().all()
        beyond_seq = None if len(rows) > limit else await connection.scalar(beyond)
    next_before_seq = rows[limit - 1]["seq"] if len(rows) > limit else beyond_seq and beyond_seq + 1
    messages = [
        message_view(**{k: v for k, v in row.items() if k not in STORED_ONLY}) for row in rows[:limit]
    ]
    return {
        "messages": messages,
        "has_more": next_before_seq is not None,
        "next_before_seq": next_before_seq,
    }


@router.get(
    "/rooms/{room_id}/search",
    response_model=SearchPage,
    responses=problems("validation_failed", "room_not_found", "room_hot", "store_unavailable"),
)
async def search_room(
    room_id: RoomId,
    parts: PartsOf,
    q: Annotated[str, Query(min_length=1, max_length=100)],
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
    before_seq: Annotated[int, Query(ge=0, le=MAX_SEQ)] = MAX_SEQ,
) -> Response:
    """Find messages by their words. The fetch gate refuses it in a hot room: it would cost what the room needs."""
    await parts.directory.get(room_id)
    words = q.split()
    if not words or "\0" in q:
        raise invalid([{"field": "q", "message": "Give at least one word."}])
    found = await search(parts.engine, room_id, words, limit, before_seq)
    return Response(orjson.dumps(found), media_type="application/json")
