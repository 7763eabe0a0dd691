"""Admits or refuses each request before routing: by its host, its origin and the share of its address."""

import logging
import socket
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from random import Random
from typing import Final

from server_kit.http.asgi import Scope, raw_header
from server_kit.http.hosts import HostPolicy, OriginPolicy
from server_kit.http.problem import ChatError
from server_kit.http.request_head import RequestHead
from server_kit.limits.shares import Person, Shares, Source, person
from server_kit.session_tokens import SessionTokens, bearer_in, cookies_in, session_in
from server_kit.settings import ServerSettings

log = logging.getLogger(__name__)

INTERNAL: Final = "/internal/"
_ANY_HOST: Final = (INTERNAL, "/healthz/", "/metrics")
"""Our servers and monitors call these paths under other host names. None of them accepts the cookie."""

_OPERATION: Final = ("/healthz/", "/metrics", "/docs", "/openapi.json")
"""FastAPI serves these, at ten times the cost of a read from memory. A monitor needs only a few a second."""


class Admission:
    """One per process. `page_port`: the frontend's port on this host, if it is not this server's."""

    def __init__(
        self,
        settings: ServerSettings,
        rng: Random,
        *,
        page_port: int | None = None,
        tokens: SessionTokens | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.shares = Shares(settings, rng)
        self.tokens = tokens
        self._clock = clock
        self._hosts = HostPolicy(settings.public_hosts, (socket.gethostname(),))
        self._origins = OriginPolicy(settings.allowed_origins, page_port)
        self._requests = self.shares.rate("requests")
        self._operation = self.shares.rate("operation")
        self._warns_of_forwarding = True
        self.passes: AbstractSet[bytes] = (
            self._hosts.accepted if self._requests is None and self._operation is None else frozenset()
        )
        """See `Admit`. Empty while a share is in force, because every request must then be counted."""

    def check(self, scope: Scope, head: RequestHead) -> None:
        """Raises ChatError `bad_request`, `misdirected`, `forbidden` or `rate_limited`."""
        if head.hosts != 1 or not self._hosts.accepts(head.host):
            self._check_host(scope, head)
        if head.is_forwarded and self._warns_of_forwarding:
            self._warn_of_forwarding(scope)
        path = scope["path"]
        share = self._operation if path.startswith(_OPERATION) else self._requests
        if share is not None and not path.startswith(INTERNAL):
            source = self.shares.source_of(scope)
            share.check(source, self.person_of(scope), self._clock())
        if head.origin is not None:
            self._check_origin(scope, head.origin, head.host)

    def person_of(self, scope: Scope) -> Person | None:
        """The user of the request's token; None without a valid one."""
        if self.tokens is None:
            return None
        try:
            now_s = time.time()
            session = session_in(scope, self.tokens, now_s)
        except ChatError:
            return None
        return None if session is None else person(session.user_id, now_s)

    def source_of(self, scope: Scope) -> Source:
        return self.shares.source_of(scope)

    def _check_host(self, scope: Scope, head: RequestHead) -> None:
        if head.hosts > 1 or (head.hosts == 0 and scope["http_version"] != "1.0"):
            raise ChatError("bad_request", "A request needs exactly one Host header.")
        if head.hosts == 0 or scope["path"].startswith(_ANY_HOST):
            return
        raise ChatError(
            "misdirected",
            "This server does not answer under that host name. Its operator can add the name to PUBLIC_HOSTS.",
        )

    def _check_origin(self, scope: Scope, origin: bytes, host: bytes) -> None:
        forwarded = raw_header(scope, b"x-forwarded-proto")
        scheme = "https" if forwarded == b"https" else scope["scheme"]
        if self._origins.accepts(origin, host, scheme):
            return
        headers = scope["headers"]
        if bearer_in(headers) is None and cookies_in(headers):
            raise ChatError(
                "forbidden",
                "Pages of other origins may not call with the cookie. Send the token as Authorization: Bearer, "
                "or add the origin to ALLOWED_ORIGINS.",
            )

    def _warn_of_forwarding(self, scope: Scope) -> None:
        client = scope.get("client")
        if client is None or self.shares.trusts(client[0]):
            return
        self._warns_of_forwarding = False
        log.warning(
            "%s sent X-Forwarded-For and is not trusted, so the header is ignored. "
            "If it is your proxy, add its address to TRUSTED_PROXIES.",
            client[0],
        )
