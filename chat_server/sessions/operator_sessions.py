"""Signed cookies of operators who have signed in with HOTCHAT_ADMIN_TOKEN in a browser."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import jwt

from server_kit.http.asgi import Scope, raw_header
from server_kit.http.cors import RawHeaders
from server_kit.http.hosts import OriginPolicy
from server_kit.http.problem import ChatError

COOKIE: Final = "hotchat_operator"
LIFETIME_S: Final = 12 * 3600
PATH: Final = "/api/v1"
"""Browsers send the cookie to calls only. Outside `/ops` it counts only where a header asks for it."""

MAX_COOKIE_BYTES: Final = 1_024
READS: Final = ("GET", "HEAD")

_AUDIENCE: Final = "operator"
_OPTIONS: Final[Any] = {"require": ["exp", "aud"], "verify_exp": False}


class OperatorSessions:
    """Signs with a key made of `secret` and the operator's token: a change of either ends all sessions.

    Verifies with keys of `old_secrets` too.
    """

    def __init__(self, admin_token: str, secret: str, old_secrets: Sequence[str] = ()) -> None:
        self._keys = [
            hashlib.sha256(f"hotchat operator session v1 {each}\n{admin_token}".encode()).digest()
            for each in (secret, *old_secrets)
        ]
        self._is_open = bool(admin_token)
        self._origins = OriginPolicy(())

    def issue(self, now_s: float) -> tuple[str, int]:
        """The value of a cookie, and when it expires, in Unix seconds."""
        expires_s = int(now_s) + LIFETIME_S
        return jwt.encode({"aud": _AUDIENCE, "exp": expires_s}, self._keys[0], algorithm="HS256"), expires_s

    def admits(self, scope: Scope, now_s: float) -> bool:
        """Whether the request has a valid cookie. Raises ChatError `forbidden` for a write from another origin."""
        if self.expires_s(scope, now_s) is None:
            return False
        if scope["method"] not in READS:
            self.check_origin(scope)
        return True

    def expires_s(self, scope: Scope, now_s: float) -> float | None:
        """When the request's cookie expires, in Unix seconds; None without a valid one."""
        cookie = _cookie_in(scope)
        expires_s = None if cookie is None or not self._is_open else self._expiry_of(cookie)
        return None if expires_s is None or now_s >= expires_s else expires_s

    def check_origin(self, scope: Scope) -> None:
        """Raises ChatError `forbidden` for a page of another origin. Browsers name the origin of each write."""
        origin, host = raw_header(scope, b"origin"), raw_header(scope, b"host") or b""
        forwarded = raw_header(scope, b"x-forwarded-proto")
        scheme = "https" if forwarded == b"https" else scope["scheme"]
        if origin is not None and not self._origins.accepts(origin, host, scheme):
            raise ChatError(
                "forbidden", "Only the operator's page may call with its cookie; send the token as bearer."
            )

    def _expiry_of(self, cookie: str) -> float | None:
        """None for a cookie that was not made here."""
        for key in self._keys:
            try:
                claims = jwt.decode(cookie, key, algorithms=["HS256"], audience=_AUDIENCE, options=_OPTIONS)
                return int(claims["exp"])
            except jwt.InvalidSignatureError:
                continue
            except (jwt.InvalidTokenError, TypeError, ValueError):
                break
        return None


def cookie_headers(value: str, max_age_s: int, *, is_https: bool) -> RawHeaders:
    """Sets the cookie; an empty value clears it."""
    secure = "; Secure" if is_https else ""
    cookie = f"{COOKIE}={value}; HttpOnly; Max-Age={max_age_s}; Path={PATH}; SameSite=Strict{secure}"
    return [(b"set-cookie", cookie.encode())]


def _cookie_in(scope: Scope) -> str | None:
    """The first non-empty value of the cookie."""
    for name, value in scope["headers"]:
        if name != b"cookie":
            continue
        for pair in value.split(b";"):
            key, _, cookie = pair.partition(b"=")
            if key.strip() == COOKIE.encode() and 0 < len(cookie.strip()) <= MAX_COOKIE_BYTES:
                return str(cookie.strip().decode("latin-1"))
    return None
