"""Single flight: concurrent callers with the same key share one task."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class SingleFlight(Generic[K, T]):
    """At most one running task per key. A caller that is cancelled does not cancel the task for the others."""

    def __init__(self) -> None:
        self._tasks: dict[K, asyncio.Task[T]] = {}

    def start(self, key: K, work: Callable[[], Coroutine[Any, Any, T]]) -> "asyncio.Task[T]":
        """The running task of the key, or a new task of `work()`."""
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(self._run(key, work))
            task.add_done_callback(_retrieve_exception)
        return task

    async def join(self, key: K, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Wait for the key's task, started if necessary. Returns its result; raises its exception."""
        return await asyncio.shield(self.start(key, work))

    def is_running(self, key: K) -> bool:
        return key in self._tasks

    def detach(self, key: K) -> None:
        """Let the next caller start a new task; callers already waiting get the result of the running one."""
        self._tasks.pop(key, None)

    async def _run(self, key: K, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        try:
            return await work()
        finally:
            # Before the task is done, so that a later caller cannot get its result.
            if self._tasks.get(key) is asyncio.current_task():
                del self._tasks[key]


def _retrieve_exception(task: "asyncio.Task[Any]") -> None:
    """Without this, asyncio logs an exception that no caller waits for any more."""
    if not task.cancelled():
        task.exception()
