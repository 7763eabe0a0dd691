"""The signed-in user of a request; a session of some age is renewed on the way."""

import hmac
import time
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Request, Response

from chat_contract.http.cors import RawHeaders
from chat_contract.http.edge import Scope, raw_header
from chat_contract.http.problem import ChatError
from chat_server.parts import PartsOf
from chat_server.sessions.tokens import COOKIE, LIFETIME_S, Session, SessionTokens, session_in


def token_headers(token: str, *, is_https: bool) -> RawHeaders:
    """The token as the page's cookie, and as a header for clients that send it as a bearer token."""
    cookie = f"{COOKIE}={token}; HttpOnly; Max-Age={LIFETIME_S}; Path=/; SameSite=lax{'; Secure' if is_https else ''}"
    return [(b"set-cookie", cookie.encode()), (b"x-hotchat-session", token.encode())]


def came_by_https(scope: Scope) -> bool:
    """Also by way of an edge, which says so; to lie about that only makes the liar's own cookie stricter."""
    return scope["scheme"] == "https" or raw_header(scope, b"x-forwarded-proto") == b"https"


def current_session(scope: Scope, tokens: SessionTokens, now_s: float) -> tuple[Session, RawHeaders]:
    """The session, and the headers that renew it when it is due. Raises `unauthenticated` or `session_expired`."""
    session = session_in(scope, tokens, now_s)
    if session is None:
        raise ChatError("unauthenticated", "Enter a nickname first: POST /api/v1/sessions.")
    if not session.is_due_for_renewal(now_s):
        return session, []
    token, session = tokens.issue(session.user_id, session.nickname, now_s)
    return session, token_headers(token, is_https=came_by_https(scope))


async def signed_in(request: Request, response: Response, parts: PartsOf) -> Session:
    session, renewed = current_session(request.scope, parts.tokens, time.time())
    response.raw_headers += renewed
    return session


SignedIn = Annotated[Session, Depends(signed_in)]

OPERATOR: Final = Session(UUID(int=0), "operator", 0, 2**63 - 1)
"""Whoever holds HOTCHAT_ADMIN_TOKEN: may do to every room what its owner may."""


async def signed_in_or_operator(request: Request, response: Response, parts: PartsOf) -> Session:
    admin_token = parts.settings.hotchat_admin_token
    given = request.headers.get("authorization", "")
    if admin_token and hmac.compare_digest(given.encode(), f"Bearer {admin_token}".encode()):
        return OPERATOR
    return await signed_in(request, response, parts)


SignedInOrOperator = Annotated[Session, Depends(signed_in_or_operator)]
