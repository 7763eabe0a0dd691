"""Posts and reactions in plain ASGI, before the framework's router.

Three quarters of a post's time on a core went into routing and dependency injection; here it goes into the post. The
routes in `endpoints.py` document the same calls; they never run.
"""

import logging
from collections.abc import Callable
from typing import Final

import orjson
import uuid_utils.compat

from chat_contract.limits import MAX_BODY_BYTES
from chat_server.dependencies import Parts
from chat_server.http.asgi_responses import JSON, send_answer, send_problem
from chat_server.http.errors import store_unavailable
from chat_server.http.json_body import body_too_large, invalid, parse_json
from chat_server.http.path_params import message_id_in, room_id_in
from chat_server.messages.admission import check_shares, post_in_turn, room_of_write
from chat_server.messages.operations import PostMessage, SetReaction
from chat_server.messages.schemas import MessageDraft
from chat_server.postgres.pools import STORE_ERRORS
from chat_server.sessions.current import current_session
from server_kit.http.asgi import Receive, Scope, Send, raw_header
from server_kit.http.cors import RawHeaders
from server_kit.http.problem import ChatError
from server_kit.http.trace_context import valid_traceparent
from server_kit.session_tokens import Session

PREFIX: Final = "/api/v1/rooms/"

_METHODS: Final = frozenset({"POST", "PUT", "DELETE"})

Answer = tuple[int, bytes]

log = logging.getLogger(__name__)


class WriteGate:
    """Answers `POST …/messages` and `PUT`/`DELETE …/reactions/{kind}`."""

    def __init__(self, parts: Parts, now_s: Callable[[], float]) -> None:
        self._parts = parts
        self._now_s = now_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send, extra: RawHeaders) -> bool:
        """True when the request was a write of this gate, and is answered."""
        method, path = scope["method"], scope["path"]
        if method not in _METHODS or not path.startswith(PREFIX):
            return False
        try:
            match path[len(PREFIX) :].split("/"):
                case [room_id, "messages"] if method == "POST":
                    _check_declared_length(scope)
                    session, renewed = current_session(scope, self._parts.tokens, self._now_s())
                    status, body = await self._post(room_id, session, scope, receive)
                case [room_id, "messages", message_id, "reactions", kind] if method != "POST":
                    session, renewed = current_session(scope, self._parts.tokens, self._now_s())
                    traceparent = valid_traceparent(raw_header(scope, b"traceparent"))
                    status, body = await self._react(
                        room_id, message_id, kind, method == "PUT", session, traceparent
                    )
                case _:
                    return False
        except ChatError as error:
            await send_problem(send, error, extra)
        except STORE_ERRORS as error:
            log.warning("The store failed: %r", error)
            await send_problem(send, store_unavailable(), extra)
        else:
            await send_answer(send, status, JSON + renewed + extra, body)
        return True

    async def _post(self, raw_room_id: str, session: Session, scope: Scope, receive: Receive) -> Answer:
        parts, user_id = self._parts, session.user_id
        room_id = room_id_in(raw_room_id)
        check_shares(parts, room_id, user_id)
        content_type = (raw_header(scope, b"content-type") or b"").decode("latin-1")
        draft = parse_json(await _read_body(receive), content_type, MessageDraft)
        room = await room_of_write(parts, room_id, user_id)
        post = PostMessage(
            room_id=room.id,
            author_id=user_id,
            author_nickname=session.nickname,
            client_message_id=draft.client_message_id,
            message_id=uuid_utils.compat.uuid7(),
            text=draft.text,
            reply_to=draft.reply_to,
            traceparent=valid_traceparent(raw_header(scope, b"traceparent")),
        )
        result = await post_in_turn(parts, room, post, session)
        return 201 if result.created else 200, orjson.dumps(result.message)

    async def _react(
        self,
        raw_room_id: str,
        raw_message_id: str,
        kind: str,
        present: bool,
        session: Session,
        traceparent: str | None,
    ) -> Answer:
        parts, user_id = self._parts, session.user_id
        room_id = room_id_in(raw_room_id)
        check_shares(parts, room_id, user_id)
        if kind not in parts.settings.reaction_kinds:
            allowed = ", ".join(parts.settings.reaction_kinds)
            raise invalid([{"field": "kind", "message": f"This room knows the reactions {allowed}."}])
        message_id = message_id_in(raw_message_id)
        room = await room_of_write(parts, room_id, user_id)
        reaction = SetReaction(room.id, message_id, user_id, kind, present, traceparent)
        result = await parts.writer.react(reaction, session)
        return 200, orjson.dumps({"message_id": str(message_id), "kind": kind, "count": result.count})


def _check_declared_length(scope: Scope) -> None:
    """Raises ChatError `body_too_large`."""
    length = raw_header(scope, b"content-length") or b""
    if length.isdigit() and int(length) > MAX_BODY_BYTES:
        raise body_too_large()


async def _read_body(receive: Receive) -> bytes:
    """The whole body. Raises ChatError `body_too_large` as soon as it is known to be."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ChatError("validation_failed", "The request was cut short.", errors=[])
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise body_too_large()
        if not message.get("more_body", False):
            return bytes(body)
