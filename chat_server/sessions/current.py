"""The session of a request, renewed if it is older than a day."""

import hmac
import math
import time
from collections.abc import Callable
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Request, Response

from chat_server.http.services import service
from chat_server.limits.post_limits import OPERATOR_ID, RateLimits
from chat_server.sessions.operator_sessions import OperatorSessions
from server_kit.http.asgi import Scope, raw_header
from server_kit.http.cors import RawHeaders
from server_kit.http.problem import ChatError
from server_kit.session_tokens import COOKIE, LIFETIME_S, Session, SessionTokens, bearer_in, session_in


def token_headers(token: str, *, is_https: bool) -> RawHeaders:
    """The token as the page's cookie, and as a header for clients that send it as a bearer token."""
    cookie = _cookie(token, LIFETIME_S, is_https=is_https)
    return [(b"set-cookie", cookie), (b"x-hotchat-session", token.encode())]


def no_token_headers(*, is_https: bool) -> RawHeaders:
    """Clears the page's cookie."""
    return [(b"set-cookie", _cookie("", 0, is_https=is_https))]


def _cookie(value: str, max_age_s: int, *, is_https: bool) -> bytes:
    secure = "; Secure" if is_https else ""
    return f"{COOKIE}={value}; HttpOnly; Max-Age={max_age_s}; Path=/; SameSite=lax{secure}".encode()


def came_by_https(scope: Scope) -> bool:
    """Also by X-Forwarded-Proto of any peer: a client that forges it only makes its own cookie stricter."""
    return scope["scheme"] == "https" or raw_header(scope, b"x-forwarded-proto") == b"https"


def current_session(scope: Scope, tokens: SessionTokens, now_s: float) -> tuple[Session, RawHeaders]:
    """The session, and the headers that renew it if due. Raises ChatError `unauthenticated` or `session_expired`."""
    session = session_in(scope, tokens, now_s)
    if session is None:
        raise ChatError("unauthenticated", "Enter a nickname first: POST /api/v1/sessions.")
    if not session.is_due_for_renewal(now_s):
        return session, []
    token, session = tokens.renew(session, now_s)
    return session, token_headers(token, is_https=came_by_https(scope))


Tokens = Annotated[SessionTokens, Depends(service(SessionTokens))]


async def signed_in(request: Request, response: Response, tokens: Tokens) -> Session:
    session, renewed = current_session(request.scope, tokens, time.time())
    response.raw_headers += renewed
    return session


SignedIn = Annotated[Session, Depends(signed_in)]

ACT_AS_OPERATOR: Final = b"x-hotchat-operator"
"""Any value makes the cookie of a signed-in operator count. CORS keeps pages of other origins from sending it."""

OPERATOR: Final = Session(OPERATOR_ID, "operator", 0, 2**63 - 1, OPERATOR_ID)
"""The session of the operator, with the rights of every room's owner."""


