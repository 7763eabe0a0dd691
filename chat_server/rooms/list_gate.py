"""Lists of rooms that are in memory, in plain ASGI: every page load asks for one, and no router is needed for it."""

from chat_server.http.single_write_response import send_response
from chat_server.rooms.room_list import RoomLists
from server_kit.http.asgi import Receive, Scope, Send, raw_header
from server_kit.http.cors import RawHeaders

PATH = "/api/v1/rooms"


class RoomListGate:
    """Answers what the endpoint has answered before, while it is fresh; everything else is the endpoint's."""

    def __init__(self, lists: RoomLists) -> None:
        self._lists = lists

    async def __call__(self, scope: Scope, _: Receive, send: Send, extra: RawHeaders) -> bool:
        if scope["path"] != PATH or scope["method"] != "GET":
            return False
        answer = self._lists.remembered(scope["query_string"])
        if answer is None:
            return False
        if_none_match = raw_header(scope, b"if-none-match")
        if if_none_match is not None and answer.is_known_by(if_none_match):
            await send_response(send, answer.unchanged_hit, extra, b"")
        else:
            await send_response(send, answer.hit, extra, answer.body)
        return True
