"""Answers fetches from memory, and refuses those over their share, in one call.

A task would take half of the time of such a fetch.

The checks, their order and their counts are those of the layers that see every other request (chat_server/main.py).
Whatever is unusual, or not in memory, is left to those layers.
"""

from typing import Final

from chat_server.fastpath.fetch_admission import FetchAdmission
from chat_server.fastpath.router import FastPath
from chat_server.fastpath.share_limiter import ShareLimiter
from chat_server.fetch.handler import FetchHandler
from chat_server.http.asgi_responses import problem_reply
from server_kit.http.asgi import Scope
from server_kit.http.http_layers import Admit
from server_kit.http.problem import ChatError
from server_kit.http.request_head import request_head, scan_headers
from server_kit.http.request_id import request_id

_REQUEST_ID: Final = b"x-request-id: "


class ImmediateAnswers:
    """One per process, for `Connections.answer_at_once`."""

    def __init__(
        self,
        fast_path: FastPath,
        handler: FetchHandler,
        fetches: FetchAdmission,
        shares: ShareLimiter,
        admission: Admit,
    ) -> None:
        self._parsed = fast_path.parsed
        self._in_memory = handler.in_memory
        self._fetches = fetches
        self._check_share = shares.check
        self._admission = admission
        self._passes = admission.passes

    def __call__(self, scope: Scope) -> tuple[bytes, bytes] | None:
        """The head on the wire without its final empty line, and the body. None leaves the request to the layers."""
        known = self._parsed.get((scope["method"], scope["path"], scope["query_string"]))
        if known is None or not known[0].is_fetch:
            return None
        fetches, query = self._fetches, known[1]
        if not fetches.known.is_public(query.room_id):
            return None
        is_hot = fetches.is_hot(query.room_id)
        build = self._in_memory(query, is_hot=is_hot)
        refusal = fetches.over_share(query, scope) if build is None and is_hot else None
        if build is None and refusal is None:
            return None
        given_id, host, needs_check, has_origin = scan_headers(scope)
        if has_origin:
            return None
        try:
            if needs_check or host not in self._passes:
                self._admission.check(scope, request_head(scope))
            self._check_share(scope)
            if build is not None:
                reply = fetches.admit_cached(build, query, scope, is_hot=is_hot)
            else:
                assert refusal is not None
                reply = fetches.refuse(query, refusal)
        except ChatError as error:
            reply = problem_reply(scope, error)
        head, _, body = reply
        return b"%b%b%b\r\n" % (head.lines, _REQUEST_ID, request_id(given_id)), body
