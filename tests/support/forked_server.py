"""Our servers as forks of one process that has imported their modules.

Importing a server takes a second of CPU time, and the tests start hundreds of servers. tests/stack and tests/load start
the same servers with `python -m`.
"""

import asyncio
import importlib
import inspect
import multiprocessing
import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from local_stack.child_process import RunningProgram
from local_stack.server_process import ServerProcess

MAIN_OF: Final = {
    "chat_server": "chat_server.__main__",
    "publish_server": "publish_server.main",
    "chat_server.hotchat.scheduler": "chat_server.hotchat.scheduler",
}
"""The argument of `python -m` → the module whose `main` it calls."""

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([*MAIN_OF.values()])


class ForkedServer(ServerProcess):
    """Like a ServerProcess, without the time that imports take."""

    def _spawn(self, mask: set[signal.Signals | int]) -> RunningProgram:
        arguments = (self.command[-1], self.env or {}, self.log_path, self.cwd or Path.cwd(), mask)
        process = _context.Process(target=_run, args=arguments, name=self.name, daemon=True)
        process.start()
        return _Fork(process)


class _Fork:
    def __init__(self, process: BaseProcess) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        return code

    def kill(self) -> None:
        self._process.kill()


def _run(
    module: str, env: Mapping[str, str], log_path: Path, cwd: Path, mask: set[signal.Signals | int]
) -> None:
    """Runs in the fork: what `python -m module` does with this environment, log, folder and mask of signals."""
    os.setsid()
    with log_path.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    threading.Thread(target=_stop_without_the_tests, daemon=True).start()
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    main = importlib.import_module(MAIN_OF[module]).main
    if inspect.iscoroutinefunction(main):
        asyncio.run(main())
    else:
        main()


def _stop_without_the_tests() -> None:
    """Stop this server when the process of the tests ends, however it ends."""
    tests = multiprocessing.parent_process()
    assert tests is not None
    tests.join()
    os.kill(os.getpid(), signal.SIGTERM)
