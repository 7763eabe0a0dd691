"""Errors as problem+json (RFC 9457) in plain bytes, for use with and without FastAPI."""

import math
from random import Random
from typing import Any, Final

import orjson
from prometheus_client import Counter

from chat_contract.problems import PROBLEMS

MEDIA_TYPE = "application/problem+json"

PROBLEMS_SENT: Final = Counter("hotchat_problems_total", "Problems sent to clients", ["code"])
"""Every function that sends a problem counts it here, once."""


class ChatError(Exception):
    """An error for the client. `code` is a key of PROBLEMS; `extra` adds members to the body.

    429 and 503 need `retry_after_s`. The header has whole seconds, the body the exact `retry_after_ms`.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        retry_after_s: float | None = None,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.status = PROBLEMS[code].status
        self.headers = dict(headers or {})
        self.extra = extra
        if retry_after_s is not None:
            self.headers["Retry-After"] = str(max(1, math.ceil(retry_after_s)))
            self.extra["retry_after_ms"] = max(1, math.ceil(retry_after_s * 1000))

    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """The headers of the response in ASGI's form, without Content-Length."""
        return [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"cache-control", b"no-store"),
            *((name.lower().encode(), value.encode()) for name, value in self.headers.items()),
        ]

    def body(self) -> bytes:
        return orjson.dumps(
            {
                "type": f"/problems/{self.code}",
                "title": PROBLEMS[self.code].title,
                "status": self.status,
                "detail": self.detail,
                "code": self.code,
                **self.extra,
            }
        )


def rate_limited(what: str, wait_s: float, headers: dict[str, str] | None = None) -> ChatError:
    """The 429 for a client that does something too often or too much at once. `what` is a clause such as
    "Too many pins from your address"."""
    return ChatError(
        "rate_limited", f"{what}; try again in {wait_s:.1f} s.", retry_after_s=wait_s, headers=headers
    )


def invalid(errors: list[dict[str, str]]) -> ChatError:
    """422 with a sentence for each field."""
    detail = " ".join(f"{error['field']}: {error['message']}" for error in errors)
    return ChatError("validation_failed", detail, errors=errors)


def nothing_here(headers: dict[str, str] | None = None) -> ChatError:
    return ChatError("not_found", "There is nothing at this address.", headers=headers)


def method_not_allowed(headers: dict[str, str]) -> ChatError:
    """`headers` holds `Allow`."""
    return ChatError("method_not_allowed", "This address does not take that method.", headers=headers)


def jittered(base_s: float, rng: Random) -> float:
    """100–150 % of base_s, so that refused clients do not all return at the same time."""
    return base_s * rng.uniform(1.0, 1.5)
