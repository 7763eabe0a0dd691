"""What a write passes before it is queued, in this order: shares, the room, the room's slow mode.

Shares come before the body is read: a write that they refuse is never parsed, and no store is asked about it.
"""

from collections.abc import Awaitable
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select

from chat_server.dependencies import Parts
from chat_server.limits.slow_mode import Turn
from chat_server.messages.message_view import STORED_ONLY, message_view
from chat_server.messages.operations import EditMessage, MessageResult, PostMessage
from chat_server.postgres.models import Message
from chat_server.postgres.pools import STORE_ERRORS
from chat_server.rooms.repository import RoomMeta
from server_kit.http.problem import ChatError
from server_kit.session_tokens import Session


def check_shares(parts: Parts, room_id: str, user_id: UUID) -> None:
    """The shares of all writes. Raises ChatError `rate_limited`."""
    parts.rate_limits.check_write(room_id, user_id)


async def room_of_write(parts: Parts, room_id: str, user_id: UUID) -> RoomMeta:
    """The room. Raises ChatError `room_not_found`, or `rate_limited` where somebody tries many unknown rooms."""
    if not parts.directory.remembers(room_id):
        parts.rate_limits.check_unknown_room(user_id)
    return await parts.directory.get(room_id)


async def post_in_turn(parts: Parts, room: RoomMeta, post: PostMessage, session: Session) -> MessageResult:
    """Store the post. In slow mode only a new message takes a turn; one that is stored already is answered again."""
    if not room.slow_mode_s or room.owner_id == post.author_id:
        return await parts.writer.post(post, session)
    name = str(post.client_message_id)
    try:
        turn = await parts.slow_mode.take_turn("post", room.id, post.author_id, name, room.slow_mode_s)
    except ChatError:
        earlier = await _posted_earlier(parts, post)
        if earlier is None:
            raise
        return earlier
    result = await _in_turn(turn, parts.writer.post(post, session))
    if not result.created:
        await turn.give_back()
    return result


async def edit_in_turn(parts: Parts, room: RoomMeta, edit: EditMessage, session: Session) -> MessageResult:
    """Store the edit. In slow mode edits take turns of their own; the same edit again passes."""
    if not room.slow_mode_s or room.owner_id == edit.editor_id:
        return await parts.writer.post(edit, session)
    name = sha256(edit.message_id.bytes + edit.text.encode()).hexdigest()[:32]
    turn = await parts.slow_mode.take_turn("edit", room.id, edit.editor_id, name, room.slow_mode_s)
    return await _in_turn(turn, parts.writer.post(edit, session))


async def _in_turn(turn: Turn, write: Awaitable[MessageResult]) -> MessageResult:
    """A refused write gives its turn back. One that failed may be stored, so it keeps the turn and may be repeated."""
    try:
        return await write
    except ChatError as error:
        if error.code != "store_unavailable":
            await turn.give_back()
        raise


async def _posted_earlier(parts: Parts, post: PostMessage) -> MessageResult | None:
    """The message that was stored under the post's key; None also while Postgres cannot be asked."""
    query = select(Message.__table__).where(
        Message.author_id == post.author_id,
        Message.client_message_id == post.client_message_id,
        Message.room_id == post.room_id,
    )
    try:
        async with parts.engine.connect() as connection:
            row = (await connection.execute(query)).mappings().first()
    except STORE_ERRORS:
        return None
    if row is None:
        return None
    return MessageResult(message_view(**{k: v for k, v in row.items() if k not in STORED_ONLY}))
