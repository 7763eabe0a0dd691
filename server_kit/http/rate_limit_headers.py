"""The headers RateLimit and RateLimit-Policy. Source: draft-ietf-httpapi-ratelimit-headers-10 (structured fields)."""

import math


def rate_limit_headers(
    policy: str, *, quota: int, window_s: float | None, remaining: int, reset_s: float
) -> dict[str, str]:
    """`policy` names the rule (letters, `-`, `_`). `quota` requests refill over `window_s`.

    Without a window, `quota` is the number that may be open at the same time.
    """
    window = "" if window_s is None else f";w={max(1, math.ceil(window_s))}"
    return {
        "RateLimit-Policy": f'"{policy}";q={quota}{window}',
        "RateLimit": f'"{policy}";r={remaining};t={max(1, math.ceil(reset_s))}',
    }