class OperatorAccess:
    """Takes the operator's token from the Authorization header only: a cookie also comes with forged requests. Calls on
    the whole server take the cookie of a signed-in operator, too; other calls only with the header X-Hotchat-Operator.

    `address_of` returns the client address of a request; an empty `admin_token` admits no operator.
    """

    def __init__(
        self,
        tokens: SessionTokens,
        admin_token: str,
        address_of: Callable[[Scope], str],
        limits: RateLimits,
        sessions: OperatorSessions,
    ) -> None:
        self._sessions = sessions
        self._tokens = tokens
        self._admin_token = admin_token
        self._address_of = address_of
        self._limits = limits

    def session_or_operator(self, scope: Scope, now_s: float) -> tuple[Session, RawHeaders]:
        """As `current_session`; OPERATOR for the operator's token, and for their cookie where the header asks for it.

        Raises ChatError `rate_limited` and `forbidden` too.
        """
        if self._acts_as_operator(scope, now_s):
            return OPERATOR, []
        try:
            return current_session(scope, self._tokens, now_s)
        except ChatError as no_session:
            if self._has_operators_token(scope, no_session):
                return OPERATOR, []
            raise

    def check_operator(self, scope: Scope, now_s: float) -> None:
        """Raises ChatError `unauthenticated`, `session_expired`, `rate_limited`, or `forbidden` for everybody else."""
        if not bearer_in(scope["headers"]) and self._sessions.admits(scope, now_s):
            return
        session, _ = self.session_or_operator(scope, now_s)
        if session is not OPERATOR:
            raise ChatError(
                "forbidden",
                "Only the operator of this server may do this; send HOTCHAT_ADMIN_TOKEN as bearer.",
            )

    def operator_until_s(self, scope: Scope, now_s: float) -> float:
        """As `check_operator`, and until when that holds, in Unix seconds: a bearer token has no end."""
        self.check_operator(scope, now_s)
        expires_s = None if bearer_in(scope["headers"]) else self._sessions.expires_s(scope, now_s)
        return math.inf if expires_s is None else expires_s

    def check_token(self, given: str, scope: Scope) -> None:
        """Raises ChatError `unauthenticated` for another token than the operator's, or `rate_limited`."""
        if not self._is_operators_token(given.encode(errors="replace"), scope):
            self._limits.count_operator_guess(self._address_of(scope))
            raise ChatError(
                "unauthenticated",
                "This is not the operator's token; give the value of HOTCHAT_ADMIN_TOKEN of this server.",
            )

    def is_operator(self, scope: Scope, now_s: float) -> bool:
        """Whether the request has the operator's token. Raises ChatError `rate_limited` after wrong ones."""
        return self._user_of(scope, now_s) == OPERATOR_ID

    def reader_of(self, scope: Scope, now_s: float) -> UUID | None:
        """The verified user of a request, or the operator; None without a valid token, as for people who have none."""
        try:
            return self._user_of(scope, now_s)
        except ChatError:
            return None

    def _user_of(self, scope: Scope, now_s: float) -> UUID | None:
        if self._acts_as_operator(scope, now_s):
            return OPERATOR_ID
        try:
            session = session_in(scope, self._tokens, now_s)
        except ChatError as no_session:
            return OPERATOR_ID if self._has_operators_token(scope, no_session) else None
        return None if session is None else session.user_id

    def _acts_as_operator(self, scope: Scope, now_s: float) -> bool:
        """Whether the header makes the cookie of a signed-in operator count. A person in the same browser keeps their
        session for all other calls. Raises ChatError `unauthenticated` without a valid cookie, or `forbidden`."""
        if raw_header(scope, ACT_AS_OPERATOR) is None or bearer_in(scope["headers"]):
            return False
        if not self._sessions.admits(scope, now_s):
            raise ChatError("unauthenticated", "Nobody is signed in as the operator; sign in at /ops.")
        return True

    def _has_operators_token(self, scope: Scope, no_session: ChatError) -> bool:
        """`no_session` says why the request has no session. Raises ChatError `rate_limited`."""
        given = bearer_in(scope["headers"])
        if not self._admin_token or not given:
            return False
        if self._is_operators_token(given.encode("latin-1"), scope):
            return True
        if no_session.code == "unauthenticated":
            self._limits.count_operator_guess(self._address_of(scope))
        return False

    def _is_operators_token(self, given: bytes, scope: Scope) -> bool:
        """Raises ChatError `rate_limited` after too many wrong ones."""
        self._limits.check_operator_guesses(self._address_of(scope))
        expected = self._admin_token.encode()
        return bool(expected) and hmac.compare_digest(given, expected)


async def signed_in_or_operator(
    request: Request, response: Response, access: Annotated[OperatorAccess, Depends(service(OperatorAccess))]
) -> Session:
    session, renewed = access.session_or_operator(request.scope, time.time())
    response.raw_headers += renewed
    return session


SignedInOrOperator = Annotated[Session, Depends(signed_in_or_operator)]


async def operator(
    request: Request, access: Annotated[OperatorAccess, Depends(service(OperatorAccess))]
) -> None:
    """Admits the operator only. Raises ChatError."""
    access.check_operator(request.scope, time.time())
