"""A temporary chat room to load: the local stack in a temporary folder, on free ports."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local_stack.child_process import ChildProcess
from local_stack.polling import wait_until
from local_stack.ports import LOOPBACK, free_port

READY_LINE = "Hotchat is ready"
READY_WITHIN_S = 240.0
"""The first start builds the frontend."""


class StackFailed(Exception):
    """The stack ended before it was ready. The text ends with its last lines."""


@dataclass(frozen=True)
class Target:
    """The address of chat_server."""

    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


@contextmanager
def temporary_stack(settings: Mapping[str, str]) -> Iterator[Target]:
    """Run `python -m local_stack` with these settings; stop it and remove its data at the end. Raises StackFailed."""
    folder = Path(tempfile.mkdtemp(prefix="hotchat-load-"))
    port = free_port()
    given = {
        "HOTCHAT_DATA_DIR": str(folder / "data"),
        "CHAT_PORT": str(port),
        "PUBLISH_PORT": str(free_port()),
    }
    stack = ChildProcess(
        "local_stack",
        [sys.executable, "-u", "-m", "local_stack"],
        log_path=folder / "stack.log",
        env={**os.environ, **given, **settings},
    )
    try:
        stack.start()
        wait_until(
            lambda: not stack.is_running() or READY_LINE in stack.log_tail(50),
            within_s=READY_WITHIN_S,
            what="the start of the stack",
        )
        if not stack.is_running():
            raise StackFailed(f"The stack ended at its start:\n{stack.log_tail()}")
        yield Target(LOOPBACK, port)
    finally:
        stack.stop(within_s=30)
        shutil.rmtree(folder, ignore_errors=True)
