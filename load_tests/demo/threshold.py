"""The demo lowers the threshold of heat while it runs, as an operator may, so that a small crowd makes a room hot."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx

PATH: Final = "/api/v1/ops/settings"
LOG: Final = "/api/v1/ops/audit"
LOG_ENTRIES: Final = 100
"""How far back a threshold is searched that a killed demo has left in force."""

REASON: Final = "make demo"


@asynccontextmanager
async def lowered_threshold(
    http: httpx.AsyncClient, token: str | None, enter_per_s: float, say: Callable[[str], None]
) -> AsyncIterator[None]:
    """Lower HOTCHAT_ENTER_PER_S, and return to the earlier value at the end. Without the operator's token, say so.

    Raises httpx.HTTPError. A lower threshold stays as it is, unless a demo that was killed has left it in force.
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
    setting = answer.json()["enter_per_s"]
    before = value_before(setting, await _newest_change(http, headers))
    if before <= enter_per_s:
        yield
        return
    say(f"During the show, a room is hot from {enter_per_s:,.0f} fetches a second (before: {before:,.0f}).")
    try:
        await _change(http, headers, enter_per_s)
        yield
    finally:
        await _change(http, headers, None if before == setting["environment"] else before)
        say(f"A room is hot from {before:,.0f} fetches a second again.")


def value_before(setting: Mapping[str, Any], newest: Mapping[str, Any] | None) -> float:
    """The threshold without any demo. `newest`: the last logged change of it, with its reason."""
    is_left_behind = newest is not None and newest["reason"] == REASON and newest["new"] < newest["old"]
    return float(newest["old"] if newest is not None and is_left_behind else setting["value"])


async def _newest_change(http: httpx.AsyncClient, headers: dict[str, str]) -> dict[str, Any] | None:
    answer = await http.get(LOG, params={"limit": LOG_ENTRIES}, headers=headers)
    for entry in answer.raise_for_status().json()["entries"]:
        details = entry["details"]
        if entry["action"] == "change_settings" and "enter_per_s" in details["settings"]:
            return {**details["settings"]["enter_per_s"], "reason": details.get("reason")}
    return None


async def _change(http: httpx.AsyncClient, headers: dict[str, str], enter_per_s: float | None) -> None:
    answer = await http.patch(PATH, json={"enter_per_s": enter_per_s, "reason": REASON}, headers=headers)
    answer.raise_for_status()
