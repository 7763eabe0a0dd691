"""RateLimit and RateLimit-Policy. Source: draft-ietf-httpapi-ratelimit-headers-10 (structured fields)."""

import math


def rate_limit_headers(
    policy: str, *, quota: int, window_s: float, remaining: int, reset_s: float
) -> dict[str, str]:
    """`policy` names the rule (letters, `-`, `_`); `quota` requests are given back over `window_s`."""
    return {
        "RateLimit-Policy": f'"{policy}";q={quota};w={max(1, math.ceil(window_s))}',
        "RateLimit": f'"{policy}";r={remaining};t={max(1, math.ceil(reset_s))}',
    }
