"""The demo lowers the threshold of heat while it runs, as an operator may, so that a small crowd makes a room hot."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx

PATH: Final = "/api/v1/ops/settings"
REASON: Final = "make demo"


@asynccontextmanager
async def lowered_threshold(
    http: httpx.AsyncClient, token: str | None, enter_per_s: float, say: Callable[[str], None]
) -> AsyncIterator[None]:
    """Lower HOTCHAT_ENTER_PER_S, and return to the earlier value at the end. Without the operator's token, say so.

    Raises httpx.HTTPError. A lower threshold stays as it is.
    """
    if token is None:
        say("The threshold of heat stays as it is: the operator's token is not in the data folder.")
        yield
        return
    headers = {"Authorization": f"Bearer {token}"}
    answer = await http.get(PATH, headers=headers)
    if not answer.is_success:
        say(
            f"The threshold of heat stays as it is: the server answered the operator's token with {answer.status_code}."
        )
        yield
        return
    before = answer.json()["enter_per_s"]
    if before["value"] <= enter_per_s:
        yield
        return
    say(
        f"During the show, a room is hot from {enter_per_s:,.0f} fetches a second (before: {before['value']:,.0f})."
    )
    try:
        await _change(http, headers, enter_per_s)
        yield
    finally:
        await _change(http, headers, _earlier(before))
        say(f"A room is hot from {before['value']:,.0f} fetches a second again.")


def _earlier(setting: dict[str, Any]) -> float | None:
    """The value to return to; None is the environment's."""
    return float(setting["value"]) if setting["source"] == "operator" else None


async def _change(http: httpx.AsyncClient, headers: dict[str, str], enter_per_s: float | None) -> None:
    answer = await http.patch(PATH, json={"enter_per_s": enter_per_s, "reason": REASON}, headers=headers)
    answer.raise_for_status()
