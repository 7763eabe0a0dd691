"""Base class of the stores that run as child processes."""

from collections.abc import Callable

from local_stack.child_process import ChildProcess
from local_stack.polling import wait_until


class StoreProcess:
    """`title` names the store in sentences. An orderly stop may take `stop_within_s`."""

    def __init__(self, title: str, process: ChildProcess, *, stop_within_s: float = 30.0) -> None:
        self.process = process
        self._title = title
        self._stop_within_s = stop_within_s

    def stop(self) -> None:
        self.process.stop(within_s=self._stop_within_s)

    def kill(self) -> None:
        self.process.kill()

    def pause(self) -> None:
        self.process.pause()

    def resume(self) -> None:
        self.process.resume()

    def is_running(self) -> bool:
        return self.process.is_running()

    def _start_until(self, answers: Callable[[], bool], within_s: float) -> None:
        """Raises DeadlinePassed, or RuntimeError if it ends at once."""
        self.process.start()
        wait_until(
            lambda: not self.process.is_running() or answers(),
            within_s=within_s,
            what=f"the start of {self._title}",
        )
        if not self.process.is_running():
            raise RuntimeError(f"{self._title} ended at its start: {self.process.log_tail(5)}")
