"""Signed session tokens, which both servers verify in memory, so that refusing a request needs no store.

A token is valid for 30 days. A token older than a day is renewed when its owner writes or calls `/me`. Renewal keeps
the session's id and the user's generation, so that ending a session ends all its tokens.
"""

import hashlib
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import jwt

from server_kit.http.problem import ChatError

COOKIE: Final = "hotchat_session"
LIFETIME_S: Final = 30 * 24 * 3600
RENEW_AFTER_S: Final = 24 * 3600
MAX_COOKIES: Final = 4
"""Session cookies tried in one request. Overflow rule: IGNORE the later ones."""

_CACHE_MAX = 20_000
_COOKIE_NAME = COOKIE.encode()


@dataclass(frozen=True, slots=True)
class Session:
    """The contents of a verified token. Times are Unix seconds.

    A token from before sessions had ids has neither `sid` nor `gen`. Its user had only this session, so the user's id
    serves as the session's id.
    """

    user_id: UUID
    nickname: str
    issued_s: int
    expires_s: int
    session_id: UUID
    generation: int = 0

    def is_due_for_renewal(self, now_s: float) -> bool:
        return now_s - self.issued_s > RENEW_AFTER_S


IsEnded = Callable[[Session], bool]


def never_ended(_: Session) -> bool:
    return False


def session_ended() -> ChatError:
    return ChatError("session_expired", "This session was ended; enter a nickname to get a new one.")


class SessionTokens:
    """Signs tokens with `secret`; verifies tokens signed with it or with one of `old_secrets`.

    Caches at most _CACHE_MAX verified tokens; overflow rule: OLDEST. `is_ended` is checked on every call. `id_class` is
    that of the ids in the sessions.
    """

    def __init__(
        self,
        secret: str,
        old_secrets: Sequence[str] = (),
        is_ended: IsEnded = never_ended,
        id_class: Callable[[str], UUID] = UUID,
    ) -> None:
        self._keys = [hashlib.sha256(each.encode()).digest() for each in (secret, *old_secrets)]
        self._is_ended = is_ended
        self._id_class = id_class
        self._verified: dict[str, Session] = {}

    def ignoring_ends(self) -> "SessionTokens":
        """Verifies tokens of ended sessions, too: a repeated request may carry one."""
        copy = SessionTokens("", id_class=self._id_class)
        copy._keys = self._keys
        return copy

    def issue(
        self, user_id: UUID, nickname: str, now_s: float, *, session_id: UUID, generation: int = 0
    ) -> tuple[str, Session]:
        """A new token and its session."""
        session = Session(user_id, nickname, int(now_s), int(now_s) + LIFETIME_S, session_id, generation)
        claims = {
            "sub": str(user_id),
            "nick": nickname,
            "iat": session.issued_s,
            "exp": session.expires_s,
            "sid": str(session_id),
            "gen": generation,
        }
        return jwt.encode(claims, self._keys[0], algorithm="HS256"), session

    def renew(self, session: Session, now_s: float) -> tuple[str, Session]:
        """A new token of the same session with a later expiry."""
        return self.issue(
            session.user_id,
            session.nickname,
            now_s,
            session_id=session.session_id,
            generation=session.generation,
        )

    def verify(self, token: str, now_s: float) -> Session:
        """The session of a token. Raises ChatError `unauthenticated` or `session_expired`."""
        session = self._verified.get(token)
        if session is None:
            session = self._decode(token)
            if len(self._verified) >= _CACHE_MAX:
                del self._verified[next(iter(self._verified))]
            self._verified[token] = session
        if now_s >= session.expires_s:
            raise ChatError("session_expired", "Your session has expired; enter a nickname to get a new one.")
        if self._is_ended(session):
            raise session_ended()
        return session

    def _decode(self, token: str) -> Session:
        problem: Exception | None = None
        for key in self._keys:
            try:
                claims = jwt.decode(token, key, algorithms=["HS256"], options=_ONLY_THE_SIGNATURE)
                return _session(claims, self._id_class)
            except jwt.InvalidSignatureError as error:
                problem = error
            except (jwt.InvalidTokenError, KeyError, ValueError, TypeError) as error:
                problem = error
                break
        raise ChatError(
            "unauthenticated", "The session token is not one of ours; enter a nickname to get a new one."
        ) from problem


_ONLY_THE_SIGNATURE: Final[Any] = {"verify_exp": False, "verify_iat": False, "verify_sub": False}


def _session(claims: dict[str, Any], id_class: Callable[[str], UUID]) -> Session:
    user_id = id_class(claims["sub"])
    session_id = id_class(claims["sid"]) if "sid" in claims else user_id
    issued_s, expires_s = int(claims["iat"]), int(claims["exp"])
    return Session(user_id, str(claims["nick"]), issued_s, expires_s, session_id, int(claims.get("gen", 0)))


def bearer_in(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The token of `Authorization: Bearer`. Names are lower case, as ASGI gives them."""
    for name, value in headers:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].strip().decode("latin-1")
    return None


def cookies_in(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """The non-empty values of our cookie, in the order sent, at most MAX_COOKIES. Source: RFC 6265, section 4.2.1."""
    tokens: list[str] = []
    for name, value in headers:
        if name != b"cookie" or _COOKIE_NAME not in value:
            continue
        for pair in value.split(b";"):
            cookie_name, _, cookie = pair.partition(b"=")
            if cookie_name.strip() == _COOKIE_NAME and (token := cookie.strip()):
                tokens.append(token.decode("latin-1"))
                if len(tokens) == MAX_COOKIES:
                    return tokens
    return tokens


def session_in(scope: MutableMapping[str, Any], tokens: SessionTokens, now_s: float) -> Session | None:
    """The session of the bearer token, or else of the first valid cookie; None if the request carries neither.

    Raises ChatError if no given token is valid.
    """
    bearer = bearer_in(scope["headers"])
    if bearer:
        return tokens.verify(bearer, now_s)
    first_problem: ChatError | None = None
    for cookie in cookies_in(scope["headers"]):
        try:
            return tokens.verify(cookie, now_s)
        except ChatError as error:
            first_problem = first_problem or error
    if first_problem is not None:
        raise first_problem
    return None
