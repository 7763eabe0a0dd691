"""Delivers results to waiting writes."""

import asyncio
from collections.abc import Sequence
from typing import Final

from prometheus_client import Counter

from chat_server.messages.operations import OperationResult
from chat_server.messages.write_queue import PendingWrite
from server_kit.http.problem import ChatError

RESOLVED_AT_ONCE: Final = 100
"""Each result lets its request send a response, which takes about 40 µs of CPU time."""

WRITES_FAILED: Final = Counter(
    "hotchat_writes_failed_total", "Writes answered with an error of the store", ["reason"]
)


def unavailable() -> ChatError:
    return ChatError(
        "store_unavailable",
        "Messages cannot be stored right now; send the same message again.",
        retry_after_s=1,
    )


def resolve(results: Sequence[tuple[PendingWrite, OperationResult | ChatError]]) -> None:
    """Give the writes their results, RESOLVED_AT_ONCE in one iteration of the event loop."""
    for pending, result in results[:RESOLVED_AT_ONCE]:
        if pending.result.done():
            continue
        if isinstance(result, ChatError):
            pending.result.set_exception(result)
        else:
            pending.result.set_result(result)
    if len(results) > RESOLVED_AT_ONCE:
        asyncio.get_running_loop().call_soon(resolve, results[RESOLVED_AT_ONCE:])


def fail(writes: Sequence[PendingWrite], error: ChatError, reason: str) -> None:
    """Give these writes an error; `reason` is the label in the metrics."""
    WRITES_FAILED.labels(reason).inc(len(writes))
    for pending in writes:
        if not pending.result.done():
            pending.result.set_exception(error)
