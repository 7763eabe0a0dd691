"""Session tokens: signed, verified in memory, so that a refused fetch touches no store.

A token lives 30 days; one older than a day is replaced when its owner writes or asks who they are (sliding).
"""

import hashlib
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import jwt

from chat_contract.http.problem import ChatError

COOKIE: Final = "hotchat_session"
LIFETIME_S: Final = 30 * 24 * 3600
RENEW_AFTER_S: Final = 24 * 3600
_CACHE_MAX = 20_000
_COOKIE_PREFIX = f"{COOKIE}=".encode()


@dataclass(frozen=True, slots=True)
class Session:
    """Who is writing. Times are Unix seconds."""

    user_id: UUID
    nickname: str
    issued_s: int
    expires_s: int

    def is_due_for_renewal(self, now_s: float) -> bool:
        return now_s - self.issued_s > RENEW_AFTER_S


class SessionTokens:
    """Signs and verifies tokens. Verified ones are remembered (at most _CACHE_MAX; overflow rule: OLDEST leaves)."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(secret.encode()).digest()
        self._verified: dict[str, Session] = {}

    def issue(self, user_id: UUID, nickname: str, now_s: float) -> tuple[str, Session]:
        """A new token and the session it stands for."""
        session = Session(user_id, nickname, int(now_s), int(now_s) + LIFETIME_S)
        claims = {"sub": str(user_id), "nick": nickname, "iat": session.issued_s, "exp": session.expires_s}
        return jwt.encode(claims, self._key, algorithm="HS256"), session

    def verify(self, token: str, now_s: float) -> Session:
        """The token's session. Raises ChatError `unauthenticated` or `session_expired`."""
        session = self._verified.get(token)
        if session is None:
            session = self._decode(token)
            if len(self._verified) >= _CACHE_MAX:
                del self._verified[next(iter(self._verified))]
            self._verified[token] = session
        if now_s >= session.expires_s:
            raise ChatError("session_expired", "Your session has expired; enter a nickname to get a new one.")
        return session

    def _decode(self, token: str) -> Session:
        try:
            claims = jwt.decode(
                token, self._key, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False}
            )
            return Session(UUID(claims["sub"]), str(claims["nick"]), int(claims["iat"]), int(claims["exp"]))
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError) as error:
            raise ChatError(
                "unauthenticated", "The session token is not one of ours; enter a nickname to get a new one."
            ) from error


def token_in(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The bearer token, else the cookie's, else None. Names are lower case, as ASGI gives them."""
    cookie_token: str | None = None
    for name, value in headers:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].strip().decode("latin-1")
        if name == b"cookie" and cookie_token is None:
            at = value.find(_COOKIE_PREFIX)
            if at == 0 or (at > 0 and value[at - 1] in b" ;"):
                start = at + len(_COOKIE_PREFIX)
                end = value.find(b";", start)
                cookie_token = (value[start:] if end < 0 else value[start:end]).strip().decode("latin-1")
    return cookie_token


def session_in(scope: MutableMapping[str, Any], tokens: SessionTokens, now_s: float) -> Session | None:
    """The request's session; None without one. Raises ChatError when there is a bad one."""
    token = token_in(scope["headers"])
    return None if not token else tokens.verify(token, now_s)
