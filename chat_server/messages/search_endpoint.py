"""`GET …/search`: the fetch gate counts it and refuses it in a hot room; the rest happens here."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request, Response

from chat_contract.limits import MAX_SEQ
from chat_server.dependencies import PartsOf
from chat_server.http.errors import problems
from chat_server.http.path_params import RoomId
from chat_server.messages.search import SearchPage, words_of

router = APIRouter(tags=["messages"])


@router.get(
    "/rooms/{room_id}/search",
    response_model=SearchPage,
    responses=problems(
        "validation_failed", "room_not_found", "room_hot", "rate_limited", "store_unavailable"
    ),
)
async def search_room(
    room_id: RoomId,
    request: Request,
    parts: PartsOf,
    q: Annotated[str, Query(min_length=1, max_length=100)],
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
    before_seq: Annotated[int, Query(ge=0, le=MAX_SEQ)] = MAX_SEQ,
) -> Response:
    """Find messages by their words, at most four. Refused in a hot room: it would cost what the room needs."""
    words = words_of(q)
    async with parts.search.turn(parts.shares.source_of(request.scope).address):
        await parts.directory.get(room_id)
        found = await parts.search.find(room_id, words, limit, before_seq)
    return Response(orjson.dumps(found), media_type="application/json")
