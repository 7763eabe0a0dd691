"""The data folder: one run at a time, logs, and secrets created at the first start."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_stack.errors import StackFailure

MAX_LOG_BYTES = 16 * 1024 * 1024


class DataFolder:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.logs = path / "logs"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Lock the folder for this process; the kernel releases the lock when the process ends.

        Raises StackFailure if the folder is not writable or another run holds it.
        """
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StackFailure(f"the data folder {self.path} cannot be used: {error.strerror}") from None
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(lock, 20, 0).decode(errors="replace").strip()
                raise StackFailure(
                    f"Hotchat is already running on {self.path} (process {holder}); "
                    "stop it first, or set HOTCHAT_DATA_DIR to another folder"
                ) from None
            os.ftruncate(lock, 0)
            os.pwrite(lock, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(lock)

    def log(self, name: str) -> Path:
        """The log file of one process. A file above MAX_LOG_BYTES is renamed to `.old`, replacing the previous one."""
        path = self.logs / f"{name}.log"
        if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
            path.replace(path.with_suffix(".old"))
        return path

    def secret(self, name: str) -> str:
        """The secret of that name, created at its first use and readable by the owner only."""
        path = self.path / name
        if not path.exists() or not path.read_text().strip():
            partial = path.with_name(f"{name}.partial")
            partial.unlink(missing_ok=True)
            partial.touch(mode=0o600)
            partial.write_text(secrets.token_urlsafe(32))
            partial.rename(path)
        return path.read_text().strip()
