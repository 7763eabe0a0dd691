"""Posts and reactions, the frequent writes of the fast path. The other writes are in endpoints.py."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple
from uuid import UUID

import orjson

from chat_server.http.asgi_responses import Reply, json_reply
from chat_server.http.json_body import parse_json
from chat_server.http.path_params import message_id_in, room_id_in
from chat_server.http.query_string import QueryString
from chat_server.messages.operations import PostMessage, SetReaction
from chat_server.messages.schemas import MessageDraft
from chat_server.messages.write_admission import WriteAdmission
from chat_server.messages.writer import GroupCommitWriter
from chat_server.postgres.ids import new_id
from chat_server.sessions.addresses import Addresses
from chat_server.sessions.current import current_session
from server_kit.event_loop_counter import EventLoopCounter
from server_kit.http.asgi import Receive, Scope, raw_header
from server_kit.http.problem import ChatError, invalid
from server_kit.http.request_body import read_body
from server_kit.http.trace_context import valid_traceparent
from server_kit.session_tokens import SessionTokens

STORED, HELD, REPEATED, REFUSED = _OUTCOMES = (("stored",), ("held",), ("repeated",), ("refused",))
POSTS: Final = EventLoopCounter(
    "hotchat_posts_total", "Posts by how they were answered", ("answer",), _OUTCOMES
).counts


class ReactionPath(NamedTuple):
    room_id: str
    message_id: UUID
    kind: str


def parse_post(ids: Sequence[str], _: QueryString) -> str:
    """The room's id. Raises ChatError `room_not_found`."""
    return room_id_in(ids[0])


def parse_reaction(ids: Sequence[str], _: QueryString) -> ReactionPath:
    """Raises ChatError `room_not_found` or `message_not_found`."""
    return ReactionPath(room_id_in(ids[0]), message_id_in(ids[1]), ids[2])


class WriteHandler:
    """`now_s` is Unix time in seconds."""

    def __init__(
        self,
        tokens: SessionTokens,
        admission: WriteAdmission,
        writer: GroupCommitWriter,
        reaction_kinds: Sequence[str],
        addresses: Addresses,
        now_s: Callable[[], float],
    ) -> None:
        self._tokens = tokens
        self._admission = admission
        self._writer = writer
        self._reaction_kinds = reaction_kinds
        self._addresses = addresses
        self._now_s = now_s

    async def post_message(self, room_id: str, scope: Scope, receive: Receive) -> Reply:
        """201 for a new message, 202 for one that waits for a host, 200 for one posted before. Raises ChatError."""
        try:
            reply = await self._post_message(room_id, scope, receive)
        except ChatError:
            POSTS[REFUSED] += 1
            raise
        POSTS[STORED if reply[0].status == 201 else HELD if reply[0].status == 202 else REPEATED] += 1
        return reply

    async def _post_message(self, room_id: str, scope: Scope, receive: Receive) -> Reply:
        session, renewed = current_session(scope, self._tokens, self._now_s())
        self._admission.check_post_rate(room_id, session.user_id)
        self._addresses.note(session.user_id, scope)
        content_type = (raw_header(scope, b"content-type") or b"").decode("latin-1")
        draft = parse_json(await read_body(scope, receive), content_type, MessageDraft)
        room = await self._admission.room(room_id, session.user_id, scope)
        post = PostMessage(
            room_id=room.id,
            author_id=session.user_id,
            author_nickname=session.nickname,
            client_message_id=draft.client_message_id,
            message_id=new_id(),
            text=draft.text,
            reply_to=draft.reply_to,
            traceparent=valid_traceparent(raw_header(scope, b"traceparent")),
            check=await self._admission.check_text(
                room, session.user_id, draft.text, scope, nickname=session.nickname
            ),
        )
        result = await self._admission.post(room, post, session, scope)
        if result.is_held:
            return json_reply(202, result.json, renewed)
        return json_reply(201 if result.created else 200, result.json, renewed)

    async def add_reaction(self, path: ReactionPath, scope: Scope, _: Receive) -> Reply:
        """Raises ChatError."""
        return await self._react(path, scope, present=True)

    async def remove_reaction(self, path: ReactionPath, scope: Scope, _: Receive) -> Reply:
        """Raises ChatError."""
        return await self._react(path, scope, present=False)

    async def _react(self, path: ReactionPath, scope: Scope, *, present: bool) -> Reply:
        room_id, message_id, kind = path
        session, renewed = current_session(scope, self._tokens, self._now_s())
        self._admission.check_rate(room_id, session.user_id)
        if kind not in self._reaction_kinds:
            allowed = ", ".join(self._reaction_kinds)
            raise invalid([{"field": "kind", "message": f"This room knows the reactions {allowed}."}])
        room = await self._admission.room(room_id, session.user_id, scope)
        self._admission.check_reaction(session.user_id, message_id)
        traceparent = valid_traceparent(raw_header(scope, b"traceparent"))
        reaction = SetReaction(room.id, message_id, session.user_id, kind, present, traceparent)
        result = await self._writer.react(reaction, session)
        body = {"message_id": str(message_id), "kind": kind, "count": result.count}
        return json_reply(200, orjson.dumps(body), renewed)
